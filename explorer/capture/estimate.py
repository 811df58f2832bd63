"""What a recording will take, before it runs, and how it is made to fit into a number of bytes."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch

from ..errors import InvalidSetting
from ..families import Encoding, Family, Place
from .keep import Keep
from .reduce import Pool, shares, within


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one recording will keep and how much longer the run will take for it."""

    keep: Keep
    """As it will be kept, with what a budget made coarser."""
    maps: int
    """Bytes of the attention maps of one picture."""
    steps: int
    """Bytes of its latents, predicted x0 and noise predictions."""
    seconds: float
    """Added to the whole run by the maps, measured on one layer of each grid with random numbers."""

    @property
    def bytes(self) -> int:
        """Of one trace, its picture not counted."""
        return self.maps + self.steps

    def __str__(self) -> str:
        how = self.keep.words_for() or "everything, as it is computed"
        return (
            f"{self.bytes / 1e6:.1f} MB a picture ({self.maps / 1e6:.1f} MB of maps, {self.steps / 1e6:.1f} MB of "
            f"steps), about {self.seconds:.2f} s more; kept: {how}."
        )


def grids_of(pipe: Any, family: Family, keep: Keep, height: int, width: int) -> Counter[tuple[int, int]]:
    """How many layers will be kept of each grid, for a picture of height x width pixels; each head for one if so."""
    grids: Counter[tuple[int, int]] = Counter()
    for reader in keep.readers(family.readers(pipe)):
        grids[family.grid_for(pipe, reader, height, width)] += family.heads(reader) if keep.heads else 1
    return grids


def self_grids_of(pipe: Any, family: Family, keep: Keep, height: int, width: int) -> Counter[tuple[int, int]]:
    """The same of the layers whose self-attention will be kept."""
    grids: Counter[tuple[int, int]] = Counter()
    for reader in keep.lookers(family.lookers(pipe) if keep.self_layers else ()):
        grids[family.grid_for(pipe, reader, height, width)] += family.heads(reader) if keep.heads else 1
    return grids


def fitted(
    pipe: Any,
    family: Family,
    encodings: Sequence[Encoding],
    keep: Keep,
    *,
    steps: int,
    height: int,
    width: int,
    negative: bool,
    guided: bool,
    budget: int | None,
    strict: bool = True,
) -> tuple[Keep, int, int]:
    """`keep`, made as coarse as the budget asks for, and the bytes of one picture's maps and steps.

    First 8 bits instead of 16, then the mean of layers that follow one another, of as few as will do.
    strict: raise InvalidSetting where even the coarsest does not fit; else it is taken, and self-attention, which was
        asked for, does not count.
    """
    grids = grids_of(pipe, family, keep, height, width)
    looked = self_grids_of(pipe, family, keep, height, width)
    kept = steps if keep.steps is None else sum(step in keep.steps for step in range(steps))
    tokens = max(one.tokens.read for one in encodings) + 2 * (not keep.words)
    vae = pipe.vae.config
    channels = int(vae.get("latent_channels") or vae.get("z_dim") or 4)
    factor = int(pipe.vae_scale_factor)
    arrays = 3 + guided
    other = 2 * channels * -(-height // factor) * -(-width // factor) * (arrays * kept + 1)

    def size(one: Keep) -> int:
        total = 0
        for (rows, columns), count in grids.items():
            maps = -(-count // one.merge) * tokens * kept * (1 + negative)
            total += maps * (rows * columns * one.bits // 8 + 4 * (one.bits == 8))
        return total

    def size_within(one: Keep) -> int:
        total = 0
        for (rows, columns), count in looked.items():
            total += kept * count * rows * columns * (rows * columns * one.bits // 8 + 4 * (one.bits == 8))
        return total

    most = max(grids.values())
    ways = [keep, *(replace(keep, bits=8, merge=merge) for merge in range(keep.merge, most + 1))]
    for way in ways:
        if budget is None or size(way) + other + strict * size_within(way) <= budget:
            return way, size(way) + size_within(way), other
    least = size(ways[-1]) + size_within(ways[-1])
    if strict:
        raise InvalidSetting(
            f"A budget of {budget} bytes is too small: the coarsest recording of this run takes "
            f"{least + other}, so allow that, or keep fewer steps."
        )
    return ways[-1], least, other


@torch.no_grad()
def seconds(
    pipe: Any,
    family: Family,
    encodings: Sequence[Encoding],
    keep: Keep,
    *,
    steps: int,
    height: int,
    width: int,
    images: int,
) -> float:
    """How long the maps of a run will take, from one layer of each grid, timed with random numbers."""
    denoiser: Any = family.denoiser(pipe)
    device = family.device(pipe)
    tokens = [one.tokens for one in encodings for _ in range(images)]
    pool = Pool.of(tokens, words=keep.words).to(device)
    readers = keep.readers(family.readers(pipe))
    joint = readers[0].order != "text"
    heads, size = family.heads(readers[0]), 64
    kept = steps if keep.steps is None else len(keep.steps)
    options = {"device": device, "dtype": denoiser.dtype}

    def timed(reduce: Callable[[], torch.Tensor]) -> float:
        took = []
        for _ in range(3):
            begin = time.perf_counter()
            reduce().to("cpu")
            took.append(time.perf_counter() - begin)
        return min(took)

    total = 0.0
    for (rows, columns), count in self_grids_of(pipe, family, replace(keep, heads=False), height, width).items():
        q = torch.randn(len(tokens), heads, rows * columns, size, **options)
        every = slice(0, rows * columns)
        lse = torch.zeros(q.shape[:3], device=q.device)
        look = partial(within, q, q, scale=size**-0.5, mask=None, lse=lse, queries=every, keys=every)
        total += timed(look) * count * kept
    for (rows, columns), count in grids_of(pipe, family, replace(keep, heads=False), height, width).items():
        queries = rows * columns
        q = torch.randn(len(tokens), heads, queries, size, **options)
        k = torch.randn(len(tokens), heads, max(one.limit for one in tokens), size, **options)
        lse = torch.zeros(q.shape[:3], device=q.device)
        reduce = partial(
            shares,
            q,
            k,
            scale=size**-0.5,
            mask=None,
            lse=lse,
            pool=pool,
            place=Place(0, 0),
            queries=queries,
            joint=joint,
        )
        total += timed(reduce) * count * kept
    return total
