"""Seconds for a picture of the miniature: `python -m tests.benchmarks.bench_picture [rounds]`.

In 25 steps, with the U-Net's weights also in the other memory format, and the fast set in four, bare and recorded, each
in its turn in one process. Medians, and the ratio of the two formats, which has been above and below 1.
"""

import statistics
import sys
import time
from collections.abc import Callable

import torch

import explorer

PROMPT = "a red castle in the snow"


def main(rounds: int = 7) -> None:
    """Print the medians."""
    ours, other, fast = explorer.load(), explorer.load(), explorer.load("miniature-fast")
    other.pipe.unet.to(memory_format=torch.channels_last)

    def bare(ex: explorer.Explorer, **options: float) -> Callable[[], object]:
        ex.pipe.set_progress_bar_config(disable=True)
        return lambda: ex.pipe(PROMPT, generator=torch.Generator().manual_seed(1), **options)

    ways: dict[str, Callable[[], object]] = {
        "25 steps": bare(ours, num_inference_steps=25, guidance_scale=3.0),
        "25 steps, channels last": bare(other, num_inference_steps=25, guidance_scale=3.0),
        "25 steps, recorded": lambda: ours.record(PROMPT, seed=1),
        "four steps of the fast set": bare(fast, num_inference_steps=4, guidance_scale=1.0),
        "four steps of the fast set, recorded": lambda: fast.record(PROMPT, seed=1),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            began = time.perf_counter()
            way()
            if turn:  # the first does not count
                taken[name].append(time.perf_counter() - began)
    found = {name: statistics.median(seconds) for name, seconds in taken.items()}
    for name, seconds in found.items():
        print(f"{name:<38}{seconds:6.2f} s")
    print(f"channels last takes {found['25 steps, channels last'] / found['25 steps']:.2f} times as long")


if __name__ == "__main__":
    main(*(int(a) for a in sys.argv[1:]))
