"""The comparison view: two or more runs side by side."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import traitlets

from ..errors import InvalidSetting
from ..trace import Trace
from ..wire.comparison import comparison, names_of
from .bundle import bundle
from .sent import SentView
from .strip import Row, Small, strip_html

MOST = 12  # more would be pictures too small to compare, and many megabytes
MODES = ("beside", "swipe", "difference")


class ComparisonView(SentView):
    """Compare runs: linked words, steps and places, a swipe between two pictures, and where they differ.

    words: the selected words, as indices into `aligned`. step: the step that is shown, from 0 in the first run, a range
    (first, last), or None for all; of runs with other numbers of steps, the same share. mode: "beside", "swipe" or
    "difference". All can be set, observed and linked.
    """

    _stem = "comparison"
    _esm = bundle(_stem)

    words = traitlets.Tuple().tag(sync=True)
    step = traitlets.Union(
        [traitlets.Int(), traitlets.Tuple(traitlets.Int(), traitlets.Int())], default_value=None, allow_none=True
    ).tag(sync=True)
    mode = traitlets.Enum(MODES, "beside").tag(sync=True)

    def __init__(
        self, traces: Sequence[Trace], *, names: Sequence[str] | None = None, mode: str = "beside", _preview: str = ""
    ) -> None:
        """traces: at least two. names: what each is called; None is by what was done to it.

        Raises InvalidSetting for fewer than two runs or too many, and MissingBundle if the browser side was not built.
        """
        self._needs_bundle()
        self.traces = tuple(traces)
        self.names = checked(self.traces, names)
        meta, data = comparison(self.traces, self.names)
        super().__init__(meta, data, _preview, mode=mode)

    @property
    def aligned(self) -> list[tuple[int | None, ...]]:
        """The words side by side: for each run the index in its `tokens.words`, or None where it lacks the word."""
        return [tuple(row) for row in self._meta["rows"]]

    def to_html(self, path: str | Path) -> Path:
        """Write one offline page with this comparison, without a kernel and without network; returns the path."""
        preview = comparison_html(self.traces, self.names)
        return self._write(path, title=self.traces[0].tokens.prompt, line=" · ".join(self.names), preview=preview)

    def close(self) -> None:
        """Take the view out of the page and free its data."""
        super().close()
        self.traces = ()

    @traitlets.validate("words")
    def _known_words(self, proposal: Any) -> tuple[int, ...]:
        count = len(self._meta["rows"])
        for word in proposal["value"]:
            if not (isinstance(word, int) and 0 <= word < count):
                raise InvalidSetting(f"There is no word {word}: choose 0 to {count - 1}, rows of `aligned`.")
        return tuple(dict.fromkeys(proposal["value"]))

    @traitlets.validate("step")
    def _known_step(self, proposal: Any) -> Any:
        step, steps = proposal["value"], self._meta["runs"][0]["meta"]["steps"]
        ends = () if step is None else (step,) if isinstance(step, int) else tuple(step)
        if any(not 0 <= one < steps for one in ends) or list(ends) != sorted(ends):
            raise InvalidSetting(f"There is no step {step}: choose 0 to {steps - 1}, or None for all.")
        return step

    def _ipython_display_(self) -> None:
        from .show import display_as

        def view(_: Any, key: str) -> "ComparisonView":
            self.set_trait("_preview", key)
            return self

        display_as(self, view, lambda key: comparison_html(self.traces, self.names, key=key))

    def __repr__(self) -> str:
        return f"ComparisonView({', '.join(self.names)})"


def compare(*traces: Trace, names: Sequence[str] | None = None, mode: str = "beside") -> ComparisonView:
    """Two or more runs side by side: `explorer.compare(trace, ex.without(trace, "snow"))`.

    names: what each run is called; None is by what was done to it. mode: "beside", "swipe" or "difference".
    Raises InvalidSetting for fewer than two runs, or for what is no trace.
    """
    if len(traces) == 1 and not isinstance(traces[0], Trace):
        traces = tuple(traces[0])
    return ComparisonView(traces, names=names, mode=mode)


def comparison_html(traces: Sequence[Trace], names: Sequence[str], *, key: str = "") -> str:
    """The static preview of a comparison."""
    row = Row(
        [
            Small(trace.image.values, name, f"{name}: {trace.tokens.prompt}")
            for trace, name in zip(traces, names, strict=True)
        ]
    )
    prompts = " / ".join(dict.fromkeys(trace.tokens.prompt for trace in traces))
    return strip_html(prompts, [row], f"{len(traces)} runs compared", key=key)


def checked(traces: Sequence[Any], names: Sequence[str] | None) -> list[str]:
    """The names of runs that can be compared."""
    wrong = next((one for one in traces if not isinstance(one, Trace)), None)
    if wrong is not None:
        raise InvalidSetting(f"{wrong!r:.60} is no trace: compare recorded runs, such as ex.record('a castle').")
    if not 2 <= len(traces) <= MOST:
        raise InvalidSetting(f"{len(traces)} runs can't be compared: give 2 to {MOST} traces.")
    if names is None:
        return names_of(traces)
    if len(names) != len(traces):
        raise InvalidSetting(f"There are {len(names)} names for {len(traces)} runs: name each of them.")
    return [str(name) for name in names]
