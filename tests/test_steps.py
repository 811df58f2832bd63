"""The steps' results against plain numpy."""

import dataclasses

import numpy as np
import pytest
import xarray as xr

from explorer.analysis import change, noise_prediction, noisy, settled, spectra, split, word_maps
from explorer.analysis.layers import layer_maps, step_ranges
from explorer.analysis.sketch import fit, sketch
from explorer.analysis.steps import levels
from explorer.trace import Trace
from tests.fake import synthetic_run
from tests.synthetic import synthetic_trace


def replaced(trace: Trace, **settings: object) -> Trace:
    return dataclasses.replace(trace, settings=dataclasses.replace(trace.settings, **settings))


@pytest.mark.parametrize("scheduler", ["DDIMScheduler", "EulerDiscreteScheduler", "FlowMatchEulerDiscreteScheduler"])
def test_noise_comes_back_out_of_what_it_was_mixed_into(scheduler: str) -> None:
    trace = replaced(synthetic_trace(steps=3), scheduler=scheduler)
    trace.latents.coords["sigma"].values[:] = [0.9, 0.5, 0.1]
    at = levels(trace).values
    rng = np.random.default_rng(1)
    x0, eps = rng.standard_normal((2, *trace.latents.shape)).astype(np.float32)
    mixed = at[:, 0, None, None, None] * x0 + at[:, 1, None, None, None] * eps
    latents = np.concatenate([mixed[1:], mixed[:1]])
    made = dataclasses.replace(
        trace,
        noise=xr.DataArray(mixed[0], dims=("channel", "y", "x")),
        latents=trace.latents.copy(data=latents),
        predicted=trace.predicted.copy(data=x0),
    )
    np.testing.assert_array_equal(noisy(made).values, mixed.astype(np.float32))
    np.testing.assert_allclose(noise_prediction(made).values, eps, atol=1e-4)
    if scheduler == "DDIMScheduler":
        np.testing.assert_allclose((at**2).sum(axis=1), 1)
        np.testing.assert_allclose(at[:, 1] / at[:, 0], [0.9, 0.5, 0.1])


def test_a_start_from_pure_noise_is_all_noise() -> None:
    trace = synthetic_trace(steps=2)
    trace.latents.coords["sigma"].values[:] = [np.inf, 0.0]
    np.testing.assert_allclose(levels(trace).values, [[0, 1], [1, 0]])
    predicted = noise_prediction(trace).values
    np.testing.assert_array_equal(predicted[0], trace.noise.values)
    assert not predicted[1].any()


def test_change_is_the_root_mean_square_from_step_to_step() -> None:
    trace = synthetic_trace(steps=4)
    x0 = trace.predicted.values.astype(np.float64)
    found = change(trace).values
    assert np.isnan(found[0])
    size = np.mean([x0[-1, c].std() for c in range(4)])
    for step in (1, 2, 3):
        assert found[step] == pytest.approx(np.sqrt(np.mean((x0[step] - x0[step - 1]) ** 2)) / size)


def test_a_word_settles_after_the_last_step_that_was_unlike() -> None:
    trace = synthetic_run("a red castle", steps=6)
    found = settled(trace, within=0.9)
    maps = word_maps(trace).values.reshape(3, 6, -1)
    for word in (1, 2):
        alike = [np.corrcoef(maps[word, step], maps[word, -1])[0, 1] for step in range(6)]
        unlike = [step for step in range(6) if alike[step] < 0.9]
        assert found.values[word] == (unlike[-1] + 1 if unlike else 0)
    assert found.values[0] == 0  # "a" looks nowhere in particular
    assert found.coords["index"].values.tolist() == [0, 1, 2]


