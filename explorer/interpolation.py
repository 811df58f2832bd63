"""Paths between runs: from prompt to prompt, seed to seed, guidance to guidance, frame by frame.

Keys are the runs of their prompts, to the bit; what is between is fed a mixed conditioning (`explorer.conditioning`) or
starts from mixed noise, and takes all else from the keys.
"""

import dataclasses
import numbers
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .analysis.distance import between, evenly, features, unevenness
from .asked import wanted
from .capture import Keep
from .conditioning import Conditioning, differing, lined_up, mixed
from .errors import InvalidSetting
from .frames import Frame, Interpolation, Key
from .rendering import Renderer, Request, Tell
from .runs import Stopped
from .trace import Trace

BY = ("prompt", "seed", "guidance")
METHODS = ("slerp", "lerp")
SPACINGS = ("even", "perceptual")
PARTS = ("both", "tokens", "pooled")
EVEN_ENOUGH = 1.4
"""The unevenness at which perceptual spacing stops looking for frames."""
FINEST = 1e-4
"""Of the way between two keys: gaps are not halved below that."""
LIGHT_STEPS = 5
"""Steps whose maps a light frame keeps."""


class Path:
    """Which run stands at which place between the keys."""

    def __init__(
        self,
        renderer: Renderer,
        request: Request,
        keys: Sequence[Key],
        *,
        method: str = "slerp",
        align: bool = True,
        parts: str = "both",
        shape: tuple[int, int] | None = None,
    ) -> None:
        self.renderer, self.request, self.keys = renderer, request, tuple(keys)
        self.method, self.parts, self.shape = method, parts, shape
        self.align = align and not renderer.family.text_has_order
        self._told: dict[str, Conditioning] = {}
        self._sides: dict[tuple[int, ...], list[Conditioning]] = {}
        if len({key.negative_prompt for key in keys}) > 1:
            raise InvalidSetting("The runs have different negative prompts, between which there is no path: use one.")
        if shape and len({key.seed for key in keys}) > 1:
            raise InvalidSetting("A grid goes between prompts, and its corners have different seeds: use one.")

    def request_at(self, at: tuple[float, ...]) -> Request:
        """The run at a place: see `Frame.at`."""
        note: dict[str, Any] = {"kind": "path", "at": list(at), "keys": [dataclasses.asdict(key) for key in self.keys]}
        note |= {"method": self.method, "align": self.align, "parts": self.parts}
        corner = self._key_at(at)
        if corner is not None:
            return self._of(self.keys[corner], edit=note | {"kind": "key"}, alone=True)
        corners, shares = self._around(at)
        own = [self.keys[i] for i in corners]
        nearest = own[int(np.argmax(shares))]
        guidance = float(np.dot(shares, [key.guidance for key in own]))
        more: dict[str, Any] = {"edit": note, "guidance": guidance, "seed": own[0].seed}
        if own[0].seed != own[-1].seed:
            more["noise"] = (own[-1].seed, float(shares[-1]))
        if len({key.prompt for key in own}) > 1:
            there = self._mixed(corners, at)
            more |= {"phases": ((0, there.values),), "prompt": there.prompt, "encoding": there.encoding}
        else:
            more["prompt"] = nearest.prompt
        return dataclasses.replace(self.request, negative_prompt=nearest.negative_prompt, **more)

    def _of(self, key: Key, **more: Any) -> Request:
        return dataclasses.replace(
            self.request,
            prompt=key.prompt,
            negative_prompt=key.negative_prompt,
            seed=key.seed,
            guidance=key.guidance,
            **more,
        )

    def _key_at(self, at: tuple[float, ...]) -> int | None:
        if any(place != int(place) for place in at):
            return None
        return int(at[0] * 2 + at[1]) if self.shape else int(at[0]) % len(self.keys)

    def _around(self, at: tuple[float, ...]) -> tuple[tuple[int, ...], list[float]]:
        """The keys that a place lies between, and the share of each."""
        if self.shape:
            down, right = at
            return (0, 1, 2, 3), [(1 - down) * (1 - right), (1 - down) * right, down * (1 - right), down * right]
        first, share = int(at[0]), at[0] - int(at[0])
        return (first, (first + 1) % len(self.keys)), [1 - share, share]

    def _mixed(self, corners: tuple[int, ...], at: tuple[float, ...]) -> Conditioning:
        sides = self._sides.get(corners)
        if sides is None:
            told = [self._conditioning(self.keys[i]) for i in corners]
            names = differing(*told)
            told = [one.only(names) for one in told]
            if self.parts != "both" and not any(told[0].has_rows(n) == (self.parts == "tokens") for n in names):
                raise InvalidSetting(
                    f"This model's prompts have no {self.parts} part that could be mixed by itself: use parts='both'."
                )
            sides = self._sides[corners] = lined_up(*told) if self.align else told

        def mix(a: Conditioning, b: Conditioning, t: float) -> Conditioning:
            return mixed(a, b, t, method=self.method, parts=self.parts)  # type: ignore[arg-type]

        if self.shape:
            return mix(mix(sides[0], sides[1], at[1]), mix(sides[2], sides[3], at[1]), at[0])
        return mix(sides[0], sides[1], at[0] - int(at[0]))

    def _conditioning(self, key: Key) -> Conditioning:
        if key.prompt not in self._told:
            self._told[key.prompt] = self.renderer.conditioning(self._of(key))
        return self._told[key.prompt]


