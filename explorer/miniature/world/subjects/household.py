"""Cup, chair, clock, book, cake."""

from __future__ import annotations

import numpy as np

from ..canvas import Pen, Points, arc, band, box, curve, ellipse, poly, smooth
from ._register import subject

STEAM = (178, 188, 206)


@subject("cup", "mug", size=0.95)
def cup(p: Pen, r: np.random.Generator) -> None:
    """A steaming mug with a handle and a pattern."""
    pattern, drink = int(r.integers(5)), ((104, 62, 38), (190, 110, 46), (238, 214, 178))[int(r.integers(3))]
    top, foot, belly = r.uniform(0.58, 0.65), r.uniform(0.42, 0.58), r.uniform(0.0, 0.08)
    sway, wisps = r.uniform(0.05, 0.09) * (1 if r.random() < 0.5 else -1), int(r.integers(2, 4))
    x, rim = -0.2, -0.36

    def half(y: float) -> float:
        t = (y - rim) / (0.86 - rim)
        return float(top + (foot - top) * t + belly * np.sin(np.pi * t))

    for i in range(wisps):
        sx = x + (i - (wisps - 1) / 2) * 0.36
        up = -0.97 if i % 2 == wisps % 2 else -0.88
        p.mark(
            STEAM,
            band(
                curve((sx - sway, -0.57), (sx + sway, -0.7), (sx - sway * 0.6, up + 0.12), (sx + sway * 0.6, up)),
                0.1,
                0.07,
            ),
        )
    p.shape("dark", band(curve((x + 0.5, -0.12), (0.66, -0.2), (0.85, 0.12), (0.7, 0.46), (x + 0.5, 0.58)), 0.19, 0.17))
    p.mark("body", band(curve((0.5, -0.17), (0.66, -0.18), (0.8, 0.02), (0.82, 0.16)), 0.08, 0.06))
    ys = np.linspace(rim, 0.86, 9)
    right = np.array([(x + half(y), y) for y in ys])
    left = np.array([(x - half(y), y) for y in ys])
    bowl = np.concatenate([right, arc(x, 0.86, foot, 0.13, 0, np.pi, 14)[1:-1], left[::-1]])
    p.shape("body", bowl, ellipse(x, rim, top, 0.16))
    inner = np.array([(x + half(y) * 0.62, y) for y in ys])
    p.mark("dark", np.concatenate([right, arc(x, 0.86, foot, 0.13, 0, 0.9, 6), inner[::-1]]))

    def hoop(y: float, tall: float) -> Points:
        rise = 0.14
        low, high = half(y + tall / 2), half(y - tall / 2)
        return np.concatenate(
            [
                arc(x, y + tall / 2, low, rise, np.pi, 0, 16),
                arc(x, y - tall / 2, high, rise, 0, np.pi, 16),
            ]
        )

    if pattern == 0:
        p.mark("light", hoop(0.1, 0.13))
        p.mark("dark", hoop(0.48, 0.13))
    elif pattern == 1:
        spots = ((-0.38, 0.1), (0.0, 0.16), (0.38, 0.08), (-0.19, 0.42), (0.2, 0.42), (-0.34, 0.7), (0.0, 0.76))
        p.mark("light", *(ellipse(x + dx * top / 0.6, y, 0.085, 0.09) for dx, y in spots))
    elif pattern == 2:
        p.mark(
            "snow",
            smooth(
                (x, 0.24),
                (x + 0.13, 0.11),
                (x + 0.29, 0.22),
                (x + 0.2, 0.46),
                (x, 0.66),
                (x - 0.2, 0.46),
                (x - 0.29, 0.22),
                (x - 0.13, 0.11),
            ),
        )
        p.mark(
            "blush",
            smooth(
                (x, 0.31),
                (x + 0.12, 0.19),
                (x + 0.21, 0.26),
                (x + 0.14, 0.43),
                (x, 0.57),
                (x - 0.14, 0.43),
                (x - 0.21, 0.26),
                (x - 0.12, 0.19),
            ),
        )
    elif pattern == 3:
        p.mark("cream", hoop(0.36, 0.2))
        p.mark(
            "dark",
            *(
                ellipse(x + dx, 0.36 + 0.14 * np.sqrt(1 - (dx / 0.62) ** 2), 0.06, 0.06)
                for dx in (-0.42, -0.21, 0.0, 0.21, 0.42)
            ),
        )
    p.mark(
        "light",
        band(
            curve((x - half(0.0) + 0.1, -0.08), (x - half(0.3) + 0.1, 0.3), (x - half(0.62) + 0.12, 0.62)), 0.09, 0.07
        ),
    )
    p.mark("light", ellipse(x, rim, top, 0.16))
    p.mark("deep", ellipse(x, rim + 0.005, top - 0.06, 0.12))
    p.mark(drink, ellipse(x, rim + 0.025, top - 0.09, 0.088))


