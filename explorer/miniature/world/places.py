"""The places behind the subjects: one function each, drawing from the back to the front in units of the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .canvas import RGB, Pen, Points, band, box, curve, ellipse, mix, poly, smooth

Draw = Callable[[Pen, np.random.Generator, "str | None"], None]


@dataclass(frozen=True)
class Place:
    """A place's drawing function and how subjects and captions use it.

    The function draws with x and y from 0 to 1, y down, over a sky that is already there, and is told the weather.
    phrases: how captions say it, the content word in brackets. nouns: what can follow "a rainy".
    ground: where feet may stand (y), or None where everything floats. front: drawn before the subjects' feet.
    sky: top and bottom colours, one pair drawn by the seed, where the weather makes none.
    weather: whether there is any weather here.
    """

    draw: Draw
    phrases: tuple[str, ...]
    nouns: tuple[str, ...]
    ground: tuple[float, float] | None
    front: Draw | None
    sky: tuple[tuple[RGB, RGB], ...]
    weather: bool


KINDS: dict[str, Place] = {}


def place(
    name: str,
    *phrases: str,
    nouns: tuple[str, ...],
    ground: tuple[float, float] | None = (0.84, 0.93),
    front: Draw | None = None,
    sky: tuple[tuple[RGB, RGB], ...] = (),
    weather: bool = True,
) -> Callable[[Draw], Draw]:
    """Register a place's drawing function under its canonical name."""

    def register(draw: Draw) -> Draw:
        KINDS[name] = Place(draw, phrases, nouns, ground, front, sky, weather)
        return draw

    return register


def _rolling(r: np.random.Generator, y: float, height: float, waves: float = 1.0) -> Points:
    """A hilly skyline that closes below the picture."""
    x = np.linspace(-0.05, 1.05, 24)
    a, b = r.uniform(0, 6.3, 2)
    top = y + height * (0.65 * np.sin(5 * waves * x + a) + 0.35 * np.sin(9 * waves * x + b))
    return np.concatenate([np.stack([x, top], 1), poly((1.05, 1.1), (-0.05, 1.1))])


def _tuft(p: Pen, x: float, y: float, s: float, colour: RGB) -> None:
    p.mark(
        colour,
        *(poly((x + d * s - s * 0.3, y), (x + d * 1.5 * s, y - s * 2.2), (x + d * s + s * 0.3, y)) for d in (-1, 0, 1)),
    )


def _fir(p: Pen, x: float, y: float, s: float, green: RGB) -> None:
    p.shape((104, 74, 52), box(x - s * 0.09, y - s * 0.3, x + s * 0.09, y))
    for lift, w in ((0.18, 0.44), (0.55, 0.34), (0.9, 0.22)):
        p.shape(green, poly((x - s * w, y - s * lift), (x, y - s * (lift + 0.7)), (x + s * w, y - s * lift)))


