"""The maps of a run as they grow, step by step."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from ..errors import CaptureError
from ..prompt import Tokens
from .keep import Keep

Grid = tuple[int, int]


class Maps:
    """Per grid and step, (layer, picture, token, query), float16 or 8-bit shares of each map's maximum."""

    def __init__(self, tokens: Sequence[Tokens], every_position: bool, keep: Keep) -> None:
        self._tokens = tokens
        self._every_position = every_position
        self._keep = keep
        self._sums: dict[str, tuple[Grid, torch.Tensor, int]] = {}
        self._modules: dict[Grid, tuple[str, ...]] = {}
        self._layers: dict[Grid, tuple[str, ...]] = {}
        self._steps: dict[Grid, list[torch.Tensor]] = {}
        self._scales: dict[Grid, list[torch.Tensor]] = {}

    def add(self, name: str, grid: Grid, maps: torch.Tensor) -> None:
        """Of one call of a module: (picture, head, token, query) float32."""
        known = self._sums.get(name)
        self._sums[name] = (grid, maps if known is None else known[1] + maps, 1 if known is None else known[2] + 1)

    def end_step(self, may_be_empty: bool = False) -> None:
        """Close a step: the mean over the calls of each module since the last one."""
        sums, self._sums = self._sums, {}
        grids: dict[Grid, list[str]] = {}
        for name, (grid, _, _) in sums.items():
            grids.setdefault(grid, []).append(name)
        modules = {grid: tuple(names) for grid, names in grids.items()}
        if not modules and not may_be_empty:
            raise CaptureError(
                "A step ended without any attention to text: another tool skips parts of the model, so switch it off."
            )
        self._modules = self._modules or modules
        if modules != self._modules:
            odd = {name for names in (modules | self._modules).values() for name in names} - set(sums)
            raise CaptureError(
                f"Not every step ran the same attention modules ({', '.join(sorted(odd)) or 'other grids'}): "
                "another tool skips parts of the model, so switch it off."
            )
        for grid, names in modules.items():
            layers: dict[str, torch.Tensor] = {}
            for name in names:
                _, total, calls = sums[name]
                mean = total / calls if calls > 1 else total
                own = [f"{name} head {i}" for i in range(mean.shape[1])] if self._keep.heads else [name]
                layers |= dict(zip(own, mean.unbind(1), strict=True))
            kept = self._keep.merged(layers)
            self._layers[grid] = tuple(kept)
            maps = torch.stack(list(kept.values()))
            if self._keep.bits == 8:
                tops = maps.amax(-1, keepdim=True).clamp_(min=torch.finfo(torch.float16).tiny)
                self._scales.setdefault(grid, []).append(to_cpu(tops[..., 0].to(torch.float32)))
                maps = (maps / tops * 255).round_().to(torch.uint8)
            else:
                maps = maps.to(torch.float16)
            self._steps.setdefault(grid, []).append(to_cpu(maps))

    def of(self, picture: int) -> dict[str, tuple[Any, ...]]:
        """Per grid, the largest first: the layers in the order they ran, and (step, layer, token, y, x) float16.

        With 8 bits, uint8 and, as a third, what 255 stands for: (step, layer, token) float32.
        """
        tokens = self._tokens[picture]
        length = tokens.limit if self._every_position else tokens.read + 2 * (not self._keep.words)
        return self._found(picture, length)

    def _found(self, picture: int, length: int | None) -> dict[str, tuple[Any, ...]]:
        found: dict[str, tuple[Any, ...]] = {}
        arrived()
        for (height, width), steps in sorted(self._steps.items(), key=lambda item: -item[0][0] * item[0][1]):
            own = np.stack([maps[:, picture, :length].numpy() for maps in steps])
            named: tuple[Any, ...] = (self._layers[height, width], own.reshape(*own.shape[:3], height, width))
            scales = self._scales.get((height, width))
            if scales is not None:
                named = (*named, np.stack([one[:, picture, :length].numpy() for one in scales]))
            found[f"{height}x{width}"] = named
        return found


class SelfMaps(Maps):
    """Per grid and step, (layer, picture, query, key): what each position reads of the others."""

    def __init__(self, keep: Keep) -> None:
        super().__init__((), True, replace(keep, merge=1))

    def of(self, picture: int) -> dict[str, tuple[Any, ...]]:
        """Per grid, the largest first: the layers, and (step, layer, y, x, key_y, key_x) float16.

        With 8 bits, uint8 and, as a third, what 255 stands for: (step, layer, y, x) float32.
        """
        found: dict[str, tuple[Any, ...]] = {}
        for grid, (layers, values, *tops) in self._found(picture, None).items():
            steps, _, _, height, width = values.shape
            named = [one.reshape(steps, len(layers), height, width) for one in tops]
            found[grid] = (layers, values.reshape(steps, len(layers), height, width, height, width), *named)
        return found


def to_cpu(values: torch.Tensor) -> torch.Tensor:
    """On its way to the CPU without holding up the accelerator; to be read only after `arrived`."""
    if not values.is_cuda:
        return values.to("cpu")
    place = torch.empty(values.shape, dtype=values.dtype, pin_memory=True)
    return place.copy_(values, non_blocking=True)


def arrived() -> None:
    """Wait for what is on its way."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.synchronize()