@pytest.mark.parametrize("size", [(128, 128), (64, 192)])
def test_bands_hold_the_whole_power_but_the_mean(size: tuple[int, int]) -> None:
    trace = synthetic_trace(steps=3, size=size, grids=((size[0] // 8, size[1] // 8),))
    x0 = trace.predicted.values.astype(np.float64)
    found = spectra(trace)
    variance = x0.var(axis=(2, 3)).mean(axis=1)  # Parseval
    low = np.abs(np.fft.fft2(x0)[..., 0, 1]) ** 2  # along the longer side, less than one cycle per shorter side
    if size[0] == size[1]:
        np.testing.assert_allclose(found.power.values.sum(axis=1), variance)
    assert (found.power.values.sum(axis=1) <= variance + low.sum()).all()
    np.testing.assert_allclose(found.agreement.values[-1], 1)
    assert found.low.values.tolist() == [2.0**n for n in range(found.sizes["band"])]


def test_a_wave_lies_in_its_own_band() -> None:
    trace = synthetic_trace(steps=2)
    x = np.arange(16) / 16
    for cycles, band in ((1, 0), (2, 1), (3, 1), (4, 2), (7, 2)):
        wave = np.broadcast_to(np.cos(2 * np.pi * cycles * x), trace.predicted.shape)
        power = spectra(dataclasses.replace(trace, predicted=trace.predicted.copy(data=wave))).power.values[0]
        assert power[band] == pytest.approx(0.5)
        assert power.sum() == pytest.approx(0.5)


def test_rough_comes_before_fine() -> None:
    found = spectra(synthetic_run("a red castle and a blue narwhal", steps=8)).agreement.values
    assert (np.diff(found[0]) <= 1e-6).all()  # in the first step, the rougher the band, the more alike


@pytest.mark.parametrize("kind", ["epsilon", "v_prediction", "sample"])
def test_guidance_comes_apart_and_together_again(kind: str) -> None:
    trace = synthetic_run("a red castle", steps=3, guidance=5.0)
    at = levels(trace).values[:, :, None, None, None]
    rng = np.random.default_rng(0)
    samples, conditional, unconditional = rng.standard_normal((3, *trace.latents.shape)).astype(np.float32)

    def x0(output: np.ndarray) -> np.ndarray:
        if kind == "epsilon":
            return (samples - at[:, 1] * output) / at[:, 0]
        return at[:, 0] * samples - at[:, 1] * output if kind == "v_prediction" else output

    guided = unconditional + 5 * (conditional - unconditional)
    made = dataclasses.replace(
        replaced(trace, scheduler_config={"prediction_type": kind}),
        predicted=trace.predicted.copy(data=x0(guided)),
        conditional=trace.predicted.copy(data=conditional),
        unconditional=trace.predicted.copy(data=unconditional),
    )
    parts = split(made)
    assert parts is not None
    np.testing.assert_allclose(parts.conditional.values, x0(conditional), rtol=1e-3, atol=2e-3)
    np.testing.assert_allclose(parts.unconditional.values, x0(unconditional), rtol=1e-3, atol=2e-3)
    np.testing.assert_allclose(parts.at(5.0).values, x0(guided), rtol=1e-3, atol=2e-3)


def test_without_guidance_there_is_nothing_to_take_apart() -> None:
    assert split(synthetic_trace()) is None
    trace = synthetic_run("a", steps=2)
    assert split(replaced(trace, guidance=1.0)) is None
    assert split(dataclasses.replace(trace, unconditional=None)) is None


def test_the_sketch_is_the_least_squares_answer_and_knows_its_own_picture() -> None:
    trace = synthetic_run("a red castle and a blue narwhal", steps=4)
    drawn = sketch(trace, 2)
    small = trace.image.values.reshape(32, 4, 32, 4, 3).mean(axis=(1, 3))
    found = drawn.draw(trace.latents.values[-1:])[0]
    assert found.shape == (32, 32, 3)
    assert np.abs(found.astype(float) - small).mean() < 12
    # Without neighbours that matter, a linear rule is found as it is.
    rng = np.random.default_rng(0)
    latents = rng.standard_normal((3, 4, 8, 8))
    mix = rng.standard_normal((4, 3)) * 20
    pictures = (np.einsum("schw,cr->shwr", latents, mix) + 128).clip(0, 255).astype(np.uint8)
    rule = fit(latents, pictures, 1)
    assert np.abs(rule.draw(latents).astype(float) - pictures).mean() < 8
    assert rule.weights.shape == (37, 3)


def test_layers_and_ranges() -> None:
    assert step_ranges(50, 3) == [(0, 16), (17, 32), (33, 49)]
    assert step_ranges(2, 9) == [(0, 0), (1, 1)]
    trace = synthetic_trace("a red castle", steps=4)
    for one in layer_maps(trace, [1, 2], [(0, 1), (2, 3)]):
        expected = word_maps(trace, [1, 2], layer=one.layer).values
        np.testing.assert_allclose(one.maps[:, 1], expected[:, 2:].mean(axis=1), atol=1e-6)
        assert one.layer in trace.layers
