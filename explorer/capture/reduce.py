"""The share of each position's attention that goes to each token of the prompt, reduced at once on the device."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ..families import Place
from ..prompt import Tokens

_LARGE = 2**26
"""Above this many logits (256 MB in float32), heads are worked off one by one."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Which rows of the text make which entry of the token axis, for the pictures of a batch.

    The entries are what stands before the prompt (beginning of text, a template), each piece that was read, and the
    rest summed; the shorter prompts of a batch leave their last entries empty.
    """

    whole: torch.Tensor
    """(picture, entry, row) of 0 and 1."""
    columns: torch.Tensor
    """(picture, column): the rows that are not in the rest, filled up with row 0."""
    inner: torch.Tensor
    """(picture, entry, column) of 0 and 1."""
    rest: torch.Tensor | None
    """(picture, entry) of 0 and 1: where the rest stands, if it is kept."""
    span: slice | None = None
    """The rows that are not in the rest, where they are the same for all pictures and follow one another."""
    one_each: bool = False
    """Whether each of `columns` is the entry of the same number, and the rest, if it is kept, the one after them."""

    @classmethod
    def of(cls, tokens: Sequence[Tokens], every_position: bool = False, words: bool = False) -> "Pool":
        """For the tokens of each picture; `every_position` makes each row an entry, `words` only the pieces."""
        whole = token_pool(tokens, every_position)
        rest = None
        if words:
            whole = whole[:, 1:-1].clone()
            for picture, one in enumerate(tokens):
                whole[picture, one.read :] = 0
        elif not every_position:
            rest = torch.zeros(whole.shape[:2])
            rest[torch.arange(len(tokens)), torch.tensor([one.read + 1 for one in tokens])] = 1
        inner = whole if rest is None else whole * (1 - rest)[:, :, None]
        own = [rows.nonzero()[:, 0] for rows in inner.sum(1)]
        columns = torch.zeros(len(tokens), max(len(rows) for rows in own), dtype=torch.long)
        picked = torch.zeros(*whole.shape[:2], columns.shape[1])
        for picture, rows in enumerate(own):
            columns[picture, : len(rows)] = rows
            picked[picture, :, : len(rows)] = inner[picture][:, rows]
        first, count = int(columns[0, 0]) if columns.numel() else 0, columns.shape[1]
        following = count > 0 and bool((columns == torch.arange(first, first + count)).all())
        plain = torch.eye(count).expand(len(tokens), -1, -1)
        one_each = torch.equal(picked[:, :count], plain) and whole.shape[1] == count + (rest is not None)
        one_each = one_each and (rest is None or bool(rest[:, -1].all()))
        return cls(whole, columns, picked, rest, slice(first, first + count) if following else None, one_each)

    def to(self, device: torch.device) -> "Pool":
        """This pool on another device."""
        rest = None if self.rest is None else self.rest.to(device)
        whole, columns, inner = (one.to(device) for one in (self.whole, self.columns, self.inner))
        return Pool(whole, columns, inner, rest, self.span, self.one_each)

    def only(self, picture: int) -> "Pool":
        """This pool for one picture."""
        own = slice(picture, picture + 1)
        rest = None if self.rest is None else self.rest[own]
        return Pool(self.whole[own], self.columns[own], self.inner[own], rest, self.span, self.one_each)

    def sums(self, probabilities: torch.Tensor) -> torch.Tensor:
        """(picture, query, row) to (picture, entry, query)."""
        return torch.bmm(self.whole, probabilities.mT)


def token_pool(tokens: Sequence[Tokens], every_position: bool = False) -> torch.Tensor:
    """(picture, entry, row) of 0 and 1: see `Pool`. Rows past a picture's own limit belong to none."""
    limit = max(one.limit for one in tokens)
    if every_position:
        return torch.eye(limit).expand(len(tokens), limit, limit)
    pool = torch.zeros(len(tokens), 2 + max(one.read for one in tokens), limit)
    for picture, one in enumerate(tokens):
        entry = torch.full((one.limit,), one.read + 1)
        rows = [piece.position for piece in one.pieces[: one.read]]
        entry[: min(rows, default=1)] = 0
        for i, row in enumerate(rows):
            entry[row] = i + 1
        pool[picture, entry, torch.arange(one.limit)] = 1
    return pool


def shares(
    q: torch.Tensor,
    k: torch.Tensor,
    *,
    scale: float,
    mask: torch.Tensor | None,
    lse: torch.Tensor | None,
    pool: Pool,
    place: Place,
    queries: int,
    joint: bool,
    heads: bool = False,
) -> torch.Tensor:
    """softmax(QK^T * scale + mask) over all keys, at the text's keys: (picture, 1, entry, query) float32.

    Mean over heads; with `heads` each for itself, (picture, head, entry, query).

    q, k: (picture, head, position, channel), the kernel's own; mask: broadcast to (picture, head, query, key).
    lse: (picture, head, query), the log-sum-exp of each query's logits, from the kernel, or None to compute it here.
    place, queries: where the text begins among the keys, and the image, `queries` long, among the queries.
    joint: whether the keys hold more than text.
    """
    own = slice(place.queries, place.queries + queries)
    text = slice(place.text, place.text + pool.whole.shape[2])
    q = q[:, :, own]
    bias = _bias(mask, q, k.shape[2], own)
    lse = None if lse is None else lse[:, :, own]
    keys = k.shape[2] if lse is None else (pool.whole if joint else pool.columns).shape[-1]
    step = q.shape[1] if q.shape[0] * q.shape[1] * queries * keys <= _LARGE else 1
    found: list[torch.Tensor] = []
    for first in range(0, q.shape[1], step):
        some = slice(first, first + step)
        one = _some_heads(
            q[:, some],
            k[:, some],
            scale,
            None if bias is None else bias[:, some] if bias.shape[1] > 1 else bias,
            None if lse is None else lse[:, some],
            pool,
            text,
            joint,
            heads,
        )
        found = [*found, one] if heads or not found else [found[0] + one]
    return torch.cat(found, 1) if heads else found[0] / q.shape[1]


