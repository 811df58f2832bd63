"""The story's parts against their alternatives, in turns: `python -m tests.benchmarks.bench_story [--rounds 5]`.

A picture by the GAN and by diffusion; the search for copies, through the index and by drawing a hundredth of the
training pictures anew. Medians, and their ratios.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

from explorer.miniature import novelty, world
from explorer.miniature.compare import diffusion
from explorer.miniature.gan import Gan

PROMPT = "a red castle in the snow"
SHARE = 100


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--among", type=int, default=0, help="training pictures to search; 0 for those of the index")
    options = parser.parse_args()
    gan, draw = Gan.load(), diffusion()
    index = novelty.index(options.among) if options.among else novelty.shipped()
    picture = gan.draw(PROMPT, 1)[0]

    def by_hand() -> None:
        for seed in range(len(index) // SHARE):
            novelty.compare(picture, world.draw(seed), "copy")

    medians = turns(
        {
            "a picture by the GAN": lambda: gan.draw(PROMPT, 1),
            "a picture by diffusion, 25 steps": lambda: draw([PROMPT], 1),
        },
        options.rounds,
    )
    print(f"diffusion takes {medians[1] / medians[0]:.0f} times as long")
    medians = turns(
        {
            f"a search among {len(index):,}": lambda: novelty.nearest(picture, 8, "copy", index),
            f"one in {SHARE} of them drawn anew": by_hand,
        },
        options.rounds,
    )
    print(f"drawing all of them would take {SHARE * medians[1] / medians[0]:.0f} times as long")


def turns(ways: dict[str, Callable[[], object]], rounds: int) -> list[float]:
    """Seconds of each, the median of some rounds in which each has its turn, after one that does not count."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    for _ in range(rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            taken[name].append(time.perf_counter() - began)
    found = {name: statistics.median(seconds) for name, seconds in taken.items()}
    for name, seconds in found.items():
        print(f"{name}: {seconds:.3f} s")
    return list(found.values())


if __name__ == "__main__":
    main()
