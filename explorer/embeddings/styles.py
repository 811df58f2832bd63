"""A style as a direction: what it changes in a prompt's vector, how alike over subjects, and drawn by the model."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr

from ..asked import wanted
from ..conditioning import Conditioning, differing
from ..errors import InvalidSetting
from ..rendering import Renderer
from ..trace import Trace
from .mapping import map_of
from .words import known_words

if TYPE_CHECKING:
    from ..atlas import Atlas
    from .space import Space

SUBJECTS = ("a castle", "a cat", "a house", "a boat", "a tree", "a person")
STYLES = (
    "a photograph of {}",
    "an oil painting of {}",
    "a watercolour of {}",
    "a pencil drawing of {}",
    "a cartoon of {}",
)
"""What a model of no closed language is looked at with, unless told otherwise."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Styles:
    """Subjects in styles, as vectors of one space.

    plain: (subject, d) float32, the subjects in no style. styled: (style, subject, d). Of length 1 all.
    """

    subjects: tuple[str, ...]
    styles: tuple[str, ...]
    plain: np.ndarray
    styled: np.ndarray
    source: str

    @property
    def steps(self) -> np.ndarray:
        """From each subject to itself in each style: (style, subject, d) float32."""
        found: np.ndarray = self.styled - self.plain[None]
        return found

    @property
    def directions(self) -> xr.DataArray:
        """The mean step of each style over the subjects: (style, dimension) float32."""
        return xr.DataArray(self.steps.mean(1), dims=("style", "dimension"), coords={"style": list(self.styles)})

    @property
    def constancy(self) -> xr.DataArray:
        """How alike a style's steps are over the subjects: the mean cosine of each two, (style) float32.

        1: the style is one and the same direction, whatever the subject; 0: a different one each time. Not a number
        with one subject.
        """
        return xr.DataArray(
            [mean_cosine(own) for own in self.steps], dims=("style",), coords={"style": list(self.styles)}
        )

    @property
    def cosines(self) -> xr.DataArray:
        """How alike the directions of two styles are: (a, b) float32."""
        found = self.directions.values
        found = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-12)
        return xr.DataArray(found @ found.T, dims=("a", "b"), coords={"a": list(self.styles), "b": list(self.styles)})

    def project(self, style: str | None = None, subject: str | None = None, axes: int = 2) -> "Atlas":
        """A PCA map: all subjects in all styles, one subject in all styles, or all subjects in one style."""
        for name, value, names in (("style", style, self.styles), ("subject", subject, self.subjects)):
            if value is not None and value not in names:
                raise InvalidSetting(f"{name} is {value!r:.60}, expected one of {', '.join(map(repr, names))}.")
        labels, kinds, rows = [], [], []
        for j, one in enumerate(self.subjects):
            if subject is None or one == subject:
                labels.append(one)
                kinds.append("plain")
                rows.append(self.plain[j])
                for i, own in enumerate(self.styles):
                    if style is None or own == style:
                        labels.append(phrase(own, one))
                        kinds.append(own)
                        rows.append(self.styled[i, j])
        return map_of(labels, np.stack(rows), kinds=kinds, axes=axes, source=self.source)

    def __repr__(self) -> str:
        told = ", ".join(f"{name} {value:.2f}" for name, value in zip(self.styles, self.constancy.values, strict=True))
        return f"<Styles of {len(self.subjects)} subjects, {self.source}; constancy: {told}>"


def styles_of(
    ex: Any, space: "Space", subjects: Sequence[str] | None = None, styles: Sequence[str] | None = None
) -> Styles:
    """Subjects in styles: see `Explorer.style_directions`."""
    own_subjects, own_styles = _asked(ex, subjects, styles)
    plain = space.encode_text([_body(one) for one in own_subjects])
    texts = [phrase(style, one) for style in own_styles for one in own_subjects]
    styled = space.encode_text(texts).reshape(len(own_styles), len(own_subjects), -1)
    return Styles(own_subjects, own_styles, plain, styled, space.name)


@dataclass(frozen=True, slots=True, eq=False)
class Push:
    """A style's direction in what the denoiser is told: by value, what is added to the rows of the words, to the rows
    behind them, and to a pooled vector. constancy: of the words' steps over the subjects."""

    words: Mapping[str, torch.Tensor]
    rest: Mapping[str, torch.Tensor]
    pooled: Mapping[str, torch.Tensor]
    constancy: float

    def applied(self, to: Conditioning, amount: float) -> dict[str, torch.Tensor]:
        """The values of a conditioning, pushed: by 1 as far as the style's own words do, below 0 away from it."""
        tokens = to.encoding.tokens
        words = sorted({piece.position for piece in tokens.pieces[: tokens.read]})
        rest = _behind(to)
        found = {}
        for name, value in to.values.items():
            if name in self.words:
                value = value.clone()
                for rows, step in ((words, self.words[name]), (rest, self.rest[name])):
                    if rows:
                        value[:, rows] = (value[:, rows].double() + amount * step).to(value.dtype)
            elif name in self.pooled:
                value = (value.double() + amount * self.pooled[name]).to(value.dtype)
            found[name] = value
        return found


