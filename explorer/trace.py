"""The frozen record of one run."""

import contextlib
import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from .errors import InvalidSetting
from .prompt import Tokens

if TYPE_CHECKING:
    from .analysis import WordShare

REST = "rest"
"""The last entry of the token axis: the end-of-text token and padding, summed."""
START = "<start>"
"""The first entry of the token axis: what stands before the prompt, a beginning-of-text token or a template."""

_SELF_AXES = ("step", "layer", "y", "x", "key_y", "key_x")

NOT_KEPT = "not kept"
"""In the place of an option that a trace can't hold, with its type."""

READ = "read"
"""The kind of a trace, in `Settings.edit`, of a picture that was given and not made."""

Choice = int | Sequence[int] | None
Layers = str | Sequence[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What is needed to repeat a run."""

    prompt: str
    negative_prompt: str = ""
    seed: int = 0
    """Of this very picture's noise, drawn on the CPU."""
    steps: int = 25
    guidance: float = 1.0
    width: int = 0
    height: int = 0
    """In pixels."""
    model: str = ""
    revision: str | None = None
    family: str = ""
    scheduler: str = ""
    scheduler_config: Mapping[str, Any] = field(default_factory=dict)
    dtype: str = ""
    device: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    kept: str = ""
    """What of the attention was left out or made coarser, in words; empty if nothing."""
    seconds: float = 0.0
    """How long the run took, for all of its batch."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What else the pipeline itself was told, as far as it is plain values."""
    edit: Mapping[str, Any] = field(default_factory=dict)
    """What was done to the run besides its prompt, as a what-if, a path or a grid does; empty for a plain run."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` is its inverse."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Settings":
        """From `to_dict`; names of a later version are passed over."""
        known = {f.name for f in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in known})


def plain_config(config: Any) -> dict[str, Any]:
    """A scheduler's configuration as JSON takes it."""
    found: dict[str, Any] = json.loads(json.dumps(dict(config), default=_listed))
    return {name: value for name, value in found.items() if not name.startswith("_")}


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as JSON takes them; of pictures, tensors and functions only that there was one."""
    found: dict[str, Any] = {}
    for name, value in options.items():
        found[name] = {NOT_KEPT: type(value).__name__}
        with contextlib.suppress(TypeError, ValueError):
            json.dumps(value, allow_nan=False)
            found[name] = value
    return found


def _listed(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Trace:
    """One run of a pipeline: what was asked, what the words drew attention to, how the picture came about.

    attention: per grid ("16x16": height x width), the share of each position's attention that goes to each token:
        (step, layer, token, y, x) float16, 0 to 1, mean over heads. The token axis holds the beginning-of-text token,
        the pieces of the prompt that were read, and `rest` (end-of-text and padding); it sums to 1, and where a
        position also attends to the image (joint attention), to the share that all of the text has. Kept in 8 bits, the
        values are uint8 and the coordinate `top` (step, layer, token) is what 255 stands for: see `shares`. Kept for
        the words only, the token axis holds the pieces alone.
    latents: (step, channel, y, x) float16, after each step, with the coordinates `timestep` and `sigma`. On every axis
        `step`, the coordinate of that name is the step's number in the run, from 0; `keep={"steps": ...}` leaves gaps.
    predicted: (step, channel, y, x) float16, the predicted x0 of each step.
    noise: (channel, y, x) float16, what the run started from.
    image: (y, x, channel) uint8.
    pictures: (step, y, x, channel) uint8, the predicted x0 of each step as the autoencoder shows it, at most 256 pixels
        wide and high; None where they were not decoded.
    conditional, unconditional: (step, channel, y, x) float16, what the denoiser returned with the prompt and without it
        (guidance mixes the two); None where it was not called so.
    negative, negative_tokens: as `attention` and `tokens`, of the negative prompt; empty and None without one.
    self_attention: per grid, the share of each position's attention that goes to each other, in the layers that
        `keep={"self_layers": ...}` asked for: (step, layer, y, x, key_y, key_x) float16, mean over heads; (y, x) asks
        and (key_y, key_x) is read. It sums to 1 over the keys, and with joint attention to the share that the image
        has. In 8 bits, `top` (step, layer, y, x) is what 255 stands for: see `self_shares`. Empty if none were asked.
    masks: (mask, y, x) bool, for a drawing of the drawn world that was read, the pixels that words of its caption made;
        `start` and `end` are the characters of the prompt that each is of (see `masks_array`). None where the truth is
        not known.
    """

    settings: Settings
    tokens: Tokens
    attention: Mapping[str, xr.DataArray]
    latents: xr.DataArray
    predicted: xr.DataArray
    noise: xr.DataArray
    image: xr.DataArray
    pictures: xr.DataArray | None = None
    conditional: xr.DataArray | None = None
    unconditional: xr.DataArray | None = None
    negative: Mapping[str, xr.DataArray] = field(default_factory=dict)
    negative_tokens: Tokens | None = None
    self_attention: Mapping[str, xr.DataArray] = field(default_factory=dict)
    masks: xr.DataArray | None = None

    def __post_init__(self) -> None:
        _check_axes(self.attention, self.tokens)
        if self.negative_tokens is not None:
            _check_axes(self.negative, self.negative_tokens)
        for grid, maps in self.self_attention.items():
            if maps.dims != _SELF_AXES or maps.shape[2:4] != maps.shape[4:]:
                raise InvalidSetting(
                    f"Self-attention of grid {grid} has the axes {dict(maps.sizes)}; "
                    f"expected {', '.join(_SELF_AXES)}: record the run again."
                )

    @property
    def words(self) -> list[str]:
        """The words of the prompt, in order."""
        return [word.text for word in self.tokens.words]

    @property
    def steps(self) -> int:
        """How many denoising steps were recorded."""
        return self.latents.sizes["step"]

    @property
    def step_numbers(self) -> list[int]:
        """Which steps of the run these are, counted from 0: all of them, unless `keep={"steps": ...}` chose some."""
        return [int(number) for number in self.latents.coords["step"].values]

    @property
    def layers(self) -> list[str]:
        """The names of the recorded attention modules, the largest grid first."""
        return [str(layer) for maps in self.attention.values() for layer in maps.coords["layer"].values]

    def heat(self, word: str | int | Sequence[str | int], *, step: Choice = None, layer: Layers = None) -> xr.DataArray:
        """Where `word` draws attention: see `explorer.analysis.heat`."""
        from .analysis import heat

        return heat(self, word, step=step, layer=layer)

    def words_at(self, x: int, y: int, *, step: Choice = None, layer: Layers = None) -> "list[WordShare]":
        """The words that drive the pixel (x, y), ranked: see `explorer.analysis.words_at`."""
        from .analysis import words_at

        return words_at(self, x, y, step=step, layer=layer)

    def save(self, path: str | Path) -> Path:
        """Write the trace to one file, `path` + `.trace.safetensors`: see `explorer.storage.save`."""
        from .storage import save

        return save(self, path)

    def to_html(self, path: str | Path) -> Path:
        """Write one offline page, `path` + `.html`, with all views of this run: see `explorer.views.page`."""
        from .views.page import write_page

        return write_page(path, [self])

    def picture(self) -> Any:
        """The picture as a PIL image."""
        from PIL import Image

        return Image.fromarray(np.ascontiguousarray(self.image.values))

    def __repr__(self) -> str:
        size = f"{self.image.sizes['x']}x{self.image.sizes['y']}"
        about = f"seed={self.settings.seed} steps={self.steps} {size} {self.nbytes / 1e6:.1f} MB"
        return f"<Trace {self.settings.prompt[:60]!r} {about}>"

    @property
    def nbytes(self) -> int:
        """Bytes of all its arrays."""
        arrays = [*self.attention.values(), *self.negative.values(), *self.self_attention.values()]
        arrays += [self.latents, self.predicted, self.noise]
        more = (self.image, self.pictures, self.conditional, self.unconditional, self.masks)
        arrays += [array for array in more if array is not None]
        return sum(int(array.nbytes) for array in arrays)

    def _ipython_display_(self) -> None:
        from .views import display

        display(self)


def attention_array(
    values: np.ndarray,
    *,
    layers: Sequence[str],
    tokens: Tokens,
    tops: np.ndarray | None = None,
    steps: Sequence[int] | None = None,
) -> xr.DataArray:
    """Label maps of one grid: values (step, layer, token, y, x), token = beginning, pieces that were read, rest.

    Without the two ends, where only the words were kept. tops: (step, layer, token), what 255 stands for in 8 bits.
    steps: which of the run's steps these are; None if they are all of them.
    """
    pieces = [piece.text for piece in tokens.pieces[: tokens.read]]
    pieces = pieces if values.shape[2] == tokens.read else [START, *pieces, REST]
    more = {} if tops is None else {"top": (("step", "layer", "token"), tops)}
    return xr.DataArray(
        values,
        dims=("step", "layer", "token", "y", "x"),
        coords={"step": _numbers(values, steps), "layer": list(layers), "piece": ("token", pieces), **more},
    )


def self_array(
    values: np.ndarray, *, layers: Sequence[str], tops: np.ndarray | None = None, steps: Sequence[int] | None = None
) -> xr.DataArray:
    """Label self-attention of one grid: values (step, layer, y, x, key_y, key_x).

    tops: (step, layer, y, x), what 255 stands for in 8 bits. steps: as in `attention_array`.
    """
    more = {} if tops is None else {"top": (_SELF_AXES[:4], tops)}
    return xr.DataArray(
        values, dims=_SELF_AXES, coords={"step": _numbers(values, steps), "layer": list(layers), **more}
    )


def self_shares(maps: xr.DataArray) -> np.ndarray:
    """Shares of a self-attention array, 0 to 1, however it is kept: (step, layer, y, x, key_y, key_x) float32."""
    values: np.ndarray = maps.values.astype(np.float32)
    if "top" in maps.coords:
        values *= maps.coords["top"].values.astype(np.float32)[..., None, None] / 255
    return values


def shares(maps: xr.DataArray, tokens: Tokens) -> np.ndarray:
    """Shares of an attention array, 0 to 1, however it is kept: (step, layer, token, y, x) float32.

    The token axis is start, pieces, rest; the two ends are 0 where only the words of `tokens` were kept.
    """
    values: np.ndarray = maps.values.astype(np.float32)
    if "top" in maps.coords:
        values *= maps.coords["top"].values.astype(np.float32)[..., None, None] / 255
    if maps.sizes["token"] == tokens.read:
        values = np.pad(values, ((0, 0), (0, 0), (1, 1), (0, 0), (0, 0)))
    return values


def _check_axes(attention: Mapping[str, xr.DataArray], tokens: Tokens) -> None:
    expected = 2 + tokens.read
    for grid, maps in attention.items():
        axes = ("step", "layer", "token", "y", "x")
        if maps.dims != axes or maps.sizes["token"] not in (expected, tokens.read):
            raise InvalidSetting(
                f"Attention of grid {grid} has the axes {dict(maps.sizes)}; "
                f"expected step, layer, token ({expected}), y, x: record the run again."
            )


def step_array(
    values: np.ndarray, *, timesteps: npt.ArrayLike, sigmas: npt.ArrayLike, steps: Sequence[int] | None = None
) -> xr.DataArray:
    """Label latents: values (step, channel, y, x). steps: as in `attention_array`."""
    return xr.DataArray(
        values,
        dims=("step", "channel", "y", "x"),
        coords={
            "step": _numbers(values, steps),
            "timestep": ("step", np.asarray(timesteps, np.float64)),
            "sigma": ("step", np.asarray(sigmas, np.float64)),
        },
    )


def masks_array(values: np.ndarray, spans: Sequence[tuple[int, int]]) -> xr.DataArray:
    """Label true masks: values (mask, y, x) bool; spans: where in the prompt each is said, [start, end)."""
    starts, ends = zip(*spans, strict=True)
    return xr.DataArray(
        values.astype(bool),
        dims=("mask", "y", "x"),
        coords={"start": ("mask", list(starts)), "end": ("mask", list(ends))},
        name="masks",
    )


def _numbers(values: np.ndarray, steps: Sequence[int] | None) -> np.ndarray:
    return np.arange(values.shape[0]) if steps is None else np.asarray(steps, np.int64)
