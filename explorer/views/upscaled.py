"""The view of an enlargement: rules, the upscaler and the truth under one loupe, and where it guessed."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..wire.upscaled import NAMES, scores_of, upscaled
from .bundle import bundle
from .palette import lay_over
from .sent import SentView
from .strip import Row, Small, strip_html

if TYPE_CHECKING:
    from ..upscaling import Score, Upscaled


class UpscaledView(SentView):
    """Look closely at an enlargement: the same place in all pictures, how far the seeds disagree there, and the error.

    found: what `upscale` of an Explorer returned.
    """

    _stem = "upscaled"
    _esm = bundle(_stem)

    def __init__(self, found: "Upscaled", *, _scores: "Mapping[str, Score] | None" = None, _preview: str = "") -> None:
        """found: an enlargement. Raises MissingBundle if the browser side was not built."""
        self._needs_bundle()
        self.found = found
        meta, data = upscaled(found, _scores)
        super().__init__(meta, data, _preview)

    def to_html(self, path: str | Path) -> Path:
        """Write one offline page with this view, without a kernel and without network; returns the path."""
        title = self.found.prompt or "An enlargement"
        return self._write(path, title=title, line=repr(self.found)[1:-1], preview=upscaled_html(self.found))

    def __repr__(self) -> str:
        return f"UpscaledView({self.found!r})"


def display_upscaled(found: "Upscaled") -> None:
    """Show an enlargement: its view, and a preview of it. Without a kernel: one line of text."""
    from .show import display_as

    scores = scores_of(found)
    display_as(
        found,
        lambda one, key: UpscaledView(one, _scores=scores, _preview=key),
        lambda key: upscaled_html(found, scores, key=key),
    )


def upscaled_html(found: "Upscaled", scores: "Mapping[str, Score] | None" = None, *, key: str = "") -> str:
    """The static preview: all ways, the guesses, the truth and the error. scores: where they are known already."""
    scores = scores_of(found) if scores is None else scores
    small = [Small(found.small, "The small picture", f"The small picture: {found.prompt}")]
    for way, pixels in found.pictures.items():
        name = NAMES.get(way, way)
        score = f": {scores[way].psnr:.1f} dB" if way in scores else ""
        small.append(Small(pixels, name + score, f"Enlarged, {name}"))
    shown = found.pictures["upscaler"]
    top = max(float(np.quantile(found.guesses, 0.99)), 1.0)
    maps = {"Where it guessed": found.guesses}
    if found.truth is not None and found.error is not None:
        small.append(Small(found.truth, "The true drawing", "The same scene, drawn at this size"))
        maps["The true error"] = found.error
    small += [Small(lay_over(shown, np.clip(values / top, 0, 1)), name, name) for name, values in maps.items()]
    return strip_html(found.prompt, [Row(small)], f"{found!r}"[1:-1], key=key)
