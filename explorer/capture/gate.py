"""The functions through which all of diffusers' softmax attention goes, wrapped while somebody records.

`torch.nn.functional.scaled_dot_product_attention` serves the fused kernels, `Attention.get_attention_scores` the eager
and sliced processors, and the values of diffusers' registry of attention backends whatever else is installed (flash,
sage, xformers, flex). The wrappers compute what the original computes and then tell the listener of this thread, if a
watched module is running in it; in every other thread, and for every other module, they do nothing. An editor, if there
is one in this thread, comes first: what it makes of the attention is what the model uses and what the listener is told.
"""

import functools
import threading
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, Protocol

import torch

from ..errors import CaptureError
from . import kernel


class Listener(Protocol):
    """Is told of each attention call of the module that is running."""

    @property
    def fused(self) -> Callable[..., None]:
        """Takes the arguments of `scaled_dot_product_attention`, and `lse`, the kernel's log-sum-exp or None."""

    def eager(self, module: Any, probabilities: torch.Tensor) -> None:
        """What `Attention.get_attention_scores` returned: (batch * heads or a slice of it, queries, keys)."""


class Changer(Protocol):
    """May change the attention of the module that is running: see `explorer.capture.edit`."""

    def fused(
        self, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Any, Any, torch.Tensor | None] | None:
        """The module, the result and the probabilities (rows * heads, query, key); None for no change."""

    def eager(self, module: Any, probabilities: torch.Tensor) -> torch.Tensor:
        """In the place of what `Attention.get_attention_scores` returned."""


_thread = threading.local()
_lock = threading.Lock()
_users = 0
_undo: list[Callable[[], None]] = []


def listen(listener: Listener | None) -> None:
    """From now on, this thread's attention calls are told to `listener`, or to nobody."""
    _thread.listener = listener


def edit(changer: Changer | None) -> None:
    """From now on, this thread's attention calls are changed by `changer`, or by nobody."""
    _thread.changer = changer


@contextmanager
def opened() -> Iterator[None]:
    """Wrap the functions; the last of several users that leaves puts the originals back."""
    global _users
    with _lock:
        _users += 1
        if _users == 1:
            _install()
    try:
        yield
    finally:
        listen(None)
        with _lock:
            _users -= 1
            while _users == 0 and _undo:
                _undo.pop()()


def _install() -> None:
    from diffusers.models.attention_dispatch import _AttentionBackendRegistry
    from diffusers.models.attention_processor import Attention

    def fused(listener: Listener | None, original: Any, args: Any, kwargs: Any) -> Any:
        changer = getattr(_thread, "changer", None)
        changed = None if changer is None else changer.fused(original, args, kwargs)
        if changed is not None:
            _thread.told = True
            module, result, probabilities = changed
            if listener is not None:
                if probabilities is None:
                    raise CaptureError(
                        "Self-attention that an edit takes over can't be recorded: leave self_layers out of keep."
                    )
                listener.eager(module, probabilities)
            return result
        if listener is None:
            return original(*args, **kwargs)
        result, lse = kernel.attend(original, args, kwargs)
        _thread.told = True
        listener.fused(*args, **kwargs, lse=lse)
        return result

    def eager(listener: Listener | None, original: Any, args: Any, kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        changer = getattr(_thread, "changer", None)
        if changer is not None:
            result = changer.eager(args[0], result)
        if listener is not None:
            listener.eager(args[0], result)
        return result

    def dispatched(listener: Listener | None, original: Any, args: Any, kwargs: Any) -> Any:
        _thread.told = False
        result = original(*args, **kwargs)
        if not _thread.told and listener is not None:  # the native backends come by `scaled_dot_product_attention`
            known = ("attn_mask", "dropout_p", "is_causal", "scale", "enable_gqa")
            # Here, heads stand behind positions.
            q, k, v = (kwargs[name].transpose(1, 2) for name in ("query", "key", "value"))
            listener.fused(q, k, v, **{name: kwargs[name] for name in known if name in kwargs})
        return result

    _wrap(vars(torch.nn.functional), "scaled_dot_product_attention", fused, torch.nn.functional)
    _wrap(vars(Attention), "get_attention_scores", eager, Attention)
    for name in list(_AttentionBackendRegistry._backends):
        _wrap(_AttentionBackendRegistry._backends, name, dispatched)


def _wrap(names: Any, name: Any, tell: Callable[..., Any], owner: Any = None) -> None:
    """names: where the function stands; owner: whose attributes they are, if they are that and no plain mapping."""
    original = names[name]

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        listener = getattr(_thread, "listener", None)
        if listener is None and getattr(_thread, "changer", None) is None:
            return original(*args, **kwargs)
        return tell(listener, original, args, kwargs)

    def put(value: Any) -> None:
        if isinstance(names, MutableMapping) and owner is None:
            names[name] = value
        else:
            setattr(owner, name, value)

    def undo() -> None:
        # Somebody who wrapped it on top of us meanwhile keeps theirs: ours only passes calls on from now on.
        if names[name] is wrapper:
            put(original)

    put(wrapper)
    _undo.append(undo)
