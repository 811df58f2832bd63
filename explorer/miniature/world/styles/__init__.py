"""The styles: how lines are drawn, how the backdrop and the figures are painted, how the picture is finished.

Their textures are smooth or regular on purpose: grain would eat the small autoencoder's capacity.
"""

from ._tools import PLAIN, Style, blur
from .painted import CANVAS, PENCIL, PHOTOGRAPH, WATERCOLOUR
from .printed import COMIC, ILLUSTRATION, PIXELS, WINDOW

KINDS: dict[str, Style] = {
    "watercolour painting": WATERCOLOUR,
    "fine art illustration": ILLUSTRATION,
    "professional photograph": PHOTOGRAPH,
    "picture painted onto canvas": CANVAS,
    "pencil sketch": PENCIL,
    "pixel art": PIXELS,
    "stained glass": WINDOW,
    "comic": COMIC,
}
STYLES = tuple(KINDS)

__all__ = ["KINDS", "PLAIN", "STYLES", "Style", "blur"]