@subject("chair")
def chair(p: Pen, r: np.random.Generator) -> None:
    """A chair seen three-quarter: four legs, a seat, and a back of slats, rungs or one padded panel."""
    back, splay, tall = int(r.integers(3)), r.uniform(0.0, 0.07), r.uniform(-0.97, -0.86)
    cushion, lean = r.random() < 0.5, r.uniform(0.02, 0.1)
    a, b, c, d = (-0.6, 0.02), (0.36, -0.1), (0.74, 0.22), (-0.26, 0.36)
    w, leg = 0.14, "dark"

    def at(u: float, v: float) -> tuple[float, float]:
        """A point of the back: `u` from its near to its far post, `v` from the seat up."""
        ax, bx = a[0] - lean * v, b[0] - lean * 0.8 * v
        return ax + (bx - ax) * u, (a[1] + (tall + 0.06 - a[1]) * v) * (1 - u) + (b[1] + (tall - b[1]) * v) * u

    p.shape(leg, band([(b[0] - 0.02, b[1]), (b[0] + splay, 0.66)], w * 0.9, w * 0.75))
    p.shape(leg, band([(a[0] + 0.03, a[1]), (a[0] - splay, 0.8)], w, w * 0.8))
    posts = [band([at(0.02, 0), at(0.02, 0.96)], w), band([at(0.98, 0), at(0.98, 0.96)], w)]
    if back == 0:
        rail = band([at(0.02, 0.9), at(0.5, 0.95), at(0.98, 0.9)], 0.22)
        slats = [band([at(u, 0.05), at(u, 0.9)], 0.11) for u in (0.27, 0.51, 0.75)]
        p.shape("body", *slats)
        p.shape("body", rail, *posts)
        p.mark("light", band([at(0.08, 0.96), at(0.5, 1.01), at(0.92, 0.96)], 0.06))
    elif back == 1:
        p.shape("body", *(band([at(0.08, v), at(0.5, v + 0.04), at(0.92, v)], 0.17) for v in (0.34, 0.63, 0.9)), *posts)
        for v in (0.34, 0.63, 0.9):
            p.mark("light", band([at(0.14, v + 0.035), at(0.5, v + 0.075), at(0.86, v + 0.035)], 0.06))
    else:
        top = [
            at(u, v)
            for u, v in ((-0.04, 0.0), (-0.06, 0.8), (0.06, 1.0), (0.5, 1.07), (0.94, 1.0), (1.06, 0.8), (1.04, 0.0))
        ]
        p.shape("body", np.concatenate([curve(*top)]))
        pad = [at(u, v) for u, v in ((0.12, 0.2), (0.11, 0.78), (0.3, 0.92), (0.7, 0.92), (0.89, 0.78), (0.88, 0.2))]
        p.mark("light", smooth(*pad))
        p.mark("dark", *(band([at(u, 0.3), at(u, 0.84)], 0.06) for u in (0.36, 0.64)))
    p.shape(leg, band([(c[0] - 0.07, c[1]), (c[0] - 0.05 + splay, 0.86)], w, w * 0.8))
    p.shape(leg, band([(d[0] + 0.07, d[1]), (d[0] + 0.05 - splay, 0.93)], w * 1.05, w * 0.85))
    drop = 0.15
    seat = poly(a, b, c, (c[0], c[1] + drop), (d[0], d[1] + drop), (a[0], a[1] + drop))
    p.shape("body", seat)
    p.mark("dark", poly(a, d, (d[0], d[1] + drop), (a[0], a[1] + drop)))
    p.mark("light", poly(a, b, c, d))
    if cushion:
        cx, cy = (a[0] + c[0]) / 2, (a[1] + c[1]) / 2 - 0.04
        soft = [(cx + (px - cx) * k, cy + (py - cy) * k) for px, py in (a, b, c, d) for k in (0.86,)]
        q = np.array(soft)
        edge = np.concatenate([q, np.roll(q, -1, 0)]).reshape(2, 4, 2).mean(0)
        p.shape("body", smooth(*(tuple(v) for pair in zip(q, edge, strict=True) for v in pair)), line=0.7)
        p.mark("light", band([(cx - 0.3, cy - 0.03), (cx + 0.22, cy - 0.1)], 0.07))
    else:
        p.mark("body", poly(*((0.06 + (px - 0.06) * 0.8, 0.13 + (py - 0.13) * 0.72) for px, py in (a, b, c, d))))


