"""Cross-attention edited inside the running model: prompt-to-prompt (Hertz et al. 2022, "Prompt-to-Prompt Image Editing
with Cross Attention Control", section 3 and algorithm 1).

The unedited run goes beside the edited one, as the first picture of the same batch, so that at each step its attention
is there to be taken over. The edited probabilities are what the model uses, and what the recorder is told.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from ..errors import CaptureError, UnsupportedPipeline
from ..families import Family
from . import gate


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What becomes of the attention of the edited picture, A', given its own, A, and that of the unedited one, S:

        A' = (S @ taken + A * own) * factors        for the first `hold` of the steps
        A' = A * factors                            after that

    taken: (row of the unedited text, row of the edited text); own, factors: (row of the edited text).
    hold, hold_self: shares of the steps, 0 to 1; hold_self is for the image's attention to itself, which is taken over
    whole, on all grids but the finest.
    """

    taken: torch.Tensor
    own: torch.Tensor
    factors: torch.Tensor
    hold: float = 0.8
    hold_self: float = 0.4

    @property
    def alone(self) -> bool:
        """Whether nothing is taken from the unedited run, so that it need not go along."""
        return self.hold == 0 and self.hold_self == 0


class Editor:
    """Edits the attention of the last picture of a batch; the first is the unedited one, unless there is only one."""

    def __init__(self, pipe: Any, family: Family, plan: Plan) -> None:
        self._pipe, self._family, self._plan = pipe, family, plan
        self._pictures = 1 if plan.alone else 2
        self._owner = threading.get_ident()
        self._done, self._steps = 0, 1
        self._module: Any = None
        self._crosses = self._seen = False
        self._finest = 0

    def step(self, done: int, steps: int) -> None:
        """So many steps of the run are done."""
        self._done, self._steps = done, steps

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Edits until the end of the `with`, in this thread.

        Raises UnsupportedPipeline for a model whose text and image share one softmax.
        """
        readers = self._family.readers(self._pipe)
        if any(reader.order != "text" for reader in readers):
            raise UnsupportedPipeline(
                f"The attention of {type(self._pipe).__name__} can't be edited, since its text and image share one "
                'softmax: use way="conditioning".'
            )
        crossing = {id(reader.module) for reader in readers}
        denoiser = self._family.denoiser(self._pipe)
        with ExitStack() as undo:
            undo.enter_context(gate.opened())
            for module in denoiser.modules():
                if id(module) in crossing or (self._plan.hold_self and _reads_itself(module)):
                    enter, leave = self._hooks(id(module) in crossing)
                    undo.callback(module.register_forward_pre_hook(enter).remove)
                    undo.callback(module.register_forward_hook(leave).remove)
            undo.callback(gate.edit, None)
            yield

    def _hooks(self, crosses: bool) -> tuple[Callable[..., None], Callable[..., None]]:
        def enter(module: Any, args: tuple[Any, ...]) -> None:
            if threading.get_ident() == self._owner:
                self._module, self._crosses, self._seen = module, crosses, False
                gate.edit(self)

        def leave(module: Any, args: tuple[Any, ...], output: Any) -> None:
            if threading.get_ident() == self._owner:
                gate.edit(None)
                if not self._seen:
                    advice = "use diffusers' default attention processor" if crosses else "pass hold_self=0"
                    raise CaptureError(
                        f"{type(getattr(module, 'processor', module)).__name__} computes its attention where it can't "
                        f"be edited: {advice}."
                    )

        return enter, leave

    def _held(self, share: float) -> bool:
        return self._pictures == 2 and self._done < round(share * self._steps)

    def _places(self, rows: int) -> tuple[int, int] | None:
        own = self._family.sides(self._pipe, rows, self._pictures, 0).prompt
        return None if own is None else (own.start, own.start + self._pictures - 1)

    def fused(
        self, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, Any, torch.Tensor | None] | None:
        """A call of `scaled_dot_product_attention`: (module, result, probabilities of all rows and heads), or None to
        let it go on as it is; the probabilities are None where nobody is to record them."""
        if self._crosses and self._seen:
            return None  # an IP-Adapter's picture, which is read after the text
        self._seen = True
        q, k, v = (args[i] if len(args) > i else kwargs[name] for i, name in enumerate(("query", "key", "value")))
        places = self._places(q.shape[0])
        if places is None:
            return None
        source, edited = places
        if not self._crosses:
            if not self._coarse(q.shape[2]) or not self._held(self._plan.hold_self):
                return None
            q, k = q.clone(), k.clone()
            q[edited], k[edited] = q[source], k[source]
            rest = {name: value for name, value in kwargs.items() if name not in ("query", "key", "value")}
            return self._module, original(q, k, v, *args[3:], **rest), None
        scale = kwargs.get("scale")
        logits = q.float() @ k.float().mT * (q.shape[-1] ** -0.5 if scale is None else scale)
        mask = args[3] if len(args) > 3 else kwargs.get("attn_mask")
        if mask is not None:
            logits = logits.masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else logits + mask
        probabilities = logits.softmax(-1)
        probabilities[edited] = self._edited(probabilities[source], probabilities[edited])
        result = original(*args, **kwargs).clone()  # the other rows stay as they are, to the bit
        result[edited] = (probabilities[edited] @ v[edited].float()).to(result.dtype)
        return self._module, result, probabilities.flatten(0, 1)

    def eager(self, module: Any, probabilities: torch.Tensor) -> torch.Tensor:
        """In the place of what `Attention.get_attention_scores` returned, (rows * heads, query, key).

        Raises CaptureError where it comes in slices.
        """
        self._seen = True
        heads = int(module.heads)
        rows, left = divmod(len(probabilities), heads)
        if left or rows % self._pictures:
            raise CaptureError(
                "Attention that is computed in slices can't be edited: call pipe.disable_attention_slicing() first."
            )
        places = self._places(rows)
        if places is None:
            return probabilities
        source, edited = places
        each = probabilities.unflatten(0, (rows, heads)).clone()
        if self._crosses:
            each[edited] = self._edited(each[source].float(), each[edited].float()).to(each.dtype)
        elif self._coarse(each.shape[2]) and self._held(self._plan.hold_self):
            each[edited] = each[source]
        flat: torch.Tensor = each.flatten(0, 1)
        return flat

    def _coarse(self, queries: int) -> bool:
        self._finest = max(self._finest, queries)
        return queries < self._finest

    def _edited(self, source: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
        """Each (head, query, row)."""
        plan = self._plan
        if self._held(plan.hold):
            own = source @ plan.taken.to(own) + own * plan.own.to(own)
        return own * plan.factors.to(own)


def _reads_itself(module: Any) -> bool:
    return hasattr(module, "to_q") and hasattr(module, "to_k") and not getattr(module, "is_cross_attention", True)
