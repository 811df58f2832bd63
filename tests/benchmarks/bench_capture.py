"""What recording costs: the bare pipeline and a recording in turns, in one process; ratios of medians, and memory.

    python tests/benchmarks/bench_capture.py [--rounds 20] [--steps 25] [--threads 1] [--device cpu] [--half]
        [--size miniature|tiny|flux|sd15] [--pixels 256] [--peers] [--no-memory]

`sd15` has the shape of Stable Diffusion 1.5 with seeded random weights; its pictures are of `--pixels` a side. With
--peers also `attention-map-diffusers` (exact mode, every step and layer) and `daam`, each where it is installed
(`pip install --no-deps attention-map-diffusers==1.0.0 daam==0.2.0`, and for daam spacy, matplotlib, scipy,
scikit-image, numba and nltk), in turns with the others. Times are of the process's CPUs (all threads), so that what
else the machine does counts less, and wall-clock ratios stand beside; on a GPU both are of the clock on the wall. Extra
memory is the largest resident size of a process that runs it, less that of one that runs bare; on a GPU, PyTorch's own.
"""

import argparse
import functools
import os
import resource
import statistics
import subprocess
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
NAMES = ("bare", "ours", "attention-map-diffusers", "daam")
Run = Callable[[float], Any]


def sd15() -> Any:
    """Stable Diffusion 1.5 in shape, with the tests' tokenizer and random weights."""
    from diffusers import UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel

    pipe = stable_diffusion()
    torch.manual_seed(0)
    words = {"vocab_size": len(pipe.tokenizer), "max_position_embeddings": 77}
    ends = {name: getattr(pipe.text_encoder.config, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    sizes = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
    pipe.text_encoder = CLIPTextModel(CLIPTextConfig(**words, **ends, **sizes)).eval()
    pipe.unet = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8).eval()
    return pipe


def pipeline(size: str) -> Any:
    """The miniature, one of the tests' tiny ones, or the shape of Stable Diffusion 1.5."""
    if size == "flux":
        from tests.families.tiny import flux

        return flux()
    if size == "sd15":
        return sd15()
    return stable_diffusion() if size == "tiny" else explorer.load(device="cpu").pipe


def runs(given: argparse.Namespace) -> tuple[Any, dict[str, Run | str]]:
    """The pipeline, and each run for a guidance, or why it is not there."""
    pipe = pipeline(given.size).to(given.device, torch.float16 if given.half else torch.float32)
    pipe.set_progress_bar_config(disable=True)
    ex = explorer.wrap(pipe)
    size = {"width": given.pixels, "height": given.pixels} if given.size == "sd15" else {}

    def bare(guidance: float) -> Any:
        generator = torch.Generator().manual_seed(1)
        return pipe(PROMPT, num_inference_steps=given.steps, guidance_scale=guidance, generator=generator, **size)

    def ours(guidance: float) -> Any:
        return ex.record(PROMPT, seed=1, steps=given.steps, guidance=guidance, budget=10**12, **size)

    found: dict[str, Run | str] = {"bare": bare, "ours": ours}
    try:
        from attention_map_diffusers import AttentionCapture

        def exact(guidance: float) -> None:
            with AttentionCapture(pipe, relations="image->text", timesteps="all", mode="exact") as capture:
                bare(guidance)
            capture.compute()

        found["attention-map-diffusers"] = exact
    except ImportError as error:
        found["attention-map-diffusers"] = f"absent ({error})"
    try:
        import daam

        def traced(guidance: float) -> None:
            with daam.trace(pipe) as trace:
                bare(guidance)
                trace.compute_global_heat_map()

        found["daam"] = traced
    except ImportError as error:
        found["daam"] = f"absent ({error})"
    return pipe, found


def clocked(run: Callable[[], Any], gpu: bool) -> tuple[float, float]:
    if gpu:
        torch.cuda.synchronize()
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    if gpu:
        torch.cuda.synchronize()
    wall = time.perf_counter() - wall
    return wall, wall if gpu else time.process_time() - cpu


def peak(given: argparse.Namespace) -> int:
    """Bytes at most while one of them runs, in this process, which runs nothing else."""
    _, found = runs(given)
    run = found[given.only]
    assert callable(run)
    if given.device != "cpu":
        torch.cuda.reset_peak_memory_stats()
    run(4.0)
    if given.device != "cpu":
        return torch.cuda.max_memory_allocated()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def memory(names: list[str], stored: int) -> None:
    """Each in processes of its own, three times; the differences of medians."""
    peaks: dict[str, list[int]] = {name: [] for name in names}
    for _ in range(3):
        for name in names:
            command = [sys.executable, __file__, *sys.argv[1:], "--only", name]
            peaks[name].append(int(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    middle = {name: statistics.median(own) for name, own in peaks.items()}
    print(f"largest size of the bare run {middle['bare'] / 1e6:.0f} MB; more than that:")
    for name in names[1:]:
        more = middle[name] - middle["bare"]
        print(f"    {name:<24} {more / 1e6:+.1f} MB, x{more / stored:.2f} of the {stored / 1e6:.2f} MB that ours keeps")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=20)
    arguments.add_argument("--steps", type=int, default=25)
    arguments.add_argument("--threads", type=int, default=1)
    arguments.add_argument("--size", choices=["miniature", "tiny", "flux", "sd15"], default="miniature")
    arguments.add_argument("--pixels", type=int, default=256)
    arguments.add_argument("--device", default="cpu")
    arguments.add_argument("--half", action="store_true")
    arguments.add_argument("--peers", action="store_true")
    arguments.add_argument("--no-memory", action="store_true")
    arguments.add_argument("--only", choices=NAMES, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    if given.only:
        print(peak(given))
        return
    _, found = runs(given)
    ready: dict[str, Run] = {}
    for name, run in found.items():
        if name not in ("bare", "ours") and not given.peers:
            continue
        if isinstance(run, str):
            print(f"{name}: {run}")
        else:
            ready[name] = run
    trace: Any = None
    for guidance in (4.0, 1.0):
        for name, run in list(ready.items()):
            try:
                made = run(guidance)
            except Exception as error:  # a peer that fails here is left out, and said so
                if name in ("bare", "ours"):
                    raise
                print(f"guidance {guidance:g}: {name} fails ({type(error).__name__}: {str(error)[:100]})")
                del ready[name]
                continue
            trace = made if name == "ours" else trace
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in ready}
        for round_ in range(given.rounds):
            order = list(ready.items())
            for name, run in order if round_ % 2 else order[::-1]:
                times[name].append(clocked(functools.partial(run, guidance), given.device != "cpu"))
        wall, cpu = ({name: statistics.median(t[i] for t in own) for name, own in times.items()} for i in (0, 1))
        print(
            f"guidance {guidance:g}: {given.steps} steps bare {cpu['bare']:.3f} s, ours keeps "
            f"{len(trace.layers)} layers, {trace.nbytes / 1e6:.2f} MB"
        )
        for name in list(ready)[1:]:
            print(f"    {name:<24} x{cpu[name] / cpu['bare']:.3f} (wall x{wall[name] / wall['bare']:.3f})")
    if not given.no_memory:
        memory(list(ready), trace.nbytes)


if __name__ == "__main__":
    main()
