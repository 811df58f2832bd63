"""Is it copied? The training pictures nearest to a picture, by three measures at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .errors import CheckpointError, InvalidSetting
from .trace import Trace

if TYPE_CHECKING:
    from .miniature.novelty import Index, Nearest

MEASURES = ("copy", "pixels", "clip")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Copies:
    """The training pictures nearest to a picture.

    prompt: what it was made from, or empty. picture: (y, x, RGB) uint8. nearest: by measure: "copy", "pixels", "clip".
    limit: the likeness by the measure for copies from which on it calls a picture a copy.
    """

    prompt: str
    picture: np.ndarray
    nearest: "Mapping[str, Nearest]"
    limit: float

    @property
    def copied(self) -> bool:
        """Whether the measure for copies says that it is one."""
        return "copy" in self.nearest and self.nearest["copy"].copied

    def _ipython_display_(self) -> None:
        from .views.copies import display_copies

        display_copies(self)

    def __repr__(self) -> str:
        best = next(iter(self.nearest.values()), None)
        among = "" if best is None else f" of {best.among:,} training pictures"
        likeness = "" if best is None or not best.matches else f", the nearest{among} is like it by"
        said = "" if not likeness else f"{likeness} {best.matches[0].likeness:.2f}"  # type: ignore[union-attr]
        return f"<Copies: {'a copy' if self.copied else 'no copy'}{said}>"


def copies(
    of: "Trace | np.ndarray | Any",
    *,
    count: int = 8,
    by: Sequence[str] = MEASURES,
    index: "Index | None" = None,
) -> Copies:
    """Look for the training pictures of the miniature that are nearest to a picture: `explorer.copies(trace)`.

    of: a trace of the miniature, or a picture, PIL or (128, 128, RGB) uint8. count: how many by each measure.
    by: of "copy" (outlines, wherever they were moved to, mirrored or coloured anew), "pixels" and "clip".
    index: another than the one that ships, such as `explorer.miniature.novelty.index(200_000)`.
    Raises InvalidSetting for another size or measure, CheckpointError where no index is installed.
    """
    from .miniature import novelty

    said = of.settings.prompt if isinstance(of, Trace) else ""
    values = (
        of.image.values if isinstance(of, Trace) else np.asarray(of.convert("RGB") if hasattr(of, "convert") else of)
    )
    if values.ndim != 3 or values.shape[:2] != (128, 128) or values.shape[2] < 3 or values.dtype != np.uint8:
        size = "x".join(str(n) for n in values.shape[1::-1]) if values.ndim == 3 else "no picture"
        raise InvalidSetting(
            f"of is {size}, expected a picture of 128x128 pixels: pass a trace of the miniature, or make it that size."
        )
    wrong = next((one for one in by if one not in MEASURES), None)
    if wrong is not None or isinstance(by, str) or not by:
        raise InvalidSetting(f"by is {by!r}, expected a list of {', '.join(MEASURES)}.")
    picture = np.ascontiguousarray(values[..., :3])
    try:
        found = {one: novelty.nearest(picture, count, one, index) for one in by}  # type: ignore[arg-type]
    except FileNotFoundError as error:
        raise CheckpointError(str(error)) from error
    except ValueError as error:
        raise InvalidSetting(str(error)) from error
    return Copies(said, picture, found, novelty.COPY)
