"""Man, woman and child."""

from __future__ import annotations

import numpy as np

from ..canvas import RGB, Pen, arc, band, box, curve, ellipse, mix, poly, smooth
from ._register import smile, subject

SKINS: tuple[RGB, ...] = (
    (252, 220, 190),
    (242, 198, 158),
    (222, 170, 126),
    (190, 134, 92),
    (146, 98, 68),
    (104, 70, 50),
)
HAIRS: tuple[RGB, ...] = ((40, 33, 32), (72, 46, 32), (112, 70, 40), (168, 92, 44), (226, 188, 104))
GREY: RGB = (188, 188, 194)

# How an arm goes: upper arm and forearm in degrees, from hanging straight down (0) outwards to straight up (180).
_ARMS = {"down": (16, 4), "hip": (46, -40), "swing": (34, 44), "out": (74, 96), "wave": (84, 158), "up": (132, 164)}
_PAIRS = (
    ("down", "wave"),
    ("hip", "wave"),
    ("down", "up"),
    ("up", "up"),
    ("down", "down"),
    ("hip", "hip"),
    ("down", "hip"),
    ("out", "out"),
)


def _looks(r: np.random.Generator, grey: float) -> tuple[RGB, RGB]:
    """A skin and a hair colour by lot; fair hair goes with fair skin, and `grey` of all hair is grey."""
    tone = int(r.integers(len(SKINS)))
    shade = int(r.integers(len(HAIRS) if tone < 3 else 3))
    return SKINS[tone], GREY if r.random() < grey else HAIRS[shade]


def _arms(r: np.random.Generator, walking: bool) -> tuple[str, str]:
    """The two arms' poses, left in the picture first."""
    pair = _PAIRS[int(r.integers(len(_PAIRS)))]
    turned = r.random() < 0.5
    if walking and r.random() < 0.6:
        return "swing", "swing"
    return (pair[1], pair[0]) if turned else pair


def _arm(
    p: Pen, sleeve: str | RGB, skin: RGB, side: float, at: tuple[float, float], length: float, wide: float, pose: str
) -> tuple[float, float]:
    """One arm from the shoulder `at`, sleeved to the wrist; returns where its hand is."""
    upper, lower = np.radians(_ARMS[pose])
    elbow = (at[0] + side * length * np.sin(upper), at[1] + length * np.cos(upper))
    hand = (elbow[0] + side * length * np.sin(lower), elbow[1] + length * np.cos(lower))
    wrist = (elbow[0] + (hand[0] - elbow[0]) * 0.74, elbow[1] + (hand[1] - elbow[1]) * 0.74)
    p.shape(skin, ellipse(hand[0], hand[1], wide * 0.52, wide * 0.52), line=0.8)
    p.shape(sleeve, band([at, elbow], wide, wide * 0.95), band([elbow, wrist], wide * 0.95, wide * 0.9), line=0.9)
    return hand


def _face(p: Pen, skin: RGB, x: float, y: float, size: float, *, mouth: bool = True) -> None:
    """Eyes, cheeks and a smile on a head of radius `size`."""
    for side in (-1, 1):
        ex = x + 0.4 * size * side
        p.mark("ink", ellipse(ex, y, size * 0.16, size * 0.21))
        p.mark("snow", ellipse(ex - size * 0.03, y - size * 0.07, size * 0.06, size * 0.06))
        p.mark(
            mix(skin, (238, 100, 96), 0.42), ellipse(x + 0.66 * size * side, y + size * 0.38, size * 0.2, size * 0.13)
        )
    if mouth:
        smile(p, x, y + size * 0.34, size * 0.3, size * (0.14 if size < 0.3 else 0.11))


def _shoes(p: Pen, walking: bool, feet: tuple[float, float], wide: float, role: str | RGB = "door") -> None:
    """A pair of shoes, turned outwards or, walking, both forwards."""
    for side, x in ((-1.0, feet[0]), (1.0, feet[1])):
        toe = 0.3 if walking else 0.2 * side
        p.shape(role, ellipse(x + wide * toe, 0.925, wide * 0.72, 0.075), line=0.8)


