"""Blocks of bytes, one behind the other, and how values become bytes."""

import io
import math
from collections.abc import Iterable

import numpy as np
import xarray as xr

from ..trace import Trace


class Pack:
    """A buffer that grows block by block; each begins at a multiple of four, so that it can hold floats."""

    def __init__(self) -> None:
        self.blocks: dict[str, list[int]] = {}
        """Offset and length in bytes, by name."""
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, name: str, data: bytes) -> None:
        """Append a block."""
        self.blocks[name] = [self._size, len(data)]
        padded = data + b"\0" * (-len(data) % 4)
        self._parts.append(padded)
        self._size += len(padded)

    def data(self) -> bytes:
        """All blocks."""
        return b"".join(self._parts)


def quantise(maps: xr.DataArray) -> tuple[np.ndarray, list[float]]:
    """Maps (word, step, y, x) as uint8, each word by its own maximum, and those maxima."""
    shares = np.nan_to_num(maps.values, nan=0.0, posinf=0.0, neginf=0.0).clip(min=0)
    tops = shares.max(axis=(1, 2, 3)) if shares.size else np.zeros(shares.shape[0], np.float32)
    scaled = shares / np.maximum(tops, np.finfo(np.float32).tiny)[:, None, None, None]
    return np.rint(scaled * 255).astype(np.uint8), [float(top) for top in tops]


def quantise_channels(values: np.ndarray) -> tuple[np.ndarray, list[list[float]]]:
    """(step, channel, y, x) as uint8, and (low, high) of each channel."""
    finite = np.nan_to_num(values.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    lows, highs = finite.min(axis=(0, 2, 3)), finite.max(axis=(0, 2, 3))
    span = np.maximum(highs - lows, 1e-6)[None, :, None, None]
    scaled = (finite - lows[None, :, None, None]) / span
    limits = [[float(low), float(max(high, low + 1e-6))] for low, high in zip(lows, highs, strict=True)]
    return np.rint(scaled * 255).astype(np.uint8), limits


def png(trace: Trace) -> bytes:
    """The picture as PNG."""
    file = io.BytesIO()
    trace.picture().save(file, "PNG")
    return file.getvalue()


def jpeg(pixels: np.ndarray, quality: int = 82) -> bytes:
    """(y, x, RGB) uint8 as JPEG."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, "JPEG", quality=quality, subsampling=0)
    return file.getvalue()


def clean(text: str, longest: int) -> str:
    """A text that any JSON encoder and UTF-8 can hold: lone surrogates become U+FFFD, and it is cut at `longest`."""
    short = text if len(text) <= longest else text[: longest - 1] + "…"
    return short.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def numbers(values: Iterable[float]) -> list[float | None]:
    """JSON knows no NaN."""
    return [float(v) if math.isfinite(v) else None for v in values]
