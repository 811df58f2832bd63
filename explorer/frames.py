"""A way between pictures: its frames, how much changes from one to the next, one file, an animation. No torch."""

import contextlib
import itertools
import json
import tempfile
import weakref
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from .analysis.distance import distance, unevenness
from .errors import InvalidSetting, TraceFileError
from .storage import SUFFIX as TRACE_SUFFIX
from .storage import open_trace, save
from .trace import Trace

SUFFIX = ".frames.zip"
_FORMAT = "prompt-explorer-frames"
_VERSION = 1
_VIDEO = (".mp4", ".webm")

Measure = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True, slots=True)
class Key:
    """A run that a path leads through."""

    prompt: str
    seed: int
    guidance: float
    negative_prompt: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """A picture of the path.

    at: where it stands: 0.0 is the first key, 1.0 the second, and so on; in a grid (down, right), 0 to 1 each.
    """

    at: tuple[float, ...]
    trace: Trace

    @property
    def is_key(self) -> bool:
        """Whether it is the very run of a key."""
        return all(place == int(place) for place in self.at)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Interpolation:
    """The frames between two or more runs, in order; each holds a Trace.

    keys: the runs it leads through; in a grid the corners: upper left, upper right, lower left, lower right.
    method: "slerp" or "lerp"; spacing: "even" in the path itself, or "perceptual", in what is seen.
    closed: the last frame is followed by the first. shape: (rows, columns) of a grid, else None.
    asked: how many frames were wanted; there are fewer where it was stopped.
    maker: the Explorer that made it, as long as it lives, so that a view can ask for more frames; not saved.
    """

    keys: tuple[Key, ...]
    frames: tuple[Frame, ...]
    method: str = "slerp"
    spacing: str = "even"
    closed: bool = False
    shape: tuple[int, int] | None = None
    asked: int = 0
    aligned: bool = True
    parts: str = "both"
    maker: "weakref.ref[Any] | None" = field(default=None, compare=False)

    @property
    def complete(self) -> bool:
        """Whether no frame is missing."""
        return len(self.frames) >= self.asked

    @property
    def traces(self) -> list[Trace]:
        """The runs of the frames."""
        return [frame.trace for frame in self.frames]

    @property
    def pictures(self) -> xr.DataArray:
        """(frame, y, x, channel) uint8, with the coordinate `at` where the frames are in a row."""
        values = np.stack([frame.trace.image.values for frame in self.frames])
        coords = {} if self.shape else {"at": ("frame", [frame.at[0] for frame in self.frames])}
        return xr.DataArray(values, dims=("frame", "y", "x", "channel"), coords=coords, name="pictures")

    def curve(self, measure: Measure = distance) -> xr.DataArray:
        """How much changes from each frame to the next, (gap) float64: see `explorer.analysis.distance`.

        The coordinate `at` is the middle of each gap; a closed path has one more, back to the first.
        Raises InvalidSetting for a grid, whose frames are not in a row.
        """
        if self.shape:
            raise InvalidSetting(
                "The frames of a grid are not in a row, so that there is no curve: compare two of them."
            )
        row = [*self.frames, self.frames[0]] if self.closed and self.complete else list(self.frames)
        steps = [measure(a.trace.image.values, b.trace.image.values) for a, b in itertools.pairwise(row)]
        places = [frame.at[0] for frame in row]
        if len(row) > len(self.frames):
            places[-1] = float(len(self.keys))
        middles = [(a + b) / 2 for a, b in itertools.pairwise(places)]
        return xr.DataArray(np.array(steps), dims=("gap",), coords={"at": ("gap", middles)}, name="change")

    def unevenness(self, measure: Measure = distance) -> float:
        """The largest change between neighbours as a multiple of the median: 1 is even, 2 to 10 is usual."""
        return unevenness(self.curve(measure).values)

    def save(self, path: str | Path) -> Path:
        """Write all to one file, `path` + `.frames.zip`: a trace file for each frame, and what the path is.

        Raises TraceFileError if it can't be written.
        """
        target = Path(path).expanduser()
        if not target.name.endswith(SUFFIX):
            target = target.with_name(target.name + SUFFIX)
        about = {name: getattr(self, name) for name in ("method", "spacing", "closed", "shape", "asked")}
        about |= {"aligned": self.aligned, "parts": self.parts, "keys": [asdict(key) for key in self.keys]}
        about |= {"format": _FORMAT, "version": _VERSION, "at": [list(frame.at) for frame in self.frames]}
        try:
            with tempfile.TemporaryDirectory(dir=target.parent, prefix=".frames.") as folder:
                packed = Path(folder) / "all.zip"
                with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
                    archive.writestr("frames.json", json.dumps(about, allow_nan=False))
                    for i, frame in enumerate(self.frames):
                        one = save(frame.trace, Path(folder) / f"{i:04d}")
                        archive.write(one, one.name)
                        one.unlink()
                packed.replace(target)
        except OSError as error:
            raise TraceFileError(
                f"{target} could not be written: {error.strerror or error}. Choose another place."
            ) from error
        return target

    def to_animation(self, path: str | Path, *, seconds: float = 3.0, fades: int = 0, back: bool | None = None) -> Path:
        """Write the frames as an animated picture (.webp, .gif, .png) or, with the extra `video`, a film (.mp4, .webm).

        seconds: for all of it. fades: pictures that are blended in between each two frames. back: run back to the start
        after the end; None is to do so unless the path is closed.
        Returns the path written. Raises InvalidSetting for another suffix, a grid, or a missing extra.
        """
        if self.shape:
            raise InvalidSetting("The frames of a grid are not in a row: animate a path instead.")
        target = Path(path).expanduser()
        row = [frame.trace.image.values for frame in self.frames]
        if self.closed if back is None else not back:
            row = [*row, row[0]] if self.closed else row
            shown = _faded(row, fades)[: -1 if self.closed and len(row) > 1 else None]
        else:
            there = _faded(row, fades)
            shown = there + there[-2:0:-1]
        if not seconds > 0:
            raise InvalidSetting(f"seconds is {seconds!r}, expected a number above 0.")
        if target.suffix.lower() in _VIDEO:
            return _film(target, shown, len(shown) / seconds)
        return _animated(target, shown, seconds)

    def to_html(self, path: str | Path) -> Path:
        """Write one offline page to scrub this path in, without a kernel and without network; returns the path.

        Raises TraceFileError if it can't be written there.
        """
        from .views.interpolation import path_page
        from .views.page import write_html

        return write_html(path, path_page(self))

    def _ipython_display_(self) -> None:
        from .views.interpolation import InterpolationView, path_html
        from .views.show import display_as

        display_as(self, lambda path, key: InterpolationView(path, _preview=key), lambda key: path_html(self, key=key))

    def __repr__(self) -> str:
        ways = " to ".join(repr(key.prompt[:30]) for key in self.keys[:4])
        count = f"{len(self.frames)} frames" if self.complete else f"{len(self.frames)} of {self.asked} frames"
        return f"<Interpolation {ways}, {count}, {self.method}, {self.spacing}>"


