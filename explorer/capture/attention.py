"""The maps: what each watched module's queries read of the text, reduced at once."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from ..errors import CaptureError
from ..families import Place, Reader, Sides
from ..prompt import Tokens
from . import gate
from .keep import ALL, Keep
from .maps import Maps, SelfMaps
from .reduce import Pool, shares, within

GridOf = Callable[[tuple[Any, ...], Mapping[str, Any]], tuple[int, int]]
SidesOf = Callable[[int], Sides]
PlacesOf = Callable[[Reader, int, int, tuple[int, int], Sequence[int]], Sequence[Place]]

_ADVICE = "use diffusers' default processor, pipe.unet.set_default_attn_processor()."


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """What a fused kernel was called with, (picture, head, position, channel), and the log-sum-exp that it told."""

    q: torch.Tensor
    k: torch.Tensor
    mask: torch.Tensor | None
    lse: torch.Tensor | None
    scale: float

    def only(self, rows: slice) -> "Call":
        """Some of its rows."""
        if rows == slice(0, self.q.shape[0]):
            return self
        mask = self.mask[rows] if self.mask is not None and self.mask.ndim == 4 and len(self.mask) > 1 else self.mask
        return Call(self.q[rows], self.k[rows], mask, None if self.lse is None else self.lse[rows], self.scale)


class Side:
    """The prompts of the pictures, or their negative prompts, and the maps of them."""

    def __init__(self, tokens: Sequence[Tokens], every_position: bool, keep: Keep) -> None:
        self.tokens = tokens
        self.limits = [one.limit for one in tokens]
        self.maps = Maps(tokens, every_position, keep)
        self._pool = Pool.of(tokens, every_position, keep.words)

    def pool(self, device: torch.device) -> Pool:
        """On the device where the maps are computed."""
        if self._pool.whole.device != device:
            self._pool = self._pool.to(device)
        return self._pool


class AttentionRecorder:
    """Collects, per step and module, (picture, token, query) float32: the mean over heads of the attention.

    readers: the modules to watch; grid_of: reads the size of a feature map.
    sides_of: which of a call's rows are conditional, and which carry the negative prompt.
    places_of: where image and text stand in a call.
    tokens: for each picture; the token axis is start, pieces that were read, rest (see `Pool`).
    negative: the tokens of the negative prompts, if their maps are wanted too.
    lookers: the modules whose self-attention `keep` may ask for.
    """

    def __init__(
        self,
        readers: Sequence[Reader],
        grid_of: GridOf,
        sides_of: SidesOf,
        places_of: PlacesOf,
        tokens: Sequence[Tokens],
        every_position: bool = False,
        negative: Sequence[Tokens] | None = None,
        keep: Keep = ALL,
        lookers: Sequence[Reader] = (),
    ) -> None:
        texts, looking = keep.readers(readers), keep.lookers(lookers)
        self._readers = list({reader.name: reader for reader in [*texts, *looking]}.values())
        self._texts, self._looking = ({reader.name for reader in own} for own in (texts, looking))
        self.within = SelfMaps(keep) if looking else None
        self._grid_of, self._sides_of, self._places_of = grid_of, sides_of, places_of
        self._keep = keep
        self.prompt = Side(tokens, every_position, keep)
        self.negative = None if negative is None else Side(negative, every_position, keep)
        self._owner = threading.get_ident()
        self._grids: dict[int, tuple[int, int]] = {}
        self._reader: Reader | None = None
        self._batch = 0
        self._calls = 0  # of the fused kernel, by the module that is running
        self._told = 0  # rows times heads that the eager path has told so far
        self._eager: dict[int, torch.Tensor] = {}
        self.step = 0

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
            if threading.get_ident() == self._owner and self._keep.step(self.step):
                self.enter(reader, (args[0] if args else kwargs["hidden_states"]).shape[0])
                gate.listen(self)

        def leave(module: Any, args: tuple[Any, ...], output: Any) -> None:
            if threading.get_ident() == self._owner and self._keep.step(self.step):
                gate.listen(None)
                self._finish(reader)

        return enter, leave

    def grid(self, module: Any) -> tuple[int, int] | None:
        """What the last call of a `Reader.grid` module told."""
        return self._grids.get(id(module))

    def enter(self, reader: Reader, batch: int) -> None:
        """`reader` begins to run, with so many rows."""
        self._reader, self._batch = reader, batch
        self._calls = self._told = 0
        self._eager = {}

    def _sides(self, rows: int) -> Iterator[tuple[Side, slice]]:
        sides = self._sides_of(rows)
        for side, own in ((self.prompt, sides.prompt), (self.negative, sides.negative)):
            if side is not None and own is not None:
                yield side, own

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
        lse: torch.Tensor | None = None,
    ) -> None:
        """softmax(QK^T * scale + mask) in float32, from the kernel's own (batch, heads, positions, channels)."""
        reader = self._reader
        assert reader is not None
        adapted = hasattr(getattr(reader.module, "processor", None), "to_k_ip")
        if adapted and reader.order == "text" and (self._calls or self._told):
            return  # an IP-Adapter's picture has a softmax of its own, after that of the text (Ye et al. 2023, eq. 5)
        if adapted and reader.order != "text":
            raise CaptureError(
                "This model reads a picture besides, in joint attention, which is not known here: "
                "call pipe.unload_ip_adapter() first."
            )
        if self._calls or self._told or is_causal or enable_gqa:
            raise CaptureError(
                f"The attention module {reader.name} called scaled_dot_product_attention twice, or in a causal or "
                f"grouped form, which is not known here: {_ADVICE}"
            )
        self._calls = 1
        grid = self._grids[id(reader.grid)]
        scale = query.shape[-1] ** -0.5 if scale is None else scale
        call = Call(query, key, attn_mask, lse, scale)
        for side, rows in self._sides(query.shape[0]):
            self._reduce(reader, grid, side, call.only(rows))

    def _reduce(self, reader: Reader, grid: tuple[int, int], side: Side, call: Call) -> None:
        queries, keys, positions = call.q.shape[2], call.k.shape[2], grid[0] * grid[1]
        places = self._places(reader, queries, keys, grid, side)
        pool = side.pool(call.q.device)
        # All pictures at once, where the text stands at the same place in all of them.
        alike = len(set(places)) == 1
        each = [slice(0, len(places))] if alike else [slice(i, i + 1) for i in range(len(places))]
        if reader.name in self._texts:
            found = [
                shares(
                    one.q,
                    one.k,
                    scale=one.scale,
                    mask=one.mask,
                    lse=one.lse,
                    pool=pool if alike else pool.only(own.start),
                    place=places[own.start],
                    queries=positions,
                    joint=reader.order != "text",
                    heads=self._keep.heads,
                )
                for own, one in ((own, call.only(own)) for own in each)
            ]
            side.maps.add(reader.name, grid, found[0] if alike else torch.cat(found))
        if reader.name in self._looking and side is self.prompt and self.within is not None:
            looked = []
            for own in each:
                one, place = call.only(own), places[own.start]
                first = _image_keys(reader, place, queries, keys)
                looked.append(
                    within(
                        one.q,
                        one.k,
                        scale=one.scale,
                        mask=one.mask,
                        lse=one.lse,
                        queries=slice(place.queries, place.queries + positions),
                        keys=slice(first, first + positions),
                        heads=self._keep.heads,
                    )
                )
            self.within.add(reader.name, grid, torch.cat(looked))

    def _places(self, reader: Reader, queries: int, keys: int, grid: tuple[int, int], side: Side) -> Sequence[Place]:
        if reader.order != "image":
            return self._places_of(reader, queries, keys, grid, side.limits)
        if queries != keys or queries != grid[0] * grid[1]:
            raise CaptureError(
                f"The attention module {reader.name} has {queries} queries and {keys} keys, expected "
                f"{grid[0] * grid[1]} of each: it reads something else than the image."
            )
        return [Place(0, 0)] * len(side.limits)

    def eager(self, module: Any, probabilities: torch.Tensor) -> None:
        """Add what the processor itself has computed: all heads of all rows, or a slice of them after another."""
        heads = int(module.heads)
        kept = heads if self._keep.heads else 1
        for side, rows in self._sides(self._batch):
            total = self._eager.get(id(side))
            if total is None:
                shape = ((rows.stop - rows.start) * kept, *probabilities.shape[1:])
                total = self._eager[id(side)] = probabilities.new_zeros(shape, dtype=torch.float32)
            # Rows come as row 0 head 0, row 0 head 1, ...: this call holds those from `told` on.
            first = max(self._told, rows.start * heads)
            last = min(self._told + len(probabilities), rows.stop * heads)
            if first < last:
                own = probabilities[first - self._told : last - self._told].float()
                place = torch.arange(first, last, device=own.device) - rows.start * heads
                total.index_add_(0, place * kept // heads, own, alpha=kept / heads)
        self._told += len(probabilities)
        if self._told > self._batch * heads or self._calls:
            raise CaptureError(f"A watched attention module computed its scores twice: {_ADVICE}")

    def _finish(self, reader: Reader) -> None:
        module: Any = reader.module
        if not self._calls and (not self._told or self._told < self._batch * int(module.heads)):
            processor = type(getattr(module, "processor", None)).__name__
            raise CaptureError(
                f"The attention module {reader.name} ran but its attention was not seen, because {processor} "
                "does not call scaled_dot_product_attention: call pipe.unet.set_default_attn_processor() first."
            )
        grid = self._grids[id(reader.grid)]
        for side, _ in self._sides(self._batch) if self._told else ():
            total = self._eager[id(side)]
            queries, keys = total.shape[1:]
            places = self._places(reader, queries, keys, grid, side)
            each = total.unflatten(0, (len(places), -1))
            pool = side.pool(total.device)
            own = [slice(place.queries, place.queries + grid[0] * grid[1]) for place in places]
            if reader.name in self._texts:
                parts = [
                    pool.whole[i] @ each[i, :, own[i], place.text : place.text + pool.whole.shape[2]].mT
                    for i, place in enumerate(places)
                ]
                side.maps.add(reader.name, grid, torch.stack(parts))
            if reader.name in self._looking and side is self.prompt and self.within is not None:
                firsts = [_image_keys(reader, place, queries, keys) for place in places]
                looked = [each[i, :, own[i], first : first + grid[0] * grid[1]] for i, first in enumerate(firsts)]
                self.within.add(reader.name, grid, torch.stack(looked))
        self._eager = {}

    def end_step(self) -> None:
        """Close a step: the mean over the calls of each module since the last one, on its way to the CPU."""
        if self._keep.step(self.step):
            self.prompt.maps.end_step()
            if self.within is not None:
                self.within.end_step()
            if self.negative is not None:
                self.negative.maps.end_step(may_be_empty=True)
        self.step += 1


def _image_keys(reader: Reader, place: Place, queries: int, keys: int) -> int:
    """Where the image begins among the keys: where it does among the queries, unless the text does not ask."""
    return place.queries + (keys - queries if reader.order == "text image" else 0)
