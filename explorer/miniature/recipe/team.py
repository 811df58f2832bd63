"""Training on several cores as several processes of one thread each, their gradients averaged.

On a shared machine this is far quicker than threads: two OpenMP threads wait for each other in every layer, two
processes only once a step.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import ProcessExitedException, spawn


def rank() -> int:
    """Which process of the team this is; 0 saves and prints."""
    return dist.get_rank() if dist.is_initialized() else 0


def size() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def _member(number: int, team: int, port: int, work: Callable[..., None], args: tuple[Any, ...]) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=number, world_size=team)
    try:
        work(*args)
    finally:
        dist.destroy_process_group()


def run(team: int, work: Callable[..., None], *args: Any) -> None:
    """Call `work(*args)` in `team` processes at once, or here if one is enough."""
    if team < 2:
        work(*args)
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    try:
        spawn(_member, (team, port, work, args), nprocs=team)
    except ProcessExitedException as left:
        raise SystemExit(left.exit_code) from None


def agree(*values: float) -> list[float]:
    """The sums of `values` over the team; none of its processes goes on before all are here."""
    shared = torch.tensor([*values, 0.0], dtype=torch.float64)
    add_up(shared)
    return [float(v) for v in shared[:-1]]


def add_up(shared: Tensor) -> None:
    """Replace a tensor, in place, by its sum over the team."""
    if size() > 1:
        dist.all_reduce(shared)


def share_gradients(network: nn.Module) -> None:
    """Give every process the mean gradient."""
    if size() == 1:
        return
    grads: list[Tensor] = []
    for p in network.parameters():
        if p.requires_grad:
            # A part that one process had no use for in this step still has its place in the sum.
            p.grad = torch.zeros_like(p) if p.grad is None else p.grad
            grads.append(p.grad)
    flat = torch.cat([g.flatten() for g in grads])
    add_up(flat)
    flat /= size()
    for g, mean in zip(grads, flat.split([g.numel() for g in grads]), strict=True):
        g.copy_(mean.view_as(g))
