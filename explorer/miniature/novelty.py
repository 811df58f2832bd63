"""Is it copied? The training pictures nearest to any picture, by pixels, by open_clip, and by a measure for copies.

The training pictures need not be kept: each is drawn anew from its seed. What ships is an index, a few dozen bytes for
each of them. The search goes through all of it; the best are drawn again, and compared as they are.

The measure for copies is blind to colour and to left and right, and looks for the picture at other places too: it
compares where a picture changes, how much, and in which direction (the structure tensor, summed over the colours; Di
Zenzo 1986), in the manner of HOG descriptors (Dalal and Triggs 2005).
"""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors import safe_open
from safetensors.numpy import save as packed

from . import FOLDER, UNSEEN, world

SHIPPED = Path(__file__).parent / "index" / "training.safetensors"
"""The index of the pictures that the miniature was trained on."""
By = Literal["copy", "pixels", "clip"]
COPY = 0.9
"""A likeness from here on means a copy. Measured on training pictures that were shifted, recoloured or sent through the
autoencoder, and on drawings that are new: see docs/story/copying.md."""
SHIFTS = (-12, -6, 0, 6, 12)
"""How far, in pixels and both ways, a picture is moved while the index is searched for copies."""
DRAWN = 10
"""How many candidates are drawn again and compared as they are, at least."""
_FORMAT = "prompt-explorer-training-index"
Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Match:
    """A training picture that is near to another picture.

    seed: `world.draw(seed, "seen")` draws it. picture: uint8 (128, 128, 3). caption: of the picture in training.
    likeness: 1 for the same picture, 0 for nothing in common; what lies between depends on the measure. copied:
    whether it says that the one was copied from the other; only the measure for copies ever does. flipped, shift: how
    the searched picture had to be mirrored, and then moved, in pixels down and right, to lie on it.
    """

    seed: int
    picture: NDArray[np.uint8]
    caption: str
    likeness: float
    copied: bool = False
    flipped: bool = False
    shift: tuple[int, int] = (0, 0)


@dataclass(frozen=True, eq=False)
class Nearest:
    """The training pictures nearest to `picture`, the nearest first; by which measure, among how many, and in how many
    seconds they were found."""

    picture: NDArray[np.uint8]
    matches: tuple[Match, ...]
    by: By
    among: int
    seconds: float

    @property
    def copied(self) -> bool:
        """Whether the nearest is what the picture was copied from, by the measure for copies."""
        return bool(self.matches) and self.matches[0].copied

    def __str__(self) -> str:
        head = f"nearest of {self.among:,} training pictures by {self.by}, in {self.seconds:.2f} s"
        rows = [f"{m.likeness:5.2f}  {m.seed:>6}  {'a copy: ' if m.copied else ''}{m.caption}" for m in self.matches]
        return "\n".join([head, *rows])

    def _repr_png_(self) -> bytes:
        from .recipe import sheets

        said = [f"{m.likeness:.2f} {'a copy: ' if m.copied else ''}{m.caption}" for m in self.matches]
        held = io.BytesIO()
        sheets.sheet([self.picture, *(m.picture for m in self.matches)], ["the picture", *said]).save(held, "PNG")
        return held.getvalue()


def nearest(picture: NDArray[np.uint8], k: int = 8, by: By = "copy", index: Index | None = None) -> Nearest:
    """The `k` training pictures nearest to a picture, uint8 (128, 128, 3).

    by: "copy" finds a picture again that was moved, mirrored or coloured anew; "pixels" compares colour by colour where
    they stand; "clip" compares what open_clip, as the miniature knows it, sees in them.
    index: another than the one that ships. Raises ValueError for another measure, size or k.
    """
    if by not in get_args(By):
        raise ValueError(f"There is no measure {by!r}; choose one of {', '.join(get_args(By))}.")
    if picture.shape != (128, 128, 3) or picture.dtype != np.uint8:
        raise ValueError(f"A picture is uint8 (128, 128, 3), not {picture.dtype} {picture.shape}: give the pixels.")
    index = index or shipped()
    if not 1 <= k <= len(index):
        raise ValueError(f"k is from 1 to {len(index)}, the number of pictures, not {k}.")
    began = time.monotonic()
    rows = index.candidates(picture, min(max(k + 4, DRAWN), len(index)), by)
    sought = _Sought(picture, by)
    found = [sought.match(world.draw(index.first + int(row))) for row in rows]
    found.sort(key=lambda match: -match.likeness)
    return Nearest(picture, tuple(found[:k]), by, len(index), time.monotonic() - began)


