"""What a run changes around itself, put back; what it says twice, held back."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

# A run leaves its settings in the pipeline's private attributes; these are not settings.
_NO_SETTINGS = ("_internal_dict", "_all_hooks", "_offload", "_exclude", "_hf", "_execution")
_PLAIN = (bool, int, float, str, list, tuple, dict, torch.Tensor, type(None))
# Said by diffusers and transformers of a prompt that is too long: here, `Word.cut` marks it.
_CUT = ("was truncated because CLIP can only handle", "Token indices sequence length is longer than")


@contextmanager
def as_before(pipe: Any) -> Iterator[None]:
    """Put back what a run changes on the pipeline and its scheduler."""
    pipe_before = _settings(pipe)
    scheduler = pipe.scheduler
    scheduler_before = dict(vars(scheduler))
    try:
        yield
    finally:
        for name in _settings(pipe):
            vars(pipe).pop(name)
        vars(pipe).update(pipe_before)
        vars(scheduler).clear()
        vars(scheduler).update(scheduler_before)


def _settings(pipe: Any) -> dict[str, Any]:
    return {
        name: value
        for name, value in vars(pipe).items()
        if (name.startswith("_") or name == "num_timesteps")  # PRX
        and not name.startswith(_NO_SETTINGS)
        and isinstance(value, _PLAIN)
    }


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back the two libraries' warning of a prompt that is too long, in this thread."""
    thread = threading.get_ident()

    def keep(record: logging.LogRecord) -> bool:
        return record.thread != thread or not any(text in record.getMessage() for text in _CUT)

    names = ["transformers.tokenization_utils_base"]
    names += [name for name in logging.Logger.manager.loggerDict if name.startswith("diffusers.pipelines.")]
    loggers = [logging.getLogger(name) for name in names]
    for logger in loggers:
        logger.addFilter(keep)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(keep)
