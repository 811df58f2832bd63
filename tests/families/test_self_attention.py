"""Self-attention on request: in every family what a plain full softmax gives, between the positions of the image."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer.capture import reduce
from explorer.errors import InvalidSetting
from explorer.trace import self_shares
from tests.families.test_contract import (
    CASES,
    PROMPT,
    WIDE,
    attention_of,
    negative_of,
    pipeline,
    prompts_of,
    pytestmark,  # noqa: F401
    softmax,
    unwatched,
)

LINEAR = "sana"
NAMES = [name for name in CASES if name != LINEAR]
PART = {name: "attn1" if case.order == "text" else "." for name, case in CASES.items()}


def recorded(name: str, **keep: Any) -> list[Any]:
    return explorer.wrap(pipeline(name)).record(
        prompts_of(name),
        negative_of(name),
        seed=4,
        steps=2,
        keep={"self_layers": PART[name], **keep},
        **CASES[name].guided,
        **WIDE,
    )


def image_part(name: str, layer: str, full: np.ndarray, positions: int, limit: int) -> np.ndarray:
    """Of (query, key), the image's queries and keys: by the order of the family, and not by its file."""
    case, (queries, keys) = CASES[name], full.shape
    if case.order == "text" or layer.endswith("attn2"):  # SD 3.5 medium's attention over the image alone
        assert queries == keys == positions
        return full
    if case.order == "image text":
        return full[:positions, :positions]
    first = 0 if queries == positions else limit
    return full[first : first + positions, limit : limit + positions]


@pytest.mark.parametrize("name", NAMES)
def test_self_attention_is_the_full_softmax(name: str) -> None:
    case, traces = CASES[name], recorded(name)
    layers = [str(one) for maps in traces[0].self_attention.values() for one in maps.layer.values]
    assert layers
    with attention_of(pipeline(name), layers) as seen:
        unwatched(name)
    for picture, trace in enumerate(traces):
        for grid, maps in trace.self_attention.items():
            assert maps.dims == ("step", "layer", "y", "x", "key_y", "key_x")
            assert f"{maps.sizes['y']}x{maps.sizes['x']}" == f"{maps.sizes['key_y']}x{maps.sizes['key_x']}" == grid
            n = maps.sizes["y"] * maps.sizes["x"]
            for layer in maps.layer.values:
                for step in range(2):
                    calls = seen[str(layer)]
                    if case.rows == "first call":
                        call, row = calls[2 * step], picture
                    else:
                        call, row = calls[step], picture + len(traces) * (case.rows == "second half")
                    expected = image_part(name, str(layer), softmax(call, row), n, trace.tokens.limit)
                    found = maps.sel(layer=layer).isel(step=step).values.astype(np.float64).reshape(n, n)
                    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-5)


