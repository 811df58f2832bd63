"""Pen, sunglasses, umbrella, balloon, lamp."""

from __future__ import annotations

import numpy as np

from ..canvas import Pen, arc, band, box, curve, ellipse, poly, smooth
from ._register import subject


@subject("pen", floats=True, size=1.12, tilt=0.2)
def pen(p: Pen, r: np.random.Generator) -> None:
    """A thick fountain pen lying aslant, with a squiggle of ink at its tip by lot."""
    a = np.array([0.66, 0.74])
    d = a / np.hypot(*a)
    n = np.array([-d[1], d[0]])

    def at(along: float, across: float) -> tuple[float, float]:
        q = d * along + n * across
        return float(q[0]), float(q[1])

    w = r.uniform(0.17, 0.21)
    if r.random() < 0.5:
        x, y = at(1.2, 0.0)
        p.mark(
            "body",
            band(curve((x, y), (x - 0.2, y + 0.1), (x - 0.4, y), (x - 0.6, y + 0.1), (x - 0.85, y + 0.02)), 0.05),
        )
    p.shape("metal", poly(at(0.78, -w * 0.7), at(1.22, 0), at(0.78, w * 0.7)))
    p.mark("ink", band([at(0.9, 0), at(1.18, 0)], 0.03))
    p.mark("steel", ellipse(*at(0.9, 0), 0.04, 0.04))
    p.shape("body", poly(at(-0.1, -w), at(0.6, -w), at(0.84, -w * 0.66), at(0.84, w * 0.66), at(0.6, w), at(-0.1, w)))
    p.shape(
        "dark",
        poly(at(-1.1, -w * 0.92), at(-0.1, -w * 1.14), at(-0.1, w * 1.14), at(-1.1, w * 0.92)),
        ellipse(*at(-1.1, 0), w * 0.92, w * 0.92),
    )
    p.mark("body", band([at(-1.06, 0.02), at(-0.2, 0.02)], w * 1.1))
    p.mark(
        "light", band([at(-1.04, w * 0.5), at(-0.18, w * 0.6)], 0.07), band([at(0.0, w * 0.5), at(0.58, w * 0.5)], 0.07)
    )
    p.shape(
        "gold", poly(at(-0.14, -w * 1.18), at(-0.04, -w * 1.18), at(-0.04, w * 1.18), at(-0.14, w * 1.18)), line=0.6
    )
    p.shape("gold", band([at(-1.0, -w * 0.5), at(-0.4, -w * 0.66)], 0.085), line=0.6)


@subject("sunglasses", floats=True, size=1.12, tilt=0.14, several=True)
def sunglasses(p: Pen, r: np.random.Generator) -> None:
    """Big sunglasses with thick frames in the colour and shining dark lenses."""
    kind = int(r.integers(3))
    p.shape(
        "dark",
        band(curve((-0.9, -0.12), (-0.97, -0.4), (-0.72, -0.54)), 0.13, 0.1),
        band(curve((0.9, -0.12), (0.97, -0.4), (0.72, -0.54)), 0.13, 0.1),
    )
    frames, lenses = [band(curve((-0.2, -0.1), (0, -0.22), (0.2, -0.1)), 0.17)], []
    for side in (-1, 1):
        x = 0.5 * side
        if kind == 0:
            frames.append(ellipse(x, 0.08, 0.47, 0.46))
            lenses.append(ellipse(x, 0.08, 0.32, 0.31))
        elif kind == 1:
            frames.append(box(x - 0.48, -0.3, x + 0.48, 0.44, 0.2))
            lenses.append(box(x - 0.34, -0.16, x + 0.34, 0.3, 0.12))
        else:
            pts = [
                (x - 0.46 * side, -0.22),
                (x + 0.05 * side, -0.32),
                (x + 0.5 * side, -0.44),
                (x + 0.42 * side, 0.2),
                (x, 0.5),
                (x - 0.38 * side, 0.26),
            ]
            frames.append(smooth(*pts))
            lenses.append(smooth(*((x + (px - x) * 0.68, 0.03 + (py - 0.03) * 0.66) for px, py in pts)))
    p.shape("body", *frames)
    p.mark((66, 66, 84), *lenses)
    for x in (-0.5, 0.5):
        p.mark((150, 160, 186), poly((x - 0.14, 0.1), (x + 0.04, -0.12), (x + 0.12, -0.12), (x - 0.08, 0.14)))
    p.mark("light", band([(-0.8, -0.23), (-0.56, -0.29)], 0.06), band([(0.3, -0.25), (0.48, -0.29)], 0.06))


