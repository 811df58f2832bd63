"""What recording costs: the bare pipeline and a recording in turns, in one process; ratios of medians.

    python tests/benchmarks/bench_capture.py [--rounds 20] [--steps 10] [--threads 1]
        [--size miniature|tiny|flux] [--peers]

With --peers also `attention-map-diffusers` (exact mode, every step and layer) and `daam`, each where it is installed
(`pip install --no-deps attention-map-diffusers==1.0.0 daam==0.2.0`, and for daam spacy, matplotlib, scipy,
scikit-image, numba and nltk), in turns with the others. Times are of the process's CPUs (all threads), so that what
else the machine does counts less; wall-clock ratios stand beside.
"""

import argparse
import contextlib
import functools
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["TQDM_DISABLE"] = "1"
sys.path.insert(0, str(Path(__file__).parents[2]))

import torch

import explorer
from tests.pipelines import stable_diffusion

PROMPT = "a photograph of a blue teddy bear in rainy weather"


def pipeline(size: str) -> Any:
    """The miniature, or the tests' tiny ones."""
    if size == "flux":
        from tests.families.tiny import flux

        return flux()
    return stable_diffusion() if size == "tiny" else explorer.load(device="cpu").pipe


def peers(pipe: Any, steps: int) -> dict[str, Callable[[float], None]]:
    """The peers that are installed, each as a run for a guidance."""
    found: dict[str, Callable[[float], None]] = {}

    def generate(guidance: float) -> None:
        generator = torch.Generator().manual_seed(1)
        pipe(PROMPT, num_inference_steps=steps, guidance_scale=guidance, generator=generator)

    with contextlib.suppress(ImportError):
        from attention_map_diffusers import AttentionCapture

        def exact(guidance: float) -> None:
            with AttentionCapture(pipe, relations="image->text", timesteps="all", mode="exact") as capture:
                generate(guidance)
            capture.compute()

        found["attention-map-diffusers"] = exact
    with contextlib.suppress(ImportError):
        import daam

        def traced(guidance: float) -> None:
            with daam.trace(pipe) as trace:
                generate(guidance)
                trace.compute_global_heat_map()

        found["daam"] = traced
    return found


def clocked(run: Callable[[], Any]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=20)
    arguments.add_argument("--steps", type=int, default=25)
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--size", choices=["miniature", "tiny", "flux"], default="miniature")
    arguments.add_argument("--peers", action="store_true")
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    pipe = pipeline(given.size)
    pipe.set_progress_bar_config(disable=True)
    ex = explorer.wrap(pipe)
    trace = None

    def bare(guidance: float) -> None:
        generator = torch.Generator().manual_seed(1)
        pipe(PROMPT, num_inference_steps=given.steps, guidance_scale=guidance, generator=generator)

    def ours(guidance: float) -> None:
        nonlocal trace
        trace = ex.record(PROMPT, seed=1, steps=given.steps, guidance=guidance)

    for guidance in (4.0, 1.0):
        runs: dict[str, Callable[[float], None]] = {"bare": bare, "ours": ours}
        runs |= peers(pipe, given.steps) if given.peers else {}
        for name, run in list(runs.items()):
            try:
                run(guidance)
            except Exception as error:  # a peer that fails here is left out, and said so
                if name in ("bare", "ours"):
                    raise
                print(f"guidance {guidance:g}: {name} fails ({type(error).__name__}: {str(error)[:100]})")
                del runs[name]
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
        for round_ in range(given.rounds):
            order = list(runs.items())
            for name, run in order if round_ % 2 else order[::-1]:
                times[name].append(clocked(functools.partial(run, guidance)))
        wall, cpu = ({name: statistics.median(t[i] for t in own) for name, own in times.items()} for i in (0, 1))
        print(
            f"guidance {guidance:g}: {given.steps} steps bare {cpu['bare']:.3f} s of CPU, ours "
            f"{len(trace.layers)} layers, {trace.nbytes / 1e6:.2f} MB"  # type: ignore[union-attr]
        )
        for name in list(runs)[1:]:
            print(f"    {name:<24} x{cpu[name] / cpu['bare']:.3f} of CPU (wall x{wall[name] / wall['bare']:.3f})")
    print(f"largest resident size {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