class Interpolating:
    """Frames one after the other, as they are done: `for frame in interpolating: ...`; `result()` at any time.

    extra: how many more runs perceptual spacing may take than there are frames.
    """

    def __init__(
        self,
        path: Path,
        frames: int,
        *,
        spacing: str = "even",
        closed: bool = False,
        keep: Keep,
        tell: Tell | None = None,
        batch: int | None = None,
        extra: int | None = None,
    ) -> None:
        self.path, self.wanted, self.spacing, self.closed = path, frames, spacing, closed
        self._keep, self._tell, self._batch = keep, tell, batch
        self._extra = 3 * frames if extra is None else extra
        self._done: dict[tuple[float, ...], Frame] = {}
        self._seen: dict[tuple[float, ...], list[np.ndarray]] = {}
        self._shown: list[tuple[float, ...]] = []

    def __iter__(self) -> Iterator[Frame]:
        places = self._even()
        yield from self._render(places)
        self._shown = places
        while self.spacing == "perceptual":
            self._shown = self._evened()
            new = self._gaps()
            if not new:
                return
            yield from self._render(new)

    @property
    def started(self) -> bool:
        """Whether a frame is done."""
        return bool(self._done)

    def result(self) -> Interpolation:
        """Of the frames that are done so far, in order."""
        path = self.path
        places = self._shown or sorted(self._done)
        if self.spacing == "perceptual" and len(self._done) > self.wanted:
            places = self._evened()
        found = [self._done[at] for at in places if at in self._done]
        if self.closed:
            found = [frame for frame in found if frame.at != (float(len(path.keys)),)]
        return Interpolation(
            path.keys,
            tuple(found),
            method=path.method,
            spacing=self.spacing,
            closed=self.closed,
            shape=path.shape,
            asked=self.wanted,
            aligned=path.align,
            parts=path.parts,
        )

    def _even(self) -> list[tuple[float, ...]]:
        shape, keys = self.path.shape, len(self.path.keys)
        if shape:
            rows, columns = (np.linspace(0, 1, side) for side in shape)
            return [(float(down), float(right)) for down in rows for right in columns]
        if self.closed:
            return [(_snapped(at),) for at in np.linspace(0, keys, self.wanted + 1)]
        return [(_snapped(at),) for at in np.linspace(0, keys - 1, self.wanted)]

    def _render(self, places: Sequence[tuple[float, ...]]) -> Iterator[Frame]:
        # The keys first: they tell at once what the path leads through, and the rest runs in whole batches.
        places = sorted(places, key=lambda at: not _is_key(at))
        again = [at for at in places if self.closed and at == (float(len(self.path.keys)),)]
        fresh = [at for at in places if at not in again]
        requests = [self.path.request_at(at) for at in fresh]
        for i, trace in self.path.renderer.render(requests, keep=self._keep, tell=self._tell, batch=self._batch):
            frame = self._done[fresh[i]] = Frame(fresh[i], trace)
            yield frame
        for at in again:
            self._done[at] = Frame(at, self._done[0.0,].trace)

    def _distances(self, places: Sequence[tuple[float, ...]]) -> np.ndarray:
        for at in places:
            if at not in self._seen:
                self._seen[at] = features(self._done[at].trace.image.values)
        own = [self._seen[at] for at in places]
        found = np.zeros((len(own), len(own)))
        for i in range(len(own)):
            for j in range(i):
                found[i, j] = found[j, i] = between(own[i], own[j])
        return found

    def _evened(self) -> list[tuple[float, ...]]:
        places = sorted(self._done)
        chosen = evenly(self._distances(places), self.wanted + self.closed)
        return [places[i] for i in chosen]

    def _gaps(self) -> list[tuple[float, ...]]:
        """Where more frames are needed: in the middle of the largest gaps."""
        places = sorted(self._done)
        left = self._extra - (len(places) - self.wanted - self.closed)
        shown = self._distances(self._shown)
        steps = np.diagonal(shown, 1)
        if left <= 0 or unevenness(steps) <= EVEN_ENOUGH:
            return []
        distances = np.diagonal(self._distances(places), 1)
        most = EVEN_ENOUGH * float(np.median(steps)) / 2
        order = [i for i in np.argsort(-distances) if distances[i] > most and places[i + 1][0] - places[i][0] > FINEST]
        return sorted(((places[i][0] + places[i + 1][0]) / 2,) for i in order[: min(left, 4)])