def compare(picture: NDArray[np.uint8], drawing: world.Drawing, by: By) -> Match:
    """How like a picture is to one drawing."""
    return _Sought(picture, by).match(drawing)


class _Sought:
    """A picture that is compared with drawings, and what of that needs to be done only once."""

    def __init__(self, picture: NDArray[np.uint8], by: By) -> None:
        self.picture, self.by = picture, by
        if by == "clip":
            self.vector = clip_vectors(picture[None])[0]
        elif by == "copy":
            self.ways = [_outlines(p) for p in (picture, picture[:, ::-1])]
            self.spectra = [np.fft.rfft2(maps, (_WIDE, _WIDE)) for maps in self.ways]

    def match(self, drawing: world.Drawing) -> Match:
        """How like it is to a drawing."""
        base: dict[str, Any] = {"seed": drawing.scene.seed, "picture": drawing.image, "caption": drawing.caption}
        if self.by == "pixels":
            apart = np.sqrt(((self.picture.astype(np.float32) - drawing.image) ** 2).mean()) / 255
            return Match(**base, likeness=1 - float(apart))
        if self.by == "clip":
            return Match(**base, likeness=float(self.vector @ clip_vectors(drawing.image[None])[0]))
        outlines = _outlines(drawing.image)
        spectrum = np.fft.rfft2(outlines, (_WIDE, _WIDE))
        found = []
        for flipped, (own, there) in enumerate(zip(self.ways, self.spectra, strict=True)):
            y, x = _shift(spectrum, there)
            found.append((_likeness(_cut(outlines, y, x), _cut(own, -y, -x)), bool(flipped), (y, x)))
        likeness, mirrored, shift = max(found)
        return Match(**base, likeness=likeness, copied=likeness >= COPY, flipped=mirrored, shift=shift)


_WIDE = 160
"""Room for a picture of 128 pixels and its shifts on both sides, so that what leaves on one side does not come back."""
_FARTHEST = 20
"""How far a picture is looked for, in pixels and both ways."""


def _outlines(picture: NDArray[np.uint8]) -> Floats:
    """(3, y, x): how much a picture changes at each pixel, and in which of all directions; each about 0. It is blurred
    first, over 5 pixels both ways, so that a copy that a model drew a little less sharply is still one."""
    size = picture.shape[0]
    wide = np.pad(picture.astype(np.float32), ((2, 2), (2, 2), (0, 0)), mode="edge")
    rows = np.mean([wide[n : n + size] for n in range(5)], 0)
    tensor = _tensor(np.mean([rows[:, n : n + size] for n in range(5)], 0)[None])[0]
    much = np.sqrt(tensor[0] + tensor[1] + 1)
    maps = np.stack([much, (tensor[0] - tensor[1]) / much, tensor[2] / much])
    maps = np.sign(maps) * np.sqrt(np.abs(maps))  # a few strong edges would outweigh all the others
    return np.asarray(maps - maps.mean((1, 2), keepdims=True), np.float32)


def _shift(target: NDArray[Any], moved: NDArray[Any]) -> tuple[int, int]:
    """How far down and right the one has to be moved to lie on the other, from their spectra: the peak of their
    correlation."""
    likeness = np.fft.irfft2((target * moved.conj()).sum(0), (_WIDE, _WIDE))
    steps = np.arange(-_FARTHEST, _FARTHEST + 1)
    y, x = np.unravel_index(int(likeness[np.ix_(steps, steps)].argmax()), (len(steps), len(steps)))
    return int(steps[y]), int(steps[x])


def _cut(maps: Floats, y: int, x: int) -> Floats:
    """The part that is left when another of the same size, moved down by y and right by x, lies on it."""
    height, width = maps.shape[1:]
    return maps[:, max(y, 0) : height + min(y, 0), max(x, 0) : width + min(x, 0)]


