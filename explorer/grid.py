"""Any settings against each other: which runs a grid is made of, and in which order they run."""

import dataclasses
import string
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .asked import wanted
from .capture import Keep
from .decoding import sampled
from .errors import InvalidSetting
from .rendering import Renderer, Request, Tell
from .runs import Stopped
from .sheets import Grid
from .trace import Trace, plain_config

SETTINGS = ("prompt", "negative_prompt", "seed", "steps", "guidance", "width", "height", "sampler")


def grid(
    ex: Any,
    rows: Mapping[str, Sequence[Any]],
    columns: Mapping[str, Sequence[Any]],
    *,
    keep: Keep | Mapping[str, Any] | None = None,
    tell: Tell | None = None,
    batch: int | None = None,
    on_cell: Callable[[tuple[int, int], Trace], None] | None = None,
    **settings: Any,
) -> Grid:
    """Run a grid: see `explorer.Explorer.grid`."""
    down, right = _axis("rows", rows), _axis("columns", columns)
    both = sorted(set(rows) & set(columns))
    if both:
        raise InvalidSetting(f"{both[0]!r} is set by rows and by columns: leave it in one of them.")
    renderer = Renderer(ex)
    # Drawn once, so that the cells differ in nothing but what the grid sets.
    settings["seed"] = settings.get("seed") if settings.get("seed") is not None else ex._asked("").seed
    requests = {
        (i, j): _request(ex, {**settings, **row, **column}, {**row, **column})
        for i, row in enumerate(down)
        for j, column in enumerate(right)
    }
    # Neighbours in this order can run together.
    order = sorted(requests, key=lambda place: (_kind(requests[place]), place))
    cells: dict[tuple[int, int], Trace] = {}
    try:
        for i, trace in renderer.render([requests[p] for p in order], keep=wanted(keep), tell=tell, batch=batch):
            cells[order[i]] = trace
            if on_cell is not None:
                on_cell(order[i], trace)
    except (Stopped, KeyboardInterrupt):
        if not cells:
            raise
    return Grid(tuple(down), tuple(right), dict(sorted(cells.items())))


def _axis(name: str, axis: Any) -> list[dict[str, Any]]:
    if not isinstance(axis, Mapping) or not axis:
        raise InvalidSetting(f"{name} is {axis!r:.40}, expected settings and their values, such as {{'seed': [1, 2]}}.")
    lengths = set()
    for key, values in axis.items():
        if isinstance(values, str) or not isinstance(values, Sequence | range) or not len(values):
            raise InvalidSetting(f"{name} gives {key!r} as {values!r:.40}, expected a list of at least one value.")
        lengths.add(len(values))
    if len(lengths) > 1:
        raise InvalidSetting(f"The settings of {name} have different numbers of values: give each as many.")
    return [dict(zip(axis, values, strict=True)) for values in zip(*axis.values(), strict=True)]


def _request(ex: Any, settings: dict[str, Any], own: dict[str, Any]) -> Request:
    """One cell: names that are no settings stand in the prompt, in braces."""
    if "prompt" not in settings:
        raise InvalidSetting("The grid has no prompt: pass prompt='a red castle', or give prompts as rows or columns.")
    prompt, sampler = settings.pop("prompt"), settings.pop("sampler", None)
    words = {name: settings.pop(name) for name in own if name not in SETTINGS and name not in ex._takes}
    request: Request = ex._asked(_filled(prompt, words), **settings)
    note = {"kind": "grid", "cell": {name: str(value) for name, value in own.items()}}
    if sampler is None:
        return dataclasses.replace(request, edit=note)
    with ex._alone(), sampled(ex.pipe, sampler):
        scheduler = ex.pipe.scheduler
        name, config = type(scheduler).__name__, plain_config(scheduler.config)
    return dataclasses.replace(request, edit=note, scheduler=name, scheduler_config=config)


def _filled(prompt: Any, words: Mapping[str, Any]) -> Any:
    if not words or not isinstance(prompt, str):
        return prompt
    holes = {name for _, name, _, _ in string.Formatter().parse(prompt) if name}
    missing = sorted(set(words) - holes)
    if missing:
        raise InvalidSetting(
            f"{missing[0]!r} is no setting, and the prompt has no {{{missing[0]}}} that it could stand for: "
            f"write it into the prompt, or use one of {', '.join(SETTINGS)}."
        )
    for name, value in words.items():
        prompt = prompt.replace(f"{{{name}}}", str(value))
    return prompt


def _kind(request: Request) -> str:
    names = "scheduler scheduler_config guidance steps width height options".split()
    return repr([getattr(request, name) for name in names])
