"""The recipe at toy size: every stage trains, stops and resumes, exports, and loads with nothing of ours."""

import copy
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
import torch.nn.functional as F
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray
from PIL import Image
from safetensors import safe_open
from torch import Tensor, nn
from transformers import CLIPTokenizer

from explorer.miniature import FOLDER, world
from explorer.miniature import oracle as seer
from explorer.miniature.lesson import lesson
from explorer.miniature.oracle import BEARINGS, HEADS, Oracle, Reading
from explorer.miniature.recipe import autoencoder as ae
from explorer.miniature.recipe import clip as cl
from explorer.miniature.recipe import data, loop, muon, score, team, tokenizer, unet
from explorer.miniature.recipe import oracle as school
from explorer.miniature.recipe.export import export

AE_SIZE: dict[str, Any] = {
    "block_out_channels": (8, 8, 8, 8),
    "latent_channels": unet.LATENT,
    "layers_per_block": 1,
    "norm_num_groups": 4,
}
TEXT_SIZE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
}
CLIP_SIZE: dict[str, Any] = {
    "dimension": 16,
    "text": {**TEXT_SIZE, "num_hidden_layers": 3},
    "vision": {"layers": [1, 1, 1, 1], "width": 8, "head_width": 16, "image_size": 64},
}
UNET_SIZE: dict[str, Any] = {
    "block_out_channels": (16, 32),
    "layers_per_block": 1,
    "attention_head_dim": (1, 2),
    "norm_num_groups": 8,
}
STAGES = ["autoencoder", "clip", "unet", "oracle"]


@dataclass(frozen=True)
class Toy:
    """Untrained models of toy size, a set of twelve pictures, and one of six with held-out pairs."""

    folder: Path
    pictures: data.Pictures
    held_out: data.Pictures
    tokens: CLIPTokenizer
    vae: Any
    clip: cl.Clip
    painter: unet.Painter
    oracle: Oracle


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    folder = tmp_path_factory.mktemp("toy")
    data.render(folder / "pictures", 12, workers=1)
    data.render(folder / "held-out", 6, first=50, pairs="held out", workers=1)
    pictures, held_out = (data.Pictures(folder / name) for name in ("pictures", "held-out"))
    tokens = tokenizer.learn(line["caption"] for line in pictures.lines)
    torch.manual_seed(0)
    vae, clip = ae.build(AE_SIZE), cl.Clip(tokens, CLIP_SIZE).eval()
    unet.cache(folder / "cache", pictures, vae)
    painter = unet.Painter(tokens, UNET_SIZE, TEXT_SIZE).eval()
    return Toy(folder, pictures, held_out, tokens, vae, clip, painter, Oracle(4).eval())


@pytest.fixture(scope="module")
def exported(toy: Toy) -> Path:
    folder = toy.folder / "weights"
    (folder / "stale").mkdir(parents=True)
    (folder / "stale" / "old.bin").write_bytes(b"x")
    parts = {
        "vae": toy.vae,
        "unet": toy.painter.unet,
        "text": toy.painter.text,
        "clip": toy.clip,
        "oracle": toy.oracle,
    }
    export(folder, tokenizer=toy.tokens, record={"edition": 0}, **{k: copy.deepcopy(v) for k, v in parts.items()})
    return folder


def stage(toy: Toy, name: str) -> Any:
    torch.manual_seed(1)
    if name == "autoencoder":
        return ae.Autoencoder(toy.pictures, size=AE_SIZE, batch=2)
    if name == "clip":
        return cl.ClipStage(toy.pictures, toy.tokens, size=CLIP_SIZE, batch=4)
    if name == "oracle":
        return school.OracleStage(toy.pictures, toy.held_out, width=4, batch=6)
    return unet.Denoiser(
        toy.pictures, toy.folder / "cache", toy.vae, toy.tokens, size=UNET_SIZE, text=TEXT_SIZE, batch=4
    )


