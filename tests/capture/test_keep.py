"""What is kept of a run: less of it, coarser, within a number of bytes; and that an estimate tells it beforehand."""

from typing import Any

import numpy as np
import pytest

import explorer
from explorer.capture import Keep, fitted
from explorer.errors import InvalidSetting
from explorer.families import family_of
from explorer.trace import shares
from explorer.views import AttentionView
from tests.families.tiny import flux
from tests.pipelines import stable_diffusion

PROMPT = "a red castle in the snow"
RUN = {"seed": 3, "steps": 3}


@pytest.fixture(scope="module")
def ex() -> Any:
    return explorer.wrap(stable_diffusion())


@pytest.fixture(scope="module")
def whole(ex: Any) -> Any:
    return ex.record(PROMPT, "blue", **RUN)


def kept_bytes(trace: Any) -> tuple[int, int]:
    """Bytes of the maps, with what 255 stands for, and of the steps."""
    maps = [*trace.attention.values(), *trace.negative.values()]
    steps = [trace.latents, trace.predicted, trace.noise, trace.conditional, trace.unconditional]
    tops = [one.coords["top"].values.nbytes for one in maps if "top" in one.coords]
    return sum(one.nbytes for one in maps) + sum(tops), sum(one.nbytes for one in steps if one is not None)


KEEPS: dict[str, dict[str, Any]] = {
    "all": {},
    "words": {"words": True},
    "layers": {"layers": ["up_blocks.0", "mid"]},
    "steps": {"steps": [0, 2]},
    "heads": {"heads": True},
    "8 bits": {"bits": 8},
    "merged": {"merge": 2},
    "together": {"words": True, "bits": 8, "merge": 3, "steps": 1, "layers": "up_blocks"},
}


@pytest.mark.parametrize("keep", KEEPS.values(), ids=KEEPS.keys())
@pytest.mark.parametrize("negative", ["", "blue"])
def test_an_estimate_is_what_is_kept(ex: Any, keep: dict[str, Any], negative: str) -> None:
    estimate = ex.estimate(PROMPT, negative, steps=3, keep=keep)
    trace = ex.record(PROMPT, negative, keep=keep, **RUN)
    maps, steps = kept_bytes(trace)
    if negative:  # one word is shorter than the prompt, so its maps are fewer
        assert estimate.maps >= maps
    else:
        assert estimate.maps == maps
    assert estimate.steps == steps
    assert estimate.bytes == estimate.maps + estimate.steps
    assert 0 < estimate.seconds < 60
    assert trace.settings.kept == estimate.keep.words_for()
    assert "MB a picture" in str(estimate)


def test_the_picture_does_not_depend_on_what_is_kept(ex: Any, whole: Any) -> None:
    for keep in KEEPS.values():
        trace = ex.record(PROMPT, "blue", keep=keep, **RUN)
        assert np.array_equal(trace.image.values, whole.image.values)


def test_what_is_kept_is_a_part_of_the_whole(ex: Any, whole: Any) -> None:
    words = ex.record(PROMPT, "blue", keep={"words": True}, **RUN)
    for grid, maps in whole.attention.items():
        assert np.array_equal(words.attention[grid].values, maps.values[:, :, 1:-1])
        assert words.attention[grid].piece.values.tolist() == PROMPT.split()
    np.testing.assert_allclose(words.heat("castle").values, whole.heat("castle").values, atol=1e-6)
    some = ex.record(PROMPT, "blue", keep={"layers": ["mid_block"]}, **RUN)
    assert some.layers == [name for name in whole.layers if "mid_block" in name]
    for step in (0, 2):
        one = ex.record(PROMPT, "blue", keep={"steps": step}, **RUN)
        assert one.steps == 1
        assert one.latents.timestep.values == whole.latents.timestep.values[step]
        assert np.array_equal(one.latents.values[0], whole.latents.values[step])
        assert np.array_equal(one.conditional.values[0], whole.conditional.values[step])
        for grid, maps in whole.attention.items():
            assert np.array_equal(one.attention[grid].values[0], maps.values[step])


def test_heads_are_layers_of_their_own_whose_mean_is_the_layer(ex: Any, whole: Any) -> None:
    heads = ex.record(PROMPT, "blue", keep={"heads": True}, **RUN)
    name = whole.layers[0]
    own = [layer for layer in heads.layers if layer.startswith(f"{name} head ")]
    assert own == [f"{name} head {i}" for i in range(2)]
    mean = heads.heat("castle", layer=own)
    np.testing.assert_allclose(mean.values, whole.heat("castle", layer=name).values, atol=1e-3)
    np.testing.assert_array_equal(heads.heat("castle", layer=name).values, mean.values)
    with pytest.raises(InvalidSetting, match="There is no layer mid_block: the trace has"):
        heads.heat("castle", layer="mid_block")
    view = AttentionView(heads)
    view.layer = name
    view.layer = own[1]
    view.close()