@pytest.mark.parametrize("name", ["stable-diffusion", "flux"])
def test_in_eight_bits_by_head_and_head_by_head(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (whole, *_), (coarse, *_), (heads, *_) = recorded(name), recorded(name, bits=8), recorded(name, heads=True)
    monkeypatch.setattr(reduce, "_LARGE", 1)
    by_head, *_ = recorded(name)
    for grid, maps in whole.self_attention.items():
        values = self_shares(maps)
        np.testing.assert_allclose(by_head.self_attention[grid].values, maps.values, atol=1e-3)
        eighths = self_shares(coarse.self_attention[grid])
        assert (np.abs(eighths - values) <= values.max(axis=(4, 5), keepdims=True) / 255 * 0.5 + 4e-4).all()
        count = heads.self_attention[grid].sizes["layer"] // maps.sizes["layer"]
        assert count > 1
        own = self_shares(heads.self_attention[grid])
        own = own.reshape(own.shape[0], -1, count, *own.shape[2:]).mean(2)
        np.testing.assert_allclose(own, values, atol=1e-3)
        assert np.array_equal(heads.image.values, whole.image.values)


def test_eager_and_sliced_attention_gives_the_same() -> None:
    from diffusers.models.attention_processor import AttnProcessor

    pipe, (usual, *_) = pipeline("stable-diffusion"), recorded("stable-diffusion")
    before = dict(pipe.unet.attn_processors)
    try:
        pipe.unet.set_attn_processor(AttnProcessor())
        eager, *_ = recorded("stable-diffusion")
        pipe.enable_attention_slicing(1)
        sliced, *_ = recorded("stable-diffusion")
    finally:
        pipe.unet.set_attn_processor(before)
    for grid, maps in usual.self_attention.items():
        for other in (eager, sliced):
            np.testing.assert_allclose(other.self_attention[grid].values, maps.values, atol=2e-3)


def test_it_is_saved_and_told_beforehand(tmp_path: Path) -> None:
    ex = explorer.wrap(pipeline("stable-diffusion"))
    for bits in (16, 8):
        keep = {"self_layers": ["mid_block"], "bits": bits}
        trace = ex.record(PROMPT, seed=1, steps=2, keep=keep)
        assert list(trace.self_attention) == ["4x4"]
        assert trace.settings.kept.endswith("self-attention of layers with mid_block")
        arrays = [*trace.attention.values(), *trace.self_attention.values()]
        tops = [maps.coords["top"].values.nbytes for maps in arrays if "top" in maps.coords]
        assert ex.estimate(PROMPT, steps=2, keep=keep).maps == sum(maps.nbytes for maps in arrays) + sum(tops)
        opened = explorer.open(trace.save(tmp_path / f"self{bits}"))
        assert opened.self_attention["4x4"].identical(trace.self_attention["4x4"])
    plain = ex.record(PROMPT, seed=1, steps=2)
    assert plain.self_attention == {}
    assert np.array_equal(plain.image.values, trace.image.values)
    assert b'"version":"1"' in plain.save(tmp_path / "plain").read_bytes()[:100_000].replace(b" ", b"")


def test_one_disturbed_position_is_read_elsewhere() -> None:
    """What is changed in one place of the features changes how all others read it most: rows ask, columns are read."""
    pipe = pipeline("stable-diffusion")
    name = "down_blocks.0.attentions.0.transformer_blocks.0.attn1"
    place, ex = 11, explorer.wrap(pipe)
    options = {"seed": 6, "steps": 1, "keep": {"self_layers": name}, "guidance": 1.0, **WIDE}
    calm = self_shares(ex.record(PROMPT, **options).self_attention["8x12"])[0, 0].reshape(96, 96)

    def pixel(module: Any, args: Any, kwargs: Any) -> Any:
        hidden = args[0].clone()
        hidden[:, place] += 3 * torch.randn(hidden.shape[-1], generator=torch.Generator().manual_seed(0))
        return (hidden, *args[1:]), kwargs

    handle = pipe.unet.get_submodule(name).register_forward_pre_hook(pixel, with_kwargs=True)
    try:
        moved = self_shares(ex.record(PROMPT, **options).self_attention["8x12"])[0, 0].reshape(96, 96)
    finally:
        handle.remove()
    change = np.abs(moved - calm)
    others = np.delete(change, place, axis=0)
    assert (others.argmax(1) == place).all()


def test_what_can_not_be_asked_for() -> None:
    ex = explorer.wrap(pipeline("stable-diffusion"))
    with pytest.raises(
        InvalidSetting, match="There is no self-attention layer 'attic': the first of the model is down"
    ):
        ex.record(PROMPT, keep={"self_layers": "attic"})
    with pytest.raises(InvalidSetting, match="no self-attention with a softmax: leave self_layers out"):
        explorer.wrap(pipeline(LINEAR)).record(PROMPT, keep={"self_layers": "attn1"})
    with pytest.raises(InvalidSetting, match="budget of 50000 bytes is too small"):
        ex.record(PROMPT, keep={"self_layers": "attn1"}, budget=50_000)