def test_half_of_a_batch_shows_two_things_whose_sides_are_often_left_unsaid(toy: Toy) -> None:
    choice, lot = data.Choice(toy.pictures, seed=3), np.random.default_rng(0)
    assert 2 <= len(choice.pairs) < 8  # of 12 pictures
    several = []
    for step in range(60):
        chosen, scenes, captions = choice.batch(step, 8, lot)
        assert [toy.pictures.scene(int(i)) for i in chosen] == scenes
        assert len(chosen) == len(captions) == 8
        several.append(np.mean([len(scene.subjects) == 2 for scene in scenes]))
    assert np.mean(several) == pytest.approx(0.5 + 0.5 * len(choice.pairs) / 12, abs=0.02)

    scene = world.Scene((world.Subject("cat", "red"), world.Subject("dog", "blue")), relation="left of")
    said = [data.told(scene, lot) for _ in range(400)]
    silent = np.mean([not re.search(r"left|right", one) for one in said])
    assert 0.5 < silent < 0.66  # a half, and some that are silent by themselves
    above = [data.told(replace(scene, relation="above"), lot) for _ in range(400)]
    assert np.mean([not re.search(r"above|over|below|under", one) for one in above]) < 0.3


@pytest.mark.parametrize("name", STAGES)
def test_a_stopped_and_resumed_training_is_the_uninterrupted_one(toy: Toy, tmp_path: Path, name: str) -> None:
    plan = loop.Plan(steps=4, warmup=2, muon=1e-3)

    class Interrupted:
        """The stage, asking for the stop in its second step."""

        def __init__(self, inner: Any, stop: loop.Stop) -> None:
            self.inner, self.stop = inner, stop

        def __getattr__(self, key: str) -> Any:
            return getattr(self.inner, key)

        def sheet(self, network: Any, path: Path) -> None:
            """None."""

        def loss(self, step: int, done: float) -> tuple[Tensor, dict[str, float]]:
            if step == 1:
                self.stop.now()
            return self.inner.loss(step, done)

    class Quiet(Interrupted):
        def loss(self, step: int, done: float) -> tuple[Tensor, dict[str, float]]:
            return self.inner.loss(step, done)

    whole = stage(toy, name)
    assert loop.train(Quiet(whole, loop.Stop()), tmp_path / "whole", plan) == 4
    stop = loop.Stop()
    assert loop.train(Interrupted(stage(toy, name), stop), tmp_path / "parts", plan, stop) == 2
    resumed = stage(toy, name)
    assert loop.train(Quiet(resumed, loop.Stop()), tmp_path / "parts", plan) == 4
    for (key, a), b in zip(whole.network.state_dict().items(), resumed.network.state_dict().values(), strict=True):
        assert torch.equal(a, b), key
    assert loop.record(loop.load_torch(tmp_path / "parts" / f"{name}.pt"))["steps"] == 4


@pytest.mark.parametrize("name", ["autoencoder", "unet"])
def test_a_stage_draws_its_sheet(toy: Toy, tmp_path: Path, name: str) -> None:
    one = stage(toy, name)
    one.sheet(one.network.eval(), tmp_path / "sheet.png")
    assert (tmp_path / "sheet.png").stat().st_size > 1000


def test_the_set_is_the_world_in_order_and_resumes(toy: Toy) -> None:
    assert len(toy.pictures) == len(toy.pictures.lines) == 12
    assert np.array_equal(toy.pictures.pictures[7], world.draw(7).image)
    assert np.array_equal(data.as_pictures(data.as_input(toy.pictures.pictures[:3])), toy.pictures.pictures[:3])
    assert toy.pictures.lines[7]["caption"] == world.draw(7).caption
    assert toy.pictures.scene(7) == world.sample(7)
    assert toy.pictures.settings["pairs"] == "seen"
    assert toy.held_out.scene(2) == world.sample(52, "held out")
    assert np.array_equal(toy.held_out.pictures[2], world.draw(52, "held out").image)
    seen = np.concatenate([data.indices(12, 4, step) for step in range(3)])
    assert sorted(seen) == list(range(12))


def test_muon_makes_matrices_nearly_orthogonal() -> None:
    values = torch.linalg.svdvals(muon.orthogonalise(torch.randn(20, 50)).float())
    assert values.min() > 0.5
    assert values.max() < 1.4


def test_a_changed_scene_differs_in_what_it_says() -> None:
    lot = np.random.default_rng(0)
    for seed in range(40):
        scene = world.sample(seed)
        assert cl.changed(scene, lot) != scene