def keys_of(
    ex: Any, items: Sequence[Any], by: str | Sequence[str] | None, settings: dict[str, Any]
) -> tuple[Request, list[Key]]:
    """The keys that a person names, and the run that all else is taken from.

    items: prompts, traces, mappings of prompt, seed and guidance, or numbers with by="seed" or by="guidance".
    by: what may differ between the keys; the rest is that of the first. settings: of `record`, for what is no trace.
    """
    ways = (by,) if isinstance(by, str) else None if by is None else tuple(by)
    for way in ways or ():
        if way not in BY:
            raise InvalidSetting(f"by is {way!r}, expected one or several of {', '.join(map(repr, BY))}.")
    if len(items) < 2:
        raise InvalidSetting(
            "A path needs at least two ends: give two prompts, such as 'a red castle', 'a blue castle'."
        )
    numeric = [isinstance(item, numbers.Real) and not isinstance(item, bool) for item in items]
    if any(numeric) and (not all(numeric) or ways is None or len(ways) != 1 or ways[0] == "prompt"):
        raise InvalidSetting(
            'Numbers are seeds or guidance values: say which, by="seed" or by="guidance", and a prompt.'
        )
    if all(numeric) and "prompt" not in settings:
        raise InvalidSetting("Numbers need a prompt that they are tried on: pass prompt='a red castle'.")
    told = [{str(ways[0]): item} for item in items] if all(numeric) and ways else [_told(item) for item in items]
    renderer = Renderer(ex)
    traces = [item for item in items if isinstance(item, Trace)]
    if traces:
        fixed = sorted({"steps", "width", "height", "prompt", "negative_prompt", "seed", "guidance"} & set(settings))
        if fixed:
            raise InvalidSetting(f"The traces say their {fixed[0]} themselves: leave it out, or give prompts instead.")
        request, *_ = [renderer.repeated(trace, **settings) for trace in traces]
        sizes = {(t.settings.width, t.settings.height, t.settings.steps, t.settings.scheduler) for t in traces}
        if len(sizes) > 1:
            raise InvalidSetting("The traces differ in their size, steps or scheduler: record them with the same ones.")
    else:
        first = {**settings, **told[0]}
        if "prompt" not in first:
            raise InvalidSetting("The first end of the path has no prompt: name one, such as prompt='a red castle'.")
        request = ex._asked(first.pop("prompt"), **first)
    base = Key(request.prompt, request.seed, request.guidance, request.negative_prompt)
    keys: list[Key] = []
    for one in told:
        own = {name: value for name, value in one.items() if ways is None or name in ways or not keys}
        checked = ex._asked(
            **{"prompt": base.prompt, "seed": base.seed, "guidance": base.guidance}
            | {"negative_prompt": base.negative_prompt}
            | own
        )
        keys.append(Key(checked.prompt, checked.seed, checked.guidance, checked.negative_prompt))
    return request, keys


