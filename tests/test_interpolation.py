"""Paths between runs: exact ends, spheres that keep the norm, even steps, files, and stopping on the way."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import explorer
from explorer.analysis.distance import distance, evenly, unevenness
from explorer.conditioning import lerp, lined_up, slerp
from explorer.errors import InvalidSetting, TraceFileError
from explorer.interpolation import interpolating
from explorer.rendering import Renderer
from explorer.runs import Stopped
from tests.families import tiny
from tests.pipelines import stable_diffusion

pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")  # diffusers' Euler
MAKERS = {"sd": stable_diffusion, "sdxl": tiny.sdxl, "sd3": tiny.sd3, "flux": tiny.flux}
A, B = "a red castle", "a blue bear in the snow"
RUN = {"steps": 3, "guidance": 4.0}


@pytest.fixture(scope="module", params=MAKERS)
def ex(request: pytest.FixtureRequest) -> Any:
    return explorer.wrap(MAKERS[request.param]())


@pytest.fixture(scope="module")
def sd() -> Any:
    return explorer.wrap(stable_diffusion())


@pytest.fixture(scope="module")
def path(sd: Any) -> Any:
    return sd.interpolate(A, B, frames=5, seed=7, **RUN)


def same(a: Any, b: Any) -> bool:
    maps = all(np.array_equal(a.attention[grid], b.attention[grid]) for grid in a.attention)
    return np.array_equal(a.image, b.image) and np.array_equal(a.latents, b.latents) and maps


def test_spheres_keep_the_norm() -> None:
    generator = torch.Generator().manual_seed(0)
    a, b = (torch.randn(7, 500, generator=generator) for _ in range(2))
    a, b = a / a.norm(dim=-1, keepdim=True), b / b.norm(dim=-1, keepdim=True)
    for t in (0.0, 1e-6, 0.3, 0.5, 1 - 1e-6, 1.0):
        torch.testing.assert_close(slerp(a, b, t).norm(dim=-1), torch.ones(7), atol=1e-5, rtol=0)
        torch.testing.assert_close((3 * slerp(a, b, t)), slerp(3 * a, 3 * b, t), atol=1e-5, rtol=0)
    assert float(lerp(a, b, 0.5).norm(dim=-1).mean()) < 0.8
    longer = slerp(a, 3 * b, 0.25).norm(dim=-1)
    torch.testing.assert_close(longer, torch.full((7,), 1.5), atol=1e-5, rtol=0)


def test_spheres_go_at_an_even_pace() -> None:
    a, b = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    angles = [float(torch.atan2(*slerp(a, b, t).flip(0))) for t in np.linspace(0, 1, 7)]
    np.testing.assert_allclose(np.diff(angles), np.pi / 12, atol=1e-6)


@pytest.mark.parametrize("way", [slerp, lerp])
def test_ends_are_the_ends(way: Any) -> None:
    a, b = torch.randn(3, 5), torch.randn(3, 5)
    assert torch.equal(way(a, b, 0), a)
    assert torch.equal(way(a, b, 1), b)
    assert torch.equal(way(a, a, 0.3), a) or torch.allclose(way(a, a, 0.3), a, atol=1e-6)


def test_directions_without_an_arc() -> None:
    a = torch.tensor([[1.0, 2.0], [0.0, 0.0], [1.0, 0.0]])
    b = torch.tensor([[2.0, 4.0], [3.0, 4.0], [-1.0, 0.0]])
    mixed = slerp(a, b, 0.25)
    assert torch.isfinite(mixed).all()
    torch.testing.assert_close(mixed[0], torch.tensor([1.25, 2.5]))
    torch.testing.assert_close(mixed[1], torch.tensor([0.75, 1.0]))


def test_ends_are_the_runs_of_the_prompts_to_the_bit(ex: Any) -> None:
    found = ex.interpolate(A, B, frames=4, seed=7, **RUN)
    assert [frame.is_key for frame in found.frames] == [True, False, False, True]
    assert same(found.traces[0], ex.record(A, seed=7, **RUN))
    assert same(found.traces[-1], ex.record(B, seed=7, **RUN))
    assert all(np.array_equal(one.noise, found.traces[0].noise) for one in found.traces)
    assert [one.words for one in found.traces] == [A.split()] * 2 + [B.split()] * 2
    for one in found.traces:
        json.dumps(one.settings.to_dict())
        for maps in one.attention.values():
            assert float(maps.sum("token").max()) <= 1.01
    pictures = found.pictures
    assert len({pictures[i].values.tobytes() for i in range(4)}) == 4
    assert pictures.coords["at"].values.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])


def test_it_is_continuous_at_the_ends(sd: Any) -> None:
    """Though rows are put in another order to line up words: for cross-attention, order is no matter."""
    renderer = Renderer(sd)
    work = interpolating(sd, A, B, frames=2, seed=7, **RUN)
    for t, end in ((1e-6, A), (1 - 1e-6, B)):
        [near] = renderer.perform([work.path.request_at((t,))], keep=work._keep)
        exact = sd.record(end, seed=7, **RUN)
        np.testing.assert_allclose(near.latents, exact.latents, atol=2e-2)
        for word in exact.words:
            np.testing.assert_allclose(near.heat(word), exact.heat(word), atol=2e-3)


def test_words_that_are_shared_face_each_other(sd: Any) -> None:
    renderer = Renderer(sd)
    request = sd._asked("a bear in the snow", seed=1, **RUN)
    told = [renderer.conditioning(request, text) for text in ("a bear in the snow", "a big red bear in snow")]
    lined = lined_up(*told)
    rows = [{p.text.strip(): p.position for p in one.encoding.tokens.pieces} for one in lined]
    for word in ("a", "bear", "in", "snow"):
        assert rows[0][word] == rows[1][word]
    for one, before in zip(lined, told, strict=True):
        assert sorted(one.values["encoder_hidden_states"][0, :, 0].tolist()) == sorted(
            before.values["encoder_hidden_states"][0, :, 0].tolist()
        )
    crowded = [renderer.conditioning(request, " ".join([word] * 70)) for word in ("bear", "bear red")]
    assert lined_up(*crowded) == crowded  # more words than rows: by position


def test_seeds_guidance_and_all_together(sd: Any) -> None:
    seeds = sd.interpolate(1, 2, by="seed", prompt=A, frames=3, **RUN)
    assert same(seeds.traces[0], sd.record(A, seed=1, **RUN))
    assert same(seeds.traces[2], sd.record(A, seed=2, **RUN))
    norms = [float((one.noise.astype(np.float64) ** 2).sum()) ** 0.5 for one in seeds.traces]
    assert norms[1] == pytest.approx((norms[0] + norms[2]) / 2, rel=1e-3)
    scales = sd.interpolate(1.0, 5.0, by="guidance", prompt=A, seed=1, frames=3, steps=3)
    assert [one.settings.guidance for one in scales.traces] == [1, 3, 5]
    assert same(scales.traces[1], sd.record(A, seed=1, guidance=3.0, steps=3))
    first, last = sd.record(A, seed=1, **RUN), sd.record(B, seed=2, guidance=2.0, steps=3)
    whole = sd.interpolate(first, last, frames=3)
    assert same(whole.traces[0], first)
    assert same(whole.traces[2], last)
    assert whole.traces[1].settings.guidance == 3
    only = sd.interpolate(first, last, frames=3, by="prompt")
    assert same(only.traces[2], sd.record(B, seed=1, **RUN))
    mixed = sd.interpolate({"prompt": A, "seed": 1}, {"seed": 2}, frames=3, **RUN)
    assert same(mixed.traces[1], seeds.traces[1])


def test_more_than_two_and_back_again(sd: Any) -> None:
    found = sd.interpolate(A, B, "a bear", frames=5, seed=7, **RUN)
    assert [frame.at[0] for frame in found.frames] == [0, 0.5, 1, 1.5, 2]
    assert same(found.traces[2], sd.record(B, seed=7, **RUN))
    loop = sd.interpolate(A, B, frames=4, seed=7, closed=True, **RUN)
    assert [frame.at[0] for frame in loop.frames] == [0, 0.5, 1, 1.5]
    assert len(loop.curve()) == 4
    np.testing.assert_allclose(loop.traces[1].latents, loop.traces[3].latents, atol=2e-2)  # there, and back
    assert loop.complete


def test_a_grid_of_four(sd: Any) -> None:
    corners = [A, "a blue castle", "a red bear", B]
    found = sd.interpolate(*corners, frames=(3, 2), seed=7, **RUN)
    assert found.shape == (3, 2)
    assert [frame.at for frame in found.frames][:3] == [(0, 0), (0, 1), (0.5, 0)]
    for i, corner in zip((0, 1, 4, 5), corners, strict=True):
        assert same(found.traces[i], sd.record(corner, seed=7, **RUN))
    with pytest.raises(InvalidSetting, match="The frames of a grid are not in a row"):
        found.curve()


def test_methods_and_parts(sd: Any) -> None:
    ways = [sd.interpolate(A, B, frames=3, seed=7, method=m, **RUN).traces[1] for m in ("slerp", "lerp")]
    assert not np.array_equal(ways[0].latents, ways[1].latents)
    loose = sd.interpolate(A, B, frames=3, seed=7, align=False, **RUN).traces[1]
    assert not np.array_equal(loose.latents, ways[0].latents)
    with pytest.raises(InvalidSetting, match="have no pooled part that could be mixed by itself"):
        sd.interpolate(A, B, frames=3, seed=7, parts="pooled", **RUN)
    xl = explorer.wrap(tiny.sdxl())
    middles = [xl.interpolate(A, B, frames=3, seed=7, parts=p, **RUN).traces[1] for p in ("both", "tokens", "pooled")]
    assert len({one.latents.values.tobytes() for one in middles}) == 3


def test_even_steps_are_chosen() -> None:
    places = np.array([0, 1, 2, 3, 10, 11, 12, 13, 14, 20])
    apart = np.abs(places[:, None] - places[None]).astype(float)
    assert evenly(apart, 3) == [0, 4, 9]
    assert evenly(apart, 10) == list(range(10))
    assert evenly(apart, 99) == list(range(10))
    assert evenly(apart, 2) == [0, 9]
    assert unevenness(np.array([1, 1, 3.0])) == 3
    assert unevenness(np.zeros(3)) == 1
    assert unevenness(np.array([0, 0, 1.0])) == np.inf


def test_the_distance_is_one() -> None:
    generator = np.random.default_rng(0)
    a, b = (generator.integers(0, 256, (64, 48, 3), np.uint8) for _ in range(2))
    assert distance(a, a) == 0
    assert distance(a, b) == distance(b, a) > 0
    black, white = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 255, np.uint8)
    assert distance(black, white) == pytest.approx(100, abs=0.1)
    steps = [distance(black, np.full((64, 64, 3), grey, np.uint8)) for grey in (50, 100, 200)]
    assert steps == sorted(steps)


def test_spacing_by_what_is_seen(sd: Any) -> None:
    even = sd.interpolate(A, B, frames=5, seed=7, steps=3, guidance=30.0)
    seen = sd.interpolate(A, B, frames=5, seed=7, steps=3, guidance=30.0, spacing="perceptual", extra=12)
    assert seen.complete
    assert len(seen.frames) == 5
    assert seen.unevenness() <= even.unevenness() + 1e-9
    assert same(seen.traces[0], even.traces[0])
    assert same(seen.traces[-1], even.traces[-1])
    places = [frame.at[0] for frame in seen.frames]
    assert places == sorted(places)


def test_looking_closer(sd: Any, path: Any) -> None:
    closer = sd.refine(path, (1, 2), frames=3)
    assert [frame.at[0] for frame in closer.frames] == [0, 0.25, 0.3125, 0.375, 0.4375, 0.5, 0.75, 1]
    assert closer.complete
    again = sd.interpolate(A, B, frames=9, seed=7, **RUN)
    np.testing.assert_allclose(closer.traces[3].latents, again.traces[3].latents, atol=2e-2)
    for between in ((2, 1), (0, 5), (1, 1)):
        with pytest.raises(InvalidSetting, match="expected two frames in order, from 0 to 4"):
            sd.refine(path, between)


def test_light_frames_are_small(sd: Any, path: Any) -> None:
    light = sd.interpolate(A, B, frames=3, seed=7, steps=12, guidance=4.0, light=True)
    whole = sd.interpolate(A, B, frames=3, seed=7, steps=12, guidance=4.0)
    assert light.traces[1].steps == 5
    assert light.traces[1].nbytes < whole.traces[1].nbytes / 2
    np.testing.assert_array_equal(light.pictures, whole.pictures)
    assert float(light.traces[1].heat("bear").max()) > 0


def test_stopping_keeps_the_frames_that_are_done(sd: Any) -> None:
    frames: list[Any] = []

    def stop(frame: Any) -> None:
        frames.append(frame)
        if len(frames) == 3:
            raise Stopped

    found = sd.interpolate(A, B, frames=9, seed=7, batch=1, on_frame=stop, **RUN)
    assert [frame.at[0] for frame in found.frames] == [0, 0.125, 1]  # the ends come first
    assert not found.complete
    assert "3 of 9 frames" in repr(found)
    work = interpolating(sd, A, B, frames=9, seed=7, batch=1, **RUN)
    assert not work.started
    frame = next(iter(work))
    assert [one.at for one in work.result().frames] == [frame.at]
    steps: list[int] = []

    def in_the_middle(progress: Any) -> None:
        steps.append(progress.step)
        if len(steps) == 5:
            raise KeyboardInterrupt

    assert len(sd.interpolate(A, B, frames=9, seed=7, tell=in_the_middle, **RUN).frames) == 1


def test_batches_are_split(sd: Any, path: Any) -> None:
    def small(module: Any, args: Any, kwargs: Any) -> None:
        if len(args[0]) > 2:
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    handle = sd.pipe.unet.register_forward_pre_hook(small, with_kwargs=True)
    try:
        found = sd.interpolate(A, B, frames=5, seed=7, **RUN)
    finally:
        handle.remove()
    assert found.complete
    assert same(found.traces[0], path.traces[0])
    np.testing.assert_allclose(found.traces[2].latents, path.traces[2].latents, atol=2e-2)


def test_one_file(path: Any, tmp_path: Path) -> None:
    opened = explorer.open_frames(path.save(tmp_path / "way"))
    assert (tmp_path / "way.frames.zip").is_file()
    assert [one.name for one in tmp_path.iterdir()] == ["way.frames.zip"]
    assert all(same(a, b) for a, b in zip(opened.traces, path.traces, strict=True))
    assert [f.at for f in opened.frames] == [f.at for f in path.frames]
    assert (opened.keys, opened.method, opened.asked) == (path.keys, path.method, path.asked)
    np.testing.assert_array_equal(opened.curve(), path.curve())
    with pytest.raises(TraceFileError, match=r"There is no file .*nothing: check the name; paths end in .frames.zip"):
        explorer.open_frames(tmp_path / "nothing")
    (tmp_path / "broken.frames.zip").write_bytes(b"PK")
    with pytest.raises(TraceFileError, match="holds no frames, or is damaged: open a file that `save` wrote"):
        explorer.open_frames(tmp_path / "broken.frames.zip")
    with pytest.raises(TraceFileError, match="could not be written"):
        path.save(tmp_path / "missing" / "way")


@pytest.mark.parametrize("suffix", [".webp", ".gif", ".png"])
def test_animations(path: Any, tmp_path: Path, suffix: str) -> None:
    target = path.to_animation(tmp_path / f"way{suffix}", seconds=2, fades=1)
    with Image.open(target) as picture:
        assert picture.size == (64, 64)
        assert picture.n_frames == 16  # 5 frames and 4 fades, there and back
        picture.seek(0)
        first = np.asarray(picture.convert("RGB")).astype(float)
    assert np.abs(first - path.traces[0].image.values).mean() < 12
    once = path.to_animation(tmp_path / f"once{suffix}", back=False)
    with Image.open(once) as picture:
        assert picture.n_frames == 5


def test_what_no_animation_is(path: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidSetting, match=r"way.bmp is no animation: name it .webp, .gif, .png, .mp4 or .webm"):
        path.to_animation(tmp_path / "way.bmp")
    with pytest.raises(InvalidSetting, match="seconds is 0, expected a number above 0"):
        path.to_animation(tmp_path / "way.gif", seconds=0)
    with pytest.raises(InvalidSetting, match="fades is -1, expected a whole number of at least 0"):
        path.to_animation(tmp_path / "way.gif", fades=-1)
    with pytest.raises(InvalidSetting, match="could not be written: No such file or directory. Choose another place"):
        path.to_animation(tmp_path / "missing" / "way.gif")
    monkeypatch.setitem(__import__("sys").modules, "imageio_ffmpeg", None)
    with pytest.raises(InvalidSetting, match=r"needs the extra video: pip install 'prompt-explorer\[video\]'"):
        path.to_animation(tmp_path / "way.mp4")


def test_films(path: Any, tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    target = path.to_animation(tmp_path / "way.mp4", seconds=1)
    assert target.stat().st_size > 500
    assert target.read_bytes()[4:8] == b"ftyp"


WRONG: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "one end": ((A,), {}, "A path needs at least two ends: give two prompts, such as"),
    "no prompt": ((A, 3.5), {}, "Numbers are seeds or guidance values: say which"),
    "bare numbers": ((1, 2), {"by": "seed"}, "Numbers need a prompt that they are tried on"),
    "nothing": ((A, None), {}, "None is no end of a path: give a prompt, a trace, or such as"),
    "a strange mapping": ((A, {"size": 3}), {}, "is no end of a path"),
    "by": ((A, B), {"by": "size"}, "by is 'size', expected one or several of 'prompt', 'seed', 'guidance'"),
    "method": ((A, B), {"method": "magic"}, "method is 'magic', expected one of 'slerp', 'lerp'"),
    "spacing": ((A, B), {"spacing": "odd"}, "spacing is 'odd', expected one of 'even', 'perceptual'"),
    "frames": ((A, B), {"frames": 1}, "frames is 1, expected a whole number of at least 2"),
    "grid": ((A, B), {"frames": (3, 3)}, r"frames=\(rows, columns\) makes a grid, which lies between four prompts"),
    "seed": (({"prompt": A, "seed": -1}, B), {}, "seed is -1, expected a whole number"),
    "negative": (
        ({"prompt": A, "negative_prompt": "x"}, {"prompt": B, "negative_prompt": "y"}),
        {},
        "different negative",
    ),
    "option": ((A, B), {"magic": 1}, "There is no option 'magic'"),
}


@pytest.mark.parametrize(("ends", "options", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_one_sentence(sd: Any, ends: Any, options: Any, message: str) -> None:
    with pytest.raises(InvalidSetting, match=message) as caught:
        sd.interpolate(*ends, **options)
    assert "\n" not in str(caught.value)


def test_ends_that_can_not_meet(sd: Any, path: Any) -> None:
    short, long = sd.record(A, seed=1, steps=2), sd.record(A, seed=1, steps=3)
    with pytest.raises(
        InvalidSetting, match="differ in their size, steps or scheduler: record them with the same ones"
    ):
        sd.interpolate(short, long)
    with pytest.raises(InvalidSetting, match="The traces say their steps themselves: leave it out"):
        sd.interpolate(short, short, steps=4)
    with pytest.raises(InvalidSetting, match="leads from plain runs: this trace was itself mixed or weighted"):
        sd.interpolate(path.traces[1], path.traces[0])
    corners = [{"prompt": text, "seed": i} for i, text in enumerate("abcd")]
    with pytest.raises(InvalidSetting, match="its corners have different seeds: use one"):
        sd.interpolate(*corners, frames=(2, 2), **RUN)


def test_texts_of_different_lengths_are_not_mixed(sd: Any) -> None:
    import dataclasses

    from explorer.conditioning import differing

    renderer = Renderer(sd)
    own = renderer.conditioning(sd._asked(A, seed=1, **RUN))
    shorter = dataclasses.replace(own, values={name: value[:, :5] for name, value in own.values.items()})
    with pytest.raises(InvalidSetting, match="make texts of different lengths with this model, which can't be mixed"):
        differing(own, shorter)


@pytest.mark.slow
def test_the_miniature() -> None:
    """What holds for any weights of it."""
    ex: Any = explorer.load()
    more = {"seed": 7, "steps": 3}
    trace = ex.record("a red castle in the snow", **more)
    for way in ("conditioning", "attention"):
        assert same(ex.swap(trace, "red", "red", way=way), trace)
        assert same(ex.reweight(trace, {"red": 1}, way=way), trace)
        assert not np.array_equal(ex.swap(trace, "red", "blue", way=way).image, trace.image)
    way = ex.interpolate(
        "a red castle in the snow", "a blue teddy bear", frames=4, spacing="perceptual", extra=2, **more
    )
    assert same(way.traces[0], trace)
    assert same(way.traces[-1], ex.record("a blue teddy bear", **more))
    effects = ex.effects(trace, ["castle", "snow"])
    assert effects.maps.shape == (2, 128, 128)
    assert np.isfinite(effects.agreement).all()