@pytest.mark.parametrize(
    "text", ["a red castle", "", "Ünïcödé 世界 🙂 \x00\x07\u202e \n\t ﬁ", "🏳️‍🌈" * 40, "<|endoftext|>"]
)
def test_any_text_is_encoded_and_comes_back(toy: Toy, tmp_path: Path, text: str) -> None:
    tokenizer.save(toy.tokens, tmp_path)
    loaded = CLIPTokenizer.from_pretrained(str(tmp_path))
    ids = loaded(text, padding="max_length", truncation=True).input_ids
    assert len(ids) == 77
    assert ids == toy.tokens(text, padding="max_length", truncation=True).input_ids
    assert ids[0] == loaded.bos_token_id == len(loaded) - 2
    assert loaded.eos_token_id == loaded.pad_token_id == len(loaded) - 1
    assert loaded.eos_token_id in ids
    if "end" not in text:
        inner = loaded(text, add_special_tokens=False).input_ids
        assert loaded.unk_token_id not in inner
        bare = "".join(loaded.decode(inner).split())
        assert bare == "".join(loaded.backend_tokenizer.normalizer.normalize_str(text).split())


def test_long_words_come_in_pieces(toy: Toy) -> None:
    symbols = {s for s in toy.tokens.get_vocab() if len(s.removesuffix("</w>")) == 1}
    assert len(symbols) == 512
    assert len(toy.tokens.tokenize("sunglasses")) > 1


def test_the_export_is_a_diffusers_pipeline(toy: Toy, exported: Path) -> None:
    assert not (exported / "stale").exists()
    pipe = StableDiffusionPipeline.from_pretrained(exported)
    pipe.set_progress_bar_config(disable=True)
    assert pipe.safety_checker is None
    picture = pipe("a red castle", num_inference_steps=2, generator=torch.Generator().manual_seed(0)).images[0]
    assert picture.size == (128, 128)
    assert torch.allclose(pipe.unet.conv_in.weight, toy.painter.unet.conv_in.weight, atol=1e-3)


def test_open_clip_loads_the_export_and_agrees_with_transformers(toy: Toy, exported: Path) -> None:
    name = f"local-dir:{exported / 'clip'}"
    model, _, preprocess = open_clip.create_model_and_transforms(name)
    model.float().eval()
    encode = open_clip.get_tokenizer(name)
    captions = ["a red castle", "a blue castle left of a green narwhal, at night", "x" * 300, ""]
    twin = copy.deepcopy(toy.clip).half().float()  # the weights as they were stored
    with torch.no_grad():
        tokens = toy.tokens(captions, padding="max_length", truncation=True, return_tensors="pt").input_ids
        assert torch.equal(encode(captions), tokens)
        assert torch.allclose(model.encode_text(encode(captions)), twin.text(tokens).text_embeds, atol=1e-5)
        picture = preprocess(Image.fromarray(toy.pictures.pictures[0]))[None]
        assert picture.shape == (1, 3, 64, 64)
        assert torch.allclose(model.encode_image(picture), twin.visual(picture), atol=1e-5)
        mine = F.interpolate(data.as_input(toy.pictures.pictures[:1]), 64, mode="bicubic", antialias=True)
        assert F.cosine_similarity(model.encode_image(picture), toy.clip.visual(mine)).item() > 0.99
    assert model.logit_scale.item() == pytest.approx(toy.clip.logit_scale.item(), abs=2e-3)


def test_the_pipeline_reads_with_the_text_tower_that_was_trained_with_its_unet(toy: Toy, exported: Path) -> None:
    pipe = StableDiffusionPipeline.from_pretrained(exported)
    assert pipe.text_encoder.dtype == torch.float32
    tokens = pipe.tokenizer(["a red castle"], padding="max_length", return_tensors="pt").input_ids
    with torch.no_grad():
        theirs = pipe.text_encoder(tokens).last_hidden_state
        assert torch.allclose(theirs, unet.embed(toy.painter.text, toy.tokens, ["a red castle"]), atol=1e-2)
        twin = copy.deepcopy(toy.painter.text).half().float()
        assert torch.allclose(theirs, twin(tokens).last_hidden_state, atol=1e-5)
    assert pipe.text_encoder.config.num_hidden_layers == TEXT_SIZE["num_hidden_layers"]  # CLIP's has one more


