"""The training loop that every model of the miniature shares.

A stage says what its network is and what the loss of step n is; the loop adds mixed precision, warm-up and decay, a
running average of the weights, checkpoints, loss lines and sample sheets. Step n draws its batch and its noise from
generators seeded by n alone, so a run that was stopped and resumed is the run that was not.
"""

from __future__ import annotations

import copy
import json
import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from . import team
from .files import load_torch, save_torch
from .muon import Muon


class Stage(Protocol):
    """One model's side of the training."""

    name: str
    batch: int
    """Pictures a step, over all processes of the team; each takes its slice of them."""

    @property
    def network(self) -> nn.Module:
        """What is trained."""

    def loss(self, step: int, done: float) -> tuple[Tensor, dict[str, float]]:
        """The loss of step `step`, the share `done` of the budget being spent, and what else to log."""

    def sheet(self, network: Any, path: Path) -> None:
        """Draw what `network`, the average of the weights, can do by now, as a PNG at `path`."""


@dataclass(frozen=True)
class Plan:
    """How long and how fast to train.

    minutes: time budget, counted over all the sittings of a run; steps: the same in steps. Whichever is reached first
    ends it. rate: the highest learning rate, reached after `warmup` steps, held, then lowered along a cosine over the
    last `decay` share. muon: learning rate of Muon for the weight matrices and kernels; None trains everything with
    AdamW. average: the longest memory of the weights' running average, as its decay per step. log, save, sheet:
    seconds between two loss lines, checkpoints and sample sheets. betas: AdamW's memories of gradient and square;
    momentum: Muon's.
    """

    minutes: float = math.inf
    steps: int = 1 << 60
    rate: float = 1e-3
    muon: float | None = None
    warmup: int = 100
    decay: float = 0.4
    average: float = 0.998
    weight_decay: float = 0.01
    log: float = 20.0
    save: float = 180.0
    sheet: float = 300.0
    seed: int = 0
    betas: tuple[float, float] = (0.9, 0.99)
    momentum: float = 0.95