def push_of(renderer: Renderer, request: Any, style: str, subjects: Sequence[str]) -> Push:
    """The mean, over subjects, of what a style's words change: in the rows of the subject, and in those behind it."""
    steps: dict[str, dict[str, list[torch.Tensor]]] = {"words": {}, "rest": {}, "pooled": {}}
    for subject in subjects:
        body = _body(subject)
        text = phrase(style, subject)
        plain, styled = renderer.conditioning(request, body), renderer.conditioning(request, text)
        at = text.find(body)
        if at < 0 or text == body:
            raise InvalidSetting(
                f"The style {style!r:.60} does not hold the subject: write it such as 'a comic of {{}}'."
            )
        here = [_rows(plain, 0, len(body)), _rows(styled, at, at + len(body))]
        behind = [_behind(plain), _behind(styled)]
        for name in differing(plain, styled):
            a, b = plain.values[name].double(), styled.values[name].double()
            if not plain.values[name].is_floating_point():
                continue
            if plain.has_rows(name):
                steps["words"].setdefault(name, []).append(b[0, here[1]].mean(0) - a[0, here[0]].mean(0))
                tail = b[0, behind[1]].mean(0) - a[0, behind[0]].mean(0) if all(behind) else torch.zeros_like(a[0, 0])
                steps["rest"].setdefault(name, []).append(tail)
            else:
                steps["pooled"].setdefault(name, []).append(b - a)
    if not steps["words"] and not steps["pooled"]:
        raise InvalidSetting(f"The style {style!r:.60} changes nothing that this model reads: use words that it knows.")
    first = next(iter((steps["words"] or steps["pooled"]).values()))
    constancy = mean_cosine(torch.stack([step.flatten() for step in first]).cpu().numpy())
    means = {part: {name: torch.stack(own).mean(0) for name, own in found.items()} for part, found in steps.items()}
    return Push(means["words"], means["rest"], means["pooled"], constancy)


def styled(
    ex: Any, prompt: str, style: str, amount: float = 1.0, *, subjects: Sequence[str] | None = None, **settings: Any
) -> Trace:
    """Draw a prompt with a style's direction added: see `Explorer.styled`."""
    own_subjects, (own_style,) = _asked(ex, subjects, [style])
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not np.isfinite(amount):
        raise InvalidSetting(f"amount is {amount!r:.40}, expected a number: 1 is as far as the style's own words go.")
    keep, tell = wanted(settings.pop("keep", None)), settings.pop("tell", None)
    renderer, request = Renderer(ex), ex._asked(prompt, **settings)
    push = push_of(renderer, request, own_style, own_subjects)
    whole = renderer.conditioning(request)
    edit = {"kind": "style", "style": own_style, "amount": float(amount), "subjects": list(own_subjects)}
    edit |= {"constancy": push.constancy, "of": prompt}
    values = push.applied(whole, float(amount))
    names = [*push.words, *push.pooled]
    phases = ((0, {name: values[name] for name in names}),) if amount else ()
    request = dataclasses.replace(request, phases=phases, alone=True, edit=edit)
    return renderer.perform([request], keep=keep, tell=tell)[0]


def phrase(style: str, subject: str) -> str:
    """A subject in a style, as one says it."""
    body = _body(subject)
    if "{}" in style:
        return style.replace("{}", body)
    from ..miniature import world
    from ..miniature.world import styles

    if style in world.STYLES:
        return styles.KINDS[style].phrases[0].replace("{}", body).replace("[", "").replace("]", "")
    return f"{body}, {style}"


def mean_cosine(steps: np.ndarray) -> float:
    """Of each two different rows; not a number where there are fewer than two."""
    count = len(steps)
    if count < 2:
        return float("nan")
    near = steps / np.maximum(np.linalg.norm(steps, axis=1, keepdims=True), 1e-12)
    return float((np.square(near.sum(0)).sum() - np.square(near).sum()) / (count * (count - 1)))


def _body(subject: str) -> str:
    """A subject of the drawn world with its article; all others as they are."""
    from ..miniature import world
    from ..miniature.world import subjects

    if subject not in world.SUBJECTS or subjects.KINDS[subject].several:
        return subject
    return f"{'an' if subject[0] in 'aeiou' else 'a'} {subject}"


def _asked(
    ex: Any, subjects: Sequence[str] | None, styles: Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    known = known_words(ex)
    found = []
    for name, given, usual in (
        ("subjects", subjects, known.get("subject") or SUBJECTS),
        ("styles", styles, known.get("style") or STYLES),
    ):
        own = usual if given is None else [given] if isinstance(given, str) else given
        if not own or not all(isinstance(one, str) and one.strip() for one in own):
            raise InvalidSetting(f"{name} is {given!r:.60}, expected at least one text.")
        found.append(tuple(own))
    return found[0], found[1]


def _rows(one: Conditioning, start: int, end: int) -> list[int]:
    tokens = one.encoding.tokens
    return sorted({p.position for p in tokens.pieces[: tokens.read] if p.start < end and p.end > start})


def _behind(one: Conditioning) -> list[int]:
    """The rows behind the last word: the end of the text, and padding, where the model reads it."""
    tokens = one.encoding.tokens
    last = max((piece.position for piece in tokens.pieces[: tokens.read]), default=0)
    return list(range(last + 1, tokens.limit))
