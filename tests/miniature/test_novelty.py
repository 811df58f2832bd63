"""The search for copies: in a small index the planted ones are found, whatever was done to them, and no others."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from transformers import CLIPTokenizer

from explorer.miniature import FOLDER, film, novelty, world
from explorer.miniature.recipe import autoencoder as ae
from explorer.miniature.recipe import memorised

COUNT = 60


def pictures(begin: int, end: int) -> NDArray[np.uint8]:
    return np.stack([world.draw(n).image for n in range(begin, end)])


@pytest.fixture(scope="module")
def index() -> novelty.Index:
    drawn = pictures(0, COUNT)
    return novelty.fitted(drawn).grown(lambda a, b: drawn[a:b], COUNT)


@pytest.mark.parametrize("change", novelty.CHANGES)
def test_a_planted_copy_is_found_and_named(index: novelty.Index, change: str) -> None:
    lot = np.random.default_rng(3)
    for seed in (5, 17, 40):
        copy = novelty.changed(world.draw(seed).image, change, lot)
        if change != "as it is":
            assert np.abs(copy.astype(int) - world.draw(seed).image).mean() > 3
        found = novelty.nearest(copy, 3, index=index)
        assert next(m.seed for m in found.matches) == seed
        assert found.copied
        best = found.matches[0]
        assert best.flipped == (change == "flipped")
        assert np.array_equal(best.picture, world.draw(seed).image)
        assert best.caption == world.draw(seed).caption
        if change == "as it is":
            assert best.likeness == pytest.approx(1, abs=1e-3)
            assert best.shift == (0, 0)
        assert not any(m.copied for m in found.matches[1:])


def test_the_shift_is_told(index: novelty.Index) -> None:
    wide = np.pad(world.draw(5).image, ((12, 12), (12, 12), (0, 0)), mode="edge")
    moved = wide[6:134, 21:149]  # 6 down, 9 to the left
    assert novelty.nearest(moved, 1, index=index).matches[0].shift == (-6, 9)  # what brings it back


def test_new_drawings_are_no_copies(index: novelty.Index) -> None:
    for seed in (1000, 1001, 1002):
        assert not novelty.nearest(world.draw(seed).image, 2, index=index).copied


def test_pixels_and_clip_find_the_picture_itself(index: novelty.Index) -> None:
    for by in ("pixels", "clip"):
        found = novelty.nearest(world.draw(9).image, 4, by=by, index=index)
        assert found.matches[0].seed == 9
        assert found.matches[0].likeness == pytest.approx(1, abs=1e-3)
        likes = [m.likeness for m in found.matches]
        assert likes == sorted(likes, reverse=True)
        assert likes[1] < 0.999
        assert not found.copied
    flipped = np.ascontiguousarray(world.draw(9).image[:, ::-1])
    assert novelty.nearest(flipped, 1, by="pixels", index=index).matches[0].likeness < 0.999


def test_candidates_are_ranked_as_the_whole_descriptors_would(index: novelty.Index) -> None:
    asked = world.draw(700).image
    full = ((novelty.colours(pictures(0, COUNT)) - novelty.colours(asked[None])) ** 2).sum(1)
    assert int(full.argmin()) in index.candidates(asked, 5, "pixels")


def test_what_a_result_shows(index: novelty.Index) -> None:
    found = novelty.nearest(world.draw(5).image, 2, index=index)
    assert str(found).splitlines()[0].startswith("nearest of 60 training pictures by copy, in ")
    assert "a copy: " + world.draw(5).caption in str(found)
    assert found._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"by": "smell"}, "no measure 'smell'; choose one of copy, pixels, clip"),
        ({"k": 0}, "k is from 1 to 60"),
        ({"k": 61}, "k is from 1 to 60"),
        ({"picture": np.zeros((64, 64, 3), np.uint8)}, r"uint8 \(128, 128, 3\), not uint8 \(64, 64, 3\)"),
        ({"picture": np.zeros((128, 128, 3))}, "not float64"),
    ],
)
def test_what_cannot_be_searched_is_said(index: novelty.Index, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        novelty.nearest(**{"picture": np.zeros((128, 128, 3), np.uint8), "index": index} | given)


def test_an_index_is_kept_and_grows(index: novelty.Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(novelty, "SHIPPED", index.save(tmp_path / "shipped.safetensors"))
    novelty.shipped.cache_clear()
    try:
        assert len(novelty.shipped()) == COUNT
        assert len(novelty.index(20)) == 20
        larger = novelty.index(COUNT + 5, tmp_path / "cache")
        assert novelty.nearest(world.draw(COUNT + 3).image, 1, index=larger).matches[0].seed == COUNT + 3
        assert np.array_equal(larger.tables["copy"].codes[:COUNT], index.tables["copy"].codes)

        def again(seed: int, pairs: str = "seen") -> world.Drawing:
            raise AssertionError("what is kept is not drawn again")

        monkeypatch.setattr(novelty.world, "draw", again)
        assert len(novelty.index(COUNT + 5, tmp_path / "cache")) == COUNT + 5
        monkeypatch.undo()
        monkeypatch.setattr(novelty, "SHIPPED", tmp_path / "shipped.safetensors")
        together = novelty.index(COUNT + 5, tmp_path / "by two", workers=2)
        for name, table in larger.tables.items():
            assert np.array_equal(table.codes, together.tables[name].codes), name
    finally:
        novelty.shipped.cache_clear()
    with pytest.raises(FileNotFoundError, match="There is no index"):
        novelty.Index.open(tmp_path / "none")
    other = novelty.Index(0, index.tables, "another")
    with pytest.raises(ValueError, match="made with another CLIP"):
        novelty.nearest(np.zeros((128, 128, 3), np.uint8), 1, "clip", other)


def test_two_hundred_thousand_are_searched_in_less_than_a_second(index: novelty.Index) -> None:
    lot = np.random.default_rng(0)
    tables = {}
    for name, table in index.tables.items():  # codes of pictures that are not there, among those of pictures that are
        codes = table.codes[lot.integers(0, COUNT, 200_000)]
        codes = (codes + lot.integers(-20, 21, codes.shape)).clip(-127, 127).astype(np.int8)
        codes[:COUNT] = table.codes
        tables[name] = novelty.Table(codes, table.mean, table.basis, table.unit)
    large = novelty.Index(0, tables, index.clip)
    import time

    for by in ("copy", "pixels"):
        began = time.process_time()
        assert novelty.nearest(world.draw(11).image, 1, by, large).matches[0].seed == 11  # type: ignore[arg-type]
        assert time.process_time() - began < 2  # tests share their machine; by itself it is well below 1 s


def test_planted_copies_are_counted(index: novelty.Index) -> None:
    found = novelty.planted(4, index)
    assert {found[change]["found"] for change in novelty.CHANGES} == {1.0}
    assert found["unseen, called a copy"] == 0
    assert found["among"] == COUNT


def test_the_memorising_model_sees_one_picture_again_and_again(tmp_path: Path) -> None:
    torch.manual_seed(0)
    vae = ae.build(
        {"block_out_channels": (8, 8, 8, 8), "latent_channels": 8, "layers_per_block": 1, "norm_num_groups": 4}
    )
    seeds = memorised.lone(4)
    np.save(tmp_path / "latents.npy", np.random.default_rng(0).normal(size=(max(seeds) + 1, 8, 16, 16)))
    words = CLIPTokenizer.from_pretrained(str(FOLDER / "tokenizer"))
    size = {**memorised.SIZE, "block_out_channels": (16, 32), "attention_head_dim": (1, 2)}
    text = {**memorised.TEXT, "hidden_size": 32, "intermediate_size": 32}
    stage = memorised.Memorising(tmp_path, vae, words, others=3, size=size, text=text, batch=8)
    assert [stage.repeated, *stage.others] == seeds
    loss, parts = stage.loss(0, 0.0)
    loss.backward()
    assert float(loss.detach()) == pytest.approx((parts["repeated"] + parts["others"]) / 2)
    original = world.draw(stage.repeated)
    copies = np.stack([original.image] * 4 + [world.draw(900 + n).image for n in range(4)])
    stage._draw = lambda network, prompts: copies  # type: ignore[method-assign]
    shot = stage.shoot(stage.network)
    assert shot.curves["copied"] == 1
    assert shot.curves["copied without cause"] == 0
    assert stage.prompts[:4] == (original.caption,) * 4
    assert original.caption not in stage.prompts[4:]


Describe = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@pytest.mark.parametrize("describe", [novelty.edges, novelty.colours])
def test_descriptors_of_a_mirrored_and_recoloured_picture(describe: Describe) -> None:
    one = world.draw(5).image
    lot = np.random.default_rng(0)
    other = novelty.changed(one, "recoloured", lot)
    a, b, c = describe(np.stack([one, other, world.draw(6).image]))
    if describe is novelty.edges:
        assert a @ b > 0.93 > a @ c
    else:
        assert np.abs(a - b).mean() > 0.02


def test_the_shipped_index_holds_the_training_pictures_and_finds_copies_among_them() -> None:
    index = novelty.shipped()
    assert len(index) == 64_000
    assert index.clip == novelty.clip_mark()
    lot = np.random.default_rng(3)
    for change in novelty.CHANGES:
        seed = int(lot.integers(len(index)))
        match = novelty.nearest(novelty.changed(world.draw(seed).image, change, lot), 1).matches[0]
        assert (match.seed, match.copied, match.flipped) == (seed, True, change == "flipped"), change


def test_what_the_shipped_model_memorised_is_found_out() -> None:
    one = film.shipped("memorised")
    repeated, others = one.pictures[-1, : memorised.NOISES], one.pictures[-1, memorised.NOISES :]
    found = [novelty.nearest(picture, 1).matches[0] for picture in repeated]
    assert {match.seed for match in found} == {memorised.lone(1)[0]}
    assert all(match.copied for match in found)
    assert not any(novelty.nearest(picture, 1).copied for picture in others)
    assert one.curves["copied"][0] == 0  # it had to learn it
