"""Whatever happens in a run, everything is as before afterwards; other threads notice nothing."""

import copy
import gc
import threading
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.models.attention_processor import Attention

import explorer
from explorer.capture import gate
from tests.pipelines import stable_diffusion

PROMPT = "a red castle in the snow"
STEPS = 3
SDPA = torch.nn.functional.scaled_dot_product_attention
SCORES = vars(Attention)["get_attention_scores"]
SIZE = 1000
PLAIN = (str, int, float, dict, type(None))


@pytest.fixture
def pipe() -> Any:
    return stable_diffusion()


def state(pipe: Any) -> dict[str, Any]:
    """What a run could leave changed."""
    hooks = {}
    for part in (pipe.unet, pipe.vae, pipe.text_encoder):
        for name, module in part.named_modules():
            for kind in ("_forward_hooks", "_forward_pre_hooks", "_forward_pre_hooks_with_kwargs", "_backward_hooks"):
                if getattr(module, kind):
                    hooks[name, kind] = len(getattr(module, kind))
    return {
        "hooks": hooks,
        "pipe": {name: copy.copy(v) if isinstance(v, PLAIN) else id(v) for name, v in vars(pipe).items()},
        "scheduler": {name: id(value) for name, value in vars(pipe.scheduler).items()},
        "processors": {name: id(value) for name, value in pipe.unet.attn_processors.items()},
        "modes": [part.training for part in (pipe.unet, pipe.vae, pipe.text_encoder)],
    }


def assert_nothing_left(pipe: Any, before: dict[str, Any]) -> None:
    assert torch.nn.functional.scaled_dot_product_attention is SDPA
    assert vars(Attention)["get_attention_scores"] is SCORES
    assert "step" not in vars(pipe.scheduler)
    assert gate._users == 0
    assert gate._undo == []
    assert getattr(gate._thread, "listener", None) is None
    after = state(pipe)
    assert after["hooks"] == {}
    assert after.keys() == before.keys()
    for name, value in before.items():
        assert after[name] == value, name


def test_after_a_run(pipe: Any) -> None:
    before = state(pipe)
    explorer.wrap(pipe).record(PROMPT, seed=1, steps=STEPS)
    assert_nothing_left(pipe, before)
    picture = np.zeros((64, 64, 3), np.uint8)
    explorer.wrap(pipe).read(picture, PROMPT)
    assert_nothing_left(pipe, before)


def test_settings_of_an_earlier_bare_run_stay(pipe: Any) -> None:
    pipe(PROMPT, num_inference_steps=2, guidance_scale=3.0)
    pipe.set_progress_bar_config(desc="mine", disable=True)
    before = state(pipe)
    explorer.wrap(pipe).record(PROMPT, seed=1, steps=STEPS, guidance=6.0)
    assert_nothing_left(pipe, before)
    assert pipe.guidance_scale == 3.0
    assert pipe._progress_bar_config == {"desc": "mine", "disable": True}


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
@pytest.mark.parametrize("where", ["unet", "attention", "scheduler", "vae", "text encoder"])
def test_after_an_error_at_each_step(pipe: Any, where: str, error: type[BaseException]) -> None:
    def bare() -> np.ndarray:
        made = pipe(PROMPT, num_inference_steps=STEPS, generator=torch.Generator().manual_seed(3))
        return np.asarray(made.images[0])

    expected = bare()
    pipe.scheduler = type(pipe.scheduler).from_config(pipe.scheduler.config)
    part, times = {
        "unet": (pipe.unet, STEPS),
        "attention": (pipe.unet.get_submodule("mid_block.attentions.0.transformer_blocks.0.attn2.to_q"), STEPS),
        "scheduler": (None, STEPS),
        "vae": (pipe.vae.decoder, 1),
        "text encoder": (pipe.text_encoder, 2),
    }[where]
    for step in range(times):
        before = state(pipe)
        calls = 0

        def fail(*args: Any, step: int = step) -> None:
            nonlocal calls
            calls += 1
            if calls == step + 1:
                raise error("stop")

        kind = type(pipe.scheduler)
        with pytest.MonkeyPatch.context() as patch:
            handle = part.register_forward_pre_hook(fail) if part is not None else None
            if part is None:
                original = kind.step
                patch.setattr(kind, "step", lambda self, *a, o=original, f=fail, **k: (f(), o(self, *a, **k))[1])
            with pytest.raises(error, match="stop"):
                explorer.wrap(pipe).record(PROMPT, seed=1, steps=STEPS)
            if handle is not None:
                handle.remove()
        assert calls == step + 1
        assert_nothing_left(pipe, before)
    assert np.array_equal(bare(), expected)


