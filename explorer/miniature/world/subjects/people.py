"""Person."""

from __future__ import annotations

import numpy as np

from ..canvas import RGB, Pen, band, box, ellipse, poly, smooth
from ._register import smile, subject

SKINS: tuple[RGB, ...] = ((250, 214, 180), (236, 188, 148), (198, 142, 100), (140, 94, 66), (100, 68, 50))
HAIRS: tuple[RGB, ...] = ((42, 34, 32), (94, 62, 40), (160, 110, 60), (222, 190, 110), (150, 150, 156))


@subject("person")
def person(p: Pen, r: np.random.Generator) -> None:
    """A person dressed in the colour, waving or standing, with hair, hat or skirt by lot."""
    skin, hair = SKINS[int(r.integers(len(SKINS)))], HAIRS[int(r.integers(len(HAIRS)))]
    wave, skirt, hat, long = r.random() < 0.5, r.random() < 0.4, r.random() < 0.4, r.random() < 0.5
    if long:
        p.shape(hair, smooth((-0.3, -0.78), (0.3, -0.78), (0.38, -0.3), (0.3, -0.12), (-0.3, -0.12), (-0.38, -0.3)))
    legs = (band([(-0.15, 0.35), (-0.18, 0.9)], 0.26, 0.22), band([(0.15, 0.35), (0.18, 0.9)], 0.26, 0.22))
    p.shape(skin if skirt else "dark", *legs)
    p.shape("door", box(-0.34, 0.87, -0.05, 0.99, 0.05), box(0.05, 0.87, 0.34, 0.99, 0.05), line=0.7)
    hand = (0.58, -0.52) if wave else (0.5, 0.36)
    p.shape(skin, ellipse(hand[0], hand[1], 0.1, 0.1), ellipse(-0.5, 0.36, 0.1, 0.1))
    elbow = (0.54, -0.05) if wave else (0.44, 0.12)
    torso = [
        box(-0.33, -0.2, 0.33, 0.48, 0.12),
        band([(-0.26, -0.08), (-0.44, 0.1), (-0.5, 0.3)], 0.22, 0.17),
        band([(0.26, -0.08), elbow, (hand[0], hand[1] * 0.88)], 0.22, 0.17),
    ]
    if skirt:
        torso.append(poly((-0.3, 0.2), (0.3, 0.2), (0.48, 0.66), (-0.48, 0.66)))
    p.shape("body", *torso)
    p.mark("light", box(-0.26, -0.1, -0.16, 0.36, 0.05))
    if not skirt:
        p.mark("dark", band([(-0.3, 0.42), (0.3, 0.42)], 0.1))
    p.mark("cream", *(ellipse(0.02, y, 0.032, 0.032) for y in (0.0, 0.14, 0.28)))
    p.shape(skin, box(-0.1, -0.3, 0.1, -0.14), ellipse(0, -0.52, 0.31, 0.32))
    p.shape(
        hair,
        smooth(
            (-0.33, -0.5),
            (-0.36, -0.78),
            (0, -0.94),
            (0.36, -0.78),
            (0.33, -0.5),
            (0.22, -0.68),
            (-0.1, -0.72),
            (-0.24, -0.66),
        ),
        line=0.6,
    )
    if hat:
        p.shape("body", smooth((-0.36, -0.72), (-0.3, -0.96), (0, -1.0), (0.3, -0.96), (0.36, -0.72)))
        p.shape("dark", band([(-0.44, -0.7), (0.5, -0.7)], 0.1))
    p.mark("ink", ellipse(-0.1, -0.52, 0.042, 0.055), ellipse(0.13, -0.52, 0.042, 0.055))
    p.mark("blush", ellipse(-0.19, -0.4, 0.06, 0.04), ellipse(0.21, -0.4, 0.06, 0.04))
    smile(p, 0.015, -0.42, 0.1, 0.04)