def _some_heads(
    q: torch.Tensor,
    k: torch.Tensor,
    scale: float,
    bias: torch.Tensor | None,
    lse: torch.Tensor | None,
    pool: Pool,
    text: slice,
    joint: bool,
    heads: bool,
) -> torch.Tensor:
    """As `shares`; without `heads` their sum, taken before anything else is done to the few shares that are wanted."""
    if lse is None:
        lse = _logits(q, k, scale, bias).logsumexp(2)
    k = k[:, :, text]
    bias = None if bias is None else bias[..., text]
    if pool.span is not None:
        own, picked = k[:, :, pool.span], None if bias is None else bias[..., pool.span]
    else:
        own = k.gather(2, pool.columns[:, None, :, None].expand(-1, k.shape[1], -1, k.shape[3]))
        picked = None if bias is None else bias.gather(3, pool.columns[:, None, None].expand(*bias.shape[:3], -1))
    probabilities = _probabilities(q, own, scale, picked, lse)
    probabilities = probabilities if heads else probabilities.sum(1, keepdim=True)
    found = probabilities if pool.one_each else pool.inner[:, None] @ probabilities
    if pool.rest is not None:
        if joint:
            whole = _probabilities(q, k, scale, bias, lse)
            whole = whole if heads else whole.sum(1, keepdim=True)
            total: Any = pool.whole.sum(1)[:, None, None] @ whole
        else:
            total = 1.0 if heads else float(q.shape[1])
        # Where the rest is what is missing, a rounding of the sum is all that it may hold.
        fine = torch.float64 if q.device.type == "cpu" and not joint else torch.float32
        rest = (total - found.sum(2, keepdim=True, dtype=fine)).clamp_(min=0).float()
        if pool.one_each:
            return torch.cat([found, rest], 2)
        found = found.addcmul_(pool.rest[:, None, :, None], rest)
    return found


def within(
    q: torch.Tensor,
    k: torch.Tensor,
    *,
    scale: float,
    mask: torch.Tensor | None,
    lse: torch.Tensor | None,
    queries: slice,
    keys: slice,
    heads: bool = False,
) -> torch.Tensor:
    """softmax(QK^T * scale + mask) over all keys, of the image's queries at the image's keys: (picture, 1, query, key).

    float32, mean over heads; with `heads` each for itself. queries, keys: where the image stands among them; the others
    as in `shares`. Keys that hold text besides have what is missing to 1.
    """
    own = q[:, :, queries]
    bias = _bias(mask, own, k.shape[2], queries)
    lse = None if lse is None else lse[:, :, queries]
    found: list[torch.Tensor] = []
    step = own.shape[1] if own[..., 0].numel() * k.shape[2] <= _LARGE else 1
    for first in range(0, own.shape[1], step):
        some = slice(first, first + step)
        by = None if bias is None else bias[:, some] if bias.shape[1] > 1 else bias
        if lse is None:
            parts = _logits(own[:, some], k[:, some], scale, by).softmax(2)[:, :, keys]
        else:
            by = None if by is None else by[..., keys]
            parts = _logits(own[:, some], k[:, some, keys], scale, by).sub_(lse[:, some, None]).exp_()
        one = parts if heads else parts.sum(1, keepdim=True)
        found = [*found, one] if heads or not found else [found[0].add_(one)]
    return (torch.cat(found, 1) if heads else found[0] / own.shape[1]).mT


def _probabilities(
    q: torch.Tensor, k: torch.Tensor, scale: float, bias: torch.Tensor | None, lse: torch.Tensor
) -> torch.Tensor:
    """exp(logits - lse), (picture, head, key, query) float32."""
    if bias is not None or q.is_cuda:
        return _logits(q, k, scale, bias).sub_(lse[:, :, None]).exp_()
    # In one pass over the memory: on a CPU that takes half as long.
    keys, queries = k.flatten(0, 1).float(), q.flatten(0, 1).float()
    logits = torch.baddbmm(lse.flatten(0, 1)[:, None].float(), keys, queries.mT, beta=-1, alpha=scale)
    found: torch.Tensor = logits.exp_().unflatten(0, q.shape[:2])
    return found


def _logits(q: torch.Tensor, k: torch.Tensor, scale: float, bias: torch.Tensor | None) -> torch.Tensor:
    """(picture, head, key, query) float32."""
    if q.is_cuda and q.dtype in (torch.float16, torch.bfloat16):  # half-precision products, summed in single precision
        product = torch.bmm(k.flatten(0, 1), q.flatten(0, 1).mT, out_dtype=torch.float32)
        logits: torch.Tensor = product.unflatten(0, q.shape[:2]).mul_(scale)
    else:
        logits = (k.float() * scale) @ q.float().mT
    return logits if bias is None else logits.add_(bias.mT)


def _bias(mask: torch.Tensor | None, q: torch.Tensor, keys: int, own: slice) -> torch.Tensor | None:
    """(picture, head or 1, query, key) float32, 0 where nothing is masked."""
    if mask is None:
        return None
    if mask.dtype == torch.bool:
        mask = torch.zeros_like(mask, dtype=torch.float32).masked_fill_(~mask, float("-inf"))
    while mask.ndim < 4:
        mask = mask[None]
    mask = mask[:, :, own] if mask.shape[2] > 1 else mask
    return mask.float().expand(q.shape[0], -1, q.shape[2], keys)
