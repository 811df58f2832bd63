"""Results that are several runs: settings against each other, a prompt that grows. No torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import InvalidSetting
from .trace import Trace

MISSING = 128  # the grey of a cell that was not run


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Grid:
    """Runs of some settings against each other.

    rows, columns: what each row and column sets, name by name, such as {"seed": 1}.
    cells: the traces, by (row, column); those that are missing where it was stopped.
    """

    rows: tuple[Mapping[str, Any], ...]
    columns: tuple[Mapping[str, Any], ...]
    cells: Mapping[tuple[int, int], Trace]

    @property
    def complete(self) -> bool:
        """Whether no cell is missing."""
        return len(self.cells) == len(self.rows) * len(self.columns)

    def __getitem__(self, place: tuple[int, int]) -> Trace:
        """The trace of a row and a column, counted from 0. Raises InvalidSetting where there is none."""
        if place not in self.cells:
            raise InvalidSetting(
                f"There is no cell {place}: the grid has {len(self.rows)} rows and {len(self.columns)} columns, and "
                f"{len(self.cells)} of its cells were run."
            )
        return self.cells[place]

    def sheet(self, gap: int = 4) -> np.ndarray:
        """All pictures as one, (y, x, RGB) uint8, `gap` white pixels apart; cells that are missing are grey."""
        sizes = [trace.image.shape[:2] for trace in self.cells.values()]
        height, width = (max(side) for side in zip(*sizes, strict=True)) if sizes else (64, 64)
        rows, columns = len(self.rows), len(self.columns)
        sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
        for row in range(rows):
            for column in range(columns):
                top, left = row * (height + gap), column * (width + gap)
                trace = self.cells.get((row, column))
                if trace is None:
                    sheet[top : top + height, left : left + width] = MISSING
                else:
                    picture = trace.image.values
                    sheet[top : top + picture.shape[0], left : left + picture.shape[1]] = picture[..., :3]
        return sheet

    def picture(self, gap: int = 4) -> Any:
        """`sheet` as a PIL image."""
        from PIL import Image

        return Image.fromarray(self.sheet(gap))

    def _ipython_display_(self) -> None:
        from .views.grid import GridView, grid_html
        from .views.show import display_as

        display_as(self, lambda grid, key: GridView(grid, _preview=key), lambda key: grid_html(self, key=key))

    def __repr__(self) -> str:
        rows, columns = (" and ".join(axis[0]) if axis else "" for axis in (self.rows, self.columns))
        count = "" if self.complete else f", {len(self.cells)} of them run"
        return f"<Grid of {len(self.rows)} rows ({rows}) and {len(self.columns)} columns ({columns}){count}>"


class Growth(list[Trace]):
    """The runs of a prompt that grows, from the same noise: what each word added. A list that displays itself."""

    def _ipython_display_(self) -> None:
        from .views.effects import display_effects

        display_effects(self)

    def __repr__(self) -> str:
        return f"<Growth {' → '.join(repr(trace.tokens.prompt[-40:]) for trace in self[:12])}>"
