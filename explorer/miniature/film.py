"""A training, recorded: what a model drew for the same prompts and the same noise at each of its checkpoints.

A film is one safetensors file: the pictures as WebP, the curves as they are, the rest as JSON in the header, and a
checksum over all of it. No pickle; nothing in it is ever run.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as packed

FILMS = Path(__file__).parent / "films"
"""The films that ship."""
SUFFIX = ".film.safetensors"
_FORMAT, _VERSION = "prompt-explorer-film", "1"
_QUALITY = 85


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Film:
    """A training, recorded. All arrays begin with the checkpoints, from the first to the last.

    name: which training. about: a sentence or two for people: what was trained, on what, on which machine.
    prompts: what each column of pictures shows; a prompt that stands there twice is drawn from two noises.
    seen: int64 (checkpoint,), pictures learned from. minutes: float32 (checkpoint,), of training.
    pictures: uint8 (checkpoint, prompt, y, x, 3). curves: by name, float32 (checkpoint,) or (checkpoint, k); NaN where
    nothing was measured. maps: uint8 (checkpoint, prompt, word, y, x), attention from 0 to 255, or None; map_words: the
    words of each prompt's maps, fewer than the axis is long where a prompt is short.
    Raises ValueError, naming the field, where a shape doesn't fit.
    """

    name: str
    about: str
    prompts: tuple[str, ...]
    seen: NDArray[np.int64]
    minutes: NDArray[np.float32]
    pictures: NDArray[np.uint8]
    curves: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    maps: NDArray[np.uint8] | None = None
    map_words: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        count, columns = len(self.seen), len(self.prompts)
        found = {"seen": (self.seen.ndim == 1), "minutes": self.minutes.shape == (count,)}
        shape = self.pictures.shape
        found["pictures"] = (
            len(shape) == 5 and shape[:2] == (count, columns) and shape[4] == 3 and self.pictures.dtype == np.uint8
        )
        for name, curve in self.curves.items():
            found[f"curve {name!r}"] = curve.ndim in (1, 2) and len(curve) == count
        if self.maps is not None:
            found["maps"] = self.maps.ndim == 5 and self.maps.shape[:2] == (count, columns)
            words = [len(w) for w in self.map_words]
            found["map_words"] = len(words) == columns and max(words, default=0) <= self.maps.shape[2]
        for name, right in found.items():
            if not right:
                raise ValueError(
                    f"The shape of {name} does not fit a film of {count} checkpoints and {columns} prompts: give one "
                    "entry for each checkpoint, and pictures and maps one for each prompt."
                )

    def __len__(self) -> int:
        return len(self.seen)

    def __repr__(self) -> str:
        last = f", up to {int(self.seen[-1]):,} pictures in {float(self.minutes[-1]):.0f} minutes" if len(self) else ""
        return f"<Film {self.name!r}: {len(self)} checkpoints{last}, {len(self.prompts)} prompts>"

    def _ipython_display_(self) -> None:
        from ..views.film import display_film

        display_film(self)

    def save(self, path: str | Path, quality: int = _QUALITY) -> Path:
        """Write the film; the suffix `.film.safetensors` is added where it is missing. Returns the path.

        The file appears whole or not at all. quality: of the WebP pictures, 1 to 100.
        """
        target = Path(path).expanduser()
        if not target.name.endswith(SUFFIX):
            target = target.with_name(target.name + SUFFIX)
        files = [_webp(picture, quality) for row in self.pictures for picture in row]
        arrays: dict[str, NDArray[Any]] = {
            "seen": self.seen.astype(np.int64),
            "minutes": self.minutes.astype(np.float32),
            "pictures": np.frombuffer(b"".join(files), np.uint8),
            "lengths": np.array([len(data) for data in files], np.int64),
        }
        arrays |= {f"curves/{name}": curve.astype(np.float32) for name, curve in self.curves.items()}
        if self.maps is not None:
            arrays["maps"] = self.maps
        arrays = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
        about = json.dumps(
            {
                "name": self.name,
                "about": self.about,
                "prompts": self.prompts,
                "size": self.pictures.shape[2:4],
                "map_words": self.map_words,
            }
        )
        header = {"format": _FORMAT, "version": _VERSION, "film": about, "checksum": _checksum(about, arrays)}
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".partial")
        partial.write_bytes(packed(arrays, header))
        partial.replace(target)
        return target

    @classmethod
    def open(cls, path: str | Path) -> Film:
        """Read a film. Raises FileNotFoundError if there is none, ValueError if it is damaged or something else."""
        source = Path(path).expanduser()
        if not source.is_file():
            raise FileNotFoundError(f"There is no film {source}: check the name; films end in {SUFFIX}.")
        try:
            with safe_open(source, "numpy") as file:
                header = file.metadata() or {}
                if (header.get("format"), header.get("version")) != (_FORMAT, _VERSION):
                    raise ValueError(
                        f"{source} is not a film that this version reads: open one that `Film.save` wrote."
                    )
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            if _checksum(header["film"], arrays) != header.get("checksum"):
                raise _damaged(source)
            return cls._built(json.loads(header["film"]), arrays)
        except (SafetensorError, KeyError, TypeError, IndexError, OSError, json.JSONDecodeError) as error:
            raise _damaged(source) from error

    @classmethod
    def _built(cls, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Film:
        height, width = about["size"]
        data, ends = arrays["pictures"].tobytes(), np.cumsum(arrays["lengths"])
        pictures = np.empty((len(ends), height, width, 3), np.uint8)
        for n, end in enumerate(ends):
            with Image.open(io.BytesIO(data[end - arrays["lengths"][n] : end]), formats=("WEBP",)) as one:
                if one.size != (width, height):
                    raise TypeError("a picture of another size")
                pictures[n] = np.asarray(one.convert("RGB"))
        return cls(
            name=about["name"],
            about=about["about"],
            prompts=tuple(about["prompts"]),
            seen=arrays["seen"],
            minutes=arrays["minutes"],
            pictures=pictures.reshape(len(arrays["seen"]), len(about["prompts"]), height, width, 3),
            curves={k.removeprefix("curves/"): v for k, v in arrays.items() if k.startswith("curves/")},
            maps=arrays.get("maps"),
            map_words=tuple(tuple(words) for words in about["map_words"]),
        )


def shipped(name: str) -> Film:
    """A film that comes with the package, such as "gan". Raises ValueError, naming the ones there are, for another."""
    known = names()
    if name not in known:
        raise ValueError(f"There is no film {name!r}; choose one of {', '.join(known) or 'none, as none ships yet'}.")
    return Film.open(FILMS / f"{name}{SUFFIX}")


def names() -> list[str]:
    """The names of the films that ship."""
    return sorted(path.name.removesuffix(SUFFIX) for path in FILMS.glob(f"*{SUFFIX}"))


def _webp(picture: NDArray[np.uint8], quality: int) -> bytes:
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "WEBP", quality=quality, method=6)
    return held.getvalue()


def _checksum(about: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.blake2b(about.encode(), digest_size=16)
    for name in sorted(arrays):
        digest.update(f"{name}{arrays[name].dtype}{arrays[name].shape}".encode())
        digest.update(np.ascontiguousarray(arrays[name]).tobytes())
    return digest.hexdigest()


def _damaged(source: Path) -> ValueError:
    return ValueError(f"{source} is truncated or damaged: copy it again, or record the training again.")
