"""The maps are the model's attention: checked against an independent computation from each module's own inputs."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer.capture import Keep, reduce, watch
from explorer.capture.attention import AttentionRecorder
from explorer.capture.maps import Maps
from explorer.families import Sides, family_of
from tests.pipelines import stable_diffusion

PROMPT = "a red castle in the snow, zebra"


@pytest.fixture(scope="module")
def pipe() -> Any:
    return stable_diffusion()


@contextmanager
def inputs_of(pipe: Any) -> Iterator[dict[str, list[tuple[torch.Tensor, torch.Tensor]]]]:
    """What every cross-attention module was called with: image features and text features."""
    seen: dict[str, list[tuple[torch.Tensor, torch.Tensor]]] = {}
    handles = []
    for name, module in pipe.unet.named_modules():
        if name.endswith("attn2"):

            def hook(module: Any, args: Any, kwargs: Any, name: str = name) -> None:
                seen.setdefault(name, []).append((args[0].clone(), kwargs["encoder_hidden_states"].clone()))

            handles.append(module.register_forward_pre_hook(hook, with_kwargs=True))
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def independent(pipe: Any, name: str, image: torch.Tensor, text: torch.Tensor) -> np.ndarray:
    """softmax(QK^T / sqrt(d)) with the module's weights, in float64, mean over heads: (row, query, key)."""
    module = pipe.unet.get_submodule(name)
    w_q, w_k = module.to_q.weight.detach().double().numpy(), module.to_k.weight.detach().double().numpy()
    q, k = image.double().numpy() @ w_q.T, text.double().numpy() @ w_k.T
    heads = module.heads
    q, k = (x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2) for x in (q, k))
    logits = q @ k.swapaxes(2, 3) / math.sqrt(q.shape[-1])
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return (weights / weights.sum(-1, keepdims=True)).mean(1)


def expected_tokens(full: np.ndarray, read: int) -> np.ndarray:
    """(query, 77) to (token, query): beginning, pieces, and the sum of all that follows."""
    return np.concatenate([full[:, : read + 1], full[:, read + 1 :].sum(1, keepdims=True)], axis=1).T


@pytest.mark.parametrize("guidance", [1.0, 6.0])
def test_every_map_equals_an_independent_softmax(pipe: Any, guidance: float) -> None:
    with inputs_of(pipe) as seen:
        first, second = explorer.wrap(pipe).record(
            [PROMPT, "a teddy bear"], "blue", seed=4, steps=3, guidance=guidance, width=104, height=72
        )
    checked = 0
    for picture, trace in enumerate((first, second)):
        for maps in trace.attention.values():
            for layer in maps.layer.values:
                for step in range(3):
                    image, text = seen[str(layer)][step]
                    row = picture + (2 if guidance > 1 else 0)
                    full = independent(pipe, str(layer), image, text)[row]
                    expected = expected_tokens(full, trace.tokens.read).reshape(-1, *maps.shape[-2:])
                    found = maps.sel(layer=layer).isel(step=step).values
                    np.testing.assert_allclose(found[:-1], expected[:-1], rtol=2e-3, atol=1e-6)
                    # The rest is 1 minus the others: it has the rounding of a float32 sum near 1, at its worst some 16
                    # units of 6e-8, and not of its own small size.
                    np.testing.assert_allclose(found[-1], expected[-1], rtol=2e-3, atol=4e-6)
                    checked += 1
    assert checked == 2 * 3 * len(first.layers)
    assert set(seen) == set(first.layers)


def test_the_maps_are_uneven_enough_to_tell_a_mistake(pipe: Any) -> None:
    trace = explorer.wrap(pipe).record(PROMPT, seed=4, steps=2)
    maps = trace.attention["8x8"].values.astype(np.float32)
    assert maps.std(axis=2).min() > 1e-3
    assert maps.std(axis=(3, 4)).max() > 1e-3
    assert np.abs(maps - maps.swapaxes(3, 4)).max() > 1e-2


@pytest.mark.parametrize("size", [(64, 64), (128, 64), (104, 72)])
def test_grids_are_the_feature_maps(pipe: Any, size: tuple[int, int]) -> None:
    width, height = size
    trace = explorer.wrap(pipe).record(PROMPT, seed=0, steps=1, width=width, height=height)
    y, x = height // 8, width // 8
    assert list(trace.attention) == [f"{y}x{x}", f"{math.ceil(y / 2)}x{math.ceil(x / 2)}"]
    for grid, maps in trace.attention.items():
        assert f"{maps.sizes['y']}x{maps.sizes['x']}" == grid
        assert maps.dtype == np.float16


