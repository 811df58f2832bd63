"""What of a run is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch

from ..errors import InvalidSetting
from ..families import Reader


@dataclass(frozen=True, slots=True)
class Keep:
    """What of a run's attention is kept: by default every word, layer and step, as the mean over heads, in float16.

    words: only the words' own pieces, without what stands before them and the rest.
    layers: only the modules whose name holds one of these; None is all.
    steps: only these steps, counted from 0, of all that a trace holds; None is all.
    heads: each head for itself, as a layer of its own, "name head 3".
    bits: 16, or 8 for whole numbers up to 255 of each map's own maximum.
    merge: the mean of so many layers of one grid that follow one another; 1 keeps each.
    self_layers: also what each position reads of the others, in the self-attention of the modules whose name holds one
        of these ("mid_block"); in joint attention, the image's share. Never merged; (height * width)^2 values each.
    """

    words: bool = False
    layers: tuple[str, ...] | None = None
    steps: tuple[int, ...] | None = None
    heads: bool = False
    bits: int = 16
    merge: int = 1
    self_layers: tuple[str, ...] | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> "Keep":
        """From names and values as a person types them. Raises InvalidSetting for what can't be kept so."""
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(options) - known)
        if unknown:
            raise InvalidSetting(f"keep knows no {unknown[0]!r}: it takes {', '.join(sorted(known))}.")
        chosen = dict(options)
        for name in ("layers", "steps", "self_layers"):
            value = chosen.get(name)
            if value is not None:
                chosen[name] = (value,) if isinstance(value, str | int) else tuple(value)
        kept = cls(**chosen)
        if kept.bits not in (8, 16):
            raise InvalidSetting(f"keep's bits is {kept.bits!r}, expected 8 or 16.")
        if isinstance(kept.merge, bool) or not isinstance(kept.merge, int) or kept.merge < 1:
            raise InvalidSetting(f"keep's merge is {kept.merge!r}, expected a whole number of layers of at least 1.")
        for name, kind, none in (("layers", str, "all"), ("steps", int, "all"), ("self_layers", str, "none")):
            value = getattr(kept, name)
            if value is not None and (not value or not all(isinstance(one, kind) for one in value)):
                raise InvalidSetting(f"keep's {name} is {value!r}, expected at least one, or None for {none}.")
        return kept

    def words_for(self) -> str:
        """What was left out or made coarser, in words; empty if nothing."""
        said = [
            "the words only" if self.words else "",
            f"layers with {', '.join(self.layers)}" if self.layers else "",
            f"steps {', '.join(map(str, self.steps))}" if self.steps else "",
            "each head" if self.heads else "",
            "8 bits" if self.bits == 8 else "",
            f"the mean of {self.merge} layers each" if self.merge > 1 else "",
            f"self-attention of layers with {', '.join(self.self_layers)}" if self.self_layers else "",
        ]
        return ", ".join(one for one in said if one)

    def step(self, step: int) -> bool:
        """Whether a step is kept."""
        return self.steps is None or step in self.steps

    def readers(self, readers: Sequence[Reader]) -> list[Reader]:
        """The modules that are kept. Raises InvalidSetting for a name that is in none of them."""
        return list(readers) if self.layers is None else _with(self.layers, readers, "layer")

    def lookers(self, lookers: Sequence[Reader]) -> list[Reader]:
        """The modules whose self-attention is kept. Raises InvalidSetting for a name that is in none of them."""
        if self.self_layers is None:
            return []
        if not lookers:
            raise InvalidSetting("This model's image has no self-attention with a softmax: leave self_layers out.")
        return _with(self.self_layers, lookers, "self-attention layer")

    def merged(self, layers: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Layers of one grid in the order they ran, the mean of each `merge` of them named after its ends."""
        if self.merge == 1:
            return layers
        names, found = list(layers), {}
        for first in range(0, len(names), self.merge):
            own = names[first : first + self.merge]
            name = own[0] if len(own) == 1 else f"{own[0]} to {own[-1]}"
            found[name] = torch.stack([layers[one] for one in own]).mean(0)
        return found


def _with(parts: Sequence[str], readers: Sequence[Reader], kind: str) -> list[Reader]:
    for part in parts:
        if not any(part in reader.name for reader in readers):
            raise InvalidSetting(f"There is no {kind} {part!r}: the first of the model is {readers[0].name}.")
    return [reader for reader in readers if any(part in reader.name for part in parts)]


ALL = Keep()
