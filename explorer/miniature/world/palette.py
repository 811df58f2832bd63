"""The named colours and the tones that a subject is painted in."""

from __future__ import annotations

import numpy as np

from .canvas import RGB, mix

BASES: dict[str, RGB] = {
    "red": (216, 32, 38),
    "orange": (252, 138, 18),
    "yellow": (252, 216, 44),
    "green": (52, 162, 66),
    "blue": (38, 100, 222),
    "purple": (128, 58, 186),
    "pink": (252, 140, 190),
    "brown": (122, 74, 40),
    "black": (46, 46, 52),
    "white": (246, 246, 248),
    "grey": (142, 145, 152),
    "turquoise": (38, 200, 196),
}
COLOURS = tuple(BASES)
CARRIERS = frozenset({"body", "dark", "light"})

NEUTRALS: dict[str, RGB] = {
    "ink": (28, 26, 34),
    "snow": (252, 252, 250),
    "cream": (248, 236, 206),
    "metal": (150, 156, 168),
    "steel": (92, 98, 112),
    "glass": (188, 222, 240),
    "wood": (134, 96, 62),
    "leaf": (84, 150, 72),
    "gold": (244, 196, 70),
    "lit": (255, 240, 170),
    "blush": (240, 150, 150),
    "door": (86, 62, 48),
    "tyre": (48, 48, 54),
}


def tones(colour: str, r: np.random.Generator) -> dict[str, RGB]:
    """Body, dark, light and deep (outline) tones of a named colour, moved a little by `r`, beside the neutrals."""
    jitter = r.uniform(-7, 7, 3)
    base = BASES[colour]
    body = (base[0] + jitter[0], base[1] + jitter[1], base[2] + jitter[2])
    if colour == "white":
        body = mix(base, (255, 255, 255), 0.3)
        shades: dict[str, RGB] = {"dark": (208, 212, 222), "light": (255, 255, 255), "deep": (96, 102, 120)}
    elif colour == "black":
        shades = {"dark": (24, 24, 30), "light": (84, 84, 94), "deep": (10, 10, 14)}
    else:
        shades = {
            "dark": mix(body, (20, 10, 40), 0.22),
            "light": mix(body, (255, 250, 235), 0.30),
            "deep": mix(body, (20, 12, 30), 0.62),
        }
    return {**NEUTRALS, "body": body, **shades}
