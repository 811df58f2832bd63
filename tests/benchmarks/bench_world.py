"""Pictures of the drawn world rendered in a second: `python tests/benchmarks/bench_world.py [pictures]`."""

from __future__ import annotations

import sys
import time
from multiprocessing import get_context

from explorer.miniature.world import draw


def _one(seed: int) -> int:
    return len(draw(seed).masks)


def main(pictures: int = 400) -> None:
    """Print pictures a second on one process and on two, start-up left out."""
    for processes in (1, 2):
        with get_context("spawn").Pool(processes) as pool:
            pool.map(_one, range(40), chunksize=20)
            start = time.perf_counter()
            pool.map(_one, range(pictures), chunksize=20)
            print(f"{processes} process(es): {pictures / (time.perf_counter() - start):.0f} pictures/s")


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
