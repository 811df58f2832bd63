"""The recipe at toy size: every stage trains, stops and resumes, exports, and loads with nothing of ours."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
import torch.nn.functional as F
from diffusers import StableDiffusionPipeline
from PIL import Image
from safetensors import safe_open
from torch import Tensor, nn
from transformers import CLIPTokenizer

from explorer.miniature import FOLDER
from explorer.miniature.recipe import autoencoder as ae
from explorer.miniature.recipe import clip as cl
from explorer.miniature.recipe import data, loop, muon, team, tokenizer, unet
from explorer.miniature.recipe.export import export, text_encoder

AE_SIZE: dict[str, Any] = {"block_out_channels": (8, 8, 8, 8), "layers_per_block": 1, "norm_num_groups": 4}
CLIP_SIZE: dict[str, Any] = {
    "dimension": 16,
    "text": {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2},
    "vision": {"layers": [1, 1, 1, 1], "width": 8, "head_width": 16, "image_size": 64},
}
UNET_SIZE: dict[str, Any] = {
    "block_out_channels": (16, 32),
    "layers_per_block": 1,
    "attention_head_dim": (1, 2),
    "norm_num_groups": 8,
}


@dataclass(frozen=True)
class Toy:
    """Untrained models of toy size and a set of twelve pictures."""

    folder: Path
    pictures: data.Pictures
    tokens: CLIPTokenizer
    vae: Any
    clip: cl.Clip
    unet: Any


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Toy:
    folder = tmp_path_factory.mktemp("toy")
    data.render(folder / "pictures", 12, workers=1)
    pictures = data.Pictures(folder / "pictures")
    tokens = tokenizer.learn(line["caption"] for line in pictures.lines)
    torch.manual_seed(0)
    vae, clip = ae.build(AE_SIZE), cl.Clip(tokens, CLIP_SIZE).eval()
    unet.cache(folder / "cache", pictures, vae, clip.text, tokens)
    return Toy(folder, pictures, tokens, vae, clip, unet.build(32, UNET_SIZE))


@pytest.fixture(scope="module")
def exported(toy: Toy) -> Path:
    folder = toy.folder / "weights"
    (folder / "stale").mkdir(parents=True)
    (folder / "stale" / "old.bin").write_bytes(b"x")
    parts = {"vae": toy.vae, "unet": toy.unet, "clip": toy.clip}
    export(folder, tokenizer=toy.tokens, record={"edition": 0}, **{k: copy.deepcopy(v) for k, v in parts.items()})
    return folder


def stage(toy: Toy, name: str) -> Any:
    torch.manual_seed(1)
    if name == "autoencoder":
        return ae.Autoencoder(toy.pictures, size=AE_SIZE, batch=2)
    if name == "clip":
        return cl.ClipStage(toy.pictures, toy.tokens, size=CLIP_SIZE, batch=4)
    return unet.Denoiser(toy.folder / "cache", toy.vae, toy.clip.text, toy.tokens, size=UNET_SIZE, batch=4)


@pytest.mark.parametrize("name", ["autoencoder", "clip", "unet"])
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
    assert np.array_equal(toy.pictures.pictures[7], data.world.draw(7).image)
    assert np.array_equal(data.as_pictures(data.as_input(toy.pictures.pictures[:3])), toy.pictures.pictures[:3])
    assert toy.pictures.lines[7]["caption"] == data.world.draw(7).caption
    seen = np.concatenate([data.indices(12, 4, step) for step in range(3)])
    assert sorted(seen) == list(range(12))


def test_muon_makes_matrices_nearly_orthogonal() -> None:
    values = torch.linalg.svdvals(muon.orthogonalise(torch.randn(20, 50)).float())
    assert values.min() > 0.5
    assert values.max() < 1.4


def test_a_changed_scene_differs_in_what_it_says() -> None:
    lot = np.random.default_rng(0)
    for seed in range(40):
        scene = data.world.sample(seed)
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
    assert torch.allclose(pipe.unet.conv_in.weight, toy.unet.conv_in.weight, atol=1e-3)


def test_open_clip_loads_the_export_and_agrees_with_the_text_encoder(toy: Toy, exported: Path) -> None:
    name = f"local-dir:{exported / 'clip'}"
    model, _, preprocess = open_clip.create_model_and_transforms(name)
    model.eval()
    encode = open_clip.get_tokenizer(name)
    captions = ["a red castle", "a blue castle left of a green narwhal, at night", "x" * 300, ""]
    with torch.no_grad():
        theirs = model.encode_text(encode(captions))
        tokens = toy.tokens(captions, padding="max_length", truncation=True, return_tensors="pt").input_ids
        ours = text_encoder(toy.clip)(tokens).pooler_output
        assert torch.allclose(theirs, toy.clip.text(tokens).text_embeds, atol=2e-3)
        loaded = StableDiffusionPipeline.from_pretrained(exported, dtype=torch.float32).text_encoder
        assert torch.allclose(loaded(tokens).pooler_output @ model.text_projection, theirs, atol=1e-4)
        assert torch.allclose(loaded(tokens).pooler_output, ours, atol=5e-3)
        picture = preprocess(Image.fromarray(toy.pictures.pictures[0]))[None]
        assert picture.shape == (1, 3, 64, 64)
        mine = F.interpolate(data.as_input(toy.pictures.pictures[:1]), 64, mode="bicubic", antialias=True)
        assert F.cosine_similarity(model.encode_image(picture), toy.clip.visual(mine)).item() > 0.99


def _team_work(folder: Path) -> None:
    total = team.agree(team.rank() + 1.0)
    network = nn.Linear(2, 1, bias=False)
    nn.init.zeros_(network.weight)
    network(torch.full((1, 2), float(team.rank()))).sum().backward()
    team.share_gradients(network)
    assert network.weight.grad is not None
    (folder / f"{team.rank()}").write_text(f"{total} {network.weight.grad.tolist()}")


@pytest.mark.slow
def test_a_team_shares_gradients(tmp_path: Path) -> None:
    team.run(2, _team_work, tmp_path)
    assert [(tmp_path / n).read_text() for n in "01"] == ["[3.0] [[0.5, 0.5]]"] * 2


def test_the_shipped_weights_are_small_and_plain() -> None:
    files = [p for p in FOLDER.rglob("*") if p.is_file()]
    assert {p.suffix for p in files} <= {".safetensors", ".json", ".txt"}
    assert sum(p.stat().st_size for p in files) <= 40e6
    for path in files:
        if path.suffix == ".safetensors":
            with safe_open(path, "pt") as weights:
                kinds = {str(weights.get_slice(k).get_dtype()) for k in weights.keys()}  # noqa: SIM118
            assert kinds <= {"F16", "I64"}, path