def test_the_pipeline_draws_what_the_recipe_draws(toy: Toy, exported: Path) -> None:
    pipe = StableDiffusionPipeline.from_pretrained(exported)
    pipe.set_progress_bar_config(disable=True)
    noise = torch.randn(1, unet.LATENT, 16, 16, generator=torch.Generator().manual_seed(3))
    theirs = pipe("a red castle", num_inference_steps=3, guidance_scale=4.0, latents=noise, output_type="np").images
    painter = copy.deepcopy(toy.painter)
    ours = unet.generate(
        painter.unet, toy.vae, painter.text, toy.tokens, ["a red castle"], steps=3, guidance=4.0, seed=3
    )
    assert ours.shape == (1, 128, 128, 3)
    assert np.abs(255 * theirs[0] - ours[0]).mean() < 2  # the recipe computes in bfloat16


def test_the_losses_of_sight_are_the_cross_entropies_by_hand() -> None:
    lot = np.random.default_rng(0)
    subjects, colours = len(world.SUBJECTS), len(world.COLOURS)
    logits = lot.normal(size=(2, 1 + subjects + colours, 1, 2))
    # The first picture: its left cell is two thirds subject 4 and a third subject 9, its right cell is empty. The
    # second has one subject, which covers a quarter of its left cell.
    cells = np.array([[[[2 / 3, 0.0]], [[1 / 3, 0.0]]], [[[0.25, 0.0]], [[0.0, 0.0]]]])
    names, hues = np.array([[4, 9], [7, 7]]), np.array([[1, 2], [3, 3]])

    def surprise(values: NDArray[np.float64], index: int) -> float:
        return float(np.log(np.exp(values).sum()) - values[index])

    def kind(n: int, x: int) -> NDArray[np.float64]:
        return logits[n, : 1 + subjects, 0, x]

    def hue(n: int, x: int) -> NDArray[np.float64]:
        return logits[n, 1 + subjects :, 0, x]

    by_cell = [
        2 / 3 * surprise(kind(0, 0), 1 + 4) + 1 / 3 * surprise(kind(0, 0), 1 + 9),
        surprise(kind(0, 1), 0),
        0.25 * surprise(kind(1, 0), 1 + 7) + 0.75 * surprise(kind(1, 0), 0),
        surprise(kind(1, 1), 0),
    ]
    coloured = 2 / 3 * surprise(hue(0, 0), 1) + 1 / 3 * surprise(hue(0, 0), 2) + 0.25 * surprise(hue(1, 0), 3)
    subject, colour = unet.seen_loss(*(torch.from_numpy(a) for a in (logits, cells, names, hues)))
    assert float(subject) == pytest.approx(np.mean(by_cell), abs=1e-5)
    assert float(colour) == pytest.approx(coloured / 1.25, abs=1e-5)


def test_the_sight_is_thrown_away(toy: Toy, exported: Path) -> None:
    for path in exported.rglob("*.safetensors"):
        with safe_open(path, "pt") as weights:
            assert not any("sight" in key for key in weights.keys())  # noqa: SIM118
    noisy, t = torch.zeros(2, unet.LATENT, 16, 16), torch.tensor([10, 900])
    tokens = toy.tokens(["", "a dog"], padding="max_length", return_tensors="pt").input_ids
    v, sight = toy.painter(noisy, t, tokens)
    assert v.shape == noisy.shape
    assert sight.shape == (2, 1 + len(world.SUBJECTS) + len(world.COLOURS), 16, 16)
    assert not toy.painter.unet.up_blocks[-1]._forward_hooks


def test_cells_are_shares_of_the_subjects(toy: Toy) -> None:
    for index in range(12):
        figures = world.draw(index).figures
        found = toy.pictures.cells[index].astype(float) / 255
        for number in range(2):
            share = figures[number].mean() if number < len(figures) else 0.0
            assert found[number].mean() == pytest.approx(share, abs=2e-3)
    assert toy.pictures.cells.shape == (12, 2, data.GRID, data.GRID)


def _reading(**changes: Any) -> Reading:
    """Of a red dog left of a blue house in a rainy city, a comic."""
    shares = dict.fromkeys(world.SUBJECTS, 0.0) | {"dog": 0.2, "house": 0.1, "cat": 0.01}
    whole: dict[str, Any] = {"place": "city", "weather": "rainy", "style": "comic", "mood": None}
    whole |= {"size": None, "count": 1}
    colours = dict.fromkeys(world.SUBJECTS, "grey") | {"dog": "red", "house": "blue"}
    for key, value in changes.items():
        part = shares if key in shares else whole
        part[key] = value
    ordered = dict(sorted(shares.items(), key=lambda item: -item[1]))
    return Reading(ordered, colours, whole, np.zeros((len(shares), 32, 32), np.float32))


