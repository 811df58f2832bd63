"""Guitar, robot, crown."""

from __future__ import annotations

import numpy as np

from ..canvas import Pen, Points, arc, band, box, curve, ellipse, poly, smooth
from ._register import eye, smile, subject


@subject("guitar", tilt=0.08)
def guitar(p: Pen, r: np.random.Generator) -> None:
    """A leaning guitar, its body in the colour: an acoustic one, or an electric one with horns."""
    electric, turn = r.random() < 0.4, r.uniform(0.14, 0.28) * (1 if r.random() < 0.7 else -1)
    waist, guard = r.uniform(0.29, 0.34), r.random() < 0.6
    c, s = np.cos(turn), np.sin(turn)

    def put(o: Points) -> Points:
        x, y = o[:, 0] * 1.1, (o[:, 1] - 0.45) * 0.96
        return np.stack([x * c - y * s - 0.26 * s, x * s + y * c + 0.4], 1)

    p.shape("wood", put(poly((-0.075, 0.2), (-0.06, -0.72), (0.06, -0.72), (0.075, 0.2))), line=0.8)
    for side in (-1, 1):
        p.shape("metal", *(put(ellipse(0.15 * side, y, 0.05, 0.045)) for y in (-0.92, -0.79)), line=0.5)
    p.shape("dark", put(smooth((-0.09, -0.68), (-0.14, -0.98), (0, -1.02), (0.14, -0.98), (0.09, -0.68), (0, -0.66))))
    p.mark("cream", *(put(box(-0.065, y, 0.065, y + 0.035)) for y in (-0.66, -0.5, -0.34, -0.18)))
    if electric:
        out = smooth(
            (0.12, 0.04),
            (0.22, -0.18),
            (0.42, -0.24),
            (0.4, 0.06),
            (0.38, 0.26),
            (0.56, 0.54),
            (0.5, 0.86),
            (0.16, 0.99),
            (-0.24, 0.98),
            (-0.56, 0.84),
            (-0.6, 0.5),
            (-0.4, 0.24),
            (-0.46, 0.02),
            (-0.36, -0.14),
            (-0.18, -0.02),
            (-0.1, 0.12),
            (0.0, 0.14),
        )
    else:
        out = smooth(
            (0, -0.24),
            (0.2, -0.24),
            (0.38, -0.14),
            (0.43, 0.04),
            (0.36, 0.2),
            (waist, 0.33),
            (0.44, 0.46),
            (0.57, 0.66),
            (0.5, 0.89),
            (0.24, 1.0),
            (-0.24, 1.0),
            (-0.5, 0.89),
            (-0.57, 0.66),
            (-0.44, 0.46),
            (-waist, 0.33),
            (-0.36, 0.2),
            (-0.43, 0.04),
            (-0.38, -0.14),
            (-0.2, -0.24),
        )
    p.shape("body", put(out))
    p.mark(
        "dark",
        put(
            smooth(
                (0.5, 0.56),
                (0.53, 0.74),
                (0.46, 0.89),
                (0.2, 0.97),
                (-0.2, 0.97),
                (-0.3, 0.93),
                (0.1, 0.9),
                (0.38, 0.8),
            )
        ),
    )
    p.mark("light", put(band(curve((-0.46, 0.84), (-0.5, 0.66), (-0.42, 0.5)), 0.085, 0.06)))
    if electric:
        p.mark("light", put(band(curve((-0.3, 0.16), (-0.36, 0.04), (-0.3, -0.05)), 0.075, 0.06)))
        if guard:
            p.mark("snow", put(smooth((0.12, 0.08), (0.3, 0.04), (0.28, 0.3), (0.38, 0.56), (0.16, 0.62), (0.1, 0.4))))
        p.mark("wood", put(box(-0.07, -0.1, 0.07, 0.26)))
        p.mark("ink", *(put(box(-0.16, y, 0.16, y + 0.09, 0.03)) for y in (0.32, 0.5)))
        p.mark("metal", put(box(-0.16, 0.7, 0.16, 0.79, 0.02)), put(ellipse(0.32, 0.72, 0.05, 0.05)))
    else:
        p.mark("light", put(band(curve((-0.33, 0.08), (-0.31, -0.06), (-0.2, -0.14)), 0.08, 0.06)))
        if guard:
            p.mark("dark", put(smooth((0.16, 0.34), (0.26, 0.3), (0.32, 0.5), (0.34, 0.64), (0.16, 0.6), (0.08, 0.5))))
        p.mark("cream", put(ellipse(0, 0.3, 0.2, 0.2)))
        p.mark("ink", put(ellipse(0, 0.3, 0.155, 0.155)))
        p.mark("wood", put(box(-0.07, -0.14, 0.07, 0.2)))
        p.mark("wood", put(box(-0.22, 0.7, 0.22, 0.79, 0.03)))
    p.mark("cream", *(put(band([(x, -0.68), (x * 1.2, 0.74)], 0.018)) for x in (-0.032, 0.032)))


