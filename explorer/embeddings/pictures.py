"""Pictures of any kind as 8-bit RGB: files, arrays, traces. Each that can't be read is one sentence. No torch."""

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..atlas import THUMB
from ..errors import InvalidSetting
from ..trace import Trace

if TYPE_CHECKING:
    from PIL.Image import Image

LARGEST = 120_000_000
"""Pixels of a picture at most: 360 MB once it is unpacked, however small its file is."""


def picture(source: Any) -> "Image":
    """A picture as PIL RGB: of an animation the first frame, upright, what is transparent on white, 16 bits as 8.

    source: the path of a file; a PIL picture; an array (y, x), (y, x, 3) or (y, x, 4) of whole numbers with 8 or 16
        bits, or of shares from 0 to 1; a Trace, whose picture it is.
    Raises InvalidSetting for what is no picture, can't be read, or has more than 120 million pixels.
    """
    from PIL import Image

    if isinstance(source, Trace):
        source = source.image.values
    if isinstance(source, np.ndarray):
        return Image.fromarray(_rgb_array(source))
    if isinstance(source, Image.Image):
        return _rgb(source, "This picture")
    if isinstance(source, str | Path):
        return _read(Path(source).expanduser())
    raise InvalidSetting(
        f"{type(source).__name__} is no picture: give a file's path, a PIL picture, an array (y, x, 3) or a trace."
    )


def thumb(image: "Image", side: int = THUMB) -> np.ndarray:
    """A picture made small, (y, x, RGB) uint8, at most `side` pixels a side."""
    small = image.copy()
    small.thumbnail((side, side))
    return np.asarray(small.convert("RGB"), dtype=np.uint8)


def _read(path: Path) -> "Image":
    from PIL import Image, ImageOps, UnidentifiedImageError

    name = f"{path.name[:60]!r}"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is below
            image = Image.open(path)
        with image:
            _check_size(image, name)
            return _rgb(ImageOps.exif_transpose(image), name)
    except InvalidSetting:
        raise
    except FileNotFoundError as error:
        raise InvalidSetting(f"There is no file {name}: check the path.") from error
    except Image.DecompressionBombError as error:
        raise _too_large(name) from error
    except UnidentifiedImageError as error:
        raise InvalidSetting(f"{name} is no picture that can be read: use PNG, JPEG, WebP, GIF or TIFF.") from error
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise InvalidSetting(f"{name} is damaged and can't be read as a picture: fetch or save it again.") from error


def _check_size(image: "Image", name: str) -> None:
    if image.width * image.height > LARGEST:
        raise _too_large(name)
    if not image.width or not image.height:
        raise InvalidSetting(f"{name} has no pixels: give a picture that has some.")


def _too_large(name: str) -> InvalidSetting:
    return InvalidSetting(
        f"{name} has more than {LARGEST // 1_000_000} million pixels, which would fill the memory: make it smaller."
    )


def _rgb(image: "Image", name: str) -> "Image":
    from PIL import Image

    _check_size(image, name)
    if image.mode == "RGB" and "transparency" not in image.info:
        return image.copy() if image.readonly else image
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return Image.fromarray(_rgb_array(np.asarray(image)))
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        white = Image.new("RGBA", clear.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, clear).convert("RGB")
    return image.convert("RGB")


def _rgb_array(values: np.ndarray) -> np.ndarray:
    """(y, x, 3) uint8 of an array of any of the kinds that `picture` takes."""
    if values.ndim == 3 and values.shape[2] == 1:
        values = values[..., 0]
    if values.ndim not in (2, 3) or (values.ndim == 3 and values.shape[2] not in (3, 4)) or 0 in values.shape:
        raise InvalidSetting(
            f"An array of the shape {values.shape} is no picture: give (y, x), (y, x, 3) or (y, x, 4)."
        )
    if values.shape[0] * values.shape[1] > LARGEST:
        raise _too_large("This array")
    shares = _shares(values)
    if values.ndim == 2:
        shares = np.repeat(shares[..., None], 3, axis=2)
    elif values.shape[2] == 4:
        shares = shares[..., :3] * shares[..., 3:] + (1 - shares[..., 3:])
    if values.dtype == np.uint8 and values.ndim == 3 and values.shape[2] == 3:
        return np.ascontiguousarray(values)
    found: np.ndarray = np.rint(shares * 255).astype(np.uint8)
    return found


def _shares(values: np.ndarray) -> np.ndarray:
    """From 0 to 1, float32."""
    if values.dtype == bool:
        return values.astype(np.float32)
    if values.dtype == np.uint8:
        return values.astype(np.float32) / 255
    if not np.issubdtype(values.dtype, np.number) or not np.isfinite(values).all():
        raise InvalidSetting(
            "This array holds what is no number, so that it is no picture: give whole numbers or shares."
        )
    low, high = float(values.min()), float(values.max())
    # Kinds of more than 8 bits don't say how many are used: pictures of 16 bits come as int32 and float32 too.
    most = 1.0 if np.issubdtype(values.dtype, np.floating) and high <= 1 else 255.0
    if values.dtype == np.uint16 or high > 255:
        most = 65535.0
    if low < 0 or high > most:
        raise InvalidSetting(
            f"This array goes from {low:g} to {high:g}, expected 0 to 255, 16-bit numbers, or shares from 0 to 1: "
            "scale it first."
        )
    return np.asarray(values, np.float32) / np.float32(most)
