"""Far from everything: space and the plain background."""

from __future__ import annotations

import numpy as np

from ..canvas import RGB, Pen, band, curve, ellipse, mix, poly
from ._register import place


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
