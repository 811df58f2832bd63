"""Films a training while it runs: at some thirty moments it keeps what the model can do by then.

Each moment is a file of its own, so a training that is stopped and resumed goes on with its film, and moments that the
resumed checkpoint does not know of yet are taken again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from ..film import Film


@dataclass(frozen=True)
class Shot:
    """What is seen at one moment: pictures uint8 (prompt, y, x, 3), curves by name (numbers or rows of them), and maps
    uint8 (prompt, word, y, x) if attention is filmed."""

    pictures: NDArray[np.uint8]
    curves: Mapping[str, Any] = field(default_factory=dict)
    maps: NDArray[np.uint8] | None = None


def moments(count: int = 30, first: float = 0.002) -> NDArray[np.float64]:
    """When to look, as shares of the training: at its beginning, then from `first` on, each later than the one before
    by the same factor, since a network changes most in its first minutes."""
    return np.concatenate([[0.0], np.geomspace(first, 1.0, count - 1)])


class Camera:
    """What `loop.train` calls as its `watch`: takes a shot whenever the next of `moments` has come.

    folder: where the shots go. batch: pictures that the training sees in a step. shoot: takes one, given the average of
    the weights. A training that begins anew (at step 0) begins its film anew.
    """

    def __init__(
        self, folder: Path, batch: int, shoot: Callable[[Any], Shot], when: Sequence[float] | NDArray[Any] | None = None
    ) -> None:
        self.folder, self.batch, self.shoot = folder, batch, shoot
        self.when = np.asarray(moments() if when is None else when, np.float64)
        self.next: float | None = None

    def __call__(self, network: Any, step: int, minutes: float, done: float) -> None:
        """Look at the training after `step` steps, the share `done` of its budget being spent."""
        if self.next is None:
            self._rewind(step)
            self.next = done if not _shots(self.folder) else self._after(done)
        if done < self.next:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        shot = self.shoot(network)
        arrays: dict[str, NDArray[Any]] = {
            "seen": np.array([step * self.batch], np.int64),
            "minutes": np.array([minutes], np.float32),
            "pictures": np.ascontiguousarray(shot.pictures),
        }
        arrays |= {f"curves/{k}": np.atleast_1d(np.asarray(v, np.float32)) for k, v in shot.curves.items()}
        if shot.maps is not None:
            arrays["maps"] = np.ascontiguousarray(shot.maps)
        partial = self.folder / "shot.partial"
        save_file(arrays, partial)
        partial.replace(self.folder / f"{step:08d}.safetensors")
        self.next = self._after(done)

    def film(self, name: str, about: str, prompts: Sequence[str], map_words: Sequence[Sequence[str]] = ()) -> Film:
        """All shots as one film."""
        return film(self.folder, name, about, prompts, map_words)

    def _after(self, done: float) -> float:
        later = self.when[self.when > done]
        return float(later[0]) if len(later) else np.inf

    def _rewind(self, step: int) -> None:
        for path in _shots(self.folder):
            if int(path.stem) > step or step == 0:
                path.unlink()


def film(folder: Path, name: str, about: str, prompts: Sequence[str], map_words: Sequence[Sequence[str]] = ()) -> Film:
    """The shots that a camera left in `folder`, as one film. Raises ValueError if there are none."""
    shots = [load_file(path) for path in _shots(folder)]
    if not shots:
        raise ValueError(f"There are no shots in {folder}: train first, then put the film together.")
    curves = {
        key.removeprefix("curves/"): np.stack([s[key] for s in shots]) for key in shots[0] if key.startswith("curves/")
    }
    return Film(
        name=name,
        about=about,
        prompts=tuple(prompts),
        seen=np.concatenate([s["seen"] for s in shots]),
        minutes=np.concatenate([s["minutes"] for s in shots]),
        pictures=np.stack([s["pictures"] for s in shots]),
        curves={k: v[:, 0] if v.shape[1] == 1 else v for k, v in curves.items()},
        maps=np.stack([s["maps"] for s in shots]) if "maps" in shots[0] else None,
        map_words=tuple(tuple(words) for words in map_words),
    )


def _shots(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.safetensors"))