class Reader(Oracle):
    """Takes for read what it is given."""

    def __init__(self) -> None:
        super().__init__(1)
        self.readings: list[Reading] = []
        self.said = ""

    def read(self, pictures: NDArray[np.uint8]) -> list[Reading]:
        return self.readings

    def stands(self, reading: Reading, first: str, second: str) -> str:
        return self.said


READER = Reader()
DOG, HOUSE = world.Subject("dog", "red"), world.Subject("house", "blue")
BOTH = world.Scene((DOG, HOUSE), "city", "rainy", "comic", "left of")


def _verdict(scene: world.Scene, bearing: str = "left of", **changes: Any) -> dict[str, bool]:
    READER.readings, READER.said = [_reading(**changes)], bearing
    (found,) = READER.verdicts(np.zeros((1, 128, 128, 3), np.uint8), [scene])
    return found


def test_verdicts_say_what_of_a_scene_is_in_the_picture() -> None:
    asked = {"subject", "colour", "both", "place", "weather", "style", "relation"}
    assert _verdict(BOTH) == dict.fromkeys(asked, True)
    assert _verdict(replace(BOTH, subjects=(HOUSE, DOG)))["subject"]  # in whichever order
    wrong: list[tuple[world.Scene, dict[str, Any], set[str]]] = [
        (replace(BOTH, subjects=(DOG, world.Subject("cat", "blue"))), {}, {"subject", "colour", "both"}),
        (BOTH, {"cat": 0.15}, {"subject", "both"}),
        (replace(BOTH, subjects=(DOG, world.Subject("house", "red"))), {}, {"colour", "both"}),
        (BOTH, {"place": "sea"}, {"place"}),
        (BOTH, {"weather": None}, {"weather"}),
        (BOTH, {"style": "pixel art"}, {"style"}),
        (BOTH, {"bearing": "right of"}, {"relation"}),
        (BOTH, {"bearing": "below"}, {"relation"}),
    ]
    for scene, changes, missed in wrong:
        assert {name for name, right in _verdict(scene, **changes).items() if not right} == missed, changes


def test_verdicts_judge_only_what_was_asked() -> None:
    one = world.Scene((DOG,), "city")
    assert set(_verdict(one)) == {"subject", "colour", "both", "place", "count"}
    assert _verdict(one, house=0.0)["subject"]
    tiny = replace(one, subjects=(replace(DOG, size="tiny"),), mood="cute")
    assert not _verdict(tiny)["size"]
    assert not _verdict(tiny)["mood"]
    assert _verdict(tiny, size="tiny", mood="cute") == dict.fromkeys([*_verdict(one), "size", "mood"], True)
    two = replace(one, subjects=(replace(DOG, count=2),))
    assert not _verdict(two)["count"]
    assert _verdict(two, count=2)["count"]


def test_the_oracle_reads_pictures(toy: Toy) -> None:
    readings = toy.oracle.read(toy.pictures.pictures[:3])
    assert len(readings) == 3
    for reading in readings:
        assert list(reading.subjects.values()) == sorted(reading.subjects.values(), reverse=True)
        assert set(reading.subjects) == set(reading.colours) == set(world.SUBJECTS)
        assert all(reading.whole[name] in HEADS[name] for name in HEADS)
        assert reading.cells.shape == (len(world.SUBJECTS), 32, 32)
        assert toy.oracle.stands(reading, "dog", "house") in BEARINGS
    assert {*world.RELATIONS, *school.CONVERSE.values()} == set(BEARINGS)


def test_the_oracle_comes_back_as_it_was_saved(toy: Toy, exported: Path, tmp_path: Path) -> None:
    school.save(toy.oracle, tmp_path)
    expected = toy.oracle.read(toy.pictures.pictures[:4])
    for folder in (tmp_path, exported / "oracle"):
        loaded = seer.load(folder)
        assert not loaded.training
        for one, other in zip(expected, loaded.read(toy.pictures.pictures[:4]), strict=True):
            assert np.allclose(one.cells, other.cells, atol=5e-3)
    half = {k: v.half().float() if v.is_floating_point() else v for k, v in toy.oracle.state_dict().items()}
    for key, value in loaded.state_dict().items():
        assert torch.equal(value, half[key]), key


