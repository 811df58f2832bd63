"""A static picture of a trace, for where no widget runs: a reopened notebook, nbviewer, GitHub, print.

JupyterLab removes script, style sheets, svg and data attributes; inline style, class and images that are data stay.
"""

import base64
import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from ..analysis import word_maps
from ..analysis.heat import resize
from ..trace import Trace
from ..wire import clean
from .palette import lay_over

if TYPE_CHECKING:
    from jinja2 import Template

MARKER = "prompt-explorer-preview"
STRONGEST = 5
FAINT = 0.15  # of the strongest word's rise: what is below says nothing
LONGEST = 300  # characters of the prompt
LARGEST, SMALL = 256, 128  # pixels of the picture's and the heat maps' longer side


class Strong(NamedTuple):
    """One of the words that draw the most attention."""

    text: str
    peak: float
    """The largest share of a position's attention, mean over steps."""
    rise: float
    """How far that stands above the word's mean over the picture."""
    heat: np.ndarray
    """(y, x), 0 to 1 of its own maximum."""


def strongest(trace: Trace, most: int = STRONGEST) -> list[Strong]:
    """The words that stand out most in some place, in reading order; each text once, punctuation left out.

    A peak alone would not do: the first word of a prompt draws much attention, but everywhere.
    """
    maps = word_maps(trace).mean("step")
    found: dict[str, Strong] = {}
    for word, heat in zip(maps.coords["word"].values, maps.values, strict=True):
        peak = float(heat.max())
        rise = peak - float(heat.mean())
        key = str(word).casefold()
        if any(c.isalnum() for c in key) and rise > 0 and (key not in found or rise > found[key].rise):
            found[key] = Strong(str(word), peak, rise, heat / peak)
    rises = sorted((one.rise for one in found.values()), reverse=True)[:most]
    return [one for one in found.values() if one.rise >= max(rises[-1], FAINT * rises[0])][:most]


def preview_html(trace: Trace, *, key: str = "") -> str:
    """The preview: the picture, the strongest words' heat maps, the prompt and the settings in one line.

    key: a class by which the live view finds its own preview and hides it.
    """
    words = strongest(trace)
    pictures = [
        {
            "text": clean(one.text, 40),
            "alt": f"Where {clean(one.text, 40)} draws attention",
            "share": f"{one.peak:.0%}" if one.peak >= 0.01 else "<1%",
            "src": _source(lay_over(small := _fit(trace, SMALL), resize(one.heat, *small.shape[:2]).clip(0, 1))),
        }
        for one in words
    ]
    prompt = clean(trace.tokens.prompt, LONGEST)
    return _template().render(
        marker=MARKER,
        key=key,
        prompt=prompt,
        alt=f"The generated picture: {prompt}",
        src=_source(_fit(trace, LARGEST)),
        size=_size(trace),
        words=pictures,
        unknown=_unknown(trace),
        settings=settings_line(trace),
    )


def preview_text(trace: Trace) -> str:
    """The preview where not even HTML is shown."""
    words = ", ".join(f"{clean(one.text, 40)} {one.peak:.0%}" for one in strongest(trace))
    unknown = _unknown(trace)
    never = f"\nThe model was never taught: {unknown}" if unknown else ""
    return f"{clean(trace.tokens.prompt, LONGEST)}\n{settings_line(trace)}\nStrongest words: {words or 'none'}{never}"


def _unknown(trace: Trace) -> str:
    """The words outside the model's language, each once."""
    words = (trace.tokens.words[i].text for i in trace.tokens.unknown)
    return clean(", ".join(dict.fromkeys(words)), LONGEST)


def settings_line(trace: Trace) -> str:
    """What was run, in one line."""
    s = trace.settings
    size = f"{trace.image.sizes['x']} × {trace.image.sizes['y']} px"
    parts = [s.model, f"seed {s.seed}", _steps(trace), f"guidance {s.guidance:g}", s.scheduler, size]
    return clean(" · ".join(part for part in parts if part), LONGEST)


def _steps(trace: Trace) -> str:
    numbers = trace.step_numbers
    if numbers[-1] == trace.steps - 1:
        return f"{trace.steps} steps"
    return f"steps {', '.join(str(number + 1) for number in numbers)} only"


def _size(trace: Trace) -> tuple[int, int]:
    """Of the picture on the page, in CSS pixels (width, height)."""
    width, height = trace.image.sizes["x"], trace.image.sizes["y"]
    scale = 160 / max(width, height)
    return round(width * scale), round(height * scale)


def _fit(trace: Trace, longest: int) -> np.ndarray:
    picture = trace.picture().convert("RGB")
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def _source(pixels: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=80, method=4)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()


@cache
def _template() -> "Template":
    from jinja2 import Environment

    text = Path(__file__).with_suffix(".html").read_text("utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)
