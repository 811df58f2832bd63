"""Pictures as people see their colours: CIE L*a*b* (CIE 15:2004), in which distances are about equally visible."""

import numpy as np

_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_WHITE = _TO_XYZ.sum(axis=1)  # of sRGB, D65


def lab(picture: np.ndarray) -> np.ndarray:
    """(..., RGB) uint8 of sRGB to (..., L* a* b*) float32; L* from 0 to 100."""
    table = np.arange(256) / 255
    linear = np.where(table <= 0.04045, table / 12.92, ((table + 0.055) / 1.055) ** 2.4).astype(np.float32)
    xyz = linear[picture[..., :3]] @ (_TO_XYZ / _WHITE[:, None]).T.astype(np.float32)
    bent = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    x, y, z = bent[..., 0], bent[..., 1], bent[..., 2]
    found: np.ndarray = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)
    return found


def shrunk(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """(y, x, ...) brought to a smaller size by the mean over areas; it need not divide the old one."""
    rows, columns = _shares(values.shape[0], height), _shares(values.shape[1], width)
    found: np.ndarray = np.einsum("yY,xX,YX...->yx...", rows, columns, values, optimize=True).astype(np.float32)
    return found


def _shares(old: int, new: int) -> np.ndarray:
    """(new, old): how much of each old cell lies in each new one; rows sum to 1."""
    edges = np.arange(new + 1) * (old / new)
    cells = np.arange(old)
    overlap = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    found: np.ndarray = (overlap.clip(min=0) / (old / new)).astype(np.float32)
    return found
