"""What a newcomer waits for: `python tests/benchmarks/bench_start.py`. Medians of 5 fresh processes."""

import os
import statistics
import subprocess
import sys
from pathlib import Path

WAIT = """
import time
def lap():
    global last
    now = time.perf_counter(); print(now - last); last = now
last = time.perf_counter()
import explorer; lap()
ex = explorer.load(); lap()
ex.record("a photograph of a blue teddy bear in rainy weather", seed=7); lap()
ex.record("a photograph of a blue teddy bear in rainy weather", seed=7); lap()
"""


def main() -> None:
    """Print seconds for importing, loading, and recording 25 steps, the first time and the second."""
    surroundings = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "TQDM_DISABLE": "1"}
    command = [sys.executable, "-c", WAIT]
    runs = [
        subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True).stdout.split()
        for _ in range(5)
    ]
    for name, seconds in zip(("import", "load", "record", "record again"), zip(*runs, strict=True), strict=True):
        print(f"{name:<13}{statistics.median(map(float, seconds)):6.2f} s")


if __name__ == "__main__":
    main()