def test_merged_layers_are_the_mean(ex: Any, whole: Any) -> None:
    merged = ex.record(PROMPT, "blue", keep={"merge": 2}, **RUN)
    maps, found = whole.attention["8x8"], merged.attention["8x8"]
    names = maps.layer.values.tolist()
    assert found.layer.values.tolist() == [f"{names[0]} to {names[1]}", names[2]]
    expected = maps.values[:, :2].astype(np.float32).mean(1)
    np.testing.assert_allclose(found.values[:, 0].astype(np.float32), expected, atol=1e-3)


def test_eight_bits_are_near(ex: Any, whole: Any, tmp_path: Any) -> None:
    coarse = ex.record(PROMPT, "blue", keep={"bits": 8}, **RUN)
    for grid, maps in whole.attention.items():
        found = shares(coarse.attention[grid], coarse.tokens)
        assert coarse.attention[grid].dtype == np.uint8
        expected = maps.values.astype(np.float32)
        assert (np.abs(found - expected) <= expected.max(axis=(3, 4), keepdims=True) / 255 * 0.5 + 4e-4).all()
    np.testing.assert_allclose(coarse.heat("castle").values, whole.heat("castle").values, atol=2e-3)
    opened = explorer.open(coarse.save(tmp_path / "coarse"))
    for grid, maps in coarse.attention.items():
        assert opened.attention[grid].identical(maps)
        assert opened.negative[grid].identical(coarse.negative[grid])
    assert opened.negative_tokens == coarse.negative_tokens
    assert opened.unconditional.identical(coarse.unconditional)
    assert opened.settings.kept == "8 bits"


def test_a_budget_makes_coarser_what_would_be_too_much(ex: Any) -> None:
    sizes = [ex.estimate(PROMPT, steps=3).bytes]
    for budget in (sizes[0], sizes[0] - 1, sizes[0] // 2):
        estimate = ex.estimate(PROMPT, steps=3, budget=budget)
        trace = ex.record(PROMPT, budget=budget, **RUN)
        assert sum(kept_bytes(trace)) == estimate.bytes <= budget
        sizes.append(estimate.bytes)
        assert trace.settings.kept == estimate.keep.words_for()
    assert sizes == sorted(sizes, reverse=True)
    with pytest.raises(InvalidSetting, match=r"budget of 100 bytes is too small: the coarsest .* takes \d+, so allow"):
        ex.record(PROMPT, budget=100, **RUN)


def test_sdxl_takes_at_most_80_mb_by_itself() -> None:
    """1024 x 1024, 50 steps, 12 words, in the shape of the real U-Net; no weights are made."""
    import torch
    from diffusers import UNet2DConditionModel

    from tests.families.tiny import sdxl

    pipe = sdxl()
    with torch.device("meta"):
        pipe.unet = UNet2DConditionModel(
            sample_size=128,
            block_out_channels=(320, 640, 1280),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            attention_head_dim=(5, 10, 20),
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            transformer_layers_per_block=(1, 2, 10),
            projection_class_embeddings_input_dim=2816,
            cross_attention_dim=2048,
        )
    family = family_of(pipe)
    encoding = family.encoding(pipe, "a red castle in the snow on a blue sea of snow")
    assert encoding.tokens.read == 12
    options = {"steps": 50, "height": 1024, "width": 1024, "negative": False, "guided": True}
    keep, maps, steps = fitted(pipe, family, [encoding], Keep(), budget=80_000_000, **options)
    assert maps + steps <= 80_000_000
    assert keep.words_for() == "8 bits, the mean of 2 layers each"
    _, everything, _ = fitted(pipe, family, [encoding], Keep(), budget=None, **options)
    assert everything == 2 * 14 * 50 * (10 * 64 * 64 + 60 * 32 * 32)


def test_flux_is_estimated_too() -> None:
    ex = explorer.wrap(flux())
    trace = ex.record(PROMPT, **RUN)
    assert ex.estimate(PROMPT, steps=3).maps == kept_bytes(trace)[0]


BAD = {
    "a name": ({"word": True}, "keep knows no 'word': it takes bits, heads, layers, merge, self_layers, steps, words"),
    "bits": ({"bits": 4}, "keep's bits is 4, expected 8 or 16"),
    "merge": ({"merge": 0}, "keep's merge is 0, expected a whole number of layers of at least 1"),
    "no layers": ({"layers": []}, r"keep's layers is \(\), expected at least one, or None for all"),
    "a layer": ({"layers": "attic"}, "There is no layer 'attic': the first of the model is down_blocks.0"),
    "steps": ({"steps": ["first"]}, r"keep's steps is \('first',\), expected at least one"),
    "a text": ("words", "keep is 'words', expected names and values, such as {'words': True}"),
}


@pytest.mark.parametrize(("keep", "message"), BAD.values(), ids=BAD.keys())
def test_what_can_not_be_kept(ex: Any, keep: Any, message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        ex.record(PROMPT, keep=keep, **RUN)


def test_steps_that_were_not_run(ex: Any) -> None:
    with pytest.raises(explorer.CaptureError, match="None of the steps to be kept was run: the run had 3"):
        ex.record(PROMPT, keep={"steps": [7]}, **RUN)
