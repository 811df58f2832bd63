"""Which parts of a picture match a text: by the patches of the picture tower, or by covering them."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional

from ..errors import InvalidSetting

CELLS = 12
"""Rows and columns of places that are covered, unless told otherwise."""
COVERED = 3
"""Width and height of what is covered at once, in cells."""


def patch_features(visual: Any, pixels: torch.Tensor, name: str) -> torch.Tensor:
    """(y, x, d) of one picture (1, channel, y, x): each patch's own value of the last attention, projected as the
    picture's vector is (MaskCLIP, Zhou et al. 2022, section 3.2).

    Raises InvalidSetting for towers that are built otherwise.
    """
    pool = getattr(visual, "attnpool", None)
    if pool is not None and hasattr(pool, "v_proj"):
        x = _into(visual, pool, pixels)[0].permute(1, 2, 0)
        values = functional.linear(x, pool.v_proj.weight, pool.v_proj.bias)
        projected: torch.Tensor = functional.linear(values, pool.c_proj.weight, pool.c_proj.bias)
        return projected
    blocks = getattr(getattr(visual, "transformer", None), "resblocks", None)
    plain = getattr(visual, "pool_type", "") in ("tok", "avg") and getattr(visual, "attn_pool", None) is None
    if blocks is None or not plain or getattr(getattr(blocks[-1], "attn", None), "in_proj_weight", None) is None:
        raise InvalidSetting(
            f'The picture tower of {name} does not tell its patches apart: use way="covering", which any model can.'
        )
    block = blocks[-1]
    x = _into(visual, block, pixels)
    x = x if x.shape[0] == 1 else x.transpose(0, 1)  # inner layers may have the sequence first
    width = x.shape[-1]
    weight, bias = block.attn.in_proj_weight[2 * width :], block.attn.in_proj_bias[2 * width :]
    x = x + block.ls_1(block.attn.out_proj(functional.linear(block.ln_1(x), weight, bias)))
    x = x + block.ls_2(block.mlp(block.ln_2(x)))
    x = visual.ln_post(x)[0, 1:]  # without the class token
    x = x if visual.proj is None else x @ visual.proj
    rows, columns = visual.grid_size
    table: torch.Tensor = x.reshape(rows, columns, -1)
    return table


def covering(
    encode: Callable[[torch.Tensor], torch.Tensor],
    pixels: torch.Tensor,
    text: torch.Tensor,
    cells: int,
    batch: int = 32,
) -> torch.Tensor:
    """How much the match with a text falls when a place of the picture is covered with its mean colour: (cells, cells).

    encode: pictures (n, channel, y, x) to vectors (n, d). pixels: (1, channel, y, x). text: (d,), unit norm.
    A cell's value is the mean over the squares that cover it, in cosine (Zeiler & Fergus 2014, section 4.2).
    """
    _, _, height, width = pixels.shape
    mean = pixels.mean((2, 3), keepdim=True)
    edges = [torch.linspace(0, side, cells + 1).round().long().tolist() for side in (height, width)]
    places = [(row, column) for row in range(1 - COVERED, cells) for column in range(1 - COVERED, cells)]

    def cosine(pictures: torch.Tensor) -> torch.Tensor:
        return functional.normalize(encode(pictures).float(), dim=-1) @ text.float()

    whole = cosine(pixels)[0]
    fall, count = torch.zeros(cells, cells), torch.zeros(cells, cells)
    for first in range(0, len(places), batch):
        some = places[first : first + batch]
        covered = pixels.repeat(len(some), 1, 1, 1)
        spans = []
        for i, (row, column) in enumerate(some):
            rows = slice(max(row, 0), min(row + COVERED, cells))
            columns = slice(max(column, 0), min(column + COVERED, cells))
            spans.append((rows, columns))
            high = slice(edges[0][rows.start], edges[0][rows.stop])
            wide = slice(edges[1][columns.start], edges[1][columns.stop])
            covered[i, :, high, wide] = mean[0]
        for (rows, columns), value in zip(spans, (whole - cosine(covered)).cpu(), strict=True):
            fall[rows, columns] += value
            count[rows, columns] += 1
    return fall / count


def _into(visual: Any, module: Any, pixels: torch.Tensor) -> torch.Tensor:
    """What `module` is given when the tower looks at the picture."""
    seen: list[torch.Tensor] = []
    handle = module.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    try:
        visual(pixels)
    finally:
        handle.remove()
    return seen[0]
