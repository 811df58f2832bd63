"""What the denoiser is told of the prompt: read from a run's first call, and given other values in another run.

Whatever the family, the pipeline encodes a prompt as it always does and hands the result to the denoiser as arguments.
So a prompt's conditioning is those arguments, and a run can be given another one by changing them on their way, for the
rows that carry the prompt alone. Nothing of the pipeline is replaced, and the hook is gone after the `with`.
"""

import functools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import torch

from ..errors import CaptureError, InvalidSetting
from ..families import Encoding, Family
from .around import as_before, quiet
from .watch import watch

Values = Mapping[str, torch.Tensor]
"""The denoiser's arguments of one picture's prompt, (1, ...), by name; "added_cond_kwargs.text_embeds" is in a dict."""


class Change(Protocol):
    """Something that is done to a run while it goes on."""

    def hooked(self) -> AbstractContextManager[None]:
        """In place until the end of the `with`."""

    def step(self, done: int, steps: int) -> None:
        """So many of the run's steps are done."""


class _Enough(Exception):
    """Ends a run at the denoiser's first call."""


def told(pipe: Any, family: Family, encoding: Encoding, run: Callable[[], Any]) -> dict[str, torch.Tensor]:
    """What the denoiser is told in the first call of `run()`, which runs `pipe` with one prompt and one picture.

    encoding: of that prompt. The run ends there, before anything was denoised.
    Returns the tensors among the arguments, the rows of the prompt alone, without the sample itself.
    """
    found: dict[str, torch.Tensor] = {}
    owner = threading.get_ident()

    def read(module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if threading.get_ident() != owner:
            return
        rows = _rows(args, kwargs)
        own = family.sides(pipe, rows, 1, 0).prompt
        assert own is not None  # of the first call
        for name, value in _leaves(args, kwargs):
            if value is _sample(args, kwargs):
                continue
            if isinstance(value, torch.Tensor) and value.ndim and len(value) == rows:
                found[name] = value[own].detach().clone()
            elif isinstance(value, list) and len(value) == rows and isinstance(value[0], torch.Tensor):
                found[name] = value[own][0][None].detach().clone()
        raise _Enough

    with as_before(pipe), quiet(), watch(pipe, family, [encoding]):
        handle = family.denoiser(pipe).register_forward_pre_hook(read, with_kwargs=True)
        try:
            run()
        except _Enough:
            return found
        finally:
            handle.remove()
    raise CaptureError("The pipeline ran without calling its denoiser: ask for at least one step.")


class Feed:
    """Other values for the rows of the prompt, from a step on; `step` is told how many steps are done.

    phases: for each picture, (first step, values) in order; a picture without any keeps what the pipeline tells.
    asked: of how many steps those first ones are; a run of more or fewer changes at the same share of it.
    """

    def __init__(
        self, pipe: Any, family: Family, phases: Sequence[Sequence[tuple[int, Values]]], asked: int = 1
    ) -> None:
        self._pipe, self._family, self._phases = pipe, family, phases
        self._owner = threading.get_ident()
        self._done = self._calls = 0
        self._asked = self._steps = asked

    def step(self, done: int, steps: int) -> None:
        """So many steps of the run are done."""
        self._done, self._steps, self._calls = done, steps, 0

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """Feeds until the end of the `with`, in this thread."""
        if not any(self._phases):
            yield
            return
        denoiser = self._family.denoiser(self._pipe)
        handle = denoiser.register_forward_pre_hook(self._feed, with_kwargs=True)
        try:
            yield
        finally:
            handle.remove()

    def _feed(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if threading.get_ident() != self._owner:
            return None
        pictures = len(self._phases)
        own = self._family.sides(self._pipe, _rows(args, kwargs), pictures, self._calls).prompt
        self._calls += 1
        if own is None:
            return None
        fed: dict[str, Any] = {}
        for picture, phases in enumerate(self._phases):
            now = [values for first, values in phases if first * self._steps <= self._done * self._asked]
            for name, value in (now[-1] if now else {}).items():
                place = own.start + picture
                if name not in fed:
                    before = dict(_leaves(args, kwargs)).get(name)
                    if before is None:
                        raise CaptureError(f"The denoiser was not given {name!r} in this step, as it was in the first.")
                    fed[name] = list(before) if isinstance(before, list) else before.clone()
                if fed[name][place].shape != value[0].shape:
                    raise InvalidSetting(
                        f"This family's prompts make texts of different lengths ({name}: {tuple(value[0].shape)} and "
                        f"{tuple(fed[name][place].shape)}), which can't be exchanged in a run: use prompts of equally "
                        "many tokens."
                    )
                fed[name][place] = value[0].to(fed[name][place])
        return _changed(args, kwargs, fed)


class Noise:
    """Starts pictures from between their own noise and another seed's.

    ways: for each picture, the other seed and how far it is on its way there, 0 to 1; or None. mix: of two tensors.
    """

    def __init__(
        self,
        pipe: Any,
        ways: Sequence[tuple[int, float] | None],
        mix: Callable[[torch.Tensor, torch.Tensor, float], torch.Tensor],
    ) -> None:
        self._pipe, self._ways, self._mix = pipe, ways, mix

    def step(self, done: int, steps: int) -> None:
        """Nothing changes on the way."""

    @contextmanager
    def hooked(self) -> Iterator[None]:
        """The pipeline's `prepare_latents` mixes until the end of the `with`, in this thread."""
        if not any(self._ways):
            yield
            return
        pipe, owner = self._pipe, threading.get_ident()
        original = getattr(pipe, "prepare_latents", None)
        if original is None:
            raise InvalidSetting(
                f"A {type(pipe).__name__} draws its noise in a way that is not known here: keep one seed."
            )
        before = vars(pipe).get("prepare_latents")

        @functools.wraps(original)
        def prepare(*args: Any, **kwargs: Any) -> Any:
            made = original(*args, **kwargs)
            if threading.get_ident() != owner:
                return made
            seeds = [0 if way is None else way[0] for way in self._ways]
            others = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]

            def other(value: Any) -> Any:
                return others if isinstance(value, list) and value and isinstance(value[0], torch.Generator) else value

            there = original(*map(other, args), **{name: other(value) for name, value in kwargs.items()})
            own, far = (one[0] if isinstance(one, tuple) else one for one in (made, there))
            mixed = own.clone()
            for i, way in enumerate(self._ways):
                if way is not None:
                    mixed[i] = self._mix(own[i].flatten(), far[i].flatten(), way[1]).reshape(own[i].shape)
            return (mixed, *made[1:]) if isinstance(made, tuple) else mixed

        pipe.prepare_latents = prepare
        try:
            yield
        finally:
            if before is None:
                del pipe.prepare_latents
            else:
                pipe.prepare_latents = before


def _sample(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    return args[0] if args else next(kwargs[name] for name in ("hidden_states", "sample", "x") if name in kwargs)


def _rows(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> int:
    return len(_sample(args, kwargs))


def _leaves(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for i, value in enumerate(args):
        yield str(i), value
    for name, value in kwargs.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", one) for inner, one in value.items())
        else:
            yield name, value


def _changed(args: tuple[Any, ...], kwargs: Mapping[str, Any], fed: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
    positional = tuple(fed.get(str(i), value) for i, value in enumerate(args))
    named: dict[str, Any] = {}
    for name, value in kwargs.items():
        if isinstance(value, dict):
            named[name] = {inner: fed.get(f"{name}.{inner}", one) for inner, one in value.items()}
        else:
            named[name] = fed.get(name, value)
    return positional, named
