"""What-if: the same noise, one thing changed; and what changes nothing, to the bit."""

import json
import threading
from typing import Any

import numpy as np
import pytest
import torch

import explorer
from explorer.capture import Keep
from explorer.errors import InvalidSetting, UnknownWord, UnsupportedPipeline
from explorer.rendering import Renderer, scheduled
from explorer.runs import Stopped
from tests.families import tiny
from tests.pipelines import stable_diffusion

PROMPT = "a red castle in the snow"
pytestmark = pytest.mark.filterwarnings("ignore:__array:DeprecationWarning")  # diffusers' Euler
MAKERS = {"sd": stable_diffusion, "sdxl": tiny.sdxl, "sd3": tiny.sd3, "flux": tiny.flux}
RUN = {"seed": 7, "steps": 4, "guidance": 4.0}


@pytest.fixture(scope="module", params=MAKERS)
def ex(request: pytest.FixtureRequest) -> Any:
    return explorer.wrap(MAKERS[request.param]())


@pytest.fixture(scope="module")
def trace(ex: Any) -> Any:
    return ex.record(PROMPT, **RUN)


@pytest.fixture(scope="module")
def sd() -> Any:
    return explorer.wrap(stable_diffusion())


@pytest.fixture(scope="module")
def castle(sd: Any) -> Any:
    return sd.record(PROMPT, **RUN)


def same(a: Any, b: Any) -> bool:
    """To the bit: picture, latents and, where the words are the same, maps."""
    maps = all(np.array_equal(a.attention[grid], b.attention[grid]) for grid in a.attention)
    return np.array_equal(a.image, b.image) and np.array_equal(a.latents, b.latents) and maps


def test_a_run_from_its_own_conditioning_is_the_run_of_its_prompt(ex: Any, trace: Any) -> None:
    import dataclasses

    renderer = Renderer(ex)
    request = renderer.repeated(trace)
    own, other = renderer.conditioning(request), renderer.conditioning(request, "a blue bear")
    told = {name: value for name, value in own.values.items() if value.ndim > 1}
    [fed] = renderer.perform([dataclasses.replace(request, phases=((0, told),))], keep=Keep())
    assert same(fed, trace)
    told = {name: value for name, value in other.values.items() if value.ndim > 1}
    [fed] = renderer.perform([dataclasses.replace(request, phases=((0, told),))], keep=Keep())
    assert np.array_equal(fed.latents, ex.record("a blue bear", **RUN).latents)


def test_what_changes_nothing_changes_no_bit(ex: Any, trace: Any) -> None:
    for way in ("conditioning", "attention"):
        assert same(ex.swap(trace, "red", "red", way=way), trace)
        assert same(ex.reweight(trace, {"red": 1}, way=way), trace)
    assert same(ex.schedule(trace, {"red": (0.0, 1.0)}), trace)
    assert same(ex.weighted(PROMPT, **RUN), trace)


@pytest.mark.parametrize(
    ("change", "prompt"),
    [
        (lambda ex, t: ex.without(t, "snow"), "a red castle in the"),
        (lambda ex, t: ex.without(t, "red castle"), "a in the snow"),
        (lambda ex, t: ex.without(t, list(range(6))), ""),
        (lambda ex, t: ex.swap(t, "red", "blue"), "a blue castle in the snow"),
        (lambda ex, t: ex.swap(t, "red castle", "bear"), "a bear in the snow"),
        (lambda ex, t: ex.swap(t, "red", " teddy bear "), "a teddy bear castle in the snow"),
        (lambda ex, t: ex.add(t, "on the sea"), "a red castle in the snow on the sea"),
        (lambda ex, t: ex.add(t, "photograph of", "start"), "photograph of a red castle in the snow"),
        (lambda ex, t: ex.add(t, "blue", "before castle"), "a red blue castle in the snow"),
        (lambda ex, t: ex.add(t, "blue", "after castle"), "a red castle blue in the snow"),
        (lambda ex, t: ex.add(t, ", blue", "after castle"), "a red castle, blue in the snow"),
        (lambda ex, t: ex.add(t, "blue", 1), "a blue red castle in the snow"),
    ],
)
def test_a_changed_prompt_is_its_own_run(sd: Any, castle: Any, change: Any, prompt: str) -> None:
    made = change(sd, castle)
    assert made.settings.prompt == prompt
    assert same(made, sd.record(prompt, **RUN))
    json.dumps(made.settings.to_dict())
    assert made.settings.edit["of"] == PROMPT


def test_every_place_of_a_word_is_meant(sd: Any) -> None:
    trace = sd.record("a bear and a teddy bear and a bear", **RUN)
    assert sd.without(trace, "bear").settings.prompt == "a and a teddy and a"
    assert sd.swap(trace, "bear", "castle").settings.prompt == "a castle and a teddy castle and a castle"
    assert sd.swap(trace, 5, "castle").settings.prompt == "a bear and a teddy castle and a bear"


