"""The grid view: settings against each other, each cell a run that opens."""

from ..errors import InvalidSetting
from ..sheets import Grid
from ..trace import Trace
from ..wire.grid import grid, header
from .bundle import bundle
from .opened import OpensRuns
from .strip import Row, Small, strip_html


class GridView(OpensRuns):
    """See a grid of runs, with what its rows and columns set.

    A click on a cell opens its run below, as `open_run(row, column)` does.
    """

    _stem = "grid"
    _esm = bundle(_stem)

    def __init__(self, sheet: Grid, *, _preview: str = "") -> None:
        """sheet: what `grid` of an Explorer returned. Raises MissingBundle if the browser side was not built."""
        self._needs_bundle()
        self.sheet = sheet
        super().__init__(*grid(sheet), _preview)

    def _trace_at(self, *place: int) -> Trace:
        if len(place) != 2:
            raise InvalidSetting(f"{place} is no cell: give a row and a column, such as open_run(1, 0).")
        return self.sheet[place[0], place[1]]

    def __repr__(self) -> str:
        return f"GridView({self.sheet!r})"


def grid_html(sheet: Grid, *, key: str = "") -> str:
    """The static preview of a grid."""
    rows = []
    for i, row in enumerate(sheet.rows):
        small = []
        for j, column in enumerate(sheet.columns):
            trace = sheet.cells.get((i, j))
            if trace is not None:
                small.append(Small(trace.image.values, header(column), f"{header(row)}, {header(column)}"))
        if small:
            rows.append(Row(small, header(row)))
    return strip_html("", rows, repr(sheet)[1:-1], key=key)