def test_the_explorer_can_record_again_after_an_interrupt(pipe: Any) -> None:
    ex = explorer.wrap(pipe)
    expected = ex.record(PROMPT, seed=1, steps=STEPS)
    handle = pipe.vae.decoder.register_forward_pre_hook(lambda *args: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        ex.record(PROMPT, seed=1, steps=STEPS)
    handle.remove()
    assert np.array_equal(ex.record(PROMPT, seed=1, steps=STEPS).image.values, expected.image.values)


def test_a_step_wrapped_by_somebody_else_stays(pipe: Any) -> None:
    calls = []
    original = pipe.scheduler.step

    def theirs(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        return original(*args, **kwargs)

    pipe.scheduler.step = theirs
    explorer.wrap(pipe).record(PROMPT, seed=1, steps=STEPS)
    assert pipe.scheduler.step is theirs
    assert len(calls) == STEPS


def test_another_thread_is_not_seen_and_sees_nothing() -> None:
    """A bare run of another pipeline, all through a recording: its pictures and ours are as if alone."""
    mine, other = stable_diffusion(0), stable_diffusion(1)
    ex = explorer.wrap(mine)
    alone = ex.record(PROMPT, seed=1, steps=STEPS)

    def bare() -> np.ndarray:
        made = other("a bear", num_inference_steps=2, generator=torch.Generator().manual_seed(3))
        return np.asarray(made.images[0])

    expected = bare()
    found: list[np.ndarray] = []
    # The other pipeline runs while a step of ours is held up, with our wrappers in place.
    held = []

    def hold(*args: Any) -> None:
        if not held:
            held.append(1)
            thread = threading.Thread(target=lambda: found.append(bare()))
            thread.start()
            thread.join()

    handle = mine.unet.mid_block.attentions[0].transformer_blocks[0].attn2.to_q.register_forward_pre_hook(hold)
    together = ex.record(PROMPT, seed=1, steps=STEPS)
    handle.remove()
    assert np.array_equal(found[0], expected)
    assert np.array_equal(together.image.values, alone.image.values)
    for grid, maps in alone.attention.items():
        assert np.array_equal(together.attention[grid].values, maps.values)


def test_two_threads_record_at_once() -> None:
    explorers = [explorer.wrap(stable_diffusion(seed)) for seed in (0, 1)]
    alone = [ex.record(PROMPT, seed=1, steps=STEPS) for ex in explorers]
    barrier = threading.Barrier(2)
    for round_ in range(3):
        found: dict[int, Any] = {}

        def work(i: int, found: dict[int, Any] = found, round_: int = round_) -> None:
            barrier.wait()
            # One begins and ends within the other: the first to leave must not undo what the second still needs.
            found[i] = explorers[i].record(PROMPT, seed=1, steps=STEPS * (1 + 2 * (i == round_ % 2)))

        threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        short = 1 - round_ % 2
        assert np.array_equal(found[short].image.values, alone[short].image.values)
        for grid, maps in alone[short].attention.items():
            assert np.array_equal(found[short].attention[grid].values, maps.values)
        assert found[1 - short].steps == 3 * STEPS
        assert torch.nn.functional.scaled_dot_product_attention is SDPA
        assert vars(Attention)["get_attention_scores"] is SCORES


def test_thirty_recordings_keep_nothing(pipe: Any) -> None:
    ex = explorer.wrap(pipe)

    def tensors() -> int:
        gc.collect()
        return sum(1 for o in gc.get_objects() if issubclass(type(o), torch.Tensor))

    ex.record(PROMPT, seed=0, steps=1)
    before, objects = tensors(), len(gc.get_objects())
    for i in range(30):
        ex.record(PROMPT, seed=i, steps=1)
    assert tensors() == before
    assert len(gc.get_objects()) < objects + SIZE


def test_a_trace_owns_its_arrays(pipe: Any) -> None:
    """Views into a whole batch would keep all of it in memory."""
    for trace in explorer.wrap(pipe).record(PROMPT, seed=0, steps=2, images=3):
        for array in (*trace.attention.values(), trace.latents, trace.predicted, trace.noise):
            base = array.values if array.values.base is None else array.values.base
            assert base.nbytes <= array.nbytes
