"""What a run changes around itself, put back; what it says twice, held back."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# What a pipeline sets on itself while it runs, and we put back.
_SET_BY_A_RUN = (
    "_guidance_scale",
    "_guidance_rescale",
    "_clip_skip",
    "_cross_attention_kwargs",
    "_interrupt",
    "_num_timesteps",
    "_progress_bar_config",
)
# Said by diffusers and transformers of a prompt that is too long: here, `Word.cut` marks it.
_CUT = ("was truncated because CLIP can only handle", "Token indices sequence length is longer than")


@contextmanager
def as_before(pipe: Any) -> Iterator[None]:
    """Put back what a run changes on the pipeline and its scheduler."""
    pipe_before = {name: vars(pipe)[name] for name in _SET_BY_A_RUN if name in vars(pipe)}
    scheduler = pipe.scheduler
    scheduler_before = dict(vars(scheduler))
    try:
        yield
    finally:
        for name in _SET_BY_A_RUN:
            vars(pipe).pop(name, None)
        vars(pipe).update(pipe_before)
        vars(scheduler).clear()
        vars(scheduler).update(scheduler_before)


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
