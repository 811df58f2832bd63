"""What every family has to hold, on a tiny seeded pipeline of each: one contract for all.

Where the text stands, which rows carry the prompt and which ids are fed is written down here a second time, by hand,
from diffusers' sources, and checked against what the pipeline does when nobody watches.
"""

import functools
import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from diffusers.models.attention_dispatch import _AttentionBackendRegistry

import explorer
from explorer.errors import CaptureError, InvalidSetting
from explorer.families import families, family_of
from tests.families import tiny, tiny_language
from tests.pipelines import stable_diffusion

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*deprecated:FutureWarning"),  # diffusers imports its own old names
]

PROMPT = "a red castle in the snow, zebra"
WIDE = {"width": 96, "height": 64}


@dataclass(frozen=True)
class Case:
    make: Callable[[], Any]
    order: str
    """What the keys hold."""
    rows: str = "second half"
    """Which rows are conditional with guidance: a half, the first of two calls, or the only ones (distilled)."""
    encoder: tuple[tuple[str, str], ...] = (("text_encoder", "tokenizer"),)
    """The encoders whose rows are among the keys, and their tokenizers."""
    drop: Callable[[Any], int] = lambda pipe: 0
    """How many of the encoder's rows are dropped in front."""
    front: int = 0
    """Rows of the text part of the keys that no encoder made."""
    patch: int = 16
    """Pixels of a position of the largest grid."""
    guided: dict[str, Any] = field(default_factory=lambda: {"guidance": 4.0})
    unguided: dict[str, Any] = field(default_factory=lambda: {"guidance": 1.0})
    mixes: bool = False
    """Whether convolutions mix pixels before the first watched attention."""
    ragged: bool = False
    """Whether the rows of the text are as many as its tokens, or these rounded up, and not the encoder's."""
    image_keys: Callable[[int], int] = lambda positions: positions
    """Rows that the image has among the keys."""
    negatives: bool = True
    batches: bool = True
    """Whether the pipeline itself can run several pictures with guidance."""