@subject("robot")
def robot(p: Pen, r: np.random.Generator) -> None:
    """A boxy robot with an antenna, pincers and lights on its chest; one arm may wave."""
    round_, wave, antennas = r.uniform(0.05, 0.16), r.random() < 0.5, int(r.integers(1, 3))
    screen, chest, legs = r.random() < 0.5, int(r.integers(3)), int(r.integers(3))
    wide = r.uniform(0.46, 0.53)
    lamp = ((232, 70, 60), (250, 200, 60), (80, 200, 120))[int(r.integers(3))]
    for i in range(antennas):
        x = 0.02 if antennas == 1 else (-0.22, 0.26)[i]
        p.shape("metal", band([(x, -0.66), (x + (0 if antennas == 1 else (-0.06, 0.06)[i]), -0.88)], 0.065), line=0.6)
        p.shape(lamp, ellipse(x + (0 if antennas == 1 else (-0.06, 0.06)[i]), -0.9, 0.08, 0.08), line=0.7)
    for side in (-1, 1):
        up = wave and side > 0
        hand = (0.84 * side, -0.3) if up else (0.82 * side, 0.46)
        elbow = (0.8 * side, 0.12) if up else (0.76 * side, 0.2)
        p.shape("dark", band(curve((0.46 * side, 0.1), elbow, hand), 0.12), line=0.8)
        y = -0.12 if up else 0.12
        claw = arc(hand[0], hand[1] + y, 0.115, 0.125, *((-0.8, 3.94) if up else (2.34, 7.08)), 14)
        p.shape("body", band(claw, 0.1))
        p.shape("body", ellipse(0.52 * side, 0.1, 0.15, 0.15))
    if legs == 0:
        for side in (-1, 1):
            p.shape("metal", box(0.25 * side - 0.08, 0.55, 0.25 * side + 0.08, 0.86), line=0.8)
            p.shape("dark", box(0.27 * side - 0.2, 0.8, 0.27 * side + 0.22, 0.98, 0.07))
    elif legs == 1:
        for side in (-1, 1):
            p.shape("dark", box(0.25 * side - 0.14, 0.55, 0.25 * side + 0.14, 0.9, 0.03))
            p.shape("body", box(0.27 * side - 0.2, 0.82, 0.27 * side + 0.22, 0.98, 0.06))
    else:
        p.shape("tyre", box(-0.62, 0.64, 0.62, 0.98, 0.17))
        p.mark("body", box(-0.56, 0.69, 0.56, 0.93, 0.12))
        p.mark("dark", *(ellipse(x, 0.81, 0.085, 0.085) for x in (-0.36, 0.0, 0.36)))
    p.shape("metal", box(-0.14, -0.2, 0.2, 0.02), line=0.8)
    p.shape("body", box(-wide, -0.08, wide, 0.62, round_))
    p.mark("dark", box(-wide, 0.46, wide, 0.62, min(round_, 0.07)))
    p.mark("body", box(-wide + 0.02, 0.38, wide - 0.02, 0.52))
    p.mark("light", band([(-wide + 0.09, 0.02 + round_ * 0.4), (-wide + 0.09, 0.36)], 0.075))
    if chest == 0:
        p.mark("deep", box(-0.22, 0.06, 0.32, 0.38, 0.06))
        p.mark("glass", box(-0.17, 0.11, 0.27, 0.33, 0.04))
        p.mark(
            "leaf", band([(-0.15, 0.24), (-0.06, 0.24), (0.0, 0.15), (0.08, 0.31), (0.13, 0.24), (0.25, 0.24)], 0.045)
        )
    elif chest == 1:
        for i, rgb in enumerate(((232, 70, 60), (250, 200, 60), (80, 200, 120))):
            p.shape(rgb, ellipse(-0.15 + i * 0.21, 0.12, 0.075, 0.075), line=0.5)
        p.mark("dark", *(band([(-0.2, y), (0.32, y)], 0.06) for y in (0.29, 0.4)))
    else:
        p.shape("cream", ellipse(0.05, 0.2, 0.17, 0.17), line=0.7)
        p.mark(
            "ink",
            *(
                ellipse(0.05 + 0.12 * np.cos(t), 0.2 + 0.12 * np.sin(t), 0.022, 0.022)
                for t in np.linspace(np.pi, 2 * np.pi, 5)
            ),
        )
        p.mark(lamp, band([(0.04, 0.25), (0.12, 0.13)], 0.06))
    for x in (-0.5, 0.56):
        p.shape("dark", box(x - 0.08, -0.56, x + 0.08, -0.3, 0.04))
    p.shape("body", box(-0.46, -0.76, 0.52, -0.14, round_))
    p.mark("light", band([(-0.38 + round_ * 0.5, -0.69), (0.4 - round_ * 0.5, -0.69)], 0.065))
    if screen:
        p.mark("ink", box(-0.32, -0.59, 0.42, -0.22, 0.1))
        p.mark((120, 230, 250), ellipse(-0.12, -0.47, 0.085, 0.1), ellipse(0.24, -0.47, 0.085, 0.1))
        p.mark("snow", ellipse(-0.15, -0.51, 0.03, 0.03), ellipse(0.21, -0.51, 0.03, 0.03))
        p.mark((120, 230, 250), band(arc(0.06, -0.34, 0.12, 0.06, 0.2, np.pi - 0.2, 9), 0.045))
    else:
        eye(p, -0.14, -0.47, 0.118)
        eye(p, 0.24, -0.47, 0.118)
        if r.random() < 0.5:
            smile(p, 0.06, -0.29, 0.13)
        else:
            p.mark("ink", box(-0.14, -0.29, 0.26, -0.19, 0.03))
            p.mark("snow", *(box(x, -0.27, x + 0.07, -0.21) for x in (-0.12, -0.025, 0.07, 0.165)))