def test_the_oracle_shares_no_weights_with_the_miniature(toy: Toy, exported: Path) -> None:
    def places(*modules: nn.Module) -> set[int]:
        return {p.untyped_storage().data_ptr() for m in modules for p in (*m.parameters(), *m.buffers())}

    trained = stage(toy, "oracle").network
    assert not places(trained, toy.oracle) & places(toy.vae, toy.painter, toy.clip)
    names = {name for name in json.loads((exported / "model_index.json").read_text()) if not name.startswith("_")}
    assert "oracle" not in names

    def values(path: Path) -> set[bytes]:
        with safe_open(path, "pt") as weights:
            found = [weights.get_tensor(k) for k in weights.keys()]  # noqa: SIM118
        return {t.numpy().tobytes() for t in found if t.ndim > 1}

    own = values(exported / "oracle" / "oracle.safetensors")
    others = [p for p in exported.rglob("*.safetensors") if p.parent.name != "oracle"]
    assert own
    assert len(others) >= 4
    assert not any(own & values(path) for path in others)


def test_the_oracle_learns_from_drawings_of_all_its_sets_and_nothing_else(toy: Toy) -> None:
    one = stage(toy, "oracle")
    assert one.starts.tolist() == [0, 12, 18]
    seen: list[Tensor] = []
    one.network.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    for step in range(3):  # an epoch of 18 pictures
        torch.manual_seed(step)
        loss, parts = one.loss(step, 0.0)
        assert torch.isfinite(loss)
        assert {"subject", "colour", *HEADS} <= set(parts)
    assert [len(x) for x in seen] == [6, 6, 6]
    assert school.measure(toy.oracle, 12)["pictures"] == 12


def test_the_fixed_set_of_prompts_asks_for_everything_equally_often() -> None:
    tasks = score.tasks()
    assert len(tasks) == sum(score.GROUPS.values()) >= 1000
    assert tasks == score.tasks()
    groups = Counter((task.group, task.held_out) for task in tasks)
    assert groups["one subject", False] >= 300
    assert groups["one subject", True] >= 100
    for task in tasks:
        assert task.prompt == world.prompt(task.scene, place=task.group == "place")
        pairs = [(s.name, s.colour) for s in task.scene.subjects]
        if task.group in ("place", "style"):
            pairs.append((task.scene.subjects[0].name, str(getattr(task.scene, task.group))))
        assert any(world.held_out(*pair) for pair in pairs) == task.held_out, task
        assert set(score.ASKED[task.group]) <= set(_verdict(task.scene)), task
    for group, names in (("place", world.PLACES), ("weather", world.WEATHERS), ("style", world.STYLES)):
        found = Counter(getattr(t.scene, group) for t in tasks if t.group == group and not t.held_out)
        assert set(found) == set(names)
        assert max(found.values()) - min(found.values()) <= 1
    relations = Counter(t.scene.relation for t in tasks if t.group == "relation")
    assert set(relations) == set(world.RELATIONS)
    few = score.tasks(0.05)
    assert {t.group for t in few} == set(score.ASKED)
    assert set(few) <= set(tasks)


class Judge(Oracle):
    """Finds everything in the pictures of some scenes and nothing in those of the others."""

    def __init__(self, right: Callable[[world.Scene], bool]) -> None:
        super().__init__(1)
        self.right = right

    def verdicts(self, pictures: NDArray[np.uint8], scenes: Any) -> list[dict[str, bool]]:
        assert len(pictures) == len(scenes)
        return [dict.fromkeys(_verdict(scene), self.right(scene)) for scene in scenes]


def test_the_scorecard_counts_what_the_oracle_finds_by_group() -> None:
    drawn: list[tuple[str, int]] = []

    def draw(prompts: list[str], seed: int) -> NDArray[np.uint8]:
        drawn.extend((prompt, seed + i) for i, prompt in enumerate(prompts))
        return np.zeros((len(prompts), 128, 128, 3), np.uint8)

    def seen(scene: world.Scene) -> bool:
        return not any(world.held_out(s.name, s.colour) for s in scene.subjects)

    found = score.measure(draw, Judge(seen), 0.1)
    tasks = score.tasks(0.1)
    assert [prompt for prompt, _ in drawn] == [task.prompt for task in tasks]
    assert len({seed for _, seed in drawn}) == len(drawn) == found["pictures"]  # each its own noise
    groups = found["groups"]
    assert groups["one subject"] == {"pictures": 30, "subject": 1.0, "colour": 1.0, "both": 1.0}
    assert groups["one subject, held out"] == {"pictures": 10, "subject": 0.0, "colour": 0.0, "both": 0.0}
    assert groups["two subjects, held out"]["both"] == 0.0
    assert groups["style, held out"] == {"pictures": 4, "style": 1.0, "both": 1.0}
    assert sum(group["pictures"] for group in groups.values()) == found["pictures"]
    table = score.table(found)
    assert "| one subject | 30 | subject 100%, colour 100% | 100% |" in table
    assert "| one subject, held out | 10 | subject 0%, colour 0% | 0% |" in table
    assert table.count("\n|") == 1 + len(score.GROUPS)
    assert json.loads(json.dumps(found)) == found


