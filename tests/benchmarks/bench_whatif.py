"""What words do in the miniature, by an outsider's eye: `python -m tests.benchmarks.bench_whatif [scenes] [pairs]`.

Prints, over some scenes of one subject each: how often leaving out the subject's word removes the subject and swapping
its colour changes the colour and keeps the layout (by the oracle), how effects agree with attention, how uneven paths
are, and how long nine frames and the effects of eight words take.
"""

import sys
import time
from typing import Any

import numpy as np

import explorer
from explorer.analysis.effects import agreement, difference
from explorer.miniature import oracle, world

LIKE = 0.7
"""The overlap (IoU) of the subject's cells at which the layout counts as kept."""


def scenes(count: int) -> list[tuple[str, str, str, int]]:
    """Prompts with their subject and colour, and a seed."""
    pick = np.random.default_rng(0)
    found = []
    for seed in range(count):
        name, colour = str(pick.choice(list(world.SUBJECTS))), str(pick.choice(list(world.COLOURS)))
        found.append((f"a {colour} {name}", name, colour, seed))
    return found


def overlap(a: Any, b: Any, name: str) -> float:
    one, two = (reading.cells[world.SUBJECTS.index(name)] > 0.5 for reading in (a, b))
    return float((one & two).sum() / max((one | two).sum(), 1))


def main(count: int = 100, pairs: int = 20) -> None:
    ex: Any = explorer.load()
    eye = oracle.load()
    gone: list[bool] = []
    fits: list[float] = []
    swapped: dict[str, list[bool]] = {"conditioning": [], "attention": []}
    kept: dict[str, list[bool]] = {"conditioning": [], "attention": []}
    for prompt, name, colour, seed in scenes(count):
        trace = ex.record(prompt, seed=seed)
        [before] = eye.read(trace.image.values[None])
        if next(iter(before.subjects)) != name:
            continue  # what was never there can't be removed
        without = ex.without(trace, name)
        [after] = eye.read(without.image.values[None])
        gone.append(after.subjects[name] < before.subjects[name] / 4)
        words = trace.tokens.find(name)
        fits.append(agreement(trace, words[-1], difference(trace, without).values))
        new = world.COLOURS[(list(world.COLOURS).index(colour) + 3) % len(world.COLOURS)]
        for way in swapped:
            [after] = eye.read(ex.swap(trace, colour, new, way=way).image.values[None])
            swapped[way].append(after.colours[name] == new)
            kept[way].append(after.colours[name] == new and overlap(before, after, name) >= LIKE)
    print(f"{len(gone)} of {count} scenes show their subject")
    print(f"word left out, subject gone: {np.mean(gone):.0%}")
    for way in swapped:
        print(f"colour swapped by {way}: {np.mean(swapped[way]):.0%}, and the layout kept: {np.mean(kept[way]):.0%}")
    print(f"agreement of effect and attention, nouns: mean {np.nanmean(fits):.2f}, median {np.nanmedian(fits):.2f}")

    ends = [one[0] for one in scenes(2 * pairs)]
    uneven: dict[str, list[float]] = {"even": [], "perceptual": []}
    for i in range(pairs):
        for spacing, found in uneven.items():
            way = ex.interpolate(ends[2 * i], ends[2 * i + 1], seed=i, spacing=spacing, light=True)
            found.append(way.unevenness())
    for spacing, found in uneven.items():
        print(f"largest step over median, {spacing}: mean {np.mean(found):.2f}, worst {max(found):.2f}")

    begin = time.perf_counter()
    ex.interpolate("a red castle in the snow", "a blue castle at night", seed=7)
    print(f"nine frames: {time.perf_counter() - begin:.1f} s")
    trace = ex.record("a photograph of a blue teddy bear in rain", seed=7)
    begin = time.perf_counter()
    ex.effects(trace)
    print(f"effects of {len(trace.words)} words: {time.perf_counter() - begin:.1f} s")


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