def test_all_positions_sum_to_one(pipe: Any) -> None:
    family = family_of(pipe)
    encoding = family.encoding(pipe, PROMPT)
    with watch(pipe, family, [encoding], every_position=True) as seen:
        pipe(PROMPT, num_inference_steps=2, generator=torch.Generator().manual_seed(1))
    whole = seen.recordings()[0].attention
    with watch(pipe, family, [encoding]) as seen:
        pipe(PROMPT, num_inference_steps=2, generator=torch.Generator().manual_seed(1))
    for grid, (layers, maps) in seen.recordings()[0].attention.items():
        assert whole[grid][0] == layers
        full = whole[grid][1].astype(np.float32)
        assert full.shape[2] == 77
        np.testing.assert_allclose(full.sum(2), 1, atol=2e-3)
        np.testing.assert_allclose(maps.astype(np.float32).sum(2), 1, atol=2e-3)
        np.testing.assert_allclose(maps[:, :, :-1], full[:, :, : encoding.tokens.read + 1], atol=1e-3)


def test_a_disturbed_pixel_moves_its_own_place(pipe: Any) -> None:
    """One position of the features, one piece of the text: only its row, or above all its entry, changes."""
    family = family_of(pipe)
    name = "down_blocks.0.attentions.0.transformer_blocks.0.attn2"
    module = pipe.unet.get_submodule(name)
    width = 13

    def maps(disturb: Any) -> np.ndarray:
        handle = module.register_forward_pre_hook(disturb, with_kwargs=True)
        try:
            with watch(pipe, family, [family.encoding(pipe, PROMPT)]) as seen:
                pipe(
                    PROMPT,
                    num_inference_steps=1,
                    width=8 * width,
                    height=72,
                    generator=torch.Generator().manual_seed(1),
                )
        finally:
            handle.remove()
        layers, found = seen.recordings()[0].attention[f"9x{width}"]
        return found[0, layers.index(name)].astype(np.float32)

    def pixel(module: Any, args: Any, kwargs: Any) -> Any:
        hidden = args[0].clone()
        hidden[1, 4 * width + 7] += 3 * torch.randn(hidden.shape[-1], generator=torch.Generator().manual_seed(0))
        return (hidden, *args[1:]), kwargs

    def piece(module: Any, args: Any, kwargs: Any) -> Any:
        text = kwargs["encoder_hidden_states"].clone()
        text[1, 3] = 0  # "castle": its logits become 0 everywhere
        return args, kwargs | {"encoder_hidden_states": text}

    calm = maps(lambda module, args, kwargs: None)
    moved = np.abs(maps(pixel) - calm).sum(0)
    assert np.argwhere(moved > 0).tolist() == [[4, 7]]
    change = np.abs(maps(piece) - calm).sum((1, 2))
    assert change.argmax() == 3


def test_masks_and_scales_are_followed(pipe: Any) -> None:
    torch.manual_seed(0)
    q, k = torch.randn(3, 2, 6, 8), torch.randn(3, 2, 77, 8)
    mask = torch.rand(3, 1, 1, 77) > 0.3
    mask[..., 0] = True
    family = family_of(pipe)
    tokens = [family.tokens(pipe, "a")] * 2
    reader = family.readers(pipe)[0]
    for given, bias in ((mask, torch.zeros(3, 1, 1, 77).masked_fill(~mask, -1e4)), (None, torch.zeros(()))):
        expected = ((q @ k.mT) * 0.5 + bias).softmax(-1).mean(1)[1:]
        for lse in (None, ((q @ k.mT) * 0.5 + bias).logsumexp(-1)):
            recorder = AttentionRecorder(
                [reader], lambda a, k: (2, 3), lambda rows: Sides(slice(1, 3)), family.places, tokens, True
            )
            recorder._grids[id(reader.grid)] = (2, 3)
            recorder.enter(reader, 3)
            recorder.fused(q, k, k, attn_mask=given, scale=0.5, lse=lse)
            torch.testing.assert_close(recorder.prompt.maps._sums[reader.name][1][:, 0].mT, expected)


def test_large_maps_are_computed_head_by_head(pipe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = explorer.wrap(pipe).record(PROMPT, seed=4, steps=1)
    monkeypatch.setattr(reduce, "_LARGE", 1)
    by_head = explorer.wrap(pipe).record(PROMPT, seed=4, steps=1)
    for grid, maps in usual.attention.items():
        np.testing.assert_allclose(by_head.attention[grid].values, maps.values, atol=1e-3)


def test_several_calls_of_one_step_are_averaged(pipe: Any) -> None:
    tokens = [family_of(pipe).tokens(pipe, "a")]
    maps = Maps(tokens, False, Keep())
    for share in (0.25, 0.75):
        found = torch.full((1, 1, 3, 1), (1 - share) / 2)
        found[:, :, 1] = share
        maps.add("layer", (1, 1), found)
    maps.end_step()
    ((_, values),) = maps.of(0).values()
    assert values.shape == (1, 1, 3, 1, 1)
    np.testing.assert_allclose(values[0, 0, 1, 0, 0], 0.5, atol=1e-3)
