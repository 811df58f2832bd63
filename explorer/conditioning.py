"""Conditioning: what the denoiser is told of a prompt, as tensors that can be mixed, weighted and lined up.

A run that is fed the conditioning of its own prompt is that prompt's run, to the bit (`explorer.capture.feed`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

import torch

from .errors import InvalidSetting
from .families import Encoding
from .prompt import Piece, Tokens

Method = Literal["slerp", "lerp"]
Parts = Literal["both", "tokens", "pooled"]
_PARALLEL = 1e-6  # of the sine: below it a straight line and the sphere are the same in float64


@dataclass(frozen=True, slots=True, eq=False)
class Conditioning:
    """What the denoiser is told of one prompt.

    encoding: its words, and where they stand among the rows of the text.
    values: the denoiser's arguments of its rows, by name: the rows of the text (1, row, channel), and where the family
        has one a pooled vector (1, channel) and a mask (1, row) of whole numbers.
    """

    encoding: Encoding
    values: Mapping[str, torch.Tensor]

    @property
    def prompt(self) -> str:
        """Its text."""
        return self.encoding.tokens.prompt

    def has_rows(self, name: str) -> bool:
        """Whether a value holds something for each row of the text."""
        value = self.values[name]
        return value.ndim > 1 and value.shape[1] == self.encoding.tokens.limit and (value.ndim > 2 or _discrete(value))

    def only(self, names: Sequence[str]) -> "Conditioning":
        """With these values alone."""
        return replace(self, values={name: self.values[name] for name in names})

    def ordered(self, rows: Sequence[int], tokens: Tokens) -> "Conditioning":
        """With the rows of the text in another order: new row i is old row `rows[i]`; tokens: as they stand then."""
        index = torch.tensor(list(rows))
        values = {
            name: value[:, index.to(value.device)] if self.has_rows(name) else value
            for name, value in self.values.items()
        }
        return Conditioning(replace(self.encoding, tokens=tokens), values)


def differing(first: Conditioning, *others: Conditioning) -> list[str]:
    """The values that are not the same in all: those that depend on the prompt.

    Raises InvalidSetting where they have different shapes, as with families whose texts are as long as their prompts.
    """
    limit = first.encoding.tokens.limit
    found = []
    for name, value in first.values.items():
        if value.ndim < 2:
            continue  # a timestep, a distilled guidance
        same = True
        for other in others:
            against = other.values.get(name)
            if against is None or against.shape != value.shape or other.encoding.tokens.limit != limit:
                raise InvalidSetting(
                    f"{first.prompt[:40]!r} and {other.prompt[:40]!r} make texts of different lengths with this model, "
                    "which can't be mixed: use prompts of equally many tokens."
                )
            same = same and torch.equal(value, against)
        if not same:
            found.append(name)
    return found


def slerp(a: torch.Tensor, b: torch.Tensor, t: float) -> torch.Tensor:
    """From `a` to `b` along the sphere, vector by vector (last axis): the direction by Shoemake 1985, p. 247, the
    length linearly, so that vectors of one length keep it. Computed in float64; 0 and 1 give `a` and `b` to the bit."""
    if t == 0 or t == 1:
        return (a if t == 0 else b).clone()
    x, y = a.double(), b.double()
    lengths = x.norm(dim=-1, keepdim=True), y.norm(dim=-1, keepdim=True)
    length = (1 - t) * lengths[0] + t * lengths[1]
    u, v = (vector / norm.clamp(min=1e-300) for vector, norm in zip((x, y), lengths, strict=True))
    cosine = (u * v).sum(-1, keepdim=True).clamp(-1, 1)
    angle = torch.acos(cosine)
    sine = torch.sin(angle)
    safe = sine.clamp(min=_PARALLEL)
    around = (torch.sin((1 - t) * angle) * u + torch.sin(t * angle) * v) / safe
    straight = (1 - t) * u + t * v
    mixed = torch.where(sine > _PARALLEL, around, straight)
    # Opposite, or one of no length: there is no arc, so the straight line, at the length it should have.
    mixed = mixed / mixed.norm(dim=-1, keepdim=True).clamp(min=1e-300)
    nothing = (lengths[0] == 0) | (lengths[1] == 0)
    return torch.where(nothing, (1 - t) * x + t * y, mixed * length).to(a.dtype)


def lerp(a: torch.Tensor, b: torch.Tensor, t: float) -> torch.Tensor:
    """From `a` to `b` along a straight line, computed in float64; 0 and 1 give `a` and `b` to the bit."""
    if t == 0 or t == 1:
        return (a if t == 0 else b).clone()
    return ((1 - t) * a.double() + t * b.double()).to(a.dtype)


def mixed(
    a: Conditioning, b: Conditioning, t: float, *, method: Method = "slerp", parts: Parts = "both"
) -> Conditioning:
    """Between two conditionings of the same values: each row of the text, and the pooled vector, by `method`.

    t: 0 is `a`, 1 is `b`. parts: which of the two go to `b`; the others stay those of `a`. Masks are joined.
    The words are those of the nearer one.
    """
    path = slerp if method == "slerp" else lerp
    values: dict[str, torch.Tensor] = {}
    for name, value in a.values.items():
        other = b.values[name]
        if _discrete(value):
            values[name] = (value if t == 0 else other if t == 1 else torch.maximum(value, other)).clone()
        elif parts == "both" or (parts == "tokens") == a.has_rows(name):
            values[name] = path(value, other, t)
        else:
            values[name] = value.clone()
    return Conditioning((a if t < 0.5 else b).encoding, values)


def weighted(of: Conditioning, empty: Conditioning, factors: Mapping[int, float]) -> Conditioning:
    """With some rows of the text pulled away from those of the empty prompt, or back to them: empty + factor * (row -
    empty), as ComfyUI weighs words. A factor of 1 changes no bit, 0 leaves what the empty prompt has there.

    factors: by row of the text. The pooled vector stays.
    Raises InvalidSetting where the model's text is not of one piece, or as long as the prompt.
    """
    if factors and not any(
        of.has_rows(name) and value.shape == empty.values[name].shape and not _discrete(value)
        for name, value in of.values.items()
    ):
        raise InvalidSetting(
            "The rows of this model's text can't be weighted by the conditioning, since they don't stand in one table "
            "of a fixed length: leave the weights out."
        )
    rows = {row: factor for row, factor in factors.items() if factor != 1}
    values = dict(of.values)
    for name, value in of.values.items():
        if rows and of.has_rows(name) and not _discrete(value):
            index = torch.tensor(list(rows), device=value.device)
            base = empty.values[name][:, index].double()
            factor = torch.tensor(list(rows.values()), dtype=torch.float64, device=value.device)
            values[name] = value.clone()
            values[name][:, index] = (base + factor[:, None] * (value[:, index].double() - base)).to(value.dtype)
    return replace(of, values=values)


def lined_up(*several: Conditioning) -> list[Conditioning]:
    """The same conditionings with the rows in such an order that words which they share stand in the same row.

    A word that only some of them have faces padding in the others; one that replaces another faces that one. Only where
    the denoiser doesn't tell text by its position (`Family.text_has_order`), where the order of rows is no matter.
    Returns them unchanged where the words of all together don't fit into the rows.
    """
    limit = several[0].encoding.tokens.limit
    plans: list[list[int]] = [list(range(limit)) for _ in several]
    names = list(dict.fromkeys(p.encoder for one in several for p in _read(one)))
    starts = [min(p.position for one in several for p in _read(one) if p.encoder == name) for name in names]
    for name, first, end in zip(names, starts, [*starts[1:], limit], strict=True):
        own = [[p for p in _read(one) if p.encoder == name] for one in several]
        slots = _slots([[p.text.strip().casefold() for p in pieces] for pieces in own])
        if len(slots) > end - first - 1:
            return list(several)
        for k, pieces in enumerate(own):
            free = [row for row in range(first, end) if row not in {p.position for p in pieces}]
            order = [free.pop() if piece is None else pieces[piece].position for piece in (slot[k] for slot in slots)]
            plans[k][first:end] = [*order, *free]
    found = []
    for one, rows in zip(several, plans, strict=True):
        where = {old: new for new, old in enumerate(rows)}
        tokens = one.encoding.tokens
        moved = tuple(
            replace(p, position=where[p.position]) if i < tokens.read else p for i, p in enumerate(tokens.pieces)
        )
        placed = Tokens.of(tokens.prompt, moved, limit=tokens.limit, read=tokens.read)
        found.append(one if rows == list(range(limit)) else one.ordered(rows, placed))
    return found


def rows_of(tokens: Tokens, start: int, end: int) -> list[int]:
    """The rows of the text that hold the characters `prompt[start:end]`, in every encoder's part."""
    return [p.position for p in tokens.pieces[: tokens.read] if p.start < end and p.end > start]


def _read(one: Conditioning) -> tuple[Piece, ...]:
    tokens = one.encoding.tokens
    return tokens.pieces[: tokens.read]


def _slots(texts: Sequence[Sequence[str]]) -> list[list[int | None]]:
    """One list of places for several sequences: for each place, which item of each sequence stands there, or None."""
    slots: list[list[int | None]] = [[i] for i in range(len(texts[0]))]
    shown = list(texts[0])
    for k, own in enumerate(texts[1:], start=1):
        new: list[list[int | None]] = []
        told: list[str] = []
        for tag, i, j, m, n in SequenceMatcher(None, shown, own, autojunk=False).get_opcodes():
            for step in range(max(j - i, n - m)):
                old = i + step < j
                slot: list[int | None] = [*slots[i + step]] if old else [None] * k
                slot.append(m + step if m + step < n else None)
                new.append(slot)
                told.append(shown[i + step] if old else own[m + step])
            del tag
        slots, shown = new, told
    return slots


def _discrete(value: torch.Tensor) -> bool:
    return not value.is_floating_point()
