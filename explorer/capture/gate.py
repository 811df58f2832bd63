"""The two functions through which all of diffusers' softmax attention goes, wrapped while somebody records.

`torch.nn.functional.scaled_dot_product_attention` serves the fused kernels, `Attention.get_attention_scores` the eager
and sliced processors. The wrappers call the original with the very same arguments and then tell the listener of this
thread, if a watched module is running in it; in every other thread, and for every other module, they do nothing.
"""

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch


class Listener(Protocol):
    """Is told of each attention call of the module that is running."""

    def fused(self, *args: Any, **kwargs: Any) -> None:
        """The arguments of `scaled_dot_product_attention`."""

    def eager(self, module: Any, probabilities: torch.Tensor) -> None:
        """What `Attention.get_attention_scores` returned: (batch * heads or a slice of it, queries, keys)."""


_thread = threading.local()
_lock = threading.Lock()
_users = 0
_undo: list[Callable[[], None]] = []


def listen(listener: Listener | None) -> None:
    """From now on, this thread's attention calls are told to `listener`, or to nobody."""
    _thread.listener = listener


@contextmanager
def opened() -> Iterator[None]:
    """Wrap both functions; the last of several users that leaves puts the originals back."""
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
    from diffusers.models.attention_processor import Attention

    def fused(listener: Listener, result: Any, args: Any, kwargs: Any) -> None:
        listener.fused(*args, **kwargs)

    def eager(listener: Listener, result: Any, args: Any, kwargs: Any) -> None:
        listener.eager(args[0], result)

    _wrap(torch.nn.functional, "scaled_dot_product_attention", fused)
    _wrap(Attention, "get_attention_scores", eager)


def _wrap(owner: Any, name: str, tell: Callable[..., None]) -> None:
    original = vars(owner)[name]

    @functools.wraps(original)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        listener = getattr(_thread, "listener", None)
        if listener is not None:
            tell(listener, result, args, kwargs)
        return result

    def undo() -> None:
        # Somebody who wrapped it on top of us meanwhile keeps theirs: ours only passes calls on from now on.
        if vars(owner)[name] is wrapper:
            setattr(owner, name, original)

    setattr(owner, name, wrapper)
    _undo.append(undo)
