"""Small pictures for strips and grids."""

import io

import numpy as np


def webp(pixels: np.ndarray, longest: int, quality: int = 88) -> bytes:
    """(y, x, RGB) uint8 as WebP, at most `longest` pixels wide and high."""
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    picture.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=quality, method=4)
    return file.getvalue()