def _face(p: Pen, x: float, y: float, size: float, hour: float, ring: bool) -> None:
    """A clock face with its hands at `hour` (0 to 12)."""
    p.shape("snow" if ring else "cream", ellipse(x, y, size, size), line=0.8)
    for i in range(12):
        t = i * np.pi / 6
        c, s = np.cos(t), np.sin(t)
        if i % 3 == 0:
            p.mark(
                "ink",
                band([(x + c * size * 0.7, y + s * size * 0.7), (x + c * size * 0.84, y + s * size * 0.84)], 0.055),
            )
        else:
            p.mark("steel", ellipse(x + c * size * 0.8, y + s * size * 0.8, 0.028, 0.028))
    for turns, reach, wide in ((hour / 12, 0.46, 0.09), (hour % 1, 0.68, 0.065)):
        t = turns * 2 * np.pi
        tip = (x + np.sin(t) * size * reach, y - np.cos(t) * size * reach)
        p.mark("ink", band([(x - np.sin(t) * 0.04, y + np.cos(t) * 0.04), tip], wide, wide * 0.8))
    p.mark("dark" if ring else "gold", ellipse(x, y, 0.06, 0.06))


@subject("clock")
def clock(p: Pen, r: np.random.Generator) -> None:
    """An alarm clock with bells and feet, or a mantel clock on a base; its hands show any time."""
    hour, alarm = float(r.integers(48)) / 4 + 1 / 24, r.random() < 0.6
    size, spread = r.uniform(0.41, 0.45), r.uniform(0.4, 0.48)
    crest = int(r.integers(3))
    if alarm:
        y = 0.18
        for side in (-1, 1):
            p.shape("dark", band([(0.36 * side, 0.74), (0.54 * side, 0.93)], 0.17, 0.13))
        p.shape("metal", band(arc(0, -0.6, 0.17, 0.34, np.pi, 2 * np.pi, 12), 0.075), line=0.7)
        p.shape("metal", band([(0, -0.72), (0, -0.5)], 0.08), box(-0.11, -0.8, 0.11, -0.66, 0.05), line=0.7)
        for side in (-1, 1):
            t = spread * side
            c, s = np.cos(t), np.sin(t)
            cap = arc(0, 0, 0.36, 0.32, np.pi, 2 * np.pi, 16)
            mx, my = s * 0.88, y - c * 0.88
            bell = np.stack([mx + cap[:, 0] * c - cap[:, 1] * s, my + cap[:, 0] * s + cap[:, 1] * c], 1)
            p.shape("metal", band([(s * 0.7, y - c * 0.7), (mx, my)], 0.09), line=0.7)
            p.shape("body", bell)
            p.mark("light", ellipse(mx + s * 0.15 - 0.1, my - c * 0.17, 0.1, 0.055, t - 0.3))
        p.shape("body", ellipse(0, y, 0.78, 0.78))
        p.mark("dark", ellipse(0, y, 0.78, 0.78))
        p.mark("body", ellipse(-0.03, y - 0.03, 0.73, 0.73))
        p.mark("light", band(arc(0, y, 0.64, 0.64, np.pi * 1.08, np.pi * 1.45, 14), 0.085))
        _face(p, 0, y, size + 0.03, hour, True)
        return
    y, wide = -0.1, 0.84 if crest == 0 else 0.97
    if crest == 0:
        p.shape("gold", ellipse(0, -0.9, 0.08, 0.08), line=0.7)
        body = np.concatenate([poly((0.62, 0.74)), arc(0, -0.16, 0.62, 0.66, 0, -np.pi, 24), poly((-0.62, 0.74))])
    elif crest == 1:
        body = box(-0.68, -0.84, 0.68, 0.76, 0.16)
    else:
        body = np.concatenate(
            [
                poly((-0.92, 0.76)),
                curve(
                    (-0.9, 0.7),
                    (-0.74, 0.4),
                    (-0.66, -0.1),
                    (-0.5, -0.62),
                    (0, -0.88),
                    (0.5, -0.62),
                    (0.66, -0.1),
                    (0.74, 0.4),
                    (0.9, 0.7),
                ),
                poly((0.92, 0.76)),
            ]
        )
    p.shape("body", body)
    if crest == 1:
        p.mark("light", band([(-0.58, -0.4), (-0.58, 0.2)], 0.075))
        p.shape("dark", box(-0.77, -0.96, 0.77, -0.74, 0.08))
        p.mark("light", band([(-0.66, -0.89), (0.66, -0.89)], 0.065))
    else:
        p.mark("light", band(arc(0, y - 0.04, 0.55, 0.6, np.pi * 1.12, np.pi * 1.42, 14), 0.075))
    p.mark("dark", box(-0.4, 0.48, 0.4, 0.66, 0.07))
    p.mark(
        "light", ellipse(0, 0.57, 0.055, 0.055), ellipse(-0.22, 0.57, 0.055, 0.055), ellipse(0.22, 0.57, 0.055, 0.055)
    )
    p.shape("dark", box(-wide, 0.72, wide, 0.98, 0.06))
    p.mark("body", box(-wide + 0.02, 0.74, wide - 0.02, 0.84, 0.04))
    _face(p, 0, y, size, hour, False)