def _team_work(folder: Path) -> None:
    total = team.agree(team.rank() + 1.0)
    rare, usual = nn.Linear(1, 1, bias=False), nn.Linear(2, 1, bias=False)
    usual(torch.full((1, 2), float(team.rank()))).sum().backward()
    if team.rank() == 1:  # the other process has no use for it
        rare(torch.full((1, 1), 4.0)).sum().backward()
    team.share_gradients(nn.ModuleList([rare, usual]))
    grads = [one.weight.grad.tolist() for one in (rare, usual) if one.weight.grad is not None]
    (folder / f"{team.rank()}").write_text(f"{total} {grads}")


@pytest.mark.slow
def test_a_team_shares_gradients(tmp_path: Path) -> None:
    team.run(2, _team_work, tmp_path)
    assert [(tmp_path / n).read_text() for n in "01"] == ["[3.0] [[[2.0]], [[0.5, 0.5]]]"] * 2


def test_the_shipped_weights_are_small_and_plain() -> None:
    files = [p for p in FOLDER.rglob("*") if p.is_file()]
    assert {p.suffix for p in files} <= {".safetensors", ".json", ".txt"}
    assert sum(p.stat().st_size for p in files) <= 60e6
    for path in files:
        if path.suffix == ".safetensors":
            with safe_open(path, "pt") as weights:
                kinds = {str(weights.get_slice(k).get_dtype()) for k in weights.keys()}  # noqa: SIM118
            assert kinds <= {"F16", "I64"}, path


def test_a_lesson_learns_from_its_first_moment_to_its_last() -> None:
    moments = list(lesson(("balloon",), ("red", "blue"), seconds=1.0, every=60, drawings=6, batch=4))
    first, last = moments
    assert first.seen == 0 < last.seen
    assert first.prompts == last.prompts == ("a red balloon", "a blue balloon")
    assert last.pictures.shape == (2, 128, 128, 3)
    assert not np.array_equal(first.pictures, last.pictures)
    assert np.isfinite(last.loss)
    assert "pictures seen" in str(last)
    assert last._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="no subject called 'dragon'"):
        next(lesson(("dragon",)))


def test_single_words_are_told_apart_within_their_kind() -> None:
    scenes = [
        world.Scene((world.Subject("dog", "blue"),), place="forest", style="comic"),
        world.Scene((world.Subject("cat", "red"), world.Subject("dog", "green")), place="beach", weather="snowy"),
    ]
    count = sum(len(names) for names in cl.NAMES.values())
    logits = torch.randn(2, count, generator=torch.Generator().manual_seed(0))
    found = cl.named_loss(logits, scenes)
    at = 0
    parts = {}
    for kind, names in cl.NAMES.items():
        parts[kind] = logits[:, at : at + len(names)].log_softmax(1)
        at += len(names)
    kinds = parts["subject"], world.SUBJECTS
    dog, cat = kinds[1].index("dog"), kinds[1].index("cat")
    by_hand = -(kinds[0][0, dog] + (kinds[0][1, dog] + kinds[0][1, cat]) / 2) / 2
    torch.testing.assert_close(found["subject"], by_hand)
    torch.testing.assert_close(found["weather"], -parts["weather"][1, world.WEATHERS.index("snowy")])
    torch.testing.assert_close(found["style"], -parts["style"][0, world.STYLES.index("comic")])


def test_a_name_by_itself_is_said_in_words_of_the_world() -> None:
    lot = np.random.default_rng(0)
    for kind, names in cl.NAMES.items():
        for name in names:
            said = {cl.alone(kind, name, lot) for _ in range(5)}
            assert all(word in world.VOCABULARY for text in said for word in re.findall("[a-z]+", text.lower())), said