TWO = (("text_encoder", "tokenizer"), ("text_encoder_2", "tokenizer_2"))
CASES = {
    "aura-flow": Case(tiny_language.aura_flow, "text image", front=8),
    "chroma": Case(tiny_language.chroma, "text image", rows="first call"),
    "cogview4": Case(tiny_language.cogview4, "text image", rows="first call"),
    "flux": Case(
        tiny.flux,
        "text image",
        rows="first call",
        encoder=(("text_encoder_2", "tokenizer_2"),),
        guided={"guidance": 4.0, "true_cfg_scale": 3.0},
        unguided={"guidance": 4.0},
    ),
    "flux2": Case(tiny_language.flux2, "text image", rows="first call", negatives=False),
    "flux2 dev": Case(tiny_language.flux2_dev, "text image", rows="only", negatives=False),
    "hunyuan-dit": Case(tiny_language.hunyuan_dit, "text", encoder=TWO),
    "kolors": Case(tiny_language.kolors, "text", mixes=True),
    "lumina2": Case(tiny_language.lumina2, "text image", rows="first call", ragged=True),
    "pixart": Case(tiny_language.pixart, "text"),
    "pixart sigma": Case(tiny_language.pixart_sigma, "text"),
    "prx": Case(tiny_language.prx, "text image", batches=False),
    "qwen-image": Case(
        tiny_language.qwen_image,
        "text image",
        rows="first call",
        drop=lambda pipe: pipe.prompt_template_encode_start_idx,
    ),
    "sana": Case(
        tiny_language.sana, "text", patch=8, drop=lambda pipe: len(pipe.tokenizer.encode(instruction(pipe))) - 2
    ),
    "sdxl": Case(tiny.sdxl, "text", mixes=True),
    "stable-diffusion": Case(stable_diffusion, "text", patch=8, mixes=True),
    "stable-diffusion-3": Case(
        tiny.sd3, "image text", encoder=(("text_encoder", "tokenizer"), ("text_encoder_3", "tokenizer_3"))
    ),
    "z-image": Case(
        tiny_language.z_image,
        "image text",
        rows="first half",
        ragged=True,
        image_keys=lambda positions: -(-positions // 32) * 32,
    ),
}


def instruction(pipe: Any) -> str:
    """What Sana puts before a prompt."""
    return "\n".join(inspect.signature(pipe.__call__).parameters["complex_human_instruction"].default)


every = pytest.mark.parametrize("name", CASES)


@functools.cache
def pipeline(name: str) -> Any:
    return CASES[name].make()


@functools.cache
def recorded(name: str) -> Any:
    """Two prompts, two steps, with guidance, not square."""
    ex = explorer.wrap(pipeline(name))
    return ex.record(prompts_of(name), negative_of(name), seed=4, steps=2, **CASES[name].guided, **WIDE)


def prompts_of(name: str) -> list[str]:
    return [PROMPT, "a bear"][: 1 + CASES[name].batches]


def negative_of(name: str) -> str:
    return "blue sea" if CASES[name].negatives else ""


def bare(name: str, prompts: list[str], *, seed: int, images: int = 1, negative: str = "", **options: Any) -> Any:
    """The pipeline by itself, asked for the same pictures."""
    pipe = pipeline(name)
    given = family_of(pipe).arguments(pipe, negative=[negative] * len(prompts), guidance=options.pop("guidance"))
    if not negative and family_of(pipe).name != "qwen-image":  # which guides only with a negative prompt, be it empty
        given.pop("negative_prompt", None)  # as a person calls it who wants none
    seeds = [seed + i for _ in prompts for i in range(images)]
    return pipe(
        prompt=list(prompts),  # Z-Image writes into it
        num_images_per_prompt=images,
        num_inference_steps=options.pop("steps"),
        generator=[torch.Generator("cpu").manual_seed(s) for s in seeds],
        **given,
        **options,
    )


def unwatched(name: str) -> Any:
    """The run of `recorded`, by itself."""
    return bare(name, prompts_of(name), seed=4, negative=negative_of(name), steps=2, **CASES[name].guided, **WIDE)


def denoiser(pipe: Any) -> Any:
    return pipe.unet if hasattr(pipe, "unet") else pipe.transformer


@contextmanager
def attention_of(pipe: Any, names: list[str]) -> Iterator[dict[str, list[dict[str, Any]]]]:
    """What each of these modules gave to the attention function, by a patch of the test's own."""
    seen: dict[str, list[dict[str, Any]]] = {}
    running: list[str] = []
    original = F.scaled_dot_product_attention
    handles = []

    def spy(query: Any, key: Any, value: Any, attn_mask: Any = None, *args: Any, **kwargs: Any) -> Any:
        if running:
            told = {"q": query.clone(), "k": key.clone(), "mask": attn_mask, "scale": kwargs.get("scale")}
            seen.setdefault(running[-1], []).append(told)
        return original(query, key, value, attn_mask, *args, **kwargs)

    for name in names:
        module = denoiser(pipe).get_submodule(name)
        handles.append(module.register_forward_pre_hook(lambda *_, name=name: running.append(name)))
        handles.append(module.register_forward_hook(lambda *_: running.clear()))
    F.scaled_dot_product_attention = spy
    try:
        yield seen
    finally:
        F.scaled_dot_product_attention = original
        for handle in handles:
            handle.remove()


def softmax(call: dict[str, Any], row: int) -> np.ndarray:
    """The plain full softmax of one row in float64, mean over heads: (query, key)."""
    q, k = call["q"][row].double().numpy(), call["k"][row].double().numpy()
    logits = q @ k.swapaxes(1, 2) * (call["scale"] or 1 / math.sqrt(q.shape[-1]))
    if call["mask"] is not None:
        mask = call["mask"]
        mask = mask[row] if mask.ndim == 4 and len(mask) > 1 else mask[0] if mask.ndim == 4 else mask
        bias = np.where(mask.numpy(), 0, -np.inf) if mask.dtype == torch.bool else mask.double().numpy()
        logits = logits + bias
    weights = np.exp(logits - logits.max(-1, keepdims=True))
    return (weights / weights.sum(-1, keepdims=True)).mean(0)


def test_every_family_is_here() -> None:
    assert {name.split(" ")[0] for name in CASES} == {family.name for family in families()}


@every
def test_maps_are_the_full_softmax(name: str) -> None:
    case, traces = CASES[name], recorded(name)
    with attention_of(pipeline(name), traces[0].layers) as seen:
        unwatched(name)
    sides = [("attention", "tokens")] + [("negative", "negative_tokens")] * bool(traces[0].negative)
    assert len(sides) == 1 + case.negatives
    checked = 0
    for side, (maps_of, tokens_of) in enumerate(sides):
        for picture, trace in enumerate(traces):
            tokens = getattr(trace, tokens_of)
            for maps in getattr(trace, maps_of).values():
                n = maps.sizes["y"] * maps.sizes["x"]
                for layer in maps.layer.values:
                    calls = seen[str(layer)]
                    for step in range(2):
                        if case.rows == "first call":
                            assert len(calls) == 4
                            call, row = calls[2 * step + side], picture
                        else:
                            assert len(calls) == 2
                            first = (side == 0) == (case.rows == "second half")
                            call, row = calls[step], picture + len(traces) * first
                        full = softmax(call, row)
                        text = text_part(case, full, n, tokens.limit)
                        rows = [piece.position for piece in tokens.pieces[: tokens.read]]
                        start = text[:, : min(rows)].sum(1)
                        own = text[:, rows]
                        rest = text.sum(1) - start - own.sum(1)
                        expected = np.concatenate([start[:, None], own, rest[:, None]], 1).T
                        found = maps.sel(layer=layer).isel(step=step).values.astype(np.float64)
                        np.testing.assert_allclose(found, expected.reshape(found.shape), rtol=2e-3, atol=1e-5)
                        checked += 1
    assert checked == len(sides) * len(traces) * 2 * len(traces[0].layers)


def text_part(case: Case, full: np.ndarray, positions: int, limit: int) -> np.ndarray:
    """Of (query, key), the image's queries and the text's keys: by the order of the family."""
    queries, keys = full.shape
    if case.order == "text":
        assert (queries, keys) == (positions, limit)
        return full
    image = case.image_keys(positions)
    if case.order == "image text":
        assert keys == image + limit or case.ragged
        return full[:positions, image : image + limit]
    assert keys == limit + positions or case.ragged
    first = 0 if queries == positions else limit  # PRX's text asks nothing
    return full[first : first + positions, :limit]


@every
def test_maps_are_uneven_enough_to_tell_a_mistake(name: str) -> None:
    for maps in recorded(name)[0].attention.values():
        values = maps.values.astype(np.float32)[:, :, 1:-1]
        assert np.median(values.std(axis=(3, 4)) / (values.mean(axis=(3, 4)) + 1e-6)) > 0.02
        assert np.median(values.std(axis=2) / (values.mean(axis=2) + 1e-6)) > 0.02


@every
def test_shares_sum_to_one_or_to_what_the_image_leaves(name: str) -> None:
    for trace in recorded(name):
        for maps in trace.attention.values():
            total = maps.values.astype(np.float32).sum(2)
            if CASES[name].order == "text":
                np.testing.assert_allclose(total, 1, atol=2e-3)
            else:
                assert 0.01 < total.min() <= total.max() < 0.999


@every
@pytest.mark.parametrize("way", ["guided", "unguided"])
def test_pictures_are_those_of_the_bare_run(name: str, way: str) -> None:
    options = getattr(CASES[name], way)
    runs = [([PROMPT], 2), ([PROMPT, "a blue bear"], 1)] if CASES[name].batches or way == "unguided" else []
    for prompts, images in [*runs, ([PROMPT], 1)]:
        expected = bare(name, prompts, seed=11, images=images, steps=2, **options, **WIDE).images
        found = explorer.wrap(pipeline(name)).record(prompts, seed=11, steps=2, images=images, **options, **WIDE)
        found = found if isinstance(found, list) else [found]
        assert len(found) == len(expected) == len(prompts) * images
        for trace, picture in zip(found, expected, strict=True):
            assert np.array_equal(trace.image.values, np.asarray(picture))
        assert len({trace.image.values.tobytes() for trace in found}) == len(found)


@every
def test_nothing_is_left_behind(name: str) -> None:
    pipe, backends = pipeline(name), _AttentionBackendRegistry._backends
    modules = [m for part in pipe.components.values() if isinstance(part, torch.nn.Module) for m in part.modules()]
    recorded(name)  # transformers leaves hooks of its own the first time

    def hooks() -> list[int]:
        return [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in modules]

    counted, functions = hooks(), dict(backends)
    before = dict(vars(pipe)), dict(vars(pipe.scheduler)), F.scaled_dot_product_attention
    explorer.wrap(pipe).record(PROMPT, seed=1, steps=1, **WIDE)
    assert dict(vars(pipe)) == before[0]
    after = vars(pipe.scheduler)
    assert after.keys() == before[1].keys()
    assert all(after[key] is value for key, value in before[1].items())
    assert F.scaled_dot_product_attention is before[2]
    assert hooks() == counted
    assert backends == functions


@every
def test_tokens_line_up_with_the_words(name: str) -> None:
    """Each piece is, in the ids that its encoder is really fed, the token that spells it."""
    case, pipe = CASES[name], pipeline(name)
    fed: dict[str, Any] = {}
    handles = []
    for encoder, _ in case.encoder:

        def look(module: Any, args: Any, kwargs: Any, encoder: str = encoder) -> None:
            fed.setdefault(encoder, args[0] if args else kwargs["input_ids"])

        handles.append(getattr(pipe, encoder).register_forward_pre_hook(look, with_kwargs=True))
    prompts = [PROMPT, "Red castles"]
    try:
        traces = explorer.wrap(pipe).record(prompts, seed=1, steps=1, **case.unguided, **WIDE)
    finally:
        for handle in handles:
            handle.remove()
    for i, trace in enumerate(traces):
        tokens, first = trace.tokens, case.front
        assert trace.words == prompts[i].replace(",", " ,").split()
        for encoder, tokenizer in case.encoder:
            ids = fed[encoder][i].tolist()[case.drop(pipe) :]
            label = {"text_encoder": "clip"}.get(encoder, "t5") if len(case.encoder) > 1 else ""
            own = [piece for piece in tokens.pieces if piece.encoder == label]
            assert own
            spelled = [getattr(pipe, tokenizer).decode([ids[p.position - first]]).strip().casefold() for p in own]
            assert "".join(spelled) == prompts[i].replace(" ", "").casefold()
            for piece, text in zip(own, spelled, strict=True):
                assert text in ("", piece.text.strip().casefold())  # T5 gives the gap before a word a token
            first += len(ids)
        assert case.ragged or tokens.limit == first
        assert all(word.pieces and not word.cut for word in tokens.words)


@every
def test_a_negative_prompt_changes_no_map_of_the_prompt_before_it_acts(name: str) -> None:
    case, ex = CASES[name], explorer.wrap(pipeline(name))
    if not case.negatives:
        with pytest.raises(InvalidSetting, match="knows no negative prompt: leave it out"):
            ex.record(PROMPT, "blue sea", **case.guided, **WIDE)
        return
    runs = [ex.record(PROMPT, text, seed=3, steps=1, **case.guided, **WIDE) for text in ("blue sea", "teddy")]
    alone = ex.record(PROMPT, seed=3, steps=1, **case.unguided, **WIDE)
    for grid, maps in runs[0].attention.items():
        np.testing.assert_allclose(runs[1].attention[grid].values, maps.values, atol=1e-3)
        np.testing.assert_allclose(alone.attention[grid].values, maps.values, atol=1e-3)
    assert [one.negative_tokens.prompt for one in runs] == ["blue sea", "teddy"]
    assert alone.negative == {}
    assert runs[0].unconditional is not None
    np.testing.assert_allclose(runs[0].conditional.values, alone.conditional.values, atol=5e-3)
    assert not np.array_equal(runs[0].unconditional.values, runs[1].unconditional.values)


@every
def test_each_picture_of_a_batch_has_its_own_maps(name: str) -> None:
    case, ex = CASES[name], explorer.wrap(pipeline(name))
    options = (case.guided if case.batches else case.unguided) | WIDE
    prompts = [PROMPT, "a blue bear"]
    if name == "lumina2":
        with pytest.raises(CaptureError, match="Lumina 2 mixes up the lengths .* one after another"):
            ex.record(prompts, seed=20, steps=1, images=2, **options)
        prompts = ["a bear", "a bear"]  # of one length
    several = ex.record(prompts, seed=20, steps=1, images=2, **options)
    alone = ex.record(prompts[1], seed=21, steps=1, **options)
    assert [t.tokens.prompt for t in several] == [prompts[0], prompts[0], prompts[1], prompts[1]]
    np.testing.assert_allclose(several[3].noise.values, alone.noise.values, atol=1e-3)
    for grid, maps in alone.attention.items():
        found = several[3].attention[grid].values
        np.testing.assert_allclose(found[:, :, 1:-1], maps.values[:, :, 1:-1], atol=2e-3)
        assert np.abs(several[2].attention[grid].values.astype(np.float32) - maps.values).max() > 2e-3


def disturbed(
    name: str, disturb: Callable[[Any, dict[str, Any]], dict[str, Any]], attention: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The first layer's maps without and with a disturbance of what the denoiser is given: (token, y, x).

    attention: of what its first attention module is given, where convolutions come before it.
    """
    pipe, case = pipeline(name), CASES[name]
    ex = explorer.wrap(pipe)
    calm = ex.record(PROMPT, seed=6, steps=1, **case.unguided, **WIDE)

    def hook(module: Any, args: Any, kwargs: Any) -> Any:
        given = dict(inspect.signature(module.forward).bind(*args, **kwargs).arguments)
        given |= given.pop("kwargs", {})
        return (), disturb(calm, given)

    disturbed_module = denoiser(pipe).get_submodule(calm.layers[0]) if attention else denoiser(pipe)
    handle = disturbed_module.register_forward_pre_hook(hook, with_kwargs=True)
    try:
        moved = ex.record(PROMPT, seed=6, steps=1, **case.unguided, **WIDE)
    finally:
        handle.remove()
    grid = next(iter(calm.attention))
    first, second = (t.attention[grid].values[0, 0].astype(np.float32) for t in (calm, moved))
    return first, second


@every
def test_a_disturbed_pixel_moves_its_own_place(name: str) -> None:
    case, place = CASES[name], (1, 4)

    def pixel(trace: Any, given: dict[str, Any]) -> dict[str, Any]:
        key = next(k for k in ("hidden_states", "sample", "x") if k in given)
        rows, columns = WIDE["height"] // case.patch, WIDE["width"] // case.patch
        whole = (given[key][0] if isinstance(given[key], list) else given[key]).clone()
        if whole.ndim == 3:  # packed
            assert whole.shape[1] == rows * columns
            whole[:, place[0] * columns + place[1]] += 3
        else:
            scale = whole.shape[-1] // columns
            y, x = place[0] * scale, place[1] * scale
            whole[..., y : y + scale, x : x + scale] += 3
        return given | {key: [whole] if isinstance(given[key], list) else whole}

    calm, moved = disturbed(name, pixel, attention=case.mixes)
    change = np.abs(moved - calm).sum(0)
    assert change.shape == (WIDE["height"] // case.patch, WIDE["width"] // case.patch)
    peak = np.unravel_index(change.argmax(), change.shape)
    assert tuple(map(int, peak)) == place


@every
def test_a_disturbed_token_moves_its_own_entry(name: str) -> None:
    def piece(trace: Any, given: dict[str, Any]) -> dict[str, Any]:
        key = "cap_feats" if "cap_feats" in given else "encoder_hidden_states"
        text = (given[key][0] if isinstance(given[key], list) else given[key]).clone()
        text[..., row - CASES[name].front, :] = text[..., row - CASES[name].front, :].flip(-1) * 1.5
        return given | {key: [text] if isinstance(given[key], list) else text}

    tokens = family_of(pipeline(name)).tokens(pipeline(name), PROMPT)
    for word in ("castle", "snow"):
        index = tokens.positions(tokens.find(word)[0])[0]
        row = tokens.pieces[index].position
        calm, moved = disturbed(name, piece)
        change = np.abs(moved - calm).sum((1, 2))[1:-1]
        assert int(change.argmax()) == index


@every
def test_latents_are_a_picture_and_end_in_it(name: str) -> None:
    """What the autoencoder decodes are the last latents, at their own place in every channel."""
    pipe, decoded = pipeline(name), []
    original = pipe.vae.decode

    def decode(z: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        decoded.append(z)
        return original(z, *args, **kwargs)

    pipe.vae.decode = decode
    try:
        trace = explorer.wrap(pipe).record(PROMPT, seed=2, steps=3, **CASES[name].unguided, **WIDE)
    finally:
        del pipe.vae.decode
    last = trace.latents.values[-1].astype(np.float64)
    z = decoded[0][0].double().numpy().reshape(last.shape)
    assert last.shape[1:] == (WIDE["height"] // 8, WIDE["width"] // 8)
    for mine, theirs in zip(last, z, strict=True):
        assert np.corrcoef(mine.ravel(), theirs.ravel())[0, 1] > 0.999
    assert trace.predicted.shape == trace.latents.shape == (3, *last.shape)
    assert trace.noise.shape == last.shape
    assert trace.conditional.shape == trace.latents.shape
    if type(pipe.scheduler).__name__.startswith("FlowMatchEuler"):  # the last step goes all the way to x0
        np.testing.assert_allclose(trace.predicted.values[-1], last, atol=2e-3)


@every
def test_a_long_prompt_is_cut_and_marked(name: str) -> None:
    pipe = pipeline(name)
    prompt = "red castle " * 600 + "zebra"
    trace = explorer.wrap(pipe).record(prompt, seed=1, steps=1, **CASES[name].unguided, **WIDE)
    tokens = trace.tokens
    assert tokens.words[0].cut is False
    assert tokens.words[-1].cut
    assert all(piece.position < tokens.limit for piece in tokens.pieces[: tokens.read])
    with pytest.raises(explorer.UnknownWord, match="was cut off"):
        trace.heat("zebra")
