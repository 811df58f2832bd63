"""The examples of the article that this project grew from, each a prompt whose trace is recorded when it is opened."""

import html
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .errors import InvalidSetting
from .sheets import Grid
from .trace import Trace

SEED = 7
WORDS, THINGS, STYLES = "what words mean", "things", "styles"


@dataclass(frozen=True, slots=True)
class Example:
    """One example: its name in the article, a prompt that shows it, and the word of the prompt that stands for it."""

    name: str
    group: str
    prompt: str
    word: str


EXAMPLES = (
    Example("the colour blue", WORDS, "a blue house in a countryside landscape", "blue"),
    Example("a teddy bear", WORDS, "a brown teddy bear on a plain background", "teddy bear"),
    Example("rainy weather", WORDS, "a red car in the city in rainy weather", "rainy"),
    Example("a cute narwhal", WORDS, "a cute purple narwhal at sea", "narwhal"),
    Example("a countryside landscape", WORDS, "a white tree in a countryside landscape", "countryside landscape"),
    Example("castle", THINGS, "a red castle on a plain background", "castle"),
    Example("dog", THINGS, "a brown dog in the forest", "dog"),
    Example("pen", THINGS, "a green pen on a plain background", "pen"),
    Example("pair of sunglasses", THINGS, "a pair of pink sunglasses on the beach", "sunglasses"),
    Example("watercolour", STYLES, "a watercolour painting of a yellow boat at sea", "watercolour painting"),
    Example(
        "fine art illustration", STYLES, "a fine art illustration of a yellow boat at sea", "fine art illustration"
    ),
    Example(
        "professional photograph",
        STYLES,
        "a professional photograph of a yellow boat at sea",
        "professional photograph",
    ),
    Example(
        "painted onto canvas", STYLES, "a picture of a yellow boat at sea painted onto canvas", "painted onto canvas"
    ),
)

IN_STYLES = {
    "watercolour painting": "a watercolour painting of {}",
    "fine art illustration": "a fine art illustration of {}",
    "professional photograph": "a professional photograph of {}",
    "painted onto canvas": "a picture of {} painted onto canvas",
    "pencil sketch": "a pencil sketch of {}",
    "pixel art": "pixel art of {}",
    "stained glass": "a stained glass window of {}",
    "comic": "a comic of {}",
}
"""How a prompt says each style."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Gallery:
    """Examples whose traces are recorded when they are opened: `gallery["a teddy bear"]`.

    examples: in the order of the article. record: runs one prompt, and takes `on_step` as `Explorer.record` does.
    traces: those recorded so far, by name. worker: the thread in which its view records; None is one of the view's own.
    """

    examples: tuple[Example, ...]
    record: Callable[..., Trace]
    traces: dict[str, Trace] = field(default_factory=dict)
    worker: Any = None

    @property
    def names(self) -> tuple[str, ...]:
        """What the examples are called."""
        return tuple(one.name for one in self.examples)

    def example(self, name: str) -> Example:
        """An example by its name. Raises InvalidSetting, naming all of them, where there is none."""
        for one in self.examples:
            if one.name == name:
                return one
        raise InvalidSetting(f"The gallery has no {name!r}: choose one of {', '.join(self.names)}.")

    def __getitem__(self, name: str) -> Trace:
        """The trace of an example; recorded now if it is opened for the first time."""
        one = self.example(name)
        if name not in self.traces:
            self.traces[name] = self.record(one.prompt)
        return self.traces[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.examples)

    def open_all(self, on_example: Callable[[str, Trace], None] | None = None) -> "Gallery":
        """Record what is missing, one after the other; on_example: called with each name and trace.

        Ctrl+C ends it, and keeps what is done. Returns the gallery itself.
        """
        try:
            for name in self.names:
                trace = self[name]
                if on_example is not None:
                    on_example(name, trace)
        except KeyboardInterrupt:
            pass
        return self

    def grid(self, group: str | None = None) -> Grid:
        """The recorded examples of a group, or all, as a grid of one row."""
        chosen = [one for one in self.examples if group in (None, one.group)]
        if not chosen:
            groups = dict.fromkeys(one.group for one in self.examples)
            raise InvalidSetting(f"The gallery has no group {group!r}: choose one of {', '.join(groups)}.")
        cells = {(0, i): self.traces[one.name] for i, one in enumerate(chosen) if one.name in self.traces}
        return Grid(({},), tuple({"prompt": one.prompt} for one in chosen), cells)

    def picture(self, gap: int = 4) -> Any:
        """The recorded examples side by side, a PIL image; those that are not recorded yet are grey."""
        return self.grid().picture(gap)

    def __repr__(self) -> str:
        return f"<Gallery of {len(self)} examples, {len(self.traces)} of them recorded>"

    def _ipython_display_(self) -> None:
        from .views.gallery import display_gallery

        display_gallery(self)

    def _repr_html_(self) -> str:
        rows = []
        for group in dict.fromkeys(one.group for one in self.examples):
            own = [one for one in self.examples if one.group == group]
            listed = "".join(
                f"<li><code>gallery[{html.escape(repr(one.name))}]</code> {html.escape(one.prompt)}"
                f"{'' if one.name in self.traces else ' (not recorded yet)'}</li>"
                for one in own
            )
            rows.append(f"<p><b>{html.escape(group.capitalize())}</b></p><ul>{listed}</ul>")
        return "".join(rows)


def styled(what: str) -> dict[str, str]:
    """A prompt said in every style, by the style's name. Raises InvalidSetting for an empty one."""
    text = what.strip() if isinstance(what, str) else ""
    if not text:
        raise InvalidSetting(f"what is {what!r}, expected what is to be seen, such as 'a castle at sea'.")
    return {name: form.replace("{}", text) for name, form in IN_STYLES.items()}