def _likeness(one: Floats, other: Floats) -> float:
    """The correlation of outlines in cells of 4x4 pixels, so that sharpness does not count."""
    height, width = (4 * (n // 4) for n in one.shape[1:])
    a, b = (m[:, :height, :width].reshape(3, height // 4, 4, width // 4, 4).mean((2, 4)).ravel() for m in (one, other))
    return float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-9))


class Index:
    """Codes of training pictures. `first` is the seed of the first of them; `tables` has, by measure, the codes int8
    (pictures, numbers) and what makes codes of descriptors."""

    def __init__(self, first: int, tables: dict[str, Table], clip: str = "") -> None:
        self.first, self.tables, self.clip = first, tables, clip

    def __len__(self) -> int:
        return len(next(iter(self.tables.values())).codes)

    def candidates(self, picture: NDArray[np.uint8], count: int, by: By) -> NDArray[np.int64]:
        """The rows of the `count` pictures whose codes are nearest, the nearest first."""
        if by == "clip" and self.clip != clip_mark():
            raise ValueError(
                "The index was made with another CLIP: make it anew with `python -m explorer.miniature.train index`."
            )
        asked = _variants(picture, SHIFTS) if by == "copy" else picture[None]
        apart = self.tables[by].distances(DESCRIBE[by](asked)).min(0)
        rows = np.argpartition(apart, count - 1)[:count]
        return np.asarray(rows[np.argsort(apart[rows])])

    def grown(self, pictures: Callable[[int, int], NDArray[np.uint8]], count: int) -> Index:
        """An index of the first `count` pictures: those that are missing are asked for as `pictures(begin, end)` and
        described with the tables of this one."""
        tables = {}
        for name, table in self.tables.items():
            more = [
                table.coded(DESCRIBE[name](pictures(begin, min(begin + 256, count))))
                for begin in range(len(self), count, 256)
            ]
            tables[name] = replace(table, codes=np.concatenate([table.codes[:count], *more]))
        return Index(self.first, tables, self.clip)

    def save(self, path: Path) -> Path:
        """Write the index as one safetensors file, whole or not at all."""
        arrays: dict[str, NDArray[Any]] = {}
        for name, table in self.tables.items():
            arrays |= {f"{name}/codes": table.codes, f"{name}/mean": table.mean, f"{name}/basis": table.basis}
            arrays[f"{name}/unit"] = np.array([table.unit], np.float32)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".partial")
        header = {"format": _FORMAT, "version": "1", "first": str(self.first), "clip": self.clip}
        partial.write_bytes(packed({k: np.ascontiguousarray(v) for k, v in arrays.items()}, header))
        partial.replace(path)
        return path

    @classmethod
    def open(cls, path: Path) -> Index:
        """Read an index. Raises FileNotFoundError if there is none, ValueError if it is something else."""
        if not path.is_file():
            raise FileNotFoundError(
                f"There is no index {path}: make it with `python -m explorer.miniature.train index`."
            )
        with safe_open(path, "numpy") as file:
            header = file.metadata() or {}
            if header.get("format") != _FORMAT:
                raise ValueError(f"{path} is not an index of training pictures: make it anew.")
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        names = {key.split("/")[0] for key in arrays}
        parts = ("codes", "mean", "basis")
        tables = {}
        for name in sorted(names):
            codes, mean, basis = (arrays[f"{name}/{p}"] for p in parts)
            tables[name] = Table(codes, mean, basis, float(arrays[f"{name}/unit"][0]))
        return cls(int(header["first"]), tables, header.get("clip", ""))


@dataclass(frozen=True, eq=False)
class Table:
    """Descriptors shortened to their principal components, in units of `unit`, as int8 `codes` (pictures, numbers).

    mean: float32 (size of a descriptor,). basis: float32 (numbers, size).
    """

    codes: NDArray[np.int8]
    mean: Floats
    basis: Floats
    unit: float

    def short(self, descriptors: Floats) -> Floats:
        """(n, size) to (n, numbers), in units."""
        return np.asarray(((descriptors - self.mean) @ self.basis.T) / self.unit, np.float32)

    def coded(self, descriptors: Floats) -> NDArray[np.int8]:
        """What is kept of descriptors."""
        return np.clip(np.rint(self.short(descriptors)), -127, 127).astype(np.int8)

    def distances(self, descriptors: Floats) -> Floats:
        """Squared distances of (n, size) to every picture, (n, pictures), but for a constant of each of the n."""
        asked = self.short(descriptors)
        out = np.empty((len(asked), len(self.codes)), np.float32)
        for begin in range(0, len(self.codes), 16384):  # as floats they would be four times as large
            part = self.codes[begin : begin + 16384].astype(np.float32)
            out[:, begin : begin + 16384] = (part**2).sum(1) - 2 * asked @ part.T
        return np.asarray(out + (asked**2).sum(1)[:, None], np.float32)

    @classmethod
    def fitted(cls, descriptors: Floats, numbers: int) -> Table:
        """A table without pictures, fitted to (n, size) descriptors."""
        mean = descriptors.mean(0)
        _, vectors = np.linalg.eigh(np.cov((descriptors - mean).T.astype(np.float64)))
        basis = np.ascontiguousarray(vectors[:, ::-1][:, :numbers].T, np.float32)
        unit = 4.5 * float(((descriptors - mean) @ basis[0]).std()) / 127
        return cls(np.zeros((0, len(basis)), np.int8), mean.astype(np.float32), basis, unit)


NUMBERS = {"copy": 36, "pixels": 24, "clip": 24}
"""Bytes of a picture in each table."""


def fitted(pictures: NDArray[np.uint8], first: int = 0, by: Sequence[str] = ("copy", "pixels", "clip")) -> Index:
    """An index without pictures whose tables are fitted to some, uint8 (n, 128, 128, 3)."""
    tables = {name: Table.fitted(DESCRIBE[name](pictures), NUMBERS[name]) for name in by}
    return Index(first, tables, clip_mark() if "clip" in by else "")


@lru_cache(1)
def shipped() -> Index:
    """The index that ships."""
    return Index.open(SHIPPED)


def index(count: int, folder: str | Path | None = None, workers: int = 1) -> Index:
    """The index of the training pictures with seeds 0 to `count` - 1, as if the training had gone on.

    What is beyond the shipped index is drawn and described once (some 35 ms a picture, by each of `workers` processes)
    and kept in `folder`, by default the user's cache; an indexing that was interrupted goes on where it was.
    """
    base = shipped()
    if count <= len(base):
        tables = {n: replace(t, codes=t.codes[:count]) for n, t in base.tables.items()}
        return Index(base.first, tables, base.clip)
    path = (Path(folder) if folder else _cache()) / f"training-{clip_mark()}.safetensors"
    if path.exists():
        base = Index.open(path)
    empty = {n: replace(t, codes=t.codes[:0]) for n, t in base.tables.items()}
    described = partial(_described, base.first, empty)
    with ExitStack() as closing:
        each: Callable[..., Any] = map
        if workers > 1 and len(base) < count:
            context = multiprocessing.get_context("spawn")
            each = closing.enter_context(context.Pool(workers, initializer=_alone)).map
        while len(base) < count:
            to = min(count, len(base) + 2048)
            starts = range(len(base), to, 128)
            more = list(each(described, [(start, min(start + 128, to)) for start in starts]))
            tables = {
                n: replace(t, codes=np.concatenate([t.codes, *(part[n] for part in more)]))
                for n, t in base.tables.items()
            }
            base = Index(base.first, tables, base.clip)
            base.save(path)
    return base


def _described(first: int, tables: dict[str, Table], rows: tuple[int, int]) -> dict[str, NDArray[np.int8]]:
    """The codes of the training pictures from one row up to another, by measure."""
    pictures = np.stack([world.draw(first + n).image for n in range(*rows)])
    return {name: table.coded(DESCRIBE[name](pictures)) for name, table in tables.items()}


def _alone() -> None:
    """One of several processes uses one core."""
    import torch

    torch.set_num_threads(1)


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prompt-explorer"


def edges(pictures: NDArray[np.uint8]) -> Floats:
    """The descriptor for copies: where pictures (n, 128, 128, 3) change and how, (n, 192).

    Of each of 8x8 cells that overlap, how much there is of change and in which of all directions; the outermost cells
    count half, since they are the first to go when a picture is moved.
    """
    n, half = len(pictures), pictures.shape[1] // 2
    tensor = _tensor(pictures.reshape(n, half, 2, half, 2, 3).mean((2, 4), dtype=np.float32))
    small = tensor.reshape(n, 3, 16, half // 16, 16, half // 16).mean((3, 5))
    small = np.pad(small, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    rows = (small[:, :, :-3:2] + 3 * small[:, :, 1:-2:2] + 3 * small[:, :, 2:-1:2] + small[:, :, 3::2]) / 8
    cells = (rows[..., :-3:2] + 3 * rows[..., 1:-2:2] + 3 * rows[..., 2:-1:2] + rows[..., 3::2]) / 8
    much = np.sqrt(cells[:, 0] + cells[:, 1] + 1)
    maps = np.stack([much, (cells[:, 0] - cells[:, 1]) / much, cells[:, 2] / much], 1)
    maps = np.sign(maps) * np.sqrt(np.abs(maps))  # a few strong edges would outweigh all the others
    for outer in (0, -1):
        maps[:, :, outer] *= 0.5
        maps[:, :, :, outer] *= 0.5
    flat = maps.reshape(n, -1)
    return np.asarray(flat / np.linalg.norm(flat, axis=1, keepdims=True), np.float32)


def _tensor(x: Floats) -> Floats:
    """The structure tensor of pictures (n, y, x, 3), summed over colours, at each pixel: (n, 3, y, x)."""
    down, right = np.zeros_like(x), np.zeros_like(x)
    down[:, 1:-1] = x[:, 2:] - x[:, :-2]
    right[:, :, 1:-1] = x[:, :, 2:] - x[:, :, :-2]
    return np.stack([(right**2).sum(-1), (down**2).sum(-1), 2 * (right * down).sum(-1)], 1)


def colours(pictures: NDArray[np.uint8]) -> Floats:
    """The descriptor by pixels: the colours of 8x8 cells, 0 to 1, (n, 192)."""
    n, side = len(pictures), pictures.shape[1] // 8
    cells = pictures.reshape(n, 8, side, 8, side, 3).mean((2, 4), dtype=np.float32)
    return np.asarray(cells.reshape(n, -1) / 255, np.float32)


@lru_cache(1)
def _clip() -> tuple[Any, Any]:
    import open_clip

    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{FOLDER / 'clip'}")
    return model.float().eval().requires_grad_(False), preprocess


@lru_cache(1)
def clip_mark() -> str:
    """Tells one CLIP's weights from another's: a checksum of the shipped file."""
    data = (FOLDER / "clip" / "open_clip_model.safetensors").read_bytes()
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def clip_vectors(pictures: NDArray[np.uint8]) -> Floats:
    """The descriptor by open_clip: image embeddings of length 1, by the model that ships with the miniature."""
    import torch

    model, preprocess = _clip()
    parts = []
    for begin in range(0, len(pictures), 64):
        batch = torch.stack([preprocess(Image.fromarray(p)) for p in pictures[begin : begin + 64]])
        with torch.no_grad():
            parts.append(model.encode_image(batch, normalize=True).float().numpy())
    return np.concatenate(parts)


CHANGES = ("as it is", "shifted", "flipped", "recoloured")
"""What `planted` does to a picture."""


def changed(picture: NDArray[np.uint8], change: str, lot: np.random.Generator) -> NDArray[np.uint8]:
    """A picture, uint8 (128, 128, 3), after one of `CHANGES`: moved by up to 12 pixels both ways, mirrored, or its
    colours turned to other hues with another saturation and brightness."""
    if change == "shifted":
        y, x = (int(v) for v in lot.integers(-12, 13, 2))
        wide = np.pad(picture, ((12, 12), (12, 12), (0, 0)), mode="edge")
        return wide[12 - y : 140 - y, 12 - x : 140 - x]
    if change == "flipped":
        return np.ascontiguousarray(picture[:, ::-1])
    if change == "recoloured":
        hsv = np.asarray(Image.fromarray(picture).convert("HSV")).astype(np.int64)
        hue = (hsv[..., 0] + int(lot.integers(32, 224))) % 256
        rest = hsv[..., 1:] * lot.uniform(0.7, 1.0, 2)
        turned = np.concatenate([hue[..., None], rest], -1).astype(np.uint8)
        return np.asarray(Image.fromarray(turned, "HSV").convert("RGB"))
    return picture


def planted(count: int = 100, index: Index | None = None, seed: int = 0) -> dict[str, Any]:
    """How well the measure for copies does its work: by change, the share of `count` training pictures that are found
    again as the nearest, and that are called copies; and the share of unseen drawings that are wrongly called so."""
    index = index or shipped()
    lot = np.random.default_rng([14, seed])
    out: dict[str, Any] = {"pictures": count, "among": len(index)}
    rows = lot.choice(len(index), count, replace=False)
    seconds = []
    for change in CHANGES:
        found = []
        for row in rows:
            copy = changed(world.draw(index.first + int(row)).image, change, lot)
            hit = nearest(copy, 1, "copy", index)
            seconds.append(hit.seconds)
            found.append((hit.matches[0].seed == index.first + int(row), hit.copied))
        out[change] = {
            "found": round(float(np.mean([f for f, _ in found])), 4),
            "called a copy": round(float(np.mean([f and c for f, c in found])), 4),
        }
    new = [nearest(world.draw(UNSEEN + n).image, 1, "copy", index) for n in range(count)]
    out["unseen, called a copy"] = round(float(np.mean([one.copied for one in new])), 4)
    out["seconds"] = round(float(np.median(seconds)), 3)
    return out


DESCRIBE: dict[str, Callable[[NDArray[np.uint8]], Floats]] = {"copy": edges, "pixels": colours, "clip": clip_vectors}


def _variants(picture: NDArray[np.uint8], shifts: Sequence[int]) -> NDArray[np.uint8]:
    """The picture as it is and mirrored, each at all shifts down and right; its border is drawn out."""
    most, size = max(abs(s) for s in shifts), picture.shape[0]
    wide = [np.pad(p, ((most, most), (most, most), (0, 0)), mode="edge") for p in (picture, picture[:, ::-1])]
    return np.stack(
        [
            p[y : y + size, x : x + size]
            for p in wide
            for y in (most - s for s in shifts)
            for x in (most - s for s in shifts)
        ]
    )
