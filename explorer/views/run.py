"""What all views of one run share: the data, sent once, and the selection that Python knows."""

from collections.abc import Mapping
from typing import Any

import anywidget
import numpy as np
import traitlets

from .. import wire
from ..analysis.heat import module_of
from ..errors import InvalidSetting
from ..trace import Trace
from .bundle import missing


class Selection(traitlets.HasTraits):
    """The traits of a selection; all can be set, observed and linked, also in the browser (`jslink`).

    word: index in `trace.tokens.words` of the pinned word, or None; the first of `words`.
    words: all pinned words, in the order of their colours.
    step: the step that is shown, by its number in the run, from 0; a range (first, last), both included; or None for
        all steps.
    pixel: the pinned pixel (x, y), counted from the upper left corner, or None.
    box: a part of the picture (left, top, right, bottom) in pixels, the last two excluded, or None.
    layer: the name of a layer, a grid such as "16x16", or None for all.
    """

    word = traitlets.Int(None, allow_none=True).tag(sync=True)
    words = traitlets.Tuple().tag(sync=True)
    step = traitlets.Union(
        [traitlets.Int(), traitlets.Tuple(traitlets.Int(), traitlets.Int())], default_value=None, allow_none=True
    ).tag(sync=True)
    pixel = traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=None, allow_none=True).tag(sync=True)
    box = traitlets.Tuple(*[traitlets.Int()] * 4, default_value=None, allow_none=True).tag(sync=True)
    layer = traitlets.Unicode(None, allow_none=True).tag(sync=True)

    _meta: Any

    @traitlets.validate("word")
    def _known_word(self, proposal: Any) -> int | None:
        word = proposal["value"]
        self._check_word(word)
        return word  # type: ignore[no-any-return]

    @traitlets.validate("words")
    def _known_words(self, proposal: Any) -> tuple[int, ...]:
        for word in proposal["value"]:
            self._check_word(word)
        return tuple(dict.fromkeys(proposal["value"]))

    @traitlets.observe("word")
    def _first_of_words(self, change: Any) -> None:
        if change["new"] is None:
            self.words = ()
        elif self.words[:1] != (change["new"],):
            self.words = (change["new"],)

    @traitlets.observe("words")
    def _word_is_first(self, change: Any) -> None:
        first = change["new"][0] if change["new"] else None
        if self.word != first:
            self.word = first

    @traitlets.validate("step")
    def _known_step(self, proposal: Any) -> int | tuple[int, int] | None:
        step, numbers = proposal["value"], self._meta.get("numbers")
        ends = () if step is None else (step,) if isinstance(step, int) else tuple(step)
        wrong = [one for one in ends if numbers is not None and one not in numbers]
        if wrong:
            last = len(numbers) - 1
            known = f"0 to {last}" if numbers[-1] == last else ", ".join(map(str, numbers))
            raise InvalidSetting(f"There is no step {wrong[0]}: choose {known}, or None for all.")
        if len(ends) == 2 and ends[0] > ends[1]:
            raise InvalidSetting(f"The steps {ends[0]} to {ends[1]} run backwards: put the first one first.")
        return tuple(step) if len(ends) == 2 else step

    @traitlets.validate("pixel")
    def _known_pixel(self, proposal: Any) -> tuple[int, int] | None:
        pixel, picture = proposal["value"], self._meta.get("picture")
        if pixel is None or not picture:
            return pixel  # type: ignore[no-any-return]
        if not (0 <= pixel[0] < picture["width"] and 0 <= pixel[1] < picture["height"]):
            raise InvalidSetting(
                f"The pixel {pixel} lies outside the picture: x goes to {picture['width'] - 1}, "
                f"y to {picture['height'] - 1}."
            )
        return pixel  # type: ignore[no-any-return]

    @traitlets.validate("box")
    def _known_box(self, proposal: Any) -> tuple[int, int, int, int] | None:
        box, picture = proposal["value"], self._meta.get("picture")
        if box is not None and picture:
            left, top, right, bottom = box
            if not (0 <= left < right <= picture["width"] and 0 <= top < bottom <= picture["height"]):
                raise InvalidSetting(
                    f"The box {tuple(box)} is empty or lies outside the picture: give left, top, right, bottom within "
                    f"{picture['width']} × {picture['height']} pixels."
                )
        return box  # type: ignore[no-any-return]

    @traitlets.validate("layer")
    def _known_layer(self, proposal: Any) -> str | None:
        layer, layers = proposal["value"], self._meta.get("layers")
        if layer is not None and layers:
            known = [name for one in layers["layers"] for name in (one["name"], module_of(one["name"]), one["grid"])]
            if layer not in known:
                shown = ", ".join(list(dict.fromkeys(known))[:8])
                raise InvalidSetting(f"There is no layer {layer[:80]}: the trace has {shown}.")
        return layer  # type: ignore[no-any-return]

    def _check_word(self, word: Any) -> None:
        words = self._meta.get("words")
        if word is None or words is None:
            return
        if not (isinstance(word, int) and 0 <= word < len(words) and words[word]["row"] is not None):
            raise InvalidSetting(f"Word {word} has no map: choose one of 0 to {len(words) - 1} that the model read.")


class RunView(anywidget.AnyWidget, Selection):
    """A view of one trace.

    Everything is sent to the browser once, and no look asks the kernel again; only what a person pins comes back.
    `Selection` says which traits there are.
    """

    _stem = ""
    """Of its bundle."""
    _parts: tuple[str, ...] = wire.PARTS

    _meta = traitlets.Dict(read_only=True).tag(sync=True)
    _data = traitlets.Bytes(read_only=True).tag(sync=True)
    _preview = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(
        self, trace: Trace, *, masks: Mapping[str | int, np.ndarray] | None = None, _preview: str = ""
    ) -> None:
        """trace: what to show. masks: for drawn pictures, where a word's subject truly is, (y, x) bool by word; None is
        what the trace knows, if a drawing was read.

        Raises MissingBundle if the browser side was not built.
        """
        if not self._esm:
            raise missing(self._stem)
        meta, data = wire.trace(trace, self._parts, masks=masks)
        # Before the widget opens its channel, so that one message carries everything.
        self.set_trait("_meta", meta)
        self.set_trait("_data", data)
        self.set_trait("_preview", _preview)
        super().__init__()

    def close(self) -> None:
        """Take the view out of the page and free its data."""
        super().close()
        self.set_trait("_data", b"")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._meta.get('prompt', '')[:60]!r})"
