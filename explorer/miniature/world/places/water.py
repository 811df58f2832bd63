"""The water: on it, beside it and under it."""

from __future__ import annotations

import numpy as np

from ..canvas import RGB, Pen, Points, band, box, curve, ellipse, mix, poly, smooth
from ._register import place, rolling


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
        glint: RGB = (280, 250, 200) if weather == "sunset" else (168, 214, 234)
        p.mark(glint, band(curve((x, y), (x + 0.035, y - 0.012), (x + 0.07, y)), 0.011))
    if r.random() < 0.5:
        x, y = r.uniform(0.1, 0.8), r.uniform(0.1, 0.3)
        p.mark(
            (250, 250, 250),
            band(curve((x, y), (x + 0.03, y - 0.025), (x + 0.05, y), (x + 0.07, y - 0.025), (x + 0.1, y)), 0.014),
        )


def _palm(p: Pen, x: float, y: float, s: float, lean: float) -> None:
    """A palm whose trunk leans to one side (`lean`: -1 or 1)."""
    at = (x + lean * s * 0.3, y - s)
    trunk = curve((x, y), (x + lean * s * 0.06, y - s * 0.5), at)
    p.shape((166, 130, 92), band(trunk, s * 0.13, s * 0.08))
    p.mark(
        (134, 102, 72), *(band([(q[0] - s * 0.035, q[1]), (q[0] + s * 0.035, q[1])], s * 0.03) for q in trunk[2:-1:3])
    )
    for i, (dx, dy, drop) in enumerate(
        (
            (-0.5, 0.06, 0.22),
            (0.5, 0.06, 0.22),
            (-0.42, -0.16, 0.02),
            (0.42, -0.16, 0.02),
            (-0.2, 0.1, 0.3),
            (0.22, 0.1, 0.3),
            (0.05, -0.3, -0.1),
        )
    ):
        tip = (at[0] + dx * s, at[1] + (dy + drop * 0.4) * s)
        mid = (at[0] + dx * 0.5 * s, at[1] + (dy - 0.16) * s)
        p.shape((86, 148, 92) if i % 2 else (104, 164, 96), band(curve(at, mid, tip), s * 0.15, s * 0.03), line=0.7)
    p.shape(
        (128, 92, 64),
        ellipse(at[0] - s * 0.05, at[1] + s * 0.06, s * 0.05, s * 0.05),
        ellipse(at[0] + s * 0.05, at[1] + s * 0.07, s * 0.05, s * 0.05),
        line=0.6,
    )


def _shell(p: Pen, x: float, y: float, s: float, hue: RGB) -> None:
    """A scallop: a scalloped fan with ribs."""
    t = np.linspace(-1.15, 1.15, 31)
    reach = s * (1.75 + 0.16 * np.abs(np.sin(5 * np.pi * (t + 1.15) / 2.3)))
    fan = np.stack([x + reach * np.sin(t), y - reach * np.cos(t)], 1)
    p.shape(
        hue,
        np.concatenate([poly((x - s * 0.2, y)), fan, poly((x + s * 0.2, y))]),
        box(x - s * 0.5, y - s * 0.3, x + s * 0.5, y + s * 0.12),
        line=0.7,
    )
    p.mark(
        mix(hue, (150, 96, 84), 0.42),
        *(
            band([(x, y - s * 0.1), (x + s * 1.45 * np.sin(a), y - s * 1.45 * np.cos(a))], 0.007)
            for a in (-0.7, 0.0, 0.7)
        ),
    )