@place(
    "countryside landscape",
    "in the [countryside]",
    "in a [landscape]",
    "in a [countryside landscape]",
    "in the [countryside]",
    "in a [meadow]",
    nouns=("landscape", "countryside landscape", "meadow"),
)
def countryside(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    """Green hills with bushes, a path and flowers."""
    shift = r.uniform(-10, 10)
    p.shape((128 + shift, 178, 142), _rolling(r, 0.5, 0.06))
    p.shape((112 + shift, 186, 96), _rolling(r, 0.6, 0.05))
    for _ in range(int(r.integers(2, 5))):
        x, y, s = r.uniform(0, 1), r.uniform(0.58, 0.64), r.uniform(0.03, 0.055)
        p.shape((74, 142, 78), ellipse(x, y, s, s * 1.1), ellipse(x + s, y + s * 0.3, s * 0.8, s * 0.8))
    p.shape((138 + shift, 204, 92), _rolling(r, 0.74, 0.03))
    if r.random() < 0.5:
        x = r.uniform(0.2, 0.8)
        p.mark(
            (226, 206, 156),
            np.concatenate(
                [
                    curve((x, 0.72), (x - 0.06, 0.8), (x + 0.1, 1.02)),
                    curve((x + 0.36, 1.02), (x + 0.08, 0.8), (x + 0.025, 0.72)),
                ]
            ),
        )
    for _ in range(6):
        x, y = r.uniform(0.03, 0.97), r.uniform(0.8, 0.98)
        if r.random() < 0.5:
            _tuft(p, x, y, 0.014, (96, 168, 68))
        else:
            p.mark(
                (252, 252, 240),
                *(ellipse(x + a * 0.012, y + b * 0.012, 0.009, 0.009) for a, b in ((1, 0), (-1, 0), (0, 1), (0, -1))),
            )
            p.mark((250, 208, 80), ellipse(x, y, 0.008, 0.008))


def _wave(r: np.random.Generator, y: float, height: float) -> Points:
    x = np.linspace(-0.05, 1.05, 50)
    top = y - height * np.abs(np.sin(11 * x + r.uniform(0, 6.3)))
    return np.concatenate([np.stack([x, top], 1), poly((1.05, 1.1), (-0.05, 1.1))])


def _surf(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    p.shape((84, 170, 208), _wave(r, r.uniform(0.885, 0.91), 0.028))
    for x in (r.uniform(0.05, 0.4), r.uniform(0.55, 0.9)):
        p.mark((206, 236, 244), band(curve((x, 0.955), (x + 0.05, 0.94), (x + 0.1, 0.955)), 0.012))


@place(
    "sea",
    "at [sea]",
    "on the [sea]",
    "in the [sea]",
    "on the [ocean]",
    "at [sea]",
    nouns=("sea", "ocean"),
    ground=(0.91, 0.94),
    front=_surf,
)
def sea(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    """Bands of waves up to the horizon, sometimes with an island or gulls."""
    h = r.uniform(0.5, 0.6)
    if r.random() < 0.35:
        x = r.choice([0.14, 0.86])
        p.shape((214, 196, 140), smooth((x - 0.14, h + 0.01), (x, h - 0.06), (x + 0.14, h + 0.01)))
        p.shape((92, 156, 92), ellipse(x, h - 0.06, 0.07, 0.035))
    p.shape((38, 112, 170), box(-0.05, h, 1.05, 1.1))
    for i, colour in enumerate(((48, 126, 182), (58, 140, 192), (70, 154, 200))):
        p.shape(colour, _wave(r, h + 0.085 * (i + 1), 0.016 + 0.004 * i))
    for _ in range(5):
        x, y = r.uniform(0, 0.92), r.uniform(h + 0.05, 0.9)
        p.mark((168, 214, 234), band(curve((x, y), (x + 0.035, y - 0.012), (x + 0.07, y)), 0.011))
    if r.random() < 0.5:
        x, y = r.uniform(0.1, 0.8), r.uniform(0.1, 0.3)
        p.mark(
            (250, 250, 250),
            band(curve((x, y), (x + 0.03, y - 0.025), (x + 0.05, y), (x + 0.07, y - 0.025), (x + 0.1, y)), 0.014),
        )


def _cactus(p: Pen, x: float, y: float, s: float) -> None:
    g: RGB = (86, 148, 96)
    p.shape(
        g,
        band([(x, y), (x, y - s)], s * 0.26),
        band(curve((x, y - s * 0.36), (x + s * 0.3, y - s * 0.4), (x + s * 0.34, y - s * 0.7)), s * 0.17),
        band(curve((x, y - s * 0.5), (x - s * 0.28, y - s * 0.54), (x - s * 0.32, y - s * 0.8)), s * 0.17),
    )


@place("desert", "in the [desert]", "in a [desert]", "in the [dunes]", "in the [desert]", nouns=("desert",))
def desert(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    """Sand dunes with cacti and stones."""
    if r.random() < 0.4:
        x = r.uniform(0.1, 0.9)
        p.shape((206, 140, 96), poly((x - 0.16, 0.66), (x - 0.12, 0.47), (x + 0.1, 0.46), (x + 0.15, 0.66)))
    p.shape((228, 186, 120), _rolling(r, 0.6, 0.05, 0.8))
    p.shape((238, 202, 138), _rolling(r, 0.68, 0.05, 0.7))
    for x in (r.uniform(0.03, 0.2), r.uniform(0.8, 0.97))[: int(r.integers(1, 3))]:
        _cactus(p, x, r.uniform(0.74, 0.82), r.uniform(0.16, 0.26))
    p.shape((246, 216, 156), _rolling(r, 0.79, 0.03, 0.8))
    for _ in range(3):
        x, y, s = r.uniform(0.05, 0.9), r.uniform(0.88, 0.97), r.uniform(0.012, 0.024)
        p.mark((206, 170, 116), ellipse(x, y, s * 1.4, s))
    for _ in range(3):
        x, y = r.uniform(0, 0.8), r.uniform(0.85, 0.97)
        p.mark((232, 196, 132), band(curve((x, y), (x + 0.07, y - 0.012), (x + 0.16, y + 0.004)), 0.01))


@place("city", "in the [city]", "in a [city]", "in [town]", "in the [city]", nouns=("city", "town"))
def city(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    """Rows of towers with windows behind a street."""
    pane: RGB = (900, 620, 260) if weather == "night" else (222, 234, 244)
    for row, (lo, hi, tone) in enumerate((((0.16), (0.4), (162, 174, 194)), ((0.34), (0.56), (128, 138, 162)))):
        x = -0.04 - 0.05 * row
        while x < 1.0:
            w, top = r.uniform(0.14, 0.22), r.uniform(lo, hi)
            t = r.uniform(-14, 14)
            wall: RGB = (tone[0] + t + 10 * (r.random() < 0.4), tone[1] + t, tone[2] + t)
            roof = (
                poly((x + w * 0.2, top + 0.01), (x + w * 0.5, top - 0.06), (x + w * 0.8, top + 0.01))
                if r.random() < 0.3
                else box(x + w * 0.3, top - 0.03, x + w * 0.7, top + 0.01)
            )
            p.shape(wall, box(x, top, x + w, 0.84), roof)
            if row:
                for wx in np.linspace(x + w * 0.12, x + w * 0.6, 2):
                    for wy in np.arange(top + 0.04, 0.72, 0.085):
                        if r.random() < 0.75:
                            p.mark(pane, box(wx, wy, wx + w * 0.26, wy + 0.042))
            x += w + r.uniform(0.0, 0.03)
    p.shape((186, 188, 194), box(-0.05, 0.79, 1.05, 0.86))
    p.shape((116, 118, 130), box(-0.05, 0.84, 1.05, 1.1))
    off = r.uniform(0, 0.2)
    p.mark((236, 230, 200), *(box(x + off, 0.925, x + off + 0.1, 0.94) for x in (-0.2, 0.05, 0.3, 0.55, 0.8)))


@place("forest", "in the [forest]", "in a [forest]", "in the [woods]", "in the [forest]", nouns=("forest",))
def forest(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    """Trunks and firs in rows, ferns and mushrooms on the ground."""
    firs = r.random() < 0.6
    p.shape((128, 176, 150), _rolling(r, 0.34, 0.04, 3.0))
    for row, (n, y, s, green) in enumerate(((8, 0.7, 0.37, (82, 146, 110)), (6, 0.78, 0.46, (48, 112, 80)))):
        for i in range(n):
            x = (i + r.uniform(0.2, 0.8)) / n
            size = s * r.uniform(0.85, 1.15)
            if firs:
                _fir(p, x, y, size * 0.9, green)
            else:
                p.shape((112 - 20 * row, 82 - 14 * row, 62 - 8 * row), box(x - 0.016, y - size * 0.8, x + 0.016, y))
                p.shape(
                    green,
                    ellipse(x, y - size * 0.9, 0.1, size * 0.36),
                    ellipse(x + 0.05, y - size * 0.7, 0.07, size * 0.24),
                )
    p.shape((92, 136, 78), _rolling(r, 0.76, 0.014, 1.5))
    p.mark((110, 154, 88), _rolling(r, 0.86, 0.02, 1.2))
    for _ in range(5):
        _tuft(p, r.uniform(0.03, 0.97), r.uniform(0.82, 0.99), 0.017, (66, 112, 62))
    for _ in range(int(r.integers(0, 3))):
        x, y = r.choice([r.uniform(0.03, 0.2), r.uniform(0.8, 0.96)]), r.uniform(0.88, 0.97)
        p.shape((244, 236, 216), box(x - 0.009, y - 0.03, x + 0.009, y), line=0.6)
        p.shape((208, 84, 72), ellipse(x, y - 0.034, 0.03, 0.02), line=0.6)


@place(
    "space",
    "in [space]",
    "in [outer space]",
    "in [space]",
    nouns=("space",),
    ground=None,
    weather=False,
    sky=(((16, 12, 44), (44, 24, 84)), ((8, 14, 40), (20, 48, 92)), ((22, 10, 46), (66, 26, 84))),
)
def space(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    """Stars, a ringed planet, a moon."""
    for _ in range(30):
        s = r.choice([0.004, 0.005, 0.008])
        p.mark((250, 244, 220), ellipse(r.random(), r.random(), s, s))
    for _ in range(3):
        x, y, s = r.random(), r.random(), r.uniform(0.016, 0.026)
        p.mark(
            (255, 250, 226),
            poly(
                (x - s, y),
                (x - s * 0.2, y - s * 0.2),
                (x, y - s),
                (x + s * 0.2, y - s * 0.2),
                (x + s, y),
                (x + s * 0.2, y + s * 0.2),
                (x, y + s),
                (x - s * 0.2, y + s * 0.2),
            ),
        )
    hues: tuple[RGB, ...] = ((222, 140, 96), (120, 176, 206), (196, 132, 190), (216, 190, 122), (128, 188, 160))
    x, y, s = r.choice([0.14, 0.86]), r.choice([0.16, 0.84]), r.uniform(0.09, 0.15)
    hue = hues[int(r.integers(len(hues)))]
    p.shape(hue, ellipse(x, y, s, s))
    p.mark(mix(hue, (255, 255, 255), 0.3), band([(x - s * 0.8, y - s * 0.2), (x + s * 0.7, y - s * 0.45)], s * 0.2))
    p.mark(mix(hue, (30, 10, 60), 0.25), band([(x - s * 0.7, y + s * 0.5), (x + s * 0.75, y + s * 0.25)], s * 0.26))
    if r.random() < 0.6:
        p.mark(
            (240, 222, 176),
            band(
                curve(
                    (x - s * 1.7, y + s * 0.5),
                    (x - s * 0.4, y + s * 0.42),
                    (x + s * 0.6, y + s * 0.05),
                    (x + s * 1.7, y - s * 0.5),
                ),
                s * 0.13,
            ),
        )
    x, y, s = 1 - x + r.uniform(-0.06, 0.06), r.uniform(0.1, 0.9), r.uniform(0.03, 0.06)
    p.shape((206, 204, 212), ellipse(x, y, s, s))
    p.mark(
        (170, 168, 182),
        ellipse(x - s * 0.3, y - s * 0.2, s * 0.25, s * 0.25),
        ellipse(x + s * 0.3, y + s * 0.3, s * 0.2, s * 0.2),
    )


@place(
    "plain background",
    "on a [plain background]",
    "on a [simple background]",
    "on a [plain background]",
    nouns=(),
    weather=False,
    sky=(
        ((236, 232, 224), (222, 216, 206)),
        ((214, 230, 236), (194, 214, 224)),
        ((234, 222, 236), (216, 202, 222)),
        ((222, 236, 220), (202, 220, 202)),
        ((246, 232, 216), (236, 214, 192)),
        ((206, 208, 214), (184, 188, 196)),
    ),
)
def plain(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    """Nothing but a soft tint."""


PLACES = tuple(KINDS)
WEATHERLESS = frozenset(name for name, kind in KINDS.items() if not kind.weather)
