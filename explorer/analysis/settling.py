"""When layout, colours and details are settled: what is left of the first prompt when another takes over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .colour import lab, shrunk

if TYPE_CHECKING:
    from ..trace import Trace

ASPECTS = ("layout", "colour", "detail")
COARSE, FINE = 8, 16
"""Cells a side: layout and colour are what is seen at the first; detail is what is lost at the second."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Settling:
    """What was decided when, in a run whose prompt was exchanged from some step on.

    prompt, to: the first prompt, and the one that took over. steps: of the run. switched: after how many steps it took
    over, in rising order; 0 is a run of `to` alone, `steps` the run of `prompt` alone.
    pictures: (switch, y, x, RGB) uint8, from the same noise each.
    kept: (switch, aspect), 0 to 1: how much of the first prompt's picture is left, by layout, colour and detail.
    power: `spectra` of the run of `prompt`: power and agreement by frequency band and step.
    """

    prompt: str
    to: str
    steps: int
    switched: tuple[int, ...]
    pictures: np.ndarray
    kept: xr.DataArray
    power: xr.Dataset

    @property
    def complete(self) -> bool:
        """Whether it was not stopped on the way."""
        return self.switched[0] == 0 and self.switched[-1] == self.steps

    def settled(self, aspect: str, share: float = 0.5) -> int | None:
        """After how many steps the aspect was settled: the first switch from which on at least `share` of it is kept.

        aspect: "layout", "colour" or "detail". None if it never is, or if both prompts make the same of it.
        Raises KeyError for another aspect.
        """
        values = self.kept.sel(aspect=aspect).values
        if np.isnan(values).any():
            return None
        late = np.flatnonzero(values < share)
        first = 0 if not len(late) else int(late[-1]) + 1
        return self.switched[first] if first < len(values) else None

    def order(self) -> list[str]:
        """The aspects, those that were settled first before the others."""
        return sorted(ASPECTS, key=lambda one: (when := self.settled(one)) is None or when)

    def sheet(self, gap: int = 4) -> np.ndarray:
        """All pictures in one row, (y, x, RGB) uint8, `gap` white pixels apart."""
        count, height, width = self.pictures.shape[:3]
        sheet = np.full((height, count * (width + gap) - gap, 3), 255, np.uint8)
        for i, picture in enumerate(self.pictures):
            sheet[:, i * (width + gap) : i * (width + gap) + width] = picture
        return sheet

    def picture(self, gap: int = 4) -> Any:
        """`sheet` as a PIL image."""
        from PIL import Image

        return Image.fromarray(self.sheet(gap))

    def __str__(self) -> str:
        said = []
        for one in ASPECTS:
            when = self.settled(one)
            said.append(f"{one} {'is the same in both' if when is None else f'after step {when} of {self.steps}'}")
        return f"Settled: {', '.join(said)}."

    def __repr__(self) -> str:
        return f"<Settling of {len(self.switched)} switches from {self.prompt!r} to {self.to!r}. {self}>"

    def _repr_png_(self) -> bytes:
        import io

        held = io.BytesIO()
        self.picture().save(held, "PNG")
        return held.getvalue()


def settling(trace: "Trace", to: str, steps: int, switched: Sequence[int], pictures: np.ndarray) -> Settling:
    """What is left of the first prompt in each picture.

    pictures: (switch, y, x, RGB) uint8; the first is that of `to` alone, the last that of the trace.
    An aspect's share is d(picture, to) / (d(picture, to) + d(picture, first)), with the mean distance of lightness at
    8 x 8 cells for the layout, of the hues (a*, b*) there for the colour, and of the lightness that 16 x 16 cells
    don't show for the detail. It is NaN where both prompts' pictures are as good as the same.
    """
    from .spectra import spectra

    shown = [_aspects(picture) for picture in pictures]
    kept = np.full((len(shown), len(ASPECTS)), np.nan, np.float32)
    for column, aspect in enumerate(ASPECTS):
        other, own = shown[0][aspect], shown[-1][aspect]
        if _apart(own, other) < 0.1:  # of 100: nothing that could be told
            continue
        for row, one in enumerate(shown):
            away, back = _apart(one[aspect], other), _apart(one[aspect], own)
            kept[row, column] = away / (away + back)
    labelled = xr.DataArray(kept, dims=("switch", "aspect"), coords={"switch": list(switched), "aspect": list(ASPECTS)})
    return Settling(
        prompt=trace.settings.prompt,
        to=to,
        steps=steps,
        switched=tuple(switched),
        pictures=pictures,
        kept=labelled,
        power=spectra(trace),
    )


def _aspects(picture: np.ndarray) -> dict[str, np.ndarray]:
    colours = lab(picture)
    coarse = shrunk(colours, COARSE, COARSE)
    lightness = colours[..., 0]
    height, width = lightness.shape
    rough = shrunk(lightness, min(FINE, height), min(FINE, width))
    rows, columns = (np.arange(side) * len_ // side for side, len_ in ((height, len(rough)), (width, rough.shape[1])))
    return {
        "layout": coarse[..., :1],
        "colour": coarse[..., 1:],
        "detail": np.abs(lightness - rough[rows][:, columns])[..., None],
    }


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt(((a - b) ** 2).sum(-1)).mean())
