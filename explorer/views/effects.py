"""The effects view: what each word did, left out or added, beside where it drew attention."""

from pathlib import Path

from ..analysis.effects import Effects
from ..errors import InvalidSetting
from ..sheets import Growth
from ..trace import Trace
from ..wire.effects import effects, growth
from .bundle import bundle
from .opened import OpensRuns
from .strip import Row, Small, strip_html


class EffectsView(OpensRuns):
    """See what each word did: the picture without it, what changed, where it drew attention, how well the two agree.

    Of a prompt that grew, the pictures in a row, with what each word changed. `open_run(i)` opens the run of row i.
    """

    _stem = "effects"
    _esm = bundle(_stem)

    def __init__(self, found: Effects | Growth | list[Trace], *, _preview: str = "") -> None:
        """found: what `effects` or `grow` of an Explorer returned.

        Raises InvalidSetting if there is nothing in it, and MissingBundle if the browser side was not built.
        """
        self._needs_bundle()
        self.found: Effects | Growth = found if isinstance(found, Effects) else Growth(found)
        traces = list(found.without.values()) if isinstance(found, Effects) else found
        if not traces:
            raise InvalidSetting("There is nothing to show: ask for the effects of at least one word.")
        meta, data = effects(found) if isinstance(found, Effects) else growth(found)
        super().__init__(meta, data, _preview)

    def to_html(self, path: str | Path) -> Path:
        """Write one offline page with this view, without a kernel and without network; returns the path."""
        return self._write(path, title=self._meta["prompt"], line="", preview=effects_html(self.found))

    def _trace_at(self, *place: int) -> Trace:
        if isinstance(self.found, Effects):
            runs = [self.found.without[int(index)] for index in self.found.maps.coords["index"].values]
        else:
            runs = list(self.found)
        if len(place) != 1 or not 0 <= place[0] < len(runs):
            raise InvalidSetting(f"There is no row {place}: choose 0 to {len(runs) - 1}.")
        return runs[place[0]]

    def __repr__(self) -> str:
        return f"EffectsView({self.found!r:.80})"


def display_effects(found: Effects | Growth) -> None:
    """Show what each word did, or added."""
    from .show import display_as

    traces = found.without if isinstance(found, Effects) else found
    if not traces:
        print(repr(found))
        return
    display_as(found, lambda one, key: EffectsView(one, _preview=key), lambda key: effects_html(found, key=key))


def effects_html(found: Effects | Growth, *, key: str = "") -> str:
    """The static preview."""
    if not isinstance(found, Effects):
        small = [
            Small(one.image.values, one.tokens.prompt[-40:], f"The picture for: {one.tokens.prompt}") for one in found
        ]
        return strip_html(
            found[-1].tokens.prompt, [Row(small)], "The picture for each prompt, from the same noise", key=key
        )
    small = [Small(found.trace.image.values, "all words", f"The picture: {found.trace.tokens.prompt}")]
    for i, index in enumerate(found.maps.coords["index"].values):
        word = found.trace.tokens.words[int(index)].text
        caption = f"without {word}: {float(found.size.values[i]):.1f}"
        small.append(Small(found.without[int(index)].image.values, caption, f"The picture without {word}"))
    line = "How much each word changed the picture: 2 is just visible, black to white is 100"
    return strip_html(found.trace.tokens.prompt, [Row(small)], line, key=key)