@subject("man", "gentleman", size=1.1)
def man(p: Pen, r: np.random.Generator) -> None:
    """A tall man, broad in the shoulders, in jacket and trousers, with a hat or short hair and often a beard."""
    skin, hair = _looks(r, 0.22)
    walking = r.random() < 0.4
    left, right = _arms(r, walking)
    hat = ("fedora", "cap", "none", "none")[int(r.integers(4))]
    beard = ("full", "moustache", "none")[int(r.integers(3))]
    coat, broad, look = r.random() < 0.5, r.uniform(0.4, 0.46), r.uniform(0.0, 0.035)

    feet = (-0.32, 0.3) if walking else (-0.17, 0.17)
    _shoes(p, walking, feet, 0.23)
    for x, hip in ((feet[0], -0.13), (feet[1], 0.13)):
        p.shape("dark", band([(hip, 0.12), (x * 0.75 + hip * 0.25, 0.5), (x, 0.86)], 0.27, 0.21))
    p.mark("dark", box(-0.24, 0.0, 0.24, 0.24, 0.08))
    for side, pose in ((-1.0, left), (1.0, right)):
        _arm(p, "body", skin, side, ((broad - 0.09) * side, -0.28), 0.28, 0.2, pose)
    p.shape(skin, box(-0.1, -0.5, 0.1, -0.32), line=0.8)
    low = 0.32 if coat else 0.18
    p.shape(
        "body",
        smooth(
            (-0.14, -0.4),
            (0.14, -0.4),
            (broad - 0.05, -0.36),
            (broad, -0.16),
            (0.31, 0.0),
            (0.29, low - 0.05),
            (0.25, low),
            (-0.25, low),
            (-0.29, low - 0.05),
            (-0.31, 0.0),
            (-broad, -0.16),
            (-broad + 0.05, -0.36),
        ),
    )
    if coat:
        p.mark("snow", poly((-0.13, -0.41), (0.13, -0.41), (0.0, -0.06)))
        p.mark("dark", poly((-0.045, -0.38), (0.045, -0.38), (0.055, -0.16), (0, -0.08), (-0.055, -0.16)))
        for side in (-1, 1):
            p.mark("light", poly((0.12 * side, -0.41), (0.24 * side, -0.38), (0.2 * side, -0.2), (0.0, -0.02)))
        p.mark("dark", band([(0.0, -0.04), (0.0, low)], 0.04))
        p.mark("gold", ellipse(0.07, 0.05, 0.04, 0.04), ellipse(0.07, 0.19, 0.04, 0.04))
    else:
        if r.random() < 0.5:
            p.mark("light", box(-0.36, -0.22, 0.36, -0.13), box(-0.31, -0.04, 0.31, 0.04))
        else:
            p.mark("light", box(-0.24, -0.2, -0.06, -0.02, 0.03))
            p.mark("light", poly((-0.16, -0.42), (0.16, -0.42), (0.0, -0.26)))
        p.mark("door", box(-0.27, 0.12, 0.27, 0.2))
        p.mark("gold", box(-0.06, 0.11, 0.06, 0.21))

    for side in (-1, 1):
        p.shape(skin, ellipse(0.235 * side, -0.65, 0.05, 0.065), line=0.7)
    p.shape(skin, smooth((-0.22, -0.86), (0.22, -0.86), (0.235, -0.6), (0.13, -0.43), (-0.13, -0.43), (-0.235, -0.6)))
    if beard == "full":
        p.shape(
            hair,
            smooth(
                (-0.24, -0.68),
                (-0.17, -0.59),
                (0.0, -0.62),
                (0.17, -0.59),
                (0.24, -0.68),
                (0.22, -0.48),
                (0.0, -0.34),
                (-0.22, -0.48),
            ),
            line=0.6,
        )
    if hat == "none":
        p.shape(
            hair,
            smooth(
                (-0.25, -0.68),
                (-0.27, -0.86),
                (-0.12, -0.99),
                (0.14, -0.99),
                (0.27, -0.86),
                (0.25, -0.68),
                (0.2, -0.8),
                (0.05, -0.83),
                (-0.14, -0.8),
            ),
            line=0.7,
        )
    else:
        p.mark(hair, box(-0.24, -0.82, -0.17, -0.66), box(0.17, -0.82, 0.24, -0.66))
    _face(p, skin, look, -0.68, 0.22, mouth=beard == "none")
    if beard == "moustache":
        p.mark(hair, band([(look - 0.13, -0.56), (look, -0.6), (look + 0.13, -0.56)], 0.075))
    elif beard == "full":
        p.mark(mix(skin, (170, 60, 60), 0.35), band([(look - 0.06, -0.54), (look + 0.06, -0.54)], 0.06))
    if hat == "fedora":
        p.shape("body", smooth((-0.25, -0.78), (-0.21, -1.0), (0.0, -0.97), (0.21, -1.0), (0.25, -0.78)))
        p.mark("light", band([(-0.23, -0.84), (0.23, -0.84)], 0.07))
        p.shape("dark", ellipse(0.0, -0.79, 0.4, 0.06))
    elif hat == "cap":
        p.shape("dark", band([(0.05, -0.8), (0.4, -0.77)], 0.1, 0.08))
        p.shape("body", smooth((-0.27, -0.78), (-0.25, -0.94), (0.0, -1.0), (0.27, -0.9), (0.27, -0.78)))
        p.mark("light", band([(-0.16, -0.9), (0.12, -0.93)], 0.05))