def test_a_chain_of_changes(sd: Any, castle: Any) -> None:
    chain = sd.swap(sd.without(castle, "the"), "snow", "sea")
    assert same(chain, sd.record("a red castle in sea", **RUN))
    heavy = sd.reweight(sd.reweight(castle, {"red": 2.0}), {"snow": 0.5})
    assert heavy.settings.edit["told"] == ["'red' counts 2 times", "'snow' counts 0.5 times"]
    assert same(heavy, sd.weighted("a (red:2) castle in the (snow:0.5)", **RUN))
    moved = sd.swap(heavy, "a", "one big")
    assert moved.settings.edit["told"] == ["'red' counts 2 times", "'snow' counts 0.5 times"]
    edited = sd.swap(castle, "red", "blue", way="attention")
    with pytest.raises(InvalidSetting, match="itself made by swap, whose change can't be carried on: start from"):
        sd.without(edited, "snow")
    with pytest.raises(InvalidSetting, match="has weights or times of its own, which way=.attention. can't keep"):
        sd.swap(heavy, "red", "blue", way="attention")


def test_weights_pull_from_the_empty_prompt(ex: Any, trace: Any) -> None:
    from explorer.conditioning import rows_of, weighted

    renderer = Renderer(ex)
    request = renderer.repeated(trace)
    own, empty = renderer.conditioning(request), renderer.conditioning(request, "")
    tokens = own.encoding.tokens
    rows = rows_of(tokens, 2, 5)
    assert [p.text.strip() for p in tokens.pieces if p.position in rows] == ["red"] * len(rows)
    none, double = (weighted(own, empty, dict.fromkeys(rows, factor)) for factor in (0.0, 2.0))
    name = "encoder_hidden_states"
    for row in range(tokens.limit):
        one, base = own.values[name][0, row], empty.values[name][0, row]
        if row in rows:
            assert torch.equal(none.values[name][0, row], base)
            torch.testing.assert_close(double.values[name][0, row], 2 * one - base)
        else:
            assert torch.equal(none.values[name][0, row], one)
    changed = ex.reweight(trace, {"red": 2.5})
    assert not np.array_equal(changed.latents, trace.latents)
    assert np.array_equal(changed.noise, trace.noise)


def test_words_in_a_part_of_the_steps(ex: Any, trace: Any) -> None:
    half = ex.schedule(trace, {"red": (0.0, 0.5)})
    assert half.words == trace.words
    assert [np.array_equal(half.latents[i], trace.latents[i]) for i in range(4)] == [True, True, False, False]
    assert [float(half.heat("red", step=i).max()) > 0 for i in range(4)] == [True, True, False, False]
    bare = ex.record("a castle in the snow", **RUN)
    never = ex.schedule(trace, {"red": (4, None)})
    assert np.array_equal(never.latents, bare.latents)
    for word in ("castle", "snow"):  # at its own place, though it stands in another row
        assert np.array_equal(never.heat(word), bare.heat(word))
    for grid, maps in never.attention.items():
        np.testing.assert_allclose(maps.sum("token"), bare.attention[grid].sum("token"), atol=5e-3)
    late = ex.schedule(PROMPT, {"red": (0.5, None)}, **RUN)
    assert np.array_equal(late.latents[1], bare.latents[1])
    assert not np.array_equal(late.latents[2], bare.latents[2])


def test_one_word_after_another(ex: Any) -> None:
    made = ex.weighted("a [red:blue:0.5] castle", **RUN)
    assert made.words == ["a", "red", "blue", "castle"]
    assert np.array_equal(made.latents[1], ex.record("a red castle", **RUN).latents[1])
    shown = {word: [float(made.heat(word, step=i).max()) > 0 for i in range(4)] for word in ("red", "blue", "castle")}
    assert shown == {"red": [True, True, False, False], "blue": [False, False, True, True], "castle": [True] * 4}


def test_maps_of_a_timed_word_however_they_are_kept(sd: Any, castle: Any) -> None:
    whole = sd.schedule(castle, {"red": (0.0, 0.5)})
    for keep in ({"words": True}, {"bits": 8}, {"words": True, "bits": 8}):
        made = sd.schedule(castle, {"red": (0.0, 0.5)}, keep=keep)
        for word in ("red", "castle"):
            np.testing.assert_allclose(made.heat(word), whole.heat(word), atol=3e-3)


