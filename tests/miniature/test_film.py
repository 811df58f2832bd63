"""Films: written whole, read back, refused when damaged; and the camera that takes them while a model learns."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from explorer.miniature import film as films
from explorer.miniature.film import Film
from explorer.miniature.recipe import loop
from explorer.miniature.recipe.camera import Camera, Shot, moments


def made(count: int = 3, **changes: Any) -> Film:
    x = np.linspace(0, 255, 32)
    picture = np.stack([*np.meshgrid(x, x, indexing="ij"), np.full((32, 32), 90.0)], -1).astype(np.uint8)
    given: dict[str, Any] = {
        "name": "gan",
        "about": "Two networks on a toy.",
        "prompts": ("a dog", "a cät"),
        "seen": np.arange(count) * 64,
        "minutes": np.arange(count, dtype=np.float32) / 2,
        "pictures": np.stack([np.stack([picture, np.full_like(picture, 40 * n)]) for n in range(count)]),
        "curves": {"loss": np.arange(count, dtype=np.float32), "verdicts": np.full((count, 2), 0.25, np.float32)},
    }
    return Film(**given | changes)


def test_a_film_comes_back_as_it_was(tmp_path: Path) -> None:
    maps = np.random.default_rng(0).integers(0, 256, (3, 2, 4, 8, 8), dtype=np.uint8)
    whole = made(maps=maps, map_words=(("dog",), ("red", "cat", "at", "sea")))
    path = whole.save(tmp_path / "deep" / "one")
    assert path.name == "one.film.safetensors"
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    back = Film.open(path)
    assert (back.name, back.about, back.prompts, back.map_words) == (
        whole.name,
        whole.about,
        whole.prompts,
        whole.map_words,
    )
    assert back.seen.tolist() == [0, 64, 128]
    assert back.minutes.tolist() == [0.0, 0.5, 1.0]
    assert back.pictures.shape == whole.pictures.shape
    assert np.abs(back.pictures.astype(int) - whole.pictures).mean() < 4  # WebP loses a little
    assert back.curves["loss"].tolist() == [0, 1, 2]
    assert back.curves["verdicts"].shape == (3, 2)
    assert back.maps is not None
    assert np.array_equal(back.maps, maps)
    assert repr(back) == "<Film 'gan': 3 checkpoints, up to 128 pictures in 1 minutes, 2 prompts>"
    assert len(back) == 3


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("pictures", {"pictures": np.zeros((3, 1, 8, 8, 3), np.uint8)}),
        ("pictures", {"pictures": np.zeros((3, 2, 8, 8, 3), np.float32)}),
        ("minutes", {"minutes": np.zeros(2, np.float32)}),
        ("curve 'loss'", {"curves": {"loss": np.zeros(2, np.float32)}}),
        ("map_words", {"maps": np.zeros((3, 2, 1, 4, 4), np.uint8), "map_words": (("a", "b"), ("c",))}),
    ],
)
def test_shapes_that_do_not_fit_are_named(name: str, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"The shape of {name} does not fit a film of 3 checkpoints and 2 prompts"):
        made(**changes)


def test_files_that_are_no_films_are_refused(tmp_path: Path) -> None:
    path = made().save(tmp_path / "one")
    with pytest.raises(FileNotFoundError, match="films end in .film.safetensors"):
        Film.open(tmp_path / "two.film.safetensors")
    data = bytearray(path.read_bytes())
    for cut in (5, 200, len(data) - 3):
        path.write_bytes(data[:cut])
        with pytest.raises(ValueError, match="truncated or damaged"):
            Film.open(path)
    data[-40] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match="truncated or damaged"):
        Film.open(path)
    from safetensors.numpy import save_file

    save_file({"x": np.zeros(2)}, path)
    with pytest.raises(ValueError, match="not a film that this version reads"):
        Film.open(path)


def test_shipped_films_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in films.names():
        one = films.shipped(name)
        assert one.name == name
        assert one.about
        assert 20 <= len(one) <= 60
        assert (np.diff(one.seen) > 0).all()
    monkeypatch.setattr(films, "FILMS", tmp_path)
    with pytest.raises(ValueError, match="no film 'gan'; choose one of none"):
        films.shipped("gan")
    made().save(tmp_path / "gan")
    assert films.shipped("gan").prompts == ("a dog", "a cät")


class Line:
    """A stage that learns one number."""

    name, batch = "line", 8

    def __init__(self, stop: loop.Stop | None = None, at: int = 0) -> None:
        self.network, self.stop, self.at = nn.Linear(1, 1), stop, at

    def loss(self, step: int, done: float) -> tuple[Tensor, dict[str, float]]:
        if self.stop and step == self.at:
            self.stop.now()
        return ((self.network(torch.ones(8, 1)) - 3) ** 2).mean(), {}

    def sheet(self, network: Any, path: Path) -> None:
        """None."""

    def shoot(self, network: Any) -> Shot:
        value = float(network.weight) + float(network.bias)
        return Shot(np.full((2, 8, 8, 3), 7, np.uint8), {"value": value, "twice": [value, 2 * value]})


def test_looking_does_not_count_as_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that stands still but while somebody looks."""
    now, told = [0.0], []
    monkeypatch.setattr(loop.time, "monotonic", lambda: now[0])

    def watch(network: Any, step: int, minutes: float, done: float) -> None:
        told.append(minutes)
        now[0] += 60

    loop.train(Line(), tmp_path, loop.Plan(steps=3, minutes=1, warmup=0), watch=watch)
    assert told == [0, 0, 0, 0]
    assert torch.load(tmp_path / "line.pt", weights_only=True)["seconds"] == 0


def test_the_camera_looks_when_it_is_time_and_goes_on_after_a_stop(tmp_path: Path) -> None:
    plan = loop.Plan(steps=100, rate=0.05, warmup=0)
    when = [0.0, 0.1, 0.2, 0.4, 1.0]

    def run(folder: Path, at: int | None) -> Camera:
        torch.manual_seed(0)
        stop = loop.Stop()
        stage = Line(stop if at is not None else None, at or 0)
        camera = Camera(folder / "shots", stage.batch, stage.shoot, when)
        loop.train(stage, folder, plan, stop, camera)
        return camera

    whole = run(tmp_path / "whole", None).film("line", "A line.", ["a", "b"])
    assert whole.seen.tolist() == [0, 80, 160, 320, 800]
    assert whole.curves["value"].shape == (5,)
    assert whole.curves["twice"].shape == (5, 2)
    assert abs(whole.curves["value"][-1] - 3) < abs(whole.curves["value"][0] - 3)
    run(tmp_path / "parts", 30)
    (tmp_path / "parts" / "shots" / "00000090.safetensors").write_bytes(b"of a future that was not saved")
    parts = run(tmp_path / "parts", None).film("line", "A line.", ["a", "b"])
    assert parts.seen.tolist() == whole.seen.tolist()
    assert np.allclose(parts.curves["value"], whole.curves["value"])
    assert run(tmp_path / "parts", None).film("line", "A line.", ["a", "b"]).seen.tolist() == whole.seen.tolist()
    with pytest.raises(ValueError, match="There are no shots"):
        Camera(tmp_path / "none", 8, Line().shoot).film("x", "", [])


def test_moments_are_dense_at_first() -> None:
    when = moments(30)
    assert len(when) == 30
    assert (when[0], when[-1]) == (0.0, 1.0)
    assert (np.diff(when, 2)[1:] > 0).all()
