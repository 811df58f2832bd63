"""Models that load without the bars of the libraries they come from."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def no_bars() -> Iterator[None]:
    """Within it diffusers and transformers show no progress bars; afterwards they are as they were."""
    import diffusers.utils.logging
    import transformers.utils.logging

    with contextlib.ExitStack() as undo:
        for library in (diffusers.utils.logging, transformers.utils.logging):
            if library.is_progress_bar_enabled():
                library.disable_progress_bar()
                undo.callback(library.enable_progress_bar)
        yield