def test_edited_attention_is_what_the_model_uses_and_what_is_recorded(sd: Any, castle: Any) -> None:
    # Held all the way, both of the text and of the image: the same words must draw the very same attention.
    swapped = sd.swap(castle, "red", "blue", way="attention", hold=1.0, hold_self=1.0)
    assert swapped.words == "a blue castle in the snow".split()
    first = {grid: swapped.attention[grid][0].values for grid in swapped.attention}
    for grid, maps in first.items():
        np.testing.assert_allclose(maps, castle.attention[grid][0].values, atol=2e-3)
    free = sd.swap(castle, "red", "blue")
    assert not np.array_equal(free.image, swapped.image)
    # With nothing held, prompt-to-prompt is the plain swap, but for rounding.
    loose = sd.swap(castle, "red", "blue", way="attention", hold=0.0, hold_self=0.0)
    np.testing.assert_allclose(loose.latents, free.latents, atol=5e-3)


def test_reweighted_attention_is_multiplied(sd: Any, castle: Any) -> None:
    made = sd.reweight(castle, {"red": 3.0}, way="attention")
    for grid, maps in made.attention.items():
        tokens = [list(maps.coords["piece"].values).index(word) for word in ("red", "castle")]
        before = castle.attention[grid].values[0]
        np.testing.assert_allclose(maps.values[0][:, tokens[0]], 3 * before[:, tokens[0]], atol=5e-3)
        np.testing.assert_allclose(maps.values[0][:, tokens[1]], before[:, tokens[1]], atol=2e-3)


def test_eager_attention_is_edited_alike(castle: Any) -> None:
    from diffusers.models.attention_processor import AttnProcessor, SlicedAttnProcessor

    ex = explorer.wrap(stable_diffusion())
    ways = [{"red": 3.0}, {"way": "attention"}]
    fused = ex.reweight(castle, ways[0], **ways[1])
    ex.pipe.unet.set_attn_processor(AttnProcessor())
    eager = ex.reweight(castle, ways[0], **ways[1])
    np.testing.assert_allclose(eager.latents, fused.latents, atol=2e-2)
    ex.pipe.unet.set_attn_processor(SlicedAttnProcessor(1))
    with pytest.raises(explorer.CaptureError, match="in slices can't be edited: call pipe.disable_attention_slicing"):
        ex.reweight(castle, ways[0], **ways[1])


def test_joint_attention_is_refused() -> None:
    ex = explorer.wrap(tiny.sd3())
    trace = ex.record(PROMPT, **RUN)
    with pytest.raises(
        UnsupportedPipeline, match="can't be edited, since its text and image share one softmax: use way"
    ):
        ex.swap(trace, "red", "blue", way="attention")


def test_nothing_is_left_behind_even_by_a_failure(sd: Any, castle: Any) -> None:
    from torch.nn import functional

    def state() -> Any:
        hooks = [len(m._forward_pre_hooks) + len(m._forward_hooks) for m in sd.pipe.unet.modules()]
        return hooks, functional.scaled_dot_product_attention, set(vars(sd.pipe)), sd.pipe.scheduler

    def stop(progress: Any) -> None:
        raise Stopped

    before = state()
    sd.swap(castle, "red", "blue", way="attention")
    assert state() == before
    for change in (
        lambda: sd.swap(castle, "red", "blue", way="attention", tell=stop),
        lambda: sd.schedule(castle, {"red": (0.5, None)}, tell=stop),
        lambda: sd.interpolate(castle, {"seed": 9, "prompt": "a bear"}, tell=stop),
    ):
        with pytest.raises(Stopped):
            change()
        assert state() == before
    assert same(sd.record(PROMPT, **RUN), castle)


def test_another_thread_is_not_edited(sd: Any, castle: Any) -> None:
    other = explorer.wrap(stable_diffusion())
    expected = other.pipe(PROMPT, num_inference_steps=2, generator=torch.manual_seed(3), output_type="np").images
    found: list[Any] = []

    def run(progress: Any) -> None:
        def bare() -> None:
            generator = torch.Generator().manual_seed(3)
            found.append(other.pipe(PROMPT, num_inference_steps=2, generator=generator, output_type="np").images)

        thread = threading.Thread(target=bare)
        thread.start()
        thread.join()

    sd.reweight(castle, {"red": 5.0}, way="attention", tell=run)
    assert len(found) == 4
    assert all(np.array_equal(one, expected) for one in found)


def test_the_scheduler_of_the_trace_is_used_again(sd: Any) -> None:
    trace = sd.generate(PROMPT, sampler="Euler", **RUN)
    own = sd.pipe.scheduler
    assert same(sd.reweight(trace, {"red": 1.0}), trace)
    assert sd.pipe.scheduler is own
    missing = "made with the scheduler Nonesuch, which this version of diffusers lacks: record it again"
    with pytest.raises(InvalidSetting, match=missing), scheduled(sd.pipe, "Nonesuch", {}):
        pass


