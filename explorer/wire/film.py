"""Recordings of trainings for the browser. The twin is `extensions/widgets/src/wire/film.ts`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..miniature import UNSEEN, learning, world
from ..miniature.film import Film
from .pack import Pack, clean, numbers
from .pictures import webp
from .words import LONGEST_WORD

VERSION = 1
LONGEST = 200  # characters of a prompt
SIDES = ((200, 256), (1200, 160))
"""Pixels of a picture's longer side in a film of at most so many pictures; 96 in a larger one."""
MOST_WORDS = 120
WIDEST = 16_000  # WebP holds no more
VERDICTS = ("verdicts", "verdicts on unseen")

SHARES = (0.0, 1.0)
CHARTS: tuple[tuple[str, str, tuple[str, ...], tuple[float, float] | None], ...] = (
    (
        "Loss",
        "How far off its guesses were. It falls fast, then slowly, while the pictures still become much better.",
        ("loss",),
        None,
    ),
    (
        "Losses",
        "What each of the two tries to make small. Against an opponent that learns too, they say little.",
        ("generator", "discriminator"),
        None,
    ),
    (
        "How real the discriminator finds them",
        "Its verdict on what was drawn, on training pictures, and on drawings it never saw: 0 drawn, 1 real.",
        ("drawn", "training", "unseen"),
        SHARES,
    ),
    (
        "How often the discriminator is right",
        "About pictures that were drawn, training pictures, and drawings it never saw.",
        ("right on drawn", "right on training", "right on unseen"),
        SHARES,
    ),
    (
        "What the prompt asked for",
        "The share of prompts in whose pictures the oracle finds it.",
        ("subject", "colour", "both", "place", "weather", "style"),
        SHARES,
    ),
    ("Variety", "How much pictures of one prompt from several noises differ.", ("variety",), None),
    (
        "Copies",
        "The share of pictures that the measure for copies calls copies.",
        ("copied", "copied without cause"),
        SHARES,
    ),
)
"""Curves that belong into one chart: title, explanation, names of the curves, the values at the bottom and the top."""


def films(shown: Sequence[Film]) -> tuple[dict[str, Any], bytes]:
    """What the film view needs of one or several films.

    Returns (meta, buffer). For film i the block `pictures i` holds a sheet for each checkpoint (`spans`), WebP, the
    prompts' pictures beside one another, all of one width; `real i` the same of unseen drawings that the
    discriminator judged; `maps i` uint8 (checkpoint, prompt, word, y, x), a byte standing for byte / 255 of the
    attention, and `tops[prompt][word]` for the highest byte. `charts` are the curves by title, in the film's
    checkpoints; `words` how the words were learned, the earliest first.
    """
    pack = Pack()
    meta: dict[str, Any] = {
        "version": VERSION,
        "kind": "film",
        "films": [_film(pack, film, i) for i, film in enumerate(shown)],
    }
    meta["blocks"] = pack.blocks
    return meta, pack.data()


def _film(pack: Pack, film: Film, place: int) -> dict[str, Any]:
    count, columns, height, width = film.pictures.shape[:4]
    longest = next((side for most, side in SIDES if count * columns <= most), 96)
    scale = min(1.0, longest / max(height, width, 1))
    tall, wide = (max(1, round(side * scale)) for side in (height, width))
    most = min(max(wide * columns, tall), WIDEST)
    sheets = [webp(np.concatenate(list(row), axis=1), most) for row in film.pictures] if columns else []
    pack.add(f"pictures {place}", b"".join(sheets))
    spans, offset = [], 0
    for sheet in sheets:
        spans.append([offset, len(sheet)])
        offset += len(sheet)
    return {
        "name": clean(film.name, 80),
        "about": clean(film.about, 600),
        "prompts": [clean(prompt, LONGEST) for prompt in film.prompts],
        "seen": [int(one) for one in film.seen],
        "minutes": numbers(film.minutes),
        "picture": {"type": "image/webp", "width": wide, "height": tall},  # of one
        "spans": spans,
        "charts": charts(film.curves),
        "verdicts": _verdicts(pack, film, place),
        "words": _words(film),
        "maps": _maps(pack, film, place),
    }


def charts(curves: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """The curves as charts: those that belong together, then the others, each by itself.

    Of a curve of several numbers the mean is shown; those of single words and single pictures are told elsewhere.
    """
    known = {name for _, _, names, _ in CHARTS for name in names}
    left = [name for name in curves if name not in known and not name.startswith(learning.PREFIX)]
    others = tuple((name.capitalize(), "", (name,), None) for name in left if name not in VERDICTS)
    found = []
    for title, about, names, ends in (*CHARTS, *others):
        lines = [{"name": clean(name, 60), "values": _line(curves[name])} for name in names if name in curves]
        if lines:
            values = [one for name in names if name in curves for one in _line(curves[name]) if one is not None]
            low, high = ends or (min(0.0, *values, 0.0), max(0.0, *values, 0.0))
            found.append(
                {
                    "title": clean(title, 80),
                    "about": clean(about, 200),
                    "lines": lines,
                    "ends": [low, high if high > low else low + 1.0],
                    "share": ends is SHARES,
                }
            )
    return found


def _line(curve: np.ndarray) -> list[float | None]:
    values = np.asarray(curve, np.float64)
    if values.ndim == 2:
        known = np.isfinite(values)
        count = known.sum(1)
        total = np.where(known, values, 0).sum(1)
        values = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return [None if one is None else round(one, 6) for one in numbers(values)]


def _verdicts(pack: Pack, film: Film, place: int) -> dict[str, Any] | None:
    """What a discriminator said of each picture, and of as many unseen drawings, which are drawn anew."""
    drawn, real = (film.curves.get(name) for name in VERDICTS)
    if drawn is None or drawn.shape != (len(film), len(film.prompts)):
        return None
    found: dict[str, Any] = {"drawn": [_line(row) for row in drawn], "real": None, "captions": []}
    if real is not None and real.ndim == 2 and real.shape[1]:
        drawings = [world.draw(UNSEEN + n) for n in range(real.shape[1])]
        pictures = [one.image for one in drawings]
        pack.add(f"real {place}", webp(np.concatenate(pictures, axis=1), min(len(pictures) * 128, WIDEST)))
        found |= {
            "real": [_line(row) for row in real],
            "captions": [clean(one.caption, LONGEST) for one in drawings],
        }
    return found


def _words(film: Film) -> list[dict[str, Any]]:
    try:
        words = learning.words(film)
    except ValueError:  # this training has no curves of words
        return []
    return [
        {"text": clean(one.text, LONGEST_WORD), "kind": one.kind, "learned": one.learned, "right": _line(one.right)}
        for one in words[:MOST_WORDS]
    ]


def _maps(pack: Pack, film: Film, place: int) -> dict[str, Any] | None:
    if film.maps is None or not film.maps.size:
        return None
    pack.add(f"maps {place}", np.ascontiguousarray(film.maps).tobytes())
    return {
        "shape": list(film.maps.shape),
        "words": [[clean(word, LONGEST_WORD) for word in words] for words in film.map_words],
        "tops": film.maps.max(axis=(0, 3, 4)).astype(int).tolist(),
    }