def _between(a: tuple[float, float], b: tuple[float, float], t: float) -> tuple[float, float]:
    return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t


@subject("book", size=0.98)
def book(p: Pen, r: np.random.Generator) -> None:
    """A thick book: standing, standing ajar with its covers outwards, or lying flat."""
    pose, emblem, trim = int(r.integers(3)), int(r.integers(3)), "gold" if r.random() < 0.6 else "cream"
    thick, lean = r.uniform(0.26, 0.36), r.uniform(-0.04, 0.06)
    if pose == 0:
        a, b, c, d = (-0.42, -0.66), (0.76 + lean, -0.8), (0.76, 0.8), (-0.42, 0.98)
        e, f, g = (-0.42 - thick, -0.84), (0.5, -0.97), (-0.42 - thick, 0.76)
        p.shape("dark", poly(e, a, d, g))
        p.shape("cream", poly(_between(e, f, 0.06), f, _between(f, b, 0.92), _between(a, b, 0.03)), line=0.8)
        p.mark("metal", *(band([_between(e, a, t), _between(f, b, t)], 0.025) for t in (0.34, 0.66)))
        p.mark("body", poly(e, f, _between(f, b, 0.2), _between(e, a, 0.2)))
        p.shape("dark", poly(e, a, d, g))
        p.mark(
            trim,
            *(
                poly(_between(e, g, t), _between(a, d, t), _between(a, d, t + 0.06), _between(e, g, t + 0.06))
                for t in (0.12, 0.78)
            ),
        )
    elif pose == 1:
        a, b, c, d = (-0.02, -0.72), (0.92, -0.9 + lean), (0.92, 0.74 + lean), (-0.02, 0.94)
        e, f = (-0.96, -0.9 - lean), (-0.96, 0.74 - lean)
        for u, v in ((e, -1), (b, 1)):
            p.shape(
                "cream", poly((0, -0.74), (u[0] - v * 0.05, u[1] - 0.02), (v * 0.72, -0.98), (v * 0.1, -0.86)), line=0.8
            )
        p.shape("dark", poly(e, (-0.1, -0.74), (-0.1, 0.93), f))
        p.shape("body", poly((-0.14, -0.74), (0.1, -0.74), (0.1, 0.94), (-0.14, 0.94)))
        p.mark(trim, *(box(-0.13, t, 0.09, t + 0.09) for t in (-0.54, 0.62)))
        a, d = (0.1, -0.74), (0.1, 0.94)
    else:
        a, b, c, d = (-0.5, -0.52), (0.95, -0.52), (0.5, 0.4), (-0.95, 0.4)
        low = thick + 0.22
        s, t = (d[0], d[1] + low), (c[0], c[1] + low)
        q = (b[0], b[1] + low)
        p.shape("dark", poly(c, b, q, t))
        p.mark("cream", poly(c, (b[0], b[1] + 0.06), (q[0] - 0.03, q[1] - 0.06), (t[0], t[1] - 0.1)))
        p.mark("metal", *(band([_between(c, t, k), _between(b, q, k)], 0.025) for k in (0.3, 0.58)))
        p.shape("dark", box(d[0], d[1], c[0] + 0.02, s[1], 0.05))
        p.mark(trim, *(box(x, d[1] + 0.02, x + 0.1, s[1] - 0.02) for x in (-0.76, 0.2)))
        p.mark("light", band([(-0.42, d[1] + low * 0.5), (0.0, d[1] + low * 0.5)], 0.07))
    p.shape("body", poly(a, b, c, d))

    def on(u: float, v: float) -> tuple[float, float]:
        return _between(_between(a, b, u), _between(d, c, u), v)

    m, h = 0.1, 0.14
    frame = [on(h, m), on(1 - h, m), on(1 - h, 1 - m), on(h, 1 - m), on(h, m)]
    if emblem == 0:
        p.mark(trim, *(band([frame[i], frame[i + 1]], 0.06) for i in range(4)))
        p.mark("light", smooth(on(0.5, 0.26), on(0.72, 0.5), on(0.5, 0.74), on(0.28, 0.5)))
        p.mark(trim, smooth(on(0.5, 0.36), on(0.63, 0.5), on(0.5, 0.64), on(0.37, 0.5)))
    elif emblem == 1:
        p.mark("light", poly(on(0.16, 0.12), on(0.84, 0.12), on(0.84, 0.42), on(0.16, 0.42)))
        p.mark("deep", band([on(0.27, 0.22), on(0.73, 0.22)], 0.065), band([on(0.36, 0.33), on(0.64, 0.33)], 0.065))
        p.mark(trim, band([on(0.22, 0.86), on(0.78, 0.86)], 0.065))
    else:
        spikes = [
            on(0.5 + 0.3 * k * np.sin(i * np.pi / 5), 0.48 - 0.25 * k * np.cos(i * np.pi / 5))
            for i in range(10)
            for k in ((1.0, 0.46)[i % 2],)
        ]
        p.mark(trim, poly(*spikes))
        p.mark("light", band([on(0.12, 0.07), on(0.88, 0.07)], 0.065), band([on(0.12, 0.93), on(0.88, 0.93)], 0.065))