@subject("umbrella", "parasol", tilt=0.2)
def umbrella(p: Pen, r: np.random.Generator) -> None:
    """An open umbrella with scalloped panels and a hooked handle."""
    top = r.uniform(-0.86, -0.76)
    hook = arc(0.15, 0.8, 0.15, 0.17, np.pi, 0, 8)
    p.shape("wood", band(np.concatenate([poly((0, top)), poly((0, 0.5)), hook]), 0.085), line=0.7)
    p.mark("steel", band([(0, top - 0.14), (0, top)], 0.07))
    edge = np.linspace(-0.98, 0.98, 5)
    dome = arc(0, 0.04, 0.98, 0.04 - top, np.pi, 2 * np.pi, 24)
    scallops = [
        arc((edge[i] + edge[i + 1]) / 2, 0.04, (edge[i + 1] - edge[i]) / 2, 0.12, 0, -np.pi, 8) for i in (3, 2, 1, 0)
    ]
    p.shape("body", np.concatenate([dome, *scallops]))
    outer, inner = (arc(0, 0.04, w, 0.04 - top, np.pi, 2 * np.pi, 24) for w in (0.98, 0.49))
    p.mark("light", np.concatenate([outer[:12], inner[11::-1], scallops[3]]))
    p.mark("dark", np.concatenate([inner[12:], scallops[0][::-1], outer[:11:-1]]))
    p.mark("deep", band(inner, 0.025), band([(0, top), (0, -0.05)], 0.025))


@subject("balloon", floats=True, tilt=0.14)
def balloon(p: Pen, r: np.random.Generator) -> None:
    """A balloon with a shine and a curling string."""
    fat, sway = r.uniform(0.58, 0.68), r.uniform(-0.16, 0.16)
    p.mark("steel", band(curve((0, 0.46), (sway, 0.62), (-sway, 0.8), (sway * 0.5, 0.99)), 0.05))
    p.shape("dark", poly((0, 0.32), (-0.12, 0.5), (0.12, 0.5)))
    p.shape(
        "body",
        smooth(
            (0, -0.98),
            (fat * 0.75, -0.78),
            (fat, -0.3),
            (fat * 0.6, 0.18),
            (0, 0.4),
            (-fat * 0.6, 0.18),
            (-fat, -0.3),
            (-fat * 0.75, -0.78),
        ),
    )
    p.mark("dark", smooth((fat - 0.07, -0.2), (fat * 0.55, 0.16), (0.0, 0.35), (0.3, 0.06), (fat * 0.8, -0.3)))
    p.mark("light", ellipse(-fat * 0.45, -0.58, 0.14, 0.25, 0.45))
    p.mark("snow", ellipse(-fat * 0.5, -0.66, 0.06, 0.11, 0.5))
    if r.random() < 0.25:
        p.mark(
            "light",
            *(
                ellipse(x, y, 0.08, 0.08)
                for x, y in ((0.2, -0.6), (0.0, -0.2), (0.32, -0.2), (-0.3, -0.1), (0.05, 0.1))
            ),
        )


@subject("lamp", "desk lamp")
def lamp(p: Pen, r: np.random.Generator) -> None:
    """A table lamp: the shade is in the colour, the foot too, the stem is brass or steel."""
    metal = "gold" if r.random() < 0.5 else "metal"
    narrow, drop = r.uniform(0.3, 0.46), r.uniform(-0.02, 0.12)
    p.shape(metal, box(-0.06, 0.0, 0.06, 0.86), ellipse(0, 0.48, 0.13, 0.16))
    p.shape("body", smooth((-0.5, 0.98), (-0.4, 0.84), (0, 0.78), (0.4, 0.84), (0.5, 0.98)))
    p.shape("lit", ellipse(0, 0.06 + drop, 0.18, 0.15), line=0.6)
    p.shape("body", poly((-narrow, -0.9), (narrow, -0.9), (0.82, 0.04 + drop), (-0.82, 0.04 + drop)))
    p.mark("light", poly((-narrow * 0.6, -0.9), (-narrow * 0.1, -0.9), (-0.16, 0.04 + drop), (-0.52, 0.04 + drop)))
    p.mark("dark", poly((narrow * 0.6, -0.9), (narrow, -0.9), (0.82, 0.04 + drop), (0.54, 0.04 + drop)))
    p.mark("cream", band([(-0.79, drop), (0.79, drop)], 0.06), band([(-narrow, -0.87), (narrow, -0.87)], 0.05))
    if r.random() < 0.5:
        p.mark("steel", band([(0.4, 0.06 + drop), (0.4, 0.36 + drop)], 0.025))
        p.mark(metal, ellipse(0.4, 0.4 + drop, 0.045, 0.045))
