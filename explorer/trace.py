"""The frozen record of one run."""

import dataclasses
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
    seconds: float = 0.0
    """How long the run took, for all of its batch."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` is its inverse."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Settings":
        """From `to_dict`; names of a later version are passed over."""
        known = {f.name for f in dataclasses.fields(cls)}
        return cls(**{name: value for name, value in data.items() if name in known})


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Trace:
    """One run of a pipeline: what was asked, what the words drew attention to, how the picture came about.

    attention: per grid ("16x16": height x width), the share of each position's attention that goes to each token:
        (step, layer, token, y, x) float16, 0 to 1, mean over heads. The token axis holds the beginning-of-text token,
        the pieces of the prompt that were read, and `rest` (end-of-text and padding); it sums to 1.
    latents: (step, channel, y, x) float16, after each step, with the coordinates `timestep` and `sigma`.
    predicted: (step, channel, y, x) float16, the predicted x0 of each step.
    noise: (channel, y, x) float16, what the run started from.
    image: (y, x, channel) uint8.
    """

    settings: Settings
    tokens: Tokens
    attention: Mapping[str, xr.DataArray]
    latents: xr.DataArray
    predicted: xr.DataArray
    noise: xr.DataArray
    image: xr.DataArray

    def __post_init__(self) -> None:
        expected = 2 + self.tokens.read
        for grid, maps in self.attention.items():
            if maps.dims != ("step", "layer", "token", "y", "x") or maps.sizes["token"] != expected:
                raise InvalidSetting(
                    f"Attention of grid {grid} has the axes {dict(maps.sizes)}; "
                    f"expected step, layer, token ({expected}), y, x: record the run again."
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
        arrays = [*self.attention.values(), self.latents, self.predicted, self.noise, self.image]
        return sum(int(array.nbytes) for array in arrays)

    def _ipython_display_(self) -> None:
        from .views import display

        display(self)


def attention_array(values: np.ndarray, *, layers: Sequence[str], tokens: Tokens) -> xr.DataArray:
    """Label maps of one grid: values (step, layer, token, y, x), token = beginning, pieces that were read, rest."""
    pieces = ["<start>", *(piece.text for piece in tokens.pieces[: tokens.read]), REST]
    return xr.DataArray(
        values,
        dims=("step", "layer", "token", "y", "x"),
        coords={"step": np.arange(values.shape[0]), "layer": list(layers), "piece": ("token", pieces)},
    )


def step_array(values: np.ndarray, *, timesteps: npt.ArrayLike, sigmas: npt.ArrayLike) -> xr.DataArray:
    """Label latents: values (step, channel, y, x)."""
    return xr.DataArray(
        values,
        dims=("step", "channel", "y", "x"),
        coords={
            "step": np.arange(values.shape[0]),
            "timestep": ("step", np.asarray(timesteps, np.float64)),
            "sigma": ("step", np.asarray(sigmas, np.float64)),
        },
    )