class Stop:
    """Asks the loop to save and leave after the step it is in: on Ctrl-C, on SIGTERM, or by `now()`."""

    def __init__(self) -> None:
        self.asked = False

    def now(self, signum: int = 0, frame: FrameType | None = None) -> None:
        """Ask for the stop."""
        self.asked = True

    @contextmanager
    def listening(self) -> Iterator[Stop]:
        """Heed the two signals inside the `with`."""
        before = {s: signal.signal(s, self.now) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def optimizers(network: nn.Module, plan: Plan) -> list[torch.optim.Optimizer]:
    """AdamW for everything, or Muon for what is a matrix inside the network and AdamW for the rest."""
    inner: list[Tensor] = []
    rest: list[Tensor] = []
    for name, p in network.named_parameters():
        if not p.requires_grad:
            continue
        # The first and last layers and the embeddings stay with AdamW, as the Muon report advises.
        outer = p.ndim < 2 or "embedding" in name or {"conv_in", "conv_out", "sight"} & set(name.split("."))
        (rest if plan.muon is None or outer else inner).append(p)
    adam = torch.optim.AdamW(rest, plan.rate, betas=plan.betas, weight_decay=plan.weight_decay, fused=True)
    if plan.muon is None:
        return [adam]
    return [adam, Muon(inner, plan.muon, plan.momentum, weight_decay=plan.weight_decay)]


def fade(done: float, step: int, plan: Plan) -> float:
    """The share of the full learning rate at step `step`, with the share `done` of the budget spent."""
    warm = min(1.0, (step + 1) / max(plan.warmup, 1))
    left = min(1.0, max(0.0, 1.0 - done) / plan.decay) if plan.decay > 0 else 1.0
    return warm * (0.02 + 0.98 * 0.5 * (1 - math.cos(math.pi * left)))


def float_norms(network: nn.Module) -> None:
    """Run the group norms in float32 under autocast: on a CPU three to four times as fast as in bfloat16."""

    def before(module: nn.Module, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return (args[0].float(), *args[1:])

    def after(module: nn.Module, args: tuple[Tensor, ...], out: Tensor) -> Tensor:
        return out.bfloat16() if torch.is_autocast_enabled(out.device.type) else out

    for module in network.modules():
        if isinstance(module, nn.GroupNorm):
            module.register_forward_pre_hook(before)
            module.register_forward_hook(after)


@torch.no_grad()
def follow(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move the average towards the network; counters and other integers are copied."""
    for a, b in zip(average.parameters(), network.parameters(), strict=True):
        a.data.lerp_(b.data, 1 - decay)
    for here, there in zip(average.buffers(), network.buffers(), strict=True):
        if here.is_floating_point():
            here.lerp_(there, 1 - decay)
        else:
            here.copy_(there)


Watch = Callable[[Any, int, float, float], None]
"""Is shown the training before each step and at its end: the average of the weights, the steps done, the minutes, and
the share of the budget that is spent. `camera.Camera` is one."""


def train(stage: Stage, folder: Path, plan: Plan, stop: Stop | None = None, watch: Watch | None = None) -> int:
    """Train `stage.network` in place, from the checkpoint in `folder` if there is one.

    Leaves `<name>.pt` (all that resuming needs, the average under "average"), `<name>.jsonl` (loss lines) and
    `<name>-<step>.png` (sample sheets). Returns the steps done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / f"{stage.name}.pt"
    device = next(stage.network.parameters()).device
    if device.type == "cpu":
        float_norms(stage.network)
    average = copy.deepcopy(stage.network).requires_grad_(False).eval()
    optims = optimizers(stage.network, plan)
    step, before = 0, 0.0
    if checkpoint.exists():
        state = load_torch(checkpoint)
        stage.network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        for optim, saved in zip(optims, state["optimizers"], strict=True):
            optim.load_state_dict(saved)
        step, before = state["step"], state["seconds"]
    stop = stop or Stop()
    began = logged = saved_at = drawn = time.monotonic()
    aside = 0.0
    sums: dict[str, float] = {}
    counted = 0

    def seconds() -> float:
        return before + time.monotonic() - began - aside

    def look(what: Callable[[], object]) -> None:
        """Look at the training, on nobody's clock and with the cores of all: the others wait meanwhile."""
        nonlocal aside, logged
        own, start = torch.get_num_threads(), time.monotonic()
        torch.set_num_threads(own * team.size())
        try:
            what()
        finally:
            torch.set_num_threads(own)
            aside += time.monotonic() - start
            logged += time.monotonic() - start

    def save() -> None:
        save_torch(
            checkpoint,
            {
                "network": stage.network.state_dict(),
                "average": average.state_dict(),
                "optimizers": [o.state_dict() for o in optims],
                "step": step,
                "seconds": seconds(),
                "batch": stage.batch,
            },
        )

    full = [[g["lr"] for g in o.param_groups] for o in (optimizers(stage.network, plan))]
    first = team.rank() == 0
    with stop.listening():
        while step < plan.steps:
            # All must leave at the same step with the same rate: by one clock, and at anyone's wish to stop.
            clock, wishes = team.agree(seconds() if first else 0.0, stop.asked)
            if wishes or clock >= plan.minutes * 60:
                break
            done = max(step / plan.steps, clock / (plan.minutes * 60))
            if first and watch:
                look(partial(watch, average, step, seconds() / 60, done))
            share = fade(done, step, plan)
            for optim, rates in zip(optims, full, strict=True):
                for group, rate in zip(optim.param_groups, rates, strict=True):
                    group["lr"] = rate * share
            torch.manual_seed(plan.seed * 1_000_003 + step * team.size() + team.rank())
            with torch.autocast(device.type, torch.bfloat16):
                loss, parts = stage.loss(step, done)
            loss.backward()
            team.share_gradients(stage.network)
            norm = nn.utils.clip_grad_norm_(stage.network.parameters(), 1.0)
            for optim in optims:
                optim.step()
                optim.zero_grad()
            step += 1
            follow(average, stage.network, min(plan.average, (1 + step) / (10 + step)))

            counted += 1
            for key, value in {"loss": float(loss.detach()), "norm": float(norm), **parts}.items():
                sums[key] = sums.get(key, 0.0) + value
            now = time.monotonic()
            if first and now - logged >= plan.log:
                line = {"step": step, "seen": step * stage.batch, "minutes": round(seconds() / 60, 2)}
                line |= {
                    "per_second": round(counted * stage.batch / (now - logged), 1),
                    "rate": round(plan.rate * share, 6),
                }
                line |= {key: round(value / counted, 5) for key, value in sums.items()}
                with (folder / f"{stage.name}.jsonl").open("a", encoding="utf-8") as log:
                    log.write(json.dumps(line) + "\n")
                print(stage.name, json.dumps(line), flush=True)
                logged, sums, counted = now, {}, 0
            if first and now - saved_at >= plan.save:
                save()
                saved_at = time.monotonic()
            if first and now - drawn >= plan.sheet:
                look(partial(stage.sheet, average, folder / f"{stage.name}-{step:06d}.png"))
                drawn = time.monotonic()
    if first:
        save()
        if watch and not stop.asked:
            watch(average, step, seconds() / 60, 1.0)
        if not stop.asked:
            stage.sheet(average, folder / f"{stage.name}-{step:06d}.png")
    return step


def record(state: dict[str, Any]) -> dict[str, Any]:
    """What a checkpoint says about its training, for the record that ships with the weights."""
    return {
        "pictures_seen": state["step"] * state["batch"],
        "steps": state["step"],
        "batch": state["batch"],
        "minutes": round(state["seconds"] / 60, 1),
    }