@place(
    "beach",
    "on the [beach]",
    "at the [beach]",
    "on a [beach]",
    "on the [beach]",
    nouns=("beach",),
)
def beach(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    """Sand with shells, foam along the shore, the sea behind and palms at one side."""
    h, side = r.uniform(0.47, 0.51), r.choice([-1.0, 1.0])
    for y, colour in ((h, (64, 148, 192)), (h + 0.045, (86, 172, 204)), (h + 0.1, (116, 198, 212))):
        p.mark(colour, box(-0.05, y, 1.05, 1.1)) if y > h else p.shape(colour, box(-0.05, y, 1.05, 1.1))
    for _ in range(6):
        x0, y = r.uniform(-0.03, 0.95), r.uniform(h + 0.025, h + 0.12)
        glint: RGB = (280, 250, 200) if weather == "sunset" else (196, 230, 236)
        p.mark(glint, band([(x0, y), (x0 + r.uniform(0.04, 0.09), y)], 0.009))
    a = r.uniform(0, 6.3)
    x = np.linspace(-0.05, 1.05, 40)
    shore = 0.68 + 0.022 * np.sin(6 * x + a) - 0.05 * side * (x - 0.5)
    for up, colour in (
        (0.034, (250, 252, 250)),
        (0.004, (160, 216, 218)),
        (-0.018, (250, 252, 250)),
        (-0.044, (214, 188, 142)),
        (-0.085, (244, 224, 176)),
    ):
        top = shore - up + 0.007 * np.sin(23 * x + a + 60 * up)
        p.mark(colour, np.concatenate([np.stack([x, top], 1), poly((1.05, 1.1), (-0.05, 1.1))]))
    edge = 0.5 + side * 0.5
    p.shape(
        (250, 232, 188),
        smooth(
            (edge - side * 0.32, 0.76),
            (edge - side * 0.1, 0.655),
            (edge + side * 0.1, 0.63),
            (edge + side * 0.2, 0.8),
            (edge - side * 0.02, 0.8),
        ),
        line=0,
    )
    for d, s in ((0.05, 0.33), (0.15, 0.25))[: int(r.integers(1, 3))]:
        _palm(p, edge - side * d, 0.7 + 0.2 * d, s * r.uniform(0.95, 1.08), -side)
    for _ in range(4):
        x0, y = r.uniform(0, 0.85), r.uniform(0.82, 0.97)
        p.mark((228, 204, 152), band(curve((x0, y), (x0 + 0.06, y - 0.01), (x0 + 0.13, y + 0.003)), 0.009))
    hues: tuple[RGB, ...] = ((246, 214, 204), (250, 240, 222), (228, 206, 222))
    for x0 in (r.uniform(0.05, 0.15), r.uniform(0.3, 0.7), r.uniform(0.85, 0.95)):
        _shell(p, x0, r.uniform(0.89, 0.98), r.uniform(0.024, 0.034), hues[int(r.integers(3))])


def _bubble(p: Pen, x: float, y: float, s: float) -> None:
    p.shape((216, 246, 246), ellipse(x, y, s, s), line=0.7)
    p.mark((124, 200, 210), ellipse(x, y, s * 0.76, s * 0.76))
    p.mark((246, 254, 252), ellipse(x - s * 0.3, y - s * 0.32, s * 0.22, s * 0.22))


def _coral(p: Pen, x: float, y: float, s: float, hue: RGB) -> None:
    limbs = [band(curve((x, y), (x + 0.02 * s, y - s * 0.5), (x, y - s)), s * 0.2, s * 0.13)]
    for d, low, out, up in ((-1, 0.25, 0.34, 0.85), (1, 0.38, 0.32, 0.95), (-1, 0.6, 0.18, 1.12), (1, 0.12, 0.5, 0.6)):
        limbs.append(
            band(
                curve((x, y - s * low), (x + d * s * out * 0.8, y - s * (low + 0.12)), (x + d * s * out, y - s * up)),
                s * 0.16,
                s * 0.11,
            )
        )
    p.shape(hue, *limbs)


def _weed(p: Pen, r: np.random.Generator, x: float, y: float, s: float, green: RGB) -> None:
    a, t = r.uniform(0, 6.3), np.linspace(0, 1, 14)
    stem = np.stack([x + 0.022 * np.sin(7 * t + a) * (0.3 + t), y - s * t], 1)
    p.shape(green, band(stem, 0.034, 0.01), line=0.7)


@place(
    "underwater",
    "[underwater]",
    "[under water]",
    "[underwater]",
    nouns=(),
    ground=None,
    weather=False,
)
def underwater(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    """Light from above in blue-green water, bubbles, and weeds and corals on the sea bed."""
    tops: tuple[RGB, ...] = ((132, 222, 216), (122, 212, 226), (146, 226, 206))
    deeps: tuple[RGB, ...] = ((18, 92, 122), (20, 82, 128), (16, 100, 112))
    n = int(r.integers(3))
    water = [mix(tops[n], deeps[n], min(1.0, y * 1.2) ** 0.8) for y in np.linspace(0, 1, 48)]
    for i, colour in enumerate(water):
        p.mark(colour, box(-0.05, i / 48, 1.05, 1.1))
    slant = r.uniform(0.1, 0.3) * r.choice([-1.0, 1.0])
    for i in range(5):
        x, w = (i + r.uniform(0.1, 0.9)) / 5, r.uniform(0.03, 0.07)
        for k in range(36):
            y0, y1 = k / 48, (k + 1) / 48 + 0.002
            light = mix(water[k], (226, 252, 240), 0.42 * (1 - k / 36))
            p.mark(
                light,
                poly(*((x + slant * y + d * w * (0.5 + y), y) for d, y in ((-1, y0), (1, y0), (1, y1), (-1, y1)))),
            )
    for i in range(5):
        x, y, w = (i + r.uniform(-0.2, 0.6)) / 5, r.uniform(0.015, 0.06), r.uniform(0.1, 0.2)
        p.mark(
            (232, 252, 246),
            band(curve((x, y), (x + w * 0.3, y + 0.01), (x + w * 0.6, y), (x + w, y + 0.006)), 0.011, 0.005),
        )
    p.mark(mix(deeps[n], (120, 180, 170), 0.25), rolling(r, 0.78, 0.035, 1.6))
    p.shape((190, 196, 158), rolling(r, 0.895, 0.014))
    for x in (r.uniform(0.1, 0.4), r.uniform(0.5, 0.9)):
        p.mark((164, 174, 144), band(curve((x, 0.955), (x + 0.05, 0.945), (x + 0.12, 0.958)), 0.01))
    hues: tuple[RGB, ...] = ((232, 146, 136), (226, 176, 132), (206, 150, 186))
    side = r.choice([-1.0, 1.0])
    for s in (side, -side):
        for d, tall in ((0.02, 0.5), (0.075, 0.36), (0.14, 0.24)):
            x = 0.5 + s * (0.5 - d - r.uniform(-0.01, 0.01))
            _weed(
                p,
                r,
                x,
                0.95,
                tall * r.uniform(0.8, 1.15) * (1.0 if s == side else 0.6),
                (58, 140, 104) if d != 0.075 else (88, 164, 108),
            )
        hue = hues[int(r.integers(3))]
        if s == side:
            p.shape((112, 134, 138), ellipse(0.5 + s * 0.42, 0.96, 0.1, 0.06))
            _coral(p, 0.5 + s * 0.34, 0.975, 0.13, hue)
        else:
            _coral(p, 0.5 + s * 0.4, 0.965, r.uniform(0.2, 0.24), hue)
    for x0 in (r.uniform(0.06, 0.16), r.uniform(0.84, 0.94)):
        y = r.uniform(0.1, 0.2)
        for i in range(4):
            _bubble(p, x0 + r.uniform(-0.035, 0.035), y + 0.095 * i, r.uniform(0.013, 0.028))
