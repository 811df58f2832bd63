"""The maps: what each watched module's queries read of the text, reduced at once."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch

from ..errors import CaptureError
from ..families import Reader
from ..prompt import Tokens
from . import gate

_LARGE = 2**26
"""Above this many logits (256 MB in float32), heads are worked off one by one."""

GridOf = Callable[[tuple[Any, ...], Mapping[str, Any]], tuple[int, int]]
RowsOf = Callable[[int], slice]


class AttentionRecorder:
    """Collects, per step and module, (picture, token, query) float32: the mean over heads of the attention.

    readers: the modules to watch; grid_of: reads the size of a feature map.
    rows_of: which of a call's rows are conditional.
    tokens: for each picture; the token axis is start, pieces that were read, rest (see `token_pool`).
    """

    def __init__(
        self,
        readers: Sequence[Reader],
        grid_of: GridOf,
        rows_of: RowsOf,
        tokens: Sequence[Tokens],
        every_position: bool = False,
    ) -> None:
        self._readers = readers
        self._grid_of = grid_of
        self._rows_of = rows_of
        self._tokens = tokens
        self._every_position = every_position
        self._pool: torch.Tensor | None = None
        self._owner = threading.get_ident()
        self._grids: dict[int, tuple[int, int]] = {}
        self._batch = 0
        self._maps: torch.Tensor | None = None
        self._told = 0  # rows times heads that the eager path has told so far
        self._sums: dict[str, tuple[tuple[int, int], torch.Tensor, int]] = {}
        self._layers: dict[tuple[int, int], tuple[str, ...]] = {}
        self._steps: dict[tuple[int, int], list[torch.Tensor]] = {}

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Hooks on the watched modules, and the gate open, until the end of the `with`."""
        with ExitStack() as undo:
            undo.enter_context(gate.opened())
            for part in {id(reader.grid): reader.grid for reader in self._readers}.values():
                undo.callback(part.register_forward_pre_hook(self._enter_grid, with_kwargs=True).remove)
            for reader in self._readers:
                enter, leave = self._hooks(reader)
                undo.callback(reader.module.register_forward_pre_hook(enter, with_kwargs=True).remove)
                undo.callback(reader.module.register_forward_hook(leave).remove)
            yield

    def _enter_grid(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if threading.get_ident() == self._owner:
            self._grids[id(module)] = self._grid_of(args, kwargs)

    def _hooks(self, reader: Reader) -> tuple[Callable[..., None], Callable[..., None]]:
        def enter(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            if threading.get_ident() == self._owner:
                self._batch = (args[0] if args else kwargs["hidden_states"]).shape[0]
                self._maps, self._told = None, 0
                gate.listen(self)

        def leave(module: Any, args: tuple[Any, ...], output: Any) -> None:
            if threading.get_ident() == self._owner:
                gate.listen(None)
                self._finish(reader)

        return enter, leave

    def fused(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attn_mask: torch.Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        scale: float | None = None,
        enable_gqa: bool = False,
    ) -> None:
        """softmax(QK^T * scale + mask) in float32, from the kernel's own (batch, heads, positions, channels)."""
        if self._maps is not None or is_causal or enable_gqa:
            raise CaptureError(
                "A watched attention module called scaled_dot_product_attention twice, or in a causal or grouped form, "
                "which is not known here: use diffusers' default processor, pipe.unet.set_default_attn_processor()."
            )
        rows = self._rows_of(query.shape[0])
        q, k = query[rows].float(), key[rows].float()
        q = q * (query.shape[-1] ** -0.5 if scale is None else scale)
        if attn_mask is not None:
            attn_mask = attn_mask.expand(*query.shape[:3], key.shape[2])[rows]
        if q.shape[0] * q.shape[1] * q.shape[2] * k.shape[2] <= _LARGE:
            self._maps = _softmax(q @ k.mT, attn_mask).mean(1)
            return
        total = q.new_zeros(q.shape[0], q.shape[2], k.shape[2])
        for head in range(q.shape[1]):
            mask = None if attn_mask is None else attn_mask[:, head]
            total += _softmax(q[:, head] @ k[:, head].mT, mask)
        self._maps = total / q.shape[1]

    def eager(self, module: Any, probabilities: torch.Tensor) -> None:
        """Add what the processor itself has computed: all heads of all rows, or a slice of them after another."""
        heads = int(module.heads)
        rows = self._rows_of(self._batch)
        if self._maps is None:
            pictures = rows.stop - rows.start
            self._maps = probabilities.new_zeros((pictures, *probabilities.shape[1:]), dtype=torch.float32)
        # Rows come as row 0 head 0, row 0 head 1, ...: this call holds those from `told` on.
        first = max(self._told, rows.start * heads)
        last = min(self._told + len(probabilities), rows.stop * heads)
        if first < last:
            own = probabilities[first - self._told : last - self._told].float()
            picture = torch.arange(first, last, device=own.device) // heads - rows.start
            self._maps.index_add_(0, picture, own, alpha=1 / heads)
        self._told += len(probabilities)
        if self._told > self._batch * heads:
            raise CaptureError(
                "A watched attention module computed its scores twice: "
                "use diffusers' default processor, pipe.unet.set_default_attn_processor()."
            )

    def _finish(self, reader: Reader) -> None:
        maps, self._maps = self._maps, None
        module: Any = reader.module
        if maps is None or 0 < self._told < self._batch * int(module.heads):
            processor = type(getattr(module, "processor", None)).__name__
            raise CaptureError(
                f"The attention module {reader.name} ran but its attention was not seen, because {processor} "
                "does not call scaled_dot_product_attention: call pipe.unet.set_default_attn_processor() first."
            )
        grid = self._grids[id(reader.grid)]
        limit = self._tokens[0].limit
        if maps.shape[1:] != (grid[0] * grid[1], limit):
            raise CaptureError(
                f"The attention module {reader.name} has {maps.shape[1]} queries and {maps.shape[2]} keys, expected "
                f"{grid[0]}x{grid[1]} queries and {limit} keys: it reads something else than the prompt's text."
            )
        if self._pool is None or self._pool.device != maps.device:
            self._pool = token_pool(self._tokens, self._every_position).to(maps.device)
        reduced = torch.bmm(self._pool, maps.mT)
        _, total, calls = self._sums.get(reader.name, (grid, None, 0))
        self._sums[reader.name] = (grid, reduced if total is None else total + reduced, calls + 1)

    def end_step(self) -> None:
        """Close a step: the mean over the calls of each module since the last one, as float16 on the CPU."""
        sums, self._sums = self._sums, {}
        grids: dict[tuple[int, int], list[str]] = {}
        for name, (grid, _, _) in sums.items():
            grids.setdefault(grid, []).append(name)
        layers = {grid: tuple(names) for grid, names in grids.items()}
        if not layers:
            raise CaptureError(
                "A step ended without any attention to text: another tool skips parts of the model, so switch it off."
            )
        self._layers = self._layers or layers
        if layers != self._layers:
            odd = {name for names in (layers | self._layers).values() for name in names} - set(sums)
            raise CaptureError(
                f"Not every step ran the same attention modules ({', '.join(sorted(odd)) or 'other grids'}): "
                "another tool skips parts of the model, so switch it off."
            )
        for grid, names in layers.items():
            maps = torch.stack(
                [sums[name][1] / sums[name][2] if sums[name][2] > 1 else sums[name][1] for name in names]
            )
            self._steps.setdefault(grid, []).append(maps.to(torch.float16).to("cpu"))

    def attention(self, picture: int) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
        """Per grid, the largest first: the layers in the order they ran, and (step, layer, token, y, x) float16."""
        tokens = self._tokens[picture]
        length = tokens.limit if self._every_position else tokens.read + 2
        found = {}
        for (height, width), steps in sorted(self._steps.items(), key=lambda item: -item[0][0] * item[0][1]):
            own = np.stack([maps[:, picture, :length].numpy() for maps in steps])
            found[f"{height}x{width}"] = (self._layers[height, width], own.reshape(*own.shape[:3], height, width))
        return found


def token_pool(tokens: Sequence[Tokens], every_position: bool = False) -> torch.Tensor:
    """(picture, token, position) of 0 and 1: which rows of the encoder's sequence make which entry of the token axis.

    The entries are the beginning of text, each piece that was read, and the rest summed; the shorter prompts of a batch
    leave their last entries empty. With `every_position`, the positions themselves.
    """
    limit = tokens[0].limit
    if every_position:
        return torch.eye(limit).expand(len(tokens), limit, limit)
    pool = torch.zeros(len(tokens), 2 + max(one.read for one in tokens), limit)
    for picture, one in enumerate(tokens):
        entry = torch.full((limit,), one.read + 1)
        entry[0] = 0
        for i, piece in enumerate(one.pieces[: one.read]):
            entry[piece.position] = i + 1
        pool[picture, entry, torch.arange(limit)] = 1
    return pool


def _softmax(logits: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    if mask is not None and mask.dtype == torch.bool:
        logits = logits.masked_fill(~mask, float("-inf"))
    elif mask is not None:
        logits = logits + mask
    return logits.softmax(-1)
