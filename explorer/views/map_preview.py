"""A static picture of a map of embeddings, for where no widget runs."""

import base64
import io
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..atlas import PICTURE, Atlas
from ..wire import clean
from .palette import WORDS
from .preview import MARKER

if TYPE_CHECKING:
    from jinja2 import Template

WIDTH, HEIGHT = 720, 480
FINE = 2  # pixels of the file per pixel on the page
MARGIN = 44
MOST_DOTS, MOST_LABELS, MOST_THUMBS = 20_000, 90, 60
MARKS = "●■▲◆"
CLEAR = 400
INK, GROUND, FAINT = (28, 28, 28), (255, 255, 255), (150, 150, 150)
_LONGEST = 26  # characters of a label


def map_html(atlas: Atlas, *, key: str = "") -> str:
    """The preview: the map as a picture, the legend, and how it was made in one line.

    key: a class by which the live view finds its own preview and hides it.
    """
    counts = Counter(clean(str(kind), 40) for kind in atlas.kinds)
    kinds = [
        {"name": name, "count": f"{count:,}", "colour": kind_colour(i), "mark": MARKS[i // len(WORDS) % len(MARKS)]}
        for i, (name, count) in enumerate(counts.items())
    ]
    return _template().render(
        marker=MARKER,
        key=key,
        src=_source(drawn(atlas)),
        size=(WIDTH, HEIGHT),
        alt=map_text(atlas),
        kinds=kinds[:30],
        line=f"{clean(atlas.note, 400)} {_numbers(atlas)}".strip(),
    )


def map_text(atlas: Atlas) -> str:
    """The preview where not even HTML is shown."""
    shown = [clean(str(label), _LONGEST) for label in list(atlas.labels)[:12]]
    more = ", …" if len(atlas) > len(shown) else ""
    return f"{title_of(atlas)}: {', '.join(shown)}{more}. {_numbers(atlas)}"


def title_of(atlas: Atlas) -> str:
    """Of a page with the map."""
    count = len(atlas)
    return f"Map of {count:,} {'item' if count == 1 else 'items'} of {clean(atlas.source, 80)}"


def kind_colour(place: int) -> str:
    """The colour of the kind that comes in this place, as in the live view."""
    return f"#{WORDS[place % len(WORDS)]}"


def drawn(atlas: Atlas) -> Image.Image:
    """The map as a picture: dots by kind, thumbnails and labels as far as there is room, paths as lines."""
    size = (WIDTH * FINE, HEIGHT * FINE)
    picture = Image.new("RGB", size, GROUND)
    pen = ImageDraw.Draw(picture)
    places = _places(atlas) * FINE
    kinds = {kind: i for i, kind in enumerate(dict.fromkeys(atlas.kinds))}
    count = len(atlas)
    some = np.arange(count) if count <= MOST_DOTS else np.linspace(0, count - 1, MOST_DOTS).astype(int)
    radius = (4 if count < 400 else 2.5 if count < 3000 else 1) * FINE
    for i in some:
        x, y = places[i]
        colour = kind_colour(kinds[atlas.kinds[i]])
        edge = tuple(int(int(colour[k : k + 2], 16) * 0.6) for k in (1, 3, 5)) if count < 3000 else None
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour, outline=edge)
    for path in atlas.paths:
        pen.line([tuple(places[row]) for row in path.rows], fill=FAINT, width=FINE)
    taken: list[tuple[float, float, float, float]] = []
    order = np.random.default_rng(7).permutation(count)[: 4 * (MOST_LABELS + MOST_THUMBS)]
    _thumbs(atlas, picture, pen, places, order, taken, kinds)
    if count <= CLEAR:  # a label may lie beside another dot, not on it
        taken += [(x - radius, y - radius, x + radius, y + radius) for x, y in places]
    _labels(atlas, pen, places, order, taken, radius)
    return picture


def _thumbs(
    atlas: Atlas,
    picture: Image.Image,
    pen: ImageDraw.ImageDraw,
    places: np.ndarray,
    order: np.ndarray,
    taken: list[tuple[float, float, float, float]],
    kinds: dict[str, int],
) -> None:
    drawn = 0
    for row in (int(i) for i in order if int(i) in atlas.thumbs):
        thumb = Image.fromarray(np.ascontiguousarray(atlas.thumbs[row]))
        thumb.thumbnail((32 * FINE, 32 * FINE), Image.Resampling.LANCZOS)
        (x, y), (width, height) = places[row], thumb.size
        left, top = round(x - width / 2), round(y - height / 2)
        if drawn == MOST_THUMBS or not _take(taken, (left - 4, top - 4, left + width + 4, top + height + 4)):
            continue
        pen.rectangle(
            (left - 3, top - 3, left + width + 2, top + height + 2), fill=kind_colour(kinds[atlas.kinds[row]])
        )
        picture.paste(thumb, (left, top))
        drawn += 1


def _labels(
    atlas: Atlas,
    pen: ImageDraw.ImageDraw,
    places: np.ndarray,
    order: np.ndarray,
    taken: list[tuple[float, float, float, float]],
    radius: float,
) -> None:
    font = ImageFont.load_default(12 * FINE)
    drawn = 0
    for row in (int(i) for i in order):
        label = " ".join(clean(str(atlas.labels[row]), _LONGEST).split())
        # The font that Pillow brings has the Latin letters only; boxes for all others would say nothing.
        if drawn == MOST_LABELS or atlas.modalities[row] == PICTURE or not label or ord(max(label)) > 0x2026:
            continue
        width = pen.textlength(label, font)
        x, y = places[row]
        for left in (x + radius + 6, x - radius - 6 - width):
            if _take(taken, (left - 4, y - 8 * FINE, left + width + 4, y + 8 * FINE)):
                pen.text((left, y), label, fill=INK, font=font, anchor="lm", stroke_width=3, stroke_fill=GROUND)
                drawn += 1
                break


def _take(taken: list[tuple[float, float, float, float]], box: tuple[float, float, float, float]) -> bool:
    """Whether there is room for a box, which then is taken."""
    left, top, right, bottom = box
    if left < 0 or top < 0 or right > WIDTH * FINE or bottom > HEIGHT * FINE:
        return False
    if any(left < r and right > lo and top < b and bottom > t for lo, t, r, b in taken):
        return False
    taken.append(box)
    return True


def _places(atlas: Atlas) -> np.ndarray:
    """(n, 2), pixels on the page; of three axes the first two."""
    points = atlas.points[:, :2].astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.array([WIDTH, HEIGHT]) - 2 * MARGIN
    span = np.where(high > low, high - low, 1.0)
    # Axes of one's own have units of their own; a projection's distances mean something only on one scale.
    scale = room / span if atlas.method == "axes" else np.full(2, (room / span).min())
    found: np.ndarray = np.array([WIDTH, HEIGHT]) / 2 + (points - (low + high) / 2) * scale * (1, -1)
    return found


def _numbers(atlas: Atlas) -> str:
    parts = [atlas.method]
    if atlas.explained is not None:
        parts.append(f"{sum(atlas.explained[: atlas.shape[1]]):.0%} of the variance")
    if atlas.trustworthiness is not None:
        parts.append(f"trustworthiness {atlas.trustworthiness:.2f}")
    return clean(", ".join(parts) + ".", 200)


def _source(picture: Image.Image) -> str:
    file = io.BytesIO()
    picture.quantize(128).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


@cache
def _template() -> "Template":
    from jinja2 import Environment

    text = Path(__file__).with_name("map.html").read_text("utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(text)