def interpolating(
    ex: Any,
    *items: Any,
    frames: int | tuple[int, int] = 9,
    by: str | Sequence[str] | None = None,
    method: str = "slerp",
    spacing: str = "even",
    closed: bool = False,
    align: bool = True,
    parts: str = "both",
    light: bool = False,
    keep: Keep | Mapping[str, Any] | None = None,
    tell: Tell | None = None,
    batch: int | None = None,
    extra: int | None = None,
    **settings: Any,
) -> Interpolating:
    """The frames of a path, ready to be run one after the other: see `explorer.Explorer.interpolate`."""
    for name, value, known in (("method", method, METHODS), ("spacing", spacing, SPACINGS), ("parts", parts, PARTS)):
        if value not in known:
            raise InvalidSetting(f"{name} is {value!r}, expected one of {', '.join(map(repr, known))}.")
    request, keys = keys_of(ex, items, by, settings)
    shape = None
    if isinstance(frames, tuple):
        if len(keys) != 4 or len(frames) != 2 or closed or spacing != "even":
            raise InvalidSetting(
                "frames=(rows, columns) makes a grid, which lies between four prompts, evenly spaced and not closed: "
                "give four, or a number of frames."
            )
        shape = (_count("rows", frames[0]), _count("columns", frames[1]))
    count = shape[0] * shape[1] if shape else _count("frames", frames)
    kept_ = wanted(keep)
    if light:
        steps = np.unique(np.linspace(0, request.steps - 1, LIGHT_STEPS).round().astype(int))
        kept_ = dataclasses.replace(kept_, words=True, bits=8, steps=tuple(int(step) for step in steps))
    path = Path(Renderer(ex), request, keys, method=method, align=align, parts=parts, shape=shape)
    return Interpolating(path, count, spacing=spacing, closed=closed, keep=kept_, tell=tell, batch=batch, extra=extra)


def refined(
    ex: Any,
    of: Interpolation,
    between: tuple[int, int],
    frames: int = 1,
    *,
    keep: Keep | Mapping[str, Any] | None = None,
    tell: Tell | None = None,
    batch: int | None = None,
    on_frame: Callable[[Frame], None] | None = None,
    **options: Any,
) -> Interpolation:
    """More frames between two of a path: see `explorer.Explorer.refine`."""
    count = len(of.frames)
    if of.shape:
        raise InvalidSetting("The frames of a grid are not in a row: ask for a grid of more rows and columns instead.")
    if len(between) != 2 or not 0 <= between[0] < between[1] < count:
        raise InvalidSetting(f"between is {between!r}, expected two frames in order, from 0 to {count - 1}.")
    first, last = of.frames[between[0]].at[0], of.frames[between[1]].at[0]
    renderer = Renderer(ex)
    request = dataclasses.replace(renderer.repeated(of.frames[0].trace, **options), edit={})
    path = Path(renderer, request, of.keys, method=of.method, align=of.aligned, parts=of.parts)
    new = [(_snapped(at),) for at in np.linspace(first, last, _count("frames", frames, 1) + 2)[1:-1]]
    requests = [path.request_at(at) for at in new]
    made: list[Frame] = []
    try:
        for i, trace in renderer.render(requests, keep=wanted(keep), tell=tell, batch=batch):
            made.append(Frame(new[i], trace))
            if on_frame is not None:
                on_frame(made[-1])
    except (Stopped, KeyboardInterrupt):
        if not made:
            raise
    whole = sorted([*of.frames, *made], key=lambda frame: frame.at)
    return dataclasses.replace(of, frames=tuple(whole), asked=max(of.asked, count) + len(made))


def _told(item: Any) -> dict[str, Any]:
    if isinstance(item, str):
        return {"prompt": item}
    if isinstance(item, Trace):
        names = ("prompt", "negative_prompt", "seed", "guidance")
        if item.settings.edit.get("kind") == "path" or "weighted" in item.settings.edit:
            raise InvalidSetting("A path leads from plain runs: this trace was itself mixed or weighted.")
        return {name: getattr(item.settings, name) for name in names}
    if isinstance(item, Mapping) and item and set(item) <= {*BY, "negative_prompt"}:
        return dict(item)
    raise InvalidSetting(
        f"{item!r:.60} is no end of a path: give a prompt, a trace, or such as {{'prompt': 'a castle', 'seed': 7}}."
    )


def _count(name: str, value: Any, least: int = 2) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or int(value) < least:
        raise InvalidSetting(f"{name} is {value!r}, expected a whole number of at least {least}.")
    return int(value)


def _snapped(at: float) -> float:
    nearest = round(float(at))
    return float(nearest) if abs(at - nearest) < 1e-9 else float(at)


def _is_key(at: tuple[float, ...]) -> bool:
    return all(place == int(place) for place in at)
