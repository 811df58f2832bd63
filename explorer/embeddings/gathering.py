"""What goes onto an Explorer's map: words with their kinds, prompts, pictures, runs, and ways through them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import numpy as np

from ..atlas import PICTURE, TEXT, Atlas, Path
from ..decoding import decode
from ..errors import InvalidSetting
from ..frames import Interpolation
from ..trace import Trace
from .mapping import Axis, map_of
from .pictures import picture, thumb
from .space import Space, Tell
from .words import Template, Words, words_of


@dataclass(slots=True)
class Gathered:
    """Items of a map to be, each text once."""

    kinds_of: Mapping[str, str] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    pictures: dict[int, Any] = field(default_factory=dict)
    pairs: list[tuple[int, int]] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)

    def text(self, text: str, kind: str | None = None) -> int:
        """Add a word or a prompt, if it is not there yet; its row."""
        if not isinstance(text, str) or not text.strip():
            raise InvalidSetting(f"{text!r:.60} is no word: give texts, in quotes.")
        text = text.strip()
        if text not in self.rows:
            usual = "prompt" if len(text.split()) > 3 else "word"
            self.rows[text] = self._add(text, kind or self.kinds_of.get(text.casefold(), usual))
        return self.rows[text]

    def picture(self, source: Any, label: str, kind: str = "picture", caption: str | None = None) -> int:
        """Add a picture; its row. caption: the text it belongs to."""
        loaded = picture(source)
        row = self._add(label, kind)
        self.pictures[row] = loaded
        if caption is not None and caption.strip():
            self.pairs.append((self.text(caption), row))
        return row

    def _add(self, label: str, kind: str) -> int:
        self.labels.append(label)
        self.kinds.append(kind)
        return len(self.labels) - 1

    def words(self, words: Any) -> None:
        """Add words: one, several, or several of each kind."""
        if isinstance(words, Mapping):
            for kind, own in words.items():
                for word in [own] if isinstance(own, str) else own:
                    self.text(word, str(kind))
        else:
            for word in [words] if isinstance(words, str) else words:
                self.text(word)

    def images(self, images: Any) -> None:
        """Add pictures: one, several, or several by caption."""
        if isinstance(images, Mapping):
            for caption, one in images.items():
                for source in one if isinstance(one, list | tuple) else [one]:
                    self.picture(source, str(caption), caption=str(caption))
            return
        several = images if isinstance(images, Sequence) and not isinstance(images, str) else [images]
        for number, one in enumerate(several):
            named = FilePath(one).name if isinstance(one, str | FilePath) else f"picture {number + 1}"
            self.picture(one, one.settings.prompt or named if isinstance(one, Trace) else named)

    def run(self, trace: Trace, pictures: bool) -> None:
        """Add the prompt of a run, its words, and its picture."""
        prompt = trace.settings.prompt
        for word in words_of(prompt, self.kinds_of):
            self.text(word)
        if prompt.strip():
            self.text(prompt, "prompt")
        if pictures:
            self.picture(trace, prompt or "empty prompt", caption=prompt)

    def path(self, of: Interpolation | Trace, pipe: Any) -> None:
        """Add the frames of an interpolation, or the steps of a run, as a way through the map."""
        if isinstance(of, Interpolation):
            for key in of.keys:
                if key.prompt.strip():
                    self.text(key.prompt, "prompt")
            rows = [
                self.picture(
                    frame.trace, f"frame {i + 1}", "frame", frame.trace.settings.prompt if frame.is_key else None
                )
                for i, frame in enumerate(of.frames)
            ]
            rows += rows[:1] if of.closed and of.complete else []
            name = " to ".join(repr(key.prompt[:30]) for key in of.keys[:4])
            self.paths.append(Path(name, "interpolation", tuple(rows)))
            return
        prompt = of.settings.prompt
        shown = None if of.pictures is None else of.pictures.values
        if shown is None:
            shown = decode(pipe, of.predicted.values)
        if shown is None:
            raise InvalidSetting("The steps of this run can't be shown as pictures by its model: leave out path.")
        if prompt.strip():
            self.text(prompt, "prompt")
        last = len(shown) - 1
        rows = [
            self.picture(one, f"step {i + 1}", "step", prompt if i == last else None) for i, one in enumerate(shown)
        ]
        self.paths.append(Path(prompt[:60] or "empty prompt", "steps", tuple(rows)))


def project(
    ex: Any,
    words: Any = None,
    images: Any = None,
    *,
    runs: Any = None,
    path: Any = None,
    space: Space,
    method: str = "PCA",
    axes: int | Sequence[Any] = 2,
    gap: str = "as it is",
    template: Template = None,
    seed: int = 0,
    on_progress: Tell | None = None,
) -> Atlas:
    """Put words, pictures and runs onto a map: see `Explorer.project`."""
    lexicon = Words(ex, space, template)
    items = Gathered(lexicon.kinds)
    has_pictures = space.tower.has_pictures
    if words is None and images is None and runs is None and path is None:
        words, runs = lexicon.known, ex.history
        if not words and not runs:
            raise InvalidSetting(
                "There is nothing to put on the map yet: pass words=['castle', 'sea'], images=, or runs=[trace]."
            )
    if words is not None:
        items.words(words)
    for trace in _several(runs, Trace, "runs", "traces"):
        items.run(trace, has_pictures)
    if images is not None:
        items.images(images)
    for one in _several(path, (Interpolation, Trace), "path", "interpolations and traces"):
        items.path(one, ex.pipe)
    if not items.labels:
        raise InvalidSetting(
            "There is nothing to put on the map: pass words=['castle', 'sea'], images=, or runs=[trace]."
        )
    ends = axes if isinstance(axes, int) else own_axes(lexicon, axes)
    vectors = embedded(lexicon, items, on_progress)
    modalities = np.array([PICTURE if i in items.pictures else TEXT for i in range(len(items.labels))], np.uint8)
    return map_of(
        items.labels,
        vectors,
        kinds=items.kinds,
        modalities=modalities,
        thumbs={row: thumb(image) for row, image in items.pictures.items()},
        method=method,
        axes=ends,
        gap=gap,
        pairs=items.pairs,
        paths=items.paths,
        source=space.name,
        seed=seed,
        encode=lambda text: lexicon.encode([text])[0],
        said=lexicon.said,
    )


def embedded(words: Words, items: Gathered, tell: Tell | None) -> np.ndarray:
    """Vectors of all items, in order."""
    texts = [i for i in range(len(items.labels)) if i not in items.pictures]
    shown = list(items.pictures)
    total = len(items.labels)

    def told(before: int, count: int) -> Tell | None:
        # A word may be several captions: progress counts items all the same.
        return None if tell is None else lambda done, of: tell(before + done * count // max(of, 1), total)

    vectors = np.empty((total, words.space.dimension), np.float32)
    if texts:
        plain = [items.kinds[i] == "prompt" for i in texts]
        vectors[texts] = words.encode([items.labels[i] for i in texts], plain, told(0, len(texts)))
    if shown:
        pictures = [items.pictures[i] for i in shown]
        vectors[shown] = words.space.encode_pictures(pictures, on_progress=told(len(texts), len(shown)))
    return vectors


def own_axes(words: Words, axes: Any) -> list[Axis]:
    """Axes from pairs of words, or of lists of words: ("photograph", "painting")."""
    pairs = [axes] if isinstance(axes, tuple) and len(axes) == 2 and isinstance(axes[0], str) else axes
    if not isinstance(pairs, Sequence) or isinstance(pairs, str) or not 1 <= len(pairs) <= 3:
        raise InvalidSetting(f"axes is {axes!r:.60}, expected 2, 3, or pairs such as [('photograph', 'painting')].")
    found: list[Axis] = []
    for pair in pairs:
        if isinstance(pair, str) or not isinstance(pair, Sequence) or len(pair) != 2 or not all(pair):
            raise InvalidSetting(f"{pair!r:.60} is no axis: give two words, or two lists of words.")
        low, high = ([end] if isinstance(end, str) else list(end) for end in pair)
        name = " ↔ ".join(", ".join(end[:2]) + (" …" if len(end) > 2 else "") for end in (low, high))
        found.append((name, words.encode(low), words.encode(high)))
    return found


def _several(given: Any, of: Any, name: str, expected: str) -> list[Any]:
    if given is None:
        return []
    several = [given] if isinstance(given, of) else given
    if not isinstance(several, Sequence) or isinstance(several, str) or not all(isinstance(one, of) for one in several):
        raise InvalidSetting(f"{name} is {type(given).__name__}, expected {expected}: give one, or a list of them.")
    return list(several)