@subject("crown")
def crown(p: Pen, r: np.random.Generator) -> None:
    """A crown with five points, pearls on their tips and gems on its band."""
    gem = ((214, 40, 70), (40, 160, 110), (60, 110, 220), (188, 222, 240))[int(r.integers(4))]
    flare, dip, curly = r.uniform(0.02, 0.1), r.uniform(0.0, 0.14), r.random() < 0.5
    pearl = "snow" if r.random() < 0.6 else "gold"
    big = r.random() < 0.6
    w, low, mid = 0.78, 0.72, 0.36
    p.shape(
        "dark",
        *(poly((x - 0.24, 0.1), (x * 1.05, -0.42), (x + 0.24, 0.1)) for x in (-0.5, 0.0, 0.5)),
        ellipse(0, 0.1, 0.8, 0.2),
    )
    tips = [(-0.88, -0.42), (-0.48, -0.62), (0.0, -0.8), (0.48, -0.62), (0.88, -0.42)]
    tips = [(x * (1 + flare * 0.4), y) for x, y in tips]
    cuts = [(-0.6, 0.0 + dip), (-0.24, 0.06 + dip), (0.24, 0.06 + dip), (0.6, 0.0 + dip)]
    top: list[Points] = []
    for i, tip in enumerate(tips):
        before, after = (cuts[i - 1] if i else (-w, mid)), (cuts[i] if i < 4 else (w, mid))
        if curly:
            ease = [
                ((before[0] * 0.45 + tip[0] * 0.55), before[1] * 0.7 + tip[1] * 0.3),
                ((after[0] * 0.45 + tip[0] * 0.55), after[1] * 0.7 + tip[1] * 0.3),
            ]
            top += [curve(before, ease[0], tip), curve(tip, ease[1], after)]
        else:
            top.append(poly(before, tip, after))
    outline = np.concatenate([*top, arc(0, low, w, 0.24, 0, np.pi, 20)])
    p.shape("body", outline)
    p.mark(
        "light",
        poly((-0.1, 0.3), (-0.01, tips[2][1] + 0.14), (-0.01, 0.3)),
        poly((-0.54, 0.3), (tips[1][0], tips[1][1] + 0.16), (-0.44, 0.3)),
        poly((-0.74, 0.3), (tips[0][0] + 0.05, tips[0][1] + 0.2), (-0.68, 0.3)),
    )
    p.mark(
        "dark",
        poly((0.36, 0.34), (tips[3][0], tips[3][1] + 0.14), (0.54, 0.3)),
        poly((0.68, 0.3), (tips[4][0] - 0.02, tips[4][1] + 0.16), (w, 0.36)),
    )
    rim = np.concatenate([arc(0, mid, w + 0.02, 0.24, np.pi, 0, 20), arc(0, low, w + 0.02, 0.24, 0, np.pi, 20)])
    p.shape("body", rim, line=0.8)
    p.mark("light", band(arc(0, mid + 0.045, w, 0.24, np.pi - 0.06, 0.06, 20), 0.075))
    p.mark("dark", band(arc(0, low - 0.04, w, 0.24, np.pi - 0.06, 0.06, 20), 0.08))
    for x, y in tips:
        p.shape(pearl, ellipse(x, y - 0.06, 0.095, 0.095), line=0.7)
    for t, k in ((0.5, 1.0), (0.74, 0.8), (0.26, 0.8), (0.92, 0.55), (0.08, 0.55)):
        x, y = w * np.cos(t * np.pi), (mid + low) / 2 + 0.24 * np.sin(t * np.pi)
        a = 0.13 * k
        p.shape(
            gem,
            poly((x, y - 0.13), (x + a, y), (x, y + 0.13), (x - a, y)) if t != 0.5 else ellipse(x, y, 0.14, 0.12),
            line=0.6,
        )
        p.mark("snow", ellipse(x - a * 0.3, y - 0.035, 0.03 * (k + 0.2), 0.03))
    if big:
        p.shape(gem, smooth((0, -0.36), (0.1, -0.14), (0, 0.02), (-0.1, -0.14)), line=0.6)
        p.mark("snow", ellipse(-0.03, -0.16, 0.025, 0.04))
