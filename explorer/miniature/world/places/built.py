"""Where people live: the streets and a room."""

from __future__ import annotations

import numpy as np

from ..canvas import RGB, Pen, band, box, curve, ellipse, mix, poly, smooth
from ._register import place


@place("city", "in the [city]", "in a [city]", "in [town]", "in the [city]", nouns=("city", "town"))
def city(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    """Rows of towers with windows behind a street."""
    pane: RGB = (900, 620, 260) if weather == "night" else (222, 234, 244)
    for row, (lo, hi, tone) in enumerate(((0.26, 0.44, (162, 174, 194)), (0.4, 0.58, (128, 138, 162)))):
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


def _window(p: Pen, x: float, cloth: RGB) -> None:
    """A window with a view of the sky, between curtains."""
    p.shape((250, 248, 242), box(x - 0.13, 0.08, x + 0.13, 0.47))
    p.mark((176, 214, 236), box(x - 0.11, 0.1, x + 0.11, 0.45))
    p.mark((216, 234, 240), box(x - 0.11, 0.3, x + 0.11, 0.45))
    p.mark(
        (164, 196, 150),
        smooth((x - 0.11, 0.41), (x - 0.02, 0.385), (x + 0.11, 0.405), (x + 0.11, 0.45), (x - 0.11, 0.45)),
    )
    p.mark((250, 248, 242), box(x - 0.009, 0.1, x + 0.009, 0.45), box(x - 0.11, 0.255, x + 0.11, 0.273))
    p.shape((250, 248, 242), box(x - 0.15, 0.46, x + 0.15, 0.485))
    for d in (-1, 1):
        p.shape(
            cloth,
            poly(
                (x + d * 0.17, 0.055),
                (x + d * 0.05, 0.055),
                (x + d * 0.075, 0.2),
                (x + d * 0.125, 0.33),
                (x + d * 0.1, 0.52),
                (x + d * 0.18, 0.52),
            ),
        )
        p.mark(
            mix(cloth, (90, 70, 80), 0.22),
            band(curve((x + d * 0.1, 0.07), (x + d * 0.125, 0.24), (x + d * 0.145, 0.5)), 0.009),
        )
    p.shape((150, 112, 82), band([(x - 0.2, 0.052), (x + 0.2, 0.052)], 0.022))


def _frame(p: Pen, x: float, y: float, w: float, h: float) -> None:
    """A framed picture of hills."""
    p.shape((166, 124, 86), box(x - w, y - h, x + w, y + h))
    p.mark((246, 242, 232), box(x - w + 0.02, y - h + 0.02, x + w - 0.02, y + h - 0.02))
    a, t, e, b = x - w + 0.034, y - h + 0.034, x + w - 0.034, y + h - 0.034
    p.mark((200, 220, 224), box(a, t, e, b))
    m = t + (b - t) * 0.5
    p.mark((150, 178, 150), poly((a, b), (a, m + 0.01), (x - w * 0.2, m - 0.01), (e, m + 0.03), (e, b)))
    p.mark((186, 196, 144), poly((a, b), (a, b - 0.015), (e, m + 0.04), (e, b)))


@place(
    "living room",
    "in the [living room]",
    "in a [living room]",
    "in a [room]",
    "[indoors]",
    nouns=("living room", "room"),
    weather=False,
)
def living_room(p: Pen, r: np.random.Generator, weather: str | None) -> None:
    """Wallpaper, a window and a picture, a sofa, and a rug on the floor boards."""
    walls: tuple[RGB, ...] = ((242, 228, 204), (212, 222, 206), (208, 220, 230), (240, 222, 216))
    sofas: tuple[RGB, ...] = ((150, 160, 172), (160, 168, 146), (178, 158, 146), (166, 156, 172))
    n, side = int(r.integers(4)), r.choice([-1.0, 1.0])
    wall, sofa = walls[n], sofas[int(r.integers(4))]
    p.mark(wall, box(-0.05, -0.05, 1.05, 1.1))
    paper = mix(wall, (176, 146, 120), 0.2)
    shift = r.uniform(0, 0.1)
    if r.random() < 0.5:
        p.mark(paper, *(box(x + shift, -0.05, x + shift + 0.04, 0.75) for x in np.arange(-0.1, 1.05, 0.1)))
    else:
        for i, y in enumerate(np.arange(0.03, 0.7, 0.09)):
            p.mark(
                paper,
                *(
                    poly((x, y - 0.022), (x + 0.014, y), (x, y + 0.022), (x - 0.014, y))
                    for x in np.arange(-0.05, 1.1, 0.11) + 0.055 * (i % 2) + shift
                ),
            )
    _window(p, 0.5 - side * r.uniform(0.29, 0.32), mix(sofas[(n + 2) % 4], (250, 236, 226), 0.45))
    x = 0.5 + side * r.uniform(0.29, 0.35)
    _frame(p, x, r.uniform(0.2, 0.25), 0.1, r.uniform(0.1, 0.13))
    p.shape((196, 158, 116), box(-0.05, 0.75, 1.05, 1.1))
    p.shape((250, 246, 238), box(-0.05, 0.71, 1.05, 0.755), line=0.7)
    for y in (0.8, 0.86, 0.93):
        p.mark((170, 132, 94), box(-0.05, y, 1.05, y + 0.008))
    for y, step in ((0.755, 0.27), (0.808, 0.31), (0.868, 0.36), (0.938, 0.4)):
        p.mark((170, 132, 94), *(box(q, y, q + 0.008, y + 0.062) for q in np.arange(r.uniform(-0.1, 0.1), 1.0, step)))
    deep = mix(sofa, (60, 50, 60), 0.16)
    p.shape((120, 88, 66), box(0.09, 0.78, 0.12, 0.83), box(0.88, 0.78, 0.91, 0.83))
    p.shape(deep, box(0.08, 0.53, 0.92, 0.76, 0.05))
    p.shape(sofa, box(0.1, 0.68, 0.5, 0.74, 0.025), box(0.5, 0.68, 0.9, 0.74, 0.025))
    p.shape(deep, box(0.1, 0.73, 0.9, 0.795))
    p.shape(sofa, box(0.02, 0.6, 0.14, 0.8, 0.05), line=1)
    p.shape(sofa, box(0.86, 0.6, 0.98, 0.8, 0.05), line=1)
    p.shape(
        (236, 222, 204),
        smooth(
            (0.5 + side * 0.24, 0.69), (0.5 + side * 0.26, 0.57), (0.5 + side * 0.35, 0.585), (0.5 + side * 0.35, 0.7)
        ),
        line=0.8,
    )
    rug = mix(sofas[(n + 1) % 4], (226, 196, 184), 0.5)
    p.shape(rug, ellipse(0.5, 0.915, 0.43, 0.075))
    p.mark(mix(rug, (255, 250, 240), 0.5), ellipse(0.5, 0.915, 0.37, 0.058))
    p.mark(rug, ellipse(0.5, 0.915, 0.33, 0.047))