def test_options_are_used_again(sd: Any) -> None:
    trace = sd.record(PROMPT, eta=1.0, guidance_rescale=0.5, **RUN)
    assert trace.settings.options == {"eta": 1.0, "guidance_rescale": 0.5}
    assert same(sd.swap(trace, "red", "red"), trace)


def test_options_that_a_trace_can_not_hold(sd: Any) -> None:
    def callback(pipe: Any, step: int, timestep: int, values: Any) -> Any:
        return values

    trace = sd.record("a blue bear", callback_on_step_end=callback, **RUN)
    assert trace.settings.options == {"callback_on_step_end": {"not kept": "function"}}
    with pytest.raises(
        InvalidSetting, match="made with callback_on_step_end, which it can't hold: pass the same again"
    ):
        sd.without(trace, "blue")
    assert sd.without(trace, "blue", callback_on_step_end=None).settings.prompt == "a bear"


def test_the_run_of_something_else(sd: Any, castle: Any) -> None:
    from PIL import Image

    other = explorer.wrap(tiny.sdxl())
    with pytest.raises(
        InvalidSetting, match="made by StableDiffusionPipeline, and this explorer holds StableDiffusionXL"
    ):
        other.without(castle, "red")
    read = sd.read(Image.new("RGB", (64, 64), "red"), PROMPT, timesteps=(900, 500))
    with pytest.raises(InvalidSetting, match="is of a picture that was given, not made"):
        sd.without(read, "red")


WRONG: dict[str, tuple[Any, type[Exception], str]] = {
    "unknown word": (lambda ex, t: ex.without(t, "bear"), UnknownWord, "does not hold 'bear'. Its words are: a, red,"),
    "unknown old": (lambda ex, t: ex.swap(t, "bear", "cat"), UnknownWord, "does not hold 'bear'"),
    "unknown weight": (lambda ex, t: ex.reweight(t, {"bear": 2}), UnknownWord, "does not hold 'bear'"),
    "no new": (
        lambda ex, t: ex.swap(t, "red", " "),
        InvalidSetting,
        "new is ' ', expected a word: to leave a word out",
    ),
    "no words": (lambda ex, t: ex.add(t, ""), InvalidSetting, "words is '', expected at least one word to add"),
    "no place": (
        lambda ex, t: ex.add(t, "x", "near castle"),
        InvalidSetting,
        "where is 'near castle', expected 'start'",
    ),
    "no such place": (
        lambda ex, t: ex.add(t, "x", 9),
        InvalidSetting,
        "where is 9, expected a word's number from 0 to 6",
    ),
    "no factors": (lambda ex, t: ex.reweight(t, {}), InvalidSetting, "expected words and numbers, such as"),
    "no number": (lambda ex, t: ex.reweight(t, {"red": "2"}), InvalidSetting, "The weight of 'red' is '2', expected"),
    "nan": (lambda ex, t: ex.reweight(t, {"red": float("nan")}), InvalidSetting, "The weight of 'red' is nan"),
    "no way": (lambda ex, t: ex.without(t, "red", way="magic"), InvalidSetting, "way is 'magic', expected one of"),
    "hold": (lambda ex, t: ex.without(t, "red", hold=2), InvalidSetting, "hold is 2, expected a share of the steps"),
    "times": (lambda ex, t: ex.schedule(t, {"red": 0.5}), InvalidSetting, "The times of 'red' are 0.5, expected two"),
    "time": (
        lambda ex, t: ex.schedule(t, {"red": (0.0, 1.5)}),
        InvalidSetting,
        "The last time of 'red' is 1.5, expected",
    ),
    "timed attention": (
        lambda ex, t: ex.schedule(t, {"red": (0.0, 0.5)}, way="attention"),
        InvalidSetting,
        'Words are timed by what is read: use way="conditioning"',
    ),
    "keep": (
        lambda ex, t: ex.without(t, "red", keep="all"),
        InvalidSetting,
        "keep is 'all', expected names and values",
    ),
}


@pytest.mark.parametrize(("change", "kind", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_one_sentence(sd: Any, castle: Any, change: Any, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message) as caught:
        change(sd, castle)
    assert "\n" not in str(caught.value)


def test_prompts_beyond_the_limit(sd: Any) -> None:
    trace = sd.record("a red castle " * 30 + "bear", **RUN)
    with pytest.raises(UnknownWord, match="'bear' was cut off"):
        sd.without(trace, "bear")
    shorter = sd.swap(trace, 0, "one")
    assert np.array_equal(shorter.noise, trace.noise)
    with pytest.raises(InvalidSetting, match="more than the 77 tokens that the text encoder reads: shorten it"):
        sd.weighted("a red castle " * 30 + "[cat:dog:0.5]", **RUN)
    assert sd.reweight(trace, {"red": 1.5}).words == trace.words