@subject("woman", "lady", size=1.05)
def woman(p: Pen, r: np.random.Generator) -> None:
    """A woman with long hair in a wide dress, sometimes with a sun hat or a hair band."""
    skin, hair = _looks(r, 0.12)
    walking = r.random() < 0.3
    left, right = _arms(r, walking)
    style = ("loose", "waves", "tail")[int(r.integers(3))]
    hat = ("sun hat", "band", "none")[int(r.integers(3))]
    flare, hem, look = r.uniform(0.54, 0.68), r.uniform(0.64, 0.8), r.uniform(0.0, 0.035)

    if style == "loose":
        long = r.uniform(-0.02, 0.14)
        p.shape(
            hair,
            smooth(
                (-0.2, -0.92), (0.2, -0.92), (0.33, -0.6), (0.37, long), (0, long + 0.04), (-0.37, long), (-0.33, -0.6)
            ),
        )
    elif style == "waves":
        for side in (-1.0, 1.0):
            p.shape(
                hair,
                *(
                    ellipse(x * side, y, s, s)
                    for x, y, s in ((0.22, -0.76, 0.2), (0.32, -0.54, 0.18), (0.34, -0.32, 0.19), (0.3, -0.12, 0.17))
                ),
            )
    else:
        tip = r.uniform(-0.06, 0.08)
        p.shape(hair, band(curve((-0.14, -0.84), (-0.42, -0.74), (-0.5, -0.4), (-0.42, tip)), 0.24, 0.1))
    feet = (-0.24, 0.22) if walking else (-0.15, 0.15)
    _shoes(p, walking, feet, 0.19, "dark")
    for x in feet:
        p.shape(skin, band([(x * 0.8, hem - 0.1), (x, 0.86)], 0.15, 0.12), line=0.8)
    for side, pose in ((-1.0, left), (1.0, right)):
        _arm(p, "body", skin, side, (0.2 * side, -0.26), 0.29, 0.16, pose)
    p.shape(skin, box(-0.08, -0.44, 0.08, -0.28), line=0.8)
    p.shape(
        "body",
        np.concatenate(
            [
                curve(
                    (-0.14, -0.38), (0.14, -0.38), (0.27, -0.3), (0.24, -0.1), (0.17, 0.06), (0.36, 0.3), (flare, hem)
                ),
                curve(
                    (flare, hem), (flare * 0.5, hem + 0.07), (0, hem + 0.09), (-flare * 0.5, hem + 0.07), (-flare, hem)
                ),
                curve((-flare, hem), (-0.36, 0.3), (-0.17, 0.06), (-0.24, -0.1), (-0.27, -0.3), (-0.14, -0.38)),
            ]
        ),
    )
    pattern = int(r.integers(3))
    if pattern == 0:
        for x, y in ((-0.28, 0.34), (0.02, 0.3), (0.3, 0.4), (-0.14, 0.54), (0.16, 0.58), (-0.4, 0.58), (0.44, 0.6)):
            if y < hem - 0.03:
                p.mark("light", ellipse(x, y, 0.055, 0.055))
    elif pattern == 1:
        for low in (0.02, 0.2):
            y = hem - low
            x = flare * (1 - low * 0.75)
            p.mark("light", band(curve((-x + 0.05, y - 0.01), (0, y + 0.06), (x - 0.05, y - 0.01)), 0.075))
    else:
        for x in (-0.55, 0.0, 0.55):
            p.mark("dark", band([(x * 0.2, 0.12), (x * flare, hem)], 0.04, 0.08))
    p.mark(skin, poly((-0.11, -0.4), (0.11, -0.4), (0, -0.27)))
    p.mark("dark", band([(-0.16, 0.06), (0.16, 0.06)], 0.1))

    p.shape(skin, smooth((-0.23, -0.84), (0.23, -0.84), (0.24, -0.6), (0.11, -0.41), (-0.11, -0.41), (-0.24, -0.6)))
    _face(p, skin, look, -0.61, 0.24)
    fringe = -0.2 if r.random() < 0.5 else 0.14
    p.shape(
        hair,
        smooth(
            (-0.27, -0.52),
            (-0.3, -0.8),
            (-0.15, -0.97),
            (0.15, -0.97),
            (0.3, -0.8),
            (0.27, -0.52),
            (0.21, -0.7),
            (fringe, -0.84),
            (-0.21, -0.7),
        ),
        line=0.6,
    )
    if hat == "sun hat":
        p.shape(
            "body",
            ellipse(0.0, -0.83, 0.56, 0.085),
            smooth((-0.27, -0.82), (-0.21, -1.02), (0.21, -1.02), (0.27, -0.82)),
        )
        p.mark("dark", band(curve((-0.26, -0.87), (0.0, -0.84), (0.26, -0.87)), 0.08))
    elif hat == "band":
        p.mark("body", band(arc(0.0, -0.62, 0.27, 0.27, -2.7, -0.44, 9), 0.085))
        if r.random() < 0.5:
            p.shape("light", ellipse(0.2, -0.86, 0.1, 0.1), line=0.7)
            p.mark("gold", ellipse(0.2, -0.86, 0.045, 0.045))