def open_frames(path: str | Path) -> Interpolation:
    """Read what `Interpolation.save` wrote.

    Raises TraceFileError if the file is missing, damaged, of a newer version, or something else.
    """
    source = Path(path).expanduser()
    try:
        with zipfile.ZipFile(source) as archive, tempfile.TemporaryDirectory() as folder:
            about: Mapping[str, Any] = json.loads(archive.read("frames.json"))
            if about["format"] != _FORMAT or about["version"] != _VERSION:
                raise TraceFileError(f"{source} is of another version: update prompt-explorer.")
            traces = []
            for i in range(len(about["at"])):
                one = Path(folder) / f"{i:04d}{TRACE_SUFFIX}"
                one.write_bytes(archive.read(one.name))
                traces.append(open_trace(one))
                one.unlink()
    except FileNotFoundError as error:
        raise TraceFileError(f"There is no file {source}: check the name; paths end in {SUFFIX}.") from error
    except TraceFileError:
        raise
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise TraceFileError(f"{source} holds no frames, or is damaged: open a file that `save` wrote.") from error
    frames = tuple(Frame(tuple(at), trace) for at, trace in zip(about["at"], traces, strict=True))
    shape = None if about["shape"] is None else (int(about["shape"][0]), int(about["shape"][1]))
    names = ("method", "spacing", "closed", "asked", "aligned", "parts")
    keys = tuple(Key(**key) for key in about["keys"])
    return Interpolation(keys, frames, shape=shape, **{name: about[name] for name in names})


def _faded(row: Sequence[np.ndarray], fades: int) -> list[np.ndarray]:
    if isinstance(fades, bool) or not isinstance(fades, int) or fades < 0:
        raise InvalidSetting(f"fades is {fades!r}, expected a whole number of at least 0.")
    shown = [row[0]]
    for a, b in itertools.pairwise(row):
        for i in range(1, fades + 1):
            share = i / (fades + 1)
            shown.append(np.rint((1 - share) * a + share * b).astype(np.uint8))
        shown.append(b)
    return shown


def _animated(target: Path, shown: Sequence[np.ndarray], seconds: float) -> Path:
    from PIL import Image, features

    kinds: dict[str, dict[str, Any]] = {".webp": {"lossless": False, "quality": 90}, ".gif": {}, ".png": {}}
    if target.suffix.lower() not in kinds:
        raise InvalidSetting(f"{target.name} is no animation: name it .webp, .gif, .png, .mp4 or .webm.")
    if target.suffix.lower() == ".webp" and not features.check("webp"):
        raise InvalidSetting("This Pillow can't write WebP: name the file .gif instead.")
    pictures = [Image.fromarray(np.ascontiguousarray(one)) for one in shown]
    duration = max(20, round(1000 * seconds / len(pictures)))
    options: dict[str, Any] = kinds[target.suffix.lower()]
    with _told(target):
        pictures[0].save(target, save_all=True, append_images=pictures[1:], duration=duration, loop=0, **options)
    return target


def _film(target: Path, shown: Sequence[np.ndarray], rate: float) -> Path:
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise InvalidSetting(
            "A film needs the extra video: pip install 'prompt-explorer[video]', or name the file .webp or .gif."
        ) from error
    height, width = (side - side % 2 for side in shown[0].shape[:2])  # what the codecs take
    with _told(target):
        writer = imageio_ffmpeg.write_frames(str(target), (width, height), fps=rate, macro_block_size=2)
        writer.send(None)
        for one in shown:
            writer.send(np.ascontiguousarray(one[:height, :width]))
        writer.close()
    return target


@contextlib.contextmanager
def _told(target: Path) -> Any:
    try:
        yield
    except OSError as error:
        raise InvalidSetting(
            f"{target} could not be written: {error.strerror or error}. Choose another place."
        ) from error
