"""The upscaler: finer drawings of the same scenes, its recipe at toy size, what it makes and how it is measured."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import explorer
from explorer.analysis.distance import distance
from explorer.errors import CheckpointError, InvalidSetting
from explorer.miniature import UNSEEN, likeness, world
from explorer.miniature.recipe import loop
from explorer.miniature.recipe import upscaler as recipe
from explorer.miniature.upscaler import HOME, Cells, Upscaler, smooth
from explorer.upscaling import SIDES, Upscaled, upscale
from tests.pipelines import tokenizer

SIZE: dict[str, Any] = {
    "block_out_channels": (8, 16),
    "layers_per_block": 1,
    "attention_head_dim": (1, 2),
    "norm_num_groups": 4,
}
TEXT: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
}


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> recipe.Drawings:
    folder = tmp_path_factory.mktemp("drawings")
    recipe.render(folder, 3, workers=1)
    return recipe.Drawings(folder)


@pytest.fixture(scope="module")
def upscaler() -> Upscaler:
    return recipe.upscaler(network(), tokenizer())


def network() -> recipe.Doubler:
    """Untrained, but for its last layer, which would add nothing."""
    torch.manual_seed(0)
    made = recipe.Doubler(tokenizer(), SIZE, TEXT).eval()
    torch.nn.init.normal_(made.unet.conv_out.weight, std=0.1)
    return made


# --- the same scene, finer ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", [None, *world.STYLES])
def test_a_finer_grain_is_the_same_scene(style: str | None) -> None:
    scene = world.Scene((world.Subject("castle", "blue"),), "farm", "rainy", style, mood="dreamy", seed=3)
    usual, double, fine = (world.render(scene, grain=grain) for grain in (1, 2, 4))
    assert (double.image.shape, fine.image.shape) == ((256, 256, 3), (512, 512, 3))
    assert fine.caption == usual.caption
    reduced = np.asarray(Image.fromarray(fine.image).reduce(4))
    other = world.render(world.Scene((world.Subject("castle", "blue"),), "farm", "rainy", style, mood="dreamy", seed=4))
    assert likeness.psnr(reduced, usual.image) > 24
    assert likeness.psnr(reduced, usual.image) > likeness.psnr(reduced, other.image) + 6
    # Not an enlargement: edges are as sharp as the grain. Pixel art has the same blocks at any grain.
    sharp = np.abs(np.diff(fine.image.astype(float), axis=1)).max()
    soft = np.abs(np.diff(likeness.enlarged(usual.image, "bicubic").astype(float), axis=1)).max()
    assert style in ("professional photograph", "watercolour painting", "picture painted onto canvas") or sharp > soft
    for mask, finer in zip(usual.masks, fine.masks, strict=True):
        assert (mask.word, mask.kind, finer.pixels.shape) == (finer.word, finer.kind, (512, 512))
        small = finer.pixels.reshape(128, 4, 128, 4).mean((1, 3)) > 0.5
        both, either = (small & mask.pixels).sum(), (small | mask.pixels).sum()
        assert either < 40 or both / either > 0.85, mask.word


def test_an_unknown_grain_is_refused() -> None:
    with pytest.raises(ValueError, match="A grain is 1, 2, 4, not 3: 4 draws in 512 pixels"):
        world.render(world.sample(0), grain=3)


# --- the recipe -----------------------------------------------------------------------------------------------------


def test_the_set_is_drawn_once_and_grows(drawings: recipe.Drawings, tmp_path: Path) -> None:
    drawings = recipe.Drawings(shutil.copytree(drawings.folder, tmp_path / "drawings"))
    before = {grain: pictures[:3].copy() for grain, pictures in drawings.pictures.items()}
    assert [pictures.shape for pictures in before.values()] == [(3, 128 * g, 128 * g, 3) for g in (1, 2, 4)]
    assert np.array_equal(before[2][1], world.render(world.sample(recipe.FIRST + 1), grain=2).image)
    marked = np.load(drawings.folder / "pictures-1.npy", mmap_mode="r+")
    marked[0, 0, 0] = (1, 2, 3)
    marked.flush()
    recipe.render(drawings.folder, 3, workers=1)
    recipe.render(drawings.folder, 4, workers=1)
    again = recipe.Drawings(drawings.folder)
    assert len(again) == 4
    assert again.pictures[1][0, 0, 0].tolist() == [1, 2, 3]  # was not drawn again
    assert np.array_equal(again.pictures[4][3], world.render(world.sample(recipe.FIRST + 3), grain=4).image)


def test_what_is_learned_is_what_lies_under_the_small_cut(drawings: recipe.Drawings) -> None:
    stage = recipe.UpscalerStage(drawings, tokenizer(), size=SIZE, text=TEXT, batch=3)
    for step in range(4):
        small, large, captions = stage.cuts(step)
        assert (small.shape, large.shape, len(captions)) == ((3, 3, 64, 64), (3, 3, 128, 128), 3)
        off = (torch.nn.functional.avg_pool2d(large, 2) - small).abs().mean()
        assert off < 0.08  # in its place, flipped alike; of another place it is 0.3 and more
        assert (smooth(small) - large).pow(2).mean().sqrt() < 0.4
    assert torch.equal(stage.cuts(2)[0], stage.cuts(2)[0])
    small, large, captions = stage.cuts(1, 256)  # of twice the side a quarter as many, but one at least
    assert (small.shape, large.shape, len(captions)) == ((1, 3, 128, 128), (1, 3, 256, 256), 1)
    assert (torch.nn.functional.avg_pool2d(large, 2) - small).abs().mean() < 0.08


def test_training_stops_resumes_and_learns(drawings: recipe.Drawings, tmp_path: Path) -> None:
    def stage() -> recipe.UpscalerStage:
        torch.manual_seed(1)
        made = recipe.UpscalerStage(drawings, tokenizer(), size=SIZE, text=TEXT, batch=3)
        made.sheet = lambda network, path: None  # type: ignore[method-assign]
        return made

    whole, parts, resumed = stage(), stage(), stage()
    plan = {"warmup": 2, "rate": 3e-3, "muon": 3e-3}
    assert loop.train(whole, tmp_path / "whole", loop.Plan(steps=3, decay=0, **plan)) == 3
    assert loop.train(parts, tmp_path / "parts", loop.Plan(steps=2, decay=0, **plan)) == 2
    assert loop.train(resumed, tmp_path / "parts", loop.Plan(steps=3, decay=0, **plan)) == 3
    for (name, a), b in zip(whole.network.state_dict().items(), resumed.network.state_dict().values(), strict=True):
        assert torch.equal(a, b), name
    before = float(stage().loss(50, 0.5)[0].detach())
    longer = stage()
    loop.train(longer, tmp_path / "longer", loop.Plan(steps=25, **plan))
    assert float(longer.loss(50, 0.5)[0].detach()) < 0.95 * before
    assert stage().loss(50, 0.5)[1]["share_left"] == 1  # untrained, it adds nothing


def test_what_is_saved_is_what_is_loaded(upscaler: Upscaler, tmp_path: Path) -> None:
    recipe.save(network(), tokenizer(), tmp_path / "up", {"minutes": 1})
    assert not [path for path in (tmp_path / "up").rglob("*") if path.suffix in (".bin", ".pt", ".pkl")]
    loaded = Upscaler.load(tmp_path / "up")
    small = world.render(world.sample(UNSEEN)).image
    a, b = (one.upscale(small, "a red castle", 3, steps=2).astype(int) for one in (upscaler, loaded))
    assert np.abs(a - b).mean() < 1  # as near as float16 goes
    with pytest.raises(FileNotFoundError, match="train one with `python -m explorer.miniature.train upscaler`"):
        Upscaler.load(tmp_path)


# --- what it makes --------------------------------------------------------------------------------------------------


def test_cells_lose_nothing() -> None:
    cells, pixels = Cells(), torch.rand(2, 3, 16, 24)
    there = cells.encode(pixels)
    assert there.shape == (2, 12, 8, 12)
    assert torch.equal(cells.decode(there).sample, pixels)
    assert torch.equal(cells.decode(there, return_dict=False)[0], pixels)


def test_a_picture_becomes_four_times_as_wide_and_high_the_same_for_a_seed(upscaler: Upscaler) -> None:
    small = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    made = upscaler.several(small, "a red castle", [0, 1], steps=2)
    assert made.shape == (2, 128, 192, 3)
    assert np.array_equal(made[1], upscaler.upscale(Image.fromarray(small), "a red castle", 1, steps=2))
    assert not np.array_equal(made[0], made[1])
    assert not np.array_equal(made[0], upscaler.upscale(small, "snow", 0, steps=2))  # the prompt is read
    with pytest.raises(ValueError, match="The picture is 20x16: sides must be multiples of 16"):
        upscaler.upscale(np.zeros((16, 20, 3), np.uint8))


def test_measures() -> None:
    truth = world.render(world.sample(UNSEEN)).image
    soft = np.asarray(Image.fromarray(truth).resize((64, 64)).resize((128, 128)))
    noise = np.clip(truth + np.random.default_rng(0).normal(0, 8, truth.shape), 0, 255).astype(np.uint8)
    assert likeness.psnr(truth, truth) == float("inf")
    assert abs(likeness.psnr(noise, truth) - 20 * np.log10(255 / 8)) < 1
    assert likeness.ssim(truth, truth) == pytest.approx(1)
    assert likeness.ssim(soft, truth) < 0.999
    assert likeness.error(truth, truth).max() == 0
    spread = likeness.guesses(np.stack([truth, noise]))
    assert likeness.correlation(spread, likeness.error(noise, truth)) > 0.99
    assert likeness.correlation(spread, np.zeros((128, 128), np.float32)) == 0


def test_an_enlargement_is_compared_with_rules_and_with_the_drawing(upscaler: Upscaler) -> None:
    scene = world.sample(UNSEEN + 1)
    found = upscale(scene, seeds=[0, 1], upscaler=upscaler)
    assert list(found.pictures) == ["nearest", "bicubic", "lanczos", "upscaler"]
    assert all(picture.shape == (512, 512, 3) for picture in found.pictures.values())
    assert found.prompt == world.caption(scene).text
    assert found.truth is not None
    scores = found.scores()
    assert scores["lanczos"].psnr > scores["nearest"].psnr
    assert scores["upscaler"].distance == pytest.approx(distance(found.drawn[0], found.truth, SIDES), abs=1e-3)
    assert all(0 < score.ssim < 1 and score.distance > 0 for score in scores.values())
    assert found.sheet().shape == (512, 7 * 516 - 4, 3)
    assert "foretell the error with a correlation of" in str(found)
    assert found.error is not None
    assert found.told == pytest.approx(float(np.corrcoef(found.guesses.ravel(), found.error.ravel())[0, 1]), abs=1e-4)
    alone = upscale(found.small[:64, :64], "a red castle", seeds=[2], upscaler=upscaler)
    assert alone.truth is alone.error is alone.told is None
    assert alone.guesses.max() == 0  # one seed can't disagree
    with pytest.raises(InvalidSetting, match="Nobody knows how this picture looks at that size"):
        alone.scores()


def test_what_cannot_be_enlarged_is_said(upscaler: Upscaler, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="is no picture"):
        upscale(np.zeros((16, 16)), upscaler=upscaler)
    with pytest.raises(InvalidSetting, match="20x16 pixels, expected multiples of 16"):
        upscale(np.zeros((16, 20, 3), np.uint8), upscaler=upscaler)
    with pytest.raises(InvalidSetting, match="expected at least one whole number"):
        upscale(np.zeros((16, 16, 3), np.uint8), seeds=[], upscaler=upscaler)
    monkeypatch.setattr(Upscaler.load.__func__, "__defaults__", (tmp_path, "cpu"))
    with pytest.raises(CheckpointError, match="There is no upscaler in"):
        upscale(np.zeros((16, 16, 3), np.uint8))


def test_one_doubling_of_the_shipped_upscaler_is_watched() -> None:
    scene = world.sample(UNSEEN + 518)
    small, prompt = world.render(scene).image, world.caption(scene).text
    pipe = Upscaler.load().pipe
    watched = explorer.wrap(pipe)
    asked: dict[str, Any] = {"steps": 2, "seed": 0, "guidance": 1.0}
    trace = watched.record(prompt, image=small, **asked)
    lot = torch.Generator().manual_seed(0)
    alone = pipe(prompt, image=small, num_inference_steps=2, guidance_scale=1.0, generator=lot).images[0]
    assert trace.image.shape == (256, 256, 3)
    assert np.array_equal(trace.image.values, np.asarray(alone))
    assert np.array_equal(
        trace.image.values, watched.record(prompt, image=Image.fromarray(small), **asked).image.values
    )
    assert trace.heat("dog").shape == (32, 32)


def test_the_shipped_upscaler_beats_every_rule_on_unseen_drawings() -> None:
    """Those that `train measure-upscaler` measures first; its record ships with the weights."""
    size = sum(path.stat().st_size for path in HOME.rglob("*") if path.is_file())
    assert size < 6e6
    found = [upscale(world.sample(UNSEEN + 500 + n), seeds=range(2)) for n in range(12)]
    scores = [one.scores() for one in found]
    psnr = {name: np.mean([s[name].psnr for s in scores]) for name in scores[0]}
    assert psnr["upscaler"] > psnr["bicubic"] + 2
    for rule in likeness.RULES:
        assert np.mean([s["upscaler"].distance for s in scores]) < np.mean([s[rule].distance for s in scores])
        assert np.mean([s["upscaler"].ssim for s in scores]) > np.mean([s[rule].ssim for s in scores])
    assert np.mean([one.told or 0.0 for one in found]) > 0.3
    assert explorer.Upscaled is Upscaled