@subject("cake")
def cake(p: Pen, r: np.random.Generator) -> None:
    """A tiered cake on a stand: icing in the colour, dripping, with candles or a ring of cherries."""
    tiers, candles = int(r.integers(2, 4)), int(r.integers(1, 4))
    cherries, trim = r.random() < 0.6, int(r.integers(3))
    drips = r.uniform(0.3, 1.0, (3, 12))
    foot, head = 0.84, -0.48 if cherries or candles > 1 else -0.5
    p.shape("metal", poly((-0.24, 0.88), (0.24, 0.88), (0.36, 0.99), (-0.36, 0.99)))
    p.shape("snow", ellipse(0, 0.85, 0.97, 0.12))
    tall = (foot - head) / tiers
    for i in range(tiers):
        w = 0.8 - i * (0.8 - 0.4) / (tiers - 1) if tiers == 3 else 0.8 - i * 0.28
        low, high, flat = foot - i * tall, foot - (i + 1) * tall, 0.15 * w
        side = np.concatenate([arc(0, low, w, flat, 0, np.pi, 18), arc(0, high, w, flat, np.pi, 0, 18)])
        if i:
            p.mark("dark", ellipse(0.02, low + 0.02, w * 1.1, flat * 1.15))
        p.shape("body", side, ellipse(0, high, w, flat))
        p.mark("dark", np.concatenate([arc(0, low, w, flat, 0, 0.95, 8), arc(0, high, w, flat, 0.95, 0, 8)]))
        n = 9 - 2 * i if tiers == 3 else 9 - 3 * i
        edges = np.linspace(np.pi, 0, n + 1)
        p.mark("light", ellipse(0, high, w, flat))
        for k in range(n):
            t0, t1 = edges[k], edges[k + 1]
            x0, x1 = w * np.cos(t0), w * np.cos(t1)
            y = high + flat * np.sin((t0 + t1) / 2)
            half, long = abs(x1 - x0) / 2, tall * (0.16 + 0.3 * drips[i, k])
            mid = (x0 + x1) / 2
            p.mark("dark", band([(mid, y), (mid, y + long + 0.035)], half * 1.7))
            p.mark(
                "light",
                box(mid - half - 0.005, max(y - 0.08, high), mid + half + 0.005, y + 0.06),
                band([(mid, y), (mid, y + long)], half * 1.7),
            )
        if trim == 0:
            p.mark(
                "snow",
                *(
                    ellipse(w * np.cos(t), low + flat * np.sin(t) - 0.04, 0.065, 0.065)
                    for t in np.linspace(0.12, np.pi - 0.12, n + 3)
                ),
            )
        elif trim == 1:
            p.mark(
                "cream", np.concatenate([arc(0, low, w, flat, 0, np.pi, 18), arc(0, low - 0.08, w, flat, np.pi, 0, 18)])
            )
    w, flat = (0.4, 0.06) if tiers == 3 else (0.52, 0.078)
    if cherries:
        spots = [
            (w * 0.72 * np.cos(t), head + flat * 0.4 * np.sin(t)) for t in (np.pi, 0.0, 0.62 * np.pi, 0.38 * np.pi)
        ]
    for k in range(candles):
        x = (k - (candles - 1) / 2) * w * 0.62
        p.shape("cream", box(x - 0.05, head - 0.3, x + 0.05, head + 0.02), line=0.7)
        p.mark(
            "blush",
            poly((x - 0.05, head - 0.16), (x + 0.05, head - 0.22), (x + 0.05, head - 0.14), (x - 0.05, head - 0.08)),
        )
        p.shape(
            (255, 176, 40),
            smooth((x, head - 0.5), (x + 0.075, head - 0.37), (x, head - 0.29), (x - 0.075, head - 0.37)),
            line=0.5,
        )
        p.mark("lit", ellipse(x, head - 0.36, 0.032, 0.05))
    if cherries:
        for x, y in spots:
            p.shape((204, 34, 52), ellipse(x, y, 0.095, 0.09), line=0.7)
            p.mark("snow", ellipse(x - 0.03, y - 0.035, 0.028, 0.024))
