"""The attention view: which words look where, and which words drive a point."""

from typing import Any

import anywidget
import traitlets

from .. import wire
from ..errors import InvalidSetting
from ..trace import Trace
from .bundle import bundle, missing


class AttentionView(anywidget.AnyWidget):
    """Explore a trace's attention: word to places, point to words, step by step.

    Everything is sent to the browser once, and no look asks the kernel again; only what a person pins comes back.

    word: index in `trace.tokens.words` of the pinned word, or None.
    step: the step that is shown, from 0, or None for the mean over all steps.
    pixel: the pinned pixel (x, y), counted from the upper left corner, or None.
    All three can be set, observed and linked.
    """

    _esm = bundle("attention")

    _meta = traitlets.Dict(read_only=True).tag(sync=True)
    _data = traitlets.Bytes(read_only=True).tag(sync=True)
    _preview = traitlets.Unicode(read_only=True).tag(sync=True)

    word = traitlets.Int(None, allow_none=True).tag(sync=True)
    step = traitlets.Int(None, allow_none=True).tag(sync=True)
    pixel = traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=None, allow_none=True).tag(sync=True)

    def __init__(self, trace: Trace, *, _preview: str = "") -> None:
        """trace: what to show. Raises MissingBundle if the browser side was not built."""
        if not self._esm:
            raise missing("attention")
        meta, data = wire.attention(trace)
        # Before the widget opens its channel, so that one message carries everything.
        self.set_trait("_meta", meta)
        self.set_trait("_data", data)
        self.set_trait("_preview", _preview)
        super().__init__()

    @traitlets.validate("word")
    def _known_word(self, proposal: Any) -> int | None:
        word, words = proposal["value"], self._meta["words"]
        if word is not None and not (0 <= word < len(words) and words[word]["row"] is not None):
            raise InvalidSetting(f"Word {word} has no map: choose one of 0 to {len(words) - 1} that the model read.")
        return word  # type: ignore[no-any-return]

    @traitlets.validate("step")
    def _known_step(self, proposal: Any) -> int | None:
        step, steps = proposal["value"], self._meta["shape"][1]
        if step is not None and not 0 <= step < steps:
            raise InvalidSetting(f"There is no step {step}: choose 0 to {steps - 1}, or None for all.")
        return step  # type: ignore[no-any-return]

    @traitlets.validate("pixel")
    def _known_pixel(self, proposal: Any) -> tuple[int, int] | None:
        pixel, picture = proposal["value"], self._meta["picture"]
        if pixel is not None and not (0 <= pixel[0] < picture["width"] and 0 <= pixel[1] < picture["height"]):
            raise InvalidSetting(
                f"The pixel {pixel} lies outside the picture: x goes to {picture['width'] - 1}, "
                f"y to {picture['height'] - 1}."
            )
        return pixel  # type: ignore[no-any-return]

    def close(self) -> None:
        """Take the view out of the page and free its data."""
        super().close()
        self.set_trait("_data", b"")

    def __repr__(self) -> str:
        return f"AttentionView({self._meta.get('prompt', '')[:60]!r})"