@subject("child", "kid", size=0.84)
def child(p: Pen, r: np.random.Generator) -> None:
    """A small child with a big head in dungarees, with a cap, woolly hat, pigtails or a tuft, or with a lollipop."""
    skin, hair = _looks(r, 0.0)
    walking = r.random() < 0.35
    left, right = _arms(r, walking)
    top = ("cap", "cap", "woolly", "pigtails", "pigtails", "tuft")[int(r.integers(6))]
    treat, shorts, look = r.random() < 0.3, r.random() < 0.4, r.uniform(0.0, 0.05)
    if treat:
        right = "out"

    if top == "pigtails":
        for side in (-1, 1):
            bunch = ((0.36, -0.72), (0.6, -0.86), (0.76, -0.58), (0.6, -0.26), (0.42, -0.5))
            p.shape(hair, smooth(*((x * side, y) for x, y in bunch)))
    feet = (-0.36, 0.34) if walking else (-0.25, 0.25)
    _shoes(p, walking, feet, 0.27, "dark")
    for x in feet:
        hip, down = (0.2 if x > 0 else -0.2), (0.5 if shorts else 1.0)
        if shorts:
            p.shape(skin, band([(hip, 0.6), (x, 0.88)], 0.2, 0.17), line=0.8)
        p.shape("body", band([(hip, 0.46), (hip + (x - hip) * down, 0.74 if shorts else 0.84)], 0.38, 0.33))
    hands = [
        _arm(p, "light", skin, side, (0.32 * side, 0.08), 0.24, 0.22, pose)
        for side, pose in ((-1.0, left), (1.0, right))
    ]
    p.shape("light", smooth((-0.36, -0.06), (0.36, -0.06), (0.42, 0.24), (0.39, 0.46), (-0.39, 0.46), (-0.42, 0.24)))
    bib = ((-0.25, 0.08), (0.25, 0.08), (0.41, 0.34), (0.42, 0.58), (0.0, 0.63), (-0.42, 0.58), (-0.41, 0.34))
    p.shape("body", smooth(*bib), line=0.7)
    for side in (-1, 1):
        p.mark("body", band([(0.18 * side, 0.12), (0.25 * side, -0.06)], 0.12))
        p.mark("gold", ellipse(0.17 * side, 0.16, 0.05, 0.05))
    p.mark("dark", box(-0.15, 0.28, 0.15, 0.45, 0.05))
    if treat:
        x, y = hands[1]
        p.mark("cream", band([(x, y + 0.1), (x + 0.02, y - 0.2)], 0.065))
        p.shape("body", ellipse(x + 0.03, y - 0.3, 0.18, 0.18), line=0.8)
        p.mark("light", band(arc(x + 0.03, y - 0.3, 0.09, 0.09, 0.6, 4.8, 9), 0.065))
        p.mark(skin, ellipse(x, y, 0.11, 0.11))

    for side in (-1, 1):
        p.shape(skin, ellipse(0.42 * side, -0.4, 0.08, 0.09), line=0.8)
    head = ((-0.35, -0.74), (0.35, -0.74), (0.42, -0.4), (0.25, -0.08), (0.0, -0.03), (-0.25, -0.08), (-0.42, -0.4))
    p.shape(skin, smooth(*head))
    _face(p, skin, look, -0.38, 0.36)
    hairline = (0.34, -0.62), (0.06, -0.64), (-0.18, -0.6), (-0.35, -0.56)
    crown = (-0.43, -0.44), (-0.46, -0.68), (-0.28, -0.91), (0.28, -0.91), (0.46, -0.68), (0.43, -0.44)
    p.shape(hair, smooth(*crown, *hairline), line=0.6)
    if top == "cap":
        p.shape("dark", band(curve((0.1, -0.6), (0.45, -0.6), (0.76, -0.52)), 0.16, 0.13))
        p.shape("body", smooth((-0.48, -0.56), (-0.44, -0.85), (0.0, -1.0), (0.44, -0.85), (0.48, -0.56), (0.0, -0.6)))
        p.mark("light", smooth((-0.12, -0.64), (-0.14, -0.84), (0.0, -0.96), (0.14, -0.84), (0.12, -0.64)))
    elif top == "woolly":
        p.shape("light", ellipse(0.0, -0.96, 0.15, 0.12))
        p.shape(
            "body", smooth((-0.48, -0.56), (-0.47, -0.74), (-0.25, -0.94), (0.25, -0.94), (0.47, -0.74), (0.48, -0.56))
        )
        p.shape("dark", band(curve((-0.42, -0.57), (0.0, -0.62), (0.42, -0.57)), 0.15), line=0.7)
    elif top == "pigtails":
        p.mark("body", band(arc(0.0, -0.5, 0.44, 0.4, -2.75, -0.39, 11), 0.13))
        for side in (-1, 1):
            p.shape("body", ellipse(0.44 * side, -0.72, 0.15, 0.15), line=0.7)
    else:
        p.shape(hair, smooth((-0.2, -0.86), (-0.06, -1.02), (0.14, -1.0), (0.06, -0.93), (0.2, -0.86)), line=0.6)
