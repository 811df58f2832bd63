"""Recordings leave nothing behind: resident memory stays where it was after the first few."""

import gc
import os
from pathlib import Path

import pytest

import explorer
from tests.pipelines import stable_diffusion

STATM = Path("/proc/self/statm")


def resident() -> int:
    """Bytes that this process holds in memory."""
    gc.collect()
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.slow
@pytest.mark.skipif(not STATM.exists(), reason="resident memory is read from /proc, which Linux has")
def test_two_hundred_recordings_take_no_more_memory_than_ten() -> None:
    ex = explorer.wrap(stable_diffusion())
    after = {}
    for i in range(1, 201):
        trace = ex.record("a red castle", "blue", seed=i, steps=2, keep={"self_layers": "mid_block"})
        if i in (10, 200):
            after[i] = resident()
    assert trace.steps == 2
    assert abs(after[200] / after[10] - 1) < 0.02
