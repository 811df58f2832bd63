"""Rough first, details later: the same run with another prompt from some step on, for several of its steps."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from .analysis.settling import Settling
from .analysis.settling import settling as measured
from .asked import text_of, whole
from .capture import Keep
from .conditioning import differing
from .errors import InvalidSetting
from .interventions import weighted_of
from .rendering import Renderer, Tell, check_start
from .runs import Stopped
from .trace import Trace

SWITCHES = 9
"""Switches where none are asked for, the two ends among them."""


def settling_of(
    ex: Any,
    trace: Trace,
    to: str = "",
    *,
    at: Sequence[int] | None = None,
    tell: Tell | None = None,
    batch: int | None = None,
    **options: Any,
) -> Settling:
    """Exchange the prompt: see `explorer.Explorer.settling`."""
    renderer = Renderer(ex)
    request, other = renderer.repeated(trace, **options), text_of("to", to)
    if not weighted_of(trace).plain:
        raise InvalidSetting("This trace has weights or times of its own: start from the trace that it came from.")
    if other == request.prompt:
        raise InvalidSetting("to is the trace's own prompt, so nothing would change: name another, or leave it out.")
    total = request.steps
    own, new = renderer.conditioning(request), renderer.conditioning(request, other)
    names = differing(own, new)
    switched = _switches(at, total)
    requests = []
    for step in switched:
        # Two ends are told in one piece, so that they are the runs of one prompt.
        phases = [(0, own.only(names).values), (step, new.only(names).values)]
        parts = tuple(phases[1:] if step == 0 else phases[:1] if step >= total else phases)
        parts = tuple((0 if len(parts) == 1 else first, values) for first, values in parts)
        edit = {"kind": "settling", "to": other, "step": step, "way": "conditioning", "of": request.prompt}
        requests.append(dataclasses.replace(request, phases=parts, edit=edit))
    found: dict[int, np.ndarray] = {}
    # The ends first: without them nothing in between can be told.
    order = [0, len(switched) - 1, *range(1, len(switched) - 1)]
    light = Keep(words=True, steps=(0,))
    try:
        for i, made in renderer.render([requests[n] for n in order], keep=light, tell=tell, batch=batch):
            if order[i] == len(switched) - 1:
                check_start(trace, made)
            found[order[i]] = made.image.values[..., :3]
    except (Stopped, KeyboardInterrupt):
        if len(found) < 2:
            raise
    done = sorted(found)
    pictures = np.stack([found[n] for n in done])
    return measured(trace, other, total, [switched[n] for n in done], pictures)


def _switches(at: Sequence[int] | None, total: int) -> list[int]:
    if at is None:
        # Closer together at the beginning, where layout and colour are decided.
        spread = np.linspace(0, 1, min(SWITCHES, total + 1)) ** 1.5
        return sorted({0, total, *(round(float(one) * total) for one in spread)})
    chosen = {whole("at", step, 0, total) for step in at}
    return sorted({0, total} | chosen)
