"""DAAM's recipe, against its definition written with PyTorch."""

import numpy as np
import pytest

import explorer
from explorer.analysis import daam, heat
from explorer.analysis.daam import bicubic
from tests.synthetic import synthetic_trace


@pytest.mark.parametrize("size", [(16, 16), (8, 12), (24, 16), (5, 7)])
def test_bicubic_is_that_of_pytorch(size: tuple[int, int]) -> None:
    import torch
    import torch.nn.functional as F

    maps = np.random.default_rng(0).random((2, 3, 8, 12)).astype(np.float32)
    expected = F.interpolate(torch.from_numpy(maps), size=size, mode="bicubic", align_corners=False)
    np.testing.assert_allclose(bicubic(maps, *size), expected.numpy(), atol=1e-5)


@pytest.mark.parametrize("normalise", [False, True])
def test_it_follows_the_package_step_by_step(normalise: bool) -> None:
    """daam 0.2: trace.py, compute_global_heat_map and compute_word_heat_map, with one head."""
    import torch
    import torch.nn.functional as F

    trace = synthetic_trace("a blue narwhal and a castle", size=(128, 192), grids=((16, 24), (8, 12)), steps=3)
    merged = []
    for maps in trace.attention.values():
        summed = torch.from_numpy(maps.values.astype(np.float32)).sum(0)
        for layer in summed:
            big = F.interpolate(layer[:, None], size=(16, 24), mode="bicubic", align_corners=False)
            merged.append(big.clamp_(min=0)[:, 0])
    expected = torch.stack(merged).mean(0)
    if normalise:
        expected = expected / (expected[1:-1].sum(0, keepdim=True) + 1e-6)
    pieces = trace.tokens.words[2].pieces
    assert len(pieces) == 2
    found = daam(trace, "narwhal", normalise=normalise)
    np.testing.assert_allclose(found.values, expected[[1 + i for i in pieces]].mean(0).numpy(), rtol=1e-4, atol=1e-5)
    assert found.dims == ("y", "x")


def test_it_points_where_the_other_maps_point() -> None:
    trace = synthetic_trace()
    ours, theirs = heat(trace, "castle").values, daam(trace, "castle").values
    assert np.unravel_index(ours.argmax(), ours.shape) == np.unravel_index(theirs.argmax(), theirs.shape)
    with pytest.raises(explorer.UnknownWord):
        daam(trace, "tractor")
