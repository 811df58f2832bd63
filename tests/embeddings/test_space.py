"""Spaces: vectors are open_clip's own to the bit, and transformers' nearly; nothing is embedded twice."""

import json
import shutil
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
import xarray as xr
from PIL import Image
from safetensors.torch import load_file
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from explorer.embeddings import Space
from explorer.embeddings.matching import Match
from explorer.errors import CheckpointError, InvalidSetting, UnknownWord
from explorer.miniature import FOLDER

WORDS = ["castle", "a red castle in the snow", "blue", "a cat and a dog on the beach", ""]


@pytest.mark.parametrize("normalize", [False, True])
def test_vectors_are_those_of_open_clip_to_the_bit(
    tiny: Space, folder: Path, drawings: list[Image.Image], normalize: bool
) -> None:
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    model.eval()
    with torch.no_grad():
        texts = model.encode_text(tokenizer(WORDS), normalize=normalize).numpy()
        pixels = torch.stack([preprocess(one) for one in drawings])
        pictures = model.encode_image(pixels, normalize=normalize).numpy()
    np.testing.assert_array_equal(tiny.encode_text(WORDS, normalize=normalize), texts)
    np.testing.assert_array_equal(tiny.encode_pictures(drawings, normalize=normalize), pictures)


def test_the_miniatures_vectors_are_those_of_open_clip_to_the_bit(space: Space, drawings: list[Image.Image]) -> None:
    model, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{FOLDER / 'clip'}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{FOLDER / 'clip'}")
    model.eval()
    with torch.no_grad():
        texts = model.encode_text(tokenizer(WORDS)).numpy()
        pictures = model.encode_image(torch.stack([preprocess(one) for one in drawings]), normalize=True).numpy()
    np.testing.assert_array_equal(space.encode_text(WORDS, normalize=False), texts)
    np.testing.assert_array_equal(space.encode_pictures(drawings), pictures)


def test_the_miniatures_text_tower_is_the_same_in_transformers(space: Space) -> None:
    told = json.loads((FOLDER / "clip" / "open_clip_config.json").read_text())["model_cfg"]
    text, weights = told["text_cfg"], load_file(FOLDER / "clip" / "open_clip_model.safetensors")
    tokenizer = space.tower.tokenizer.tokenizer
    config = CLIPTextConfig(
        vocab_size=text["vocab_size"],
        hidden_size=text["width"],
        intermediate_size=int(text["width"] * text["mlp_ratio"]),
        num_hidden_layers=text["layers"],
        num_attention_heads=text["heads"],
        max_position_embeddings=text["context_length"],
        projection_dim=told["embed_dim"],
        hidden_act="quick_gelu",
        layer_norm_eps=text["norm_kwargs"]["eps"],
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    model = CLIPTextModelWithProjection(config).eval()
    prefix = "text_model." if any(name.startswith("text_model.") for name in model.state_dict()) else ""
    named = {
        f"{prefix}embeddings.token_embedding.weight": weights["token_embedding.weight"],
        f"{prefix}embeddings.position_embedding.weight": weights["positional_embedding"],
        "text_projection.weight": weights["text_projection"].T,
    }
    for end in ("weight", "bias"):
        named[f"{prefix}final_layer_norm.{end}"] = weights[f"ln_final.{end}"]
        for n in range(text["layers"]):
            here, there = f"transformer.resblocks.{n}", f"{prefix}encoder.layers.{n}"
            for x, part in zip("qkv", weights[f"{here}.attn.in_proj_{end}"].chunk(3), strict=True):
                named[f"{there}.self_attn.{x}_proj.{end}"] = part
            for ours, theirs in (
                ("attn.out_proj", "self_attn.out_proj"),
                ("ln_1", "layer_norm1"),
                ("ln_2", "layer_norm2"),
                ("mlp.c_fc", "mlp.fc1"),
                ("mlp.c_proj", "mlp.fc2"),
            ):
                named[f"{there}.{theirs}.{end}"] = weights[f"{here}.{ours}.{end}"]
    missing = model.load_state_dict({name: value.float() for name, value in named.items()}, strict=False)
    assert not missing.unexpected_keys
    assert all("position_ids" in name for name in missing.missing_keys)
    ids = tokenizer(WORDS, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    with torch.no_grad():
        expected = torch.nn.functional.normalize(model(ids).text_embeds, dim=-1).numpy()
    np.testing.assert_allclose(space.encode_text(WORDS), expected, atol=1e-5)


def test_nothing_is_embedded_twice(folder: Path, tmp_path: Path, drawings: list[Image.Image]) -> None:
    path, seen = tmp_path / "vectors.sqlite3", []

    def opened() -> Space:
        space = Space.open(folder, cache=path)
        for name in ("text", "pictures"):
            own = getattr(space.tower, name)
            setattr(space.tower, name, lambda items, own=own: (seen.append(list(items)), own(items))[1])
        assert space.dimension == 24
        seen.clear()
        return space

    first = opened()
    vectors = first.encode_text(["castle", "snow", "castle"])
    shown = first.encode_pictures(drawings[:2])
    assert [len(items) for items in seen] == [2, 2]
    np.testing.assert_array_equal(vectors[0], vectors[2])
    again = opened()
    np.testing.assert_array_equal(again.encode_text(["castle", "snow", "castle"]), vectors)
    np.testing.assert_array_equal(again.encode_pictures([np.asarray(one) for one in drawings[:2]]), shown)
    assert seen == []
    again.encode_text(["castle", "sea"])
    assert seen == [["sea"]]


def test_another_model_has_another_identity(tiny: Space, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    assert Space.open(other, cache=False).tower.identity == tiny.tower.identity
    told = json.loads((other / "open_clip_config.json").read_text())
    told["preprocess_cfg"]["mean"] = [0.1, 0.1, 0.1]
    (other / "open_clip_config.json").write_text(json.dumps(told))
    assert Space.open(other, cache=False).tower.identity != tiny.tower.identity
    tower = Space.open(folder, cache=False).tower
    tower.model.ln_final.bias.data[0] += 1e-6
    assert tower.identity != tiny.tower.identity


def test_batches_and_progress(tiny: Space) -> None:
    told: list[tuple[int, int]] = []
    texts = [f"castle {i}" for i in range(5)]
    vectors = tiny.encode_text(texts, batch=2, on_progress=lambda done, of: told.append((done, of)))
    assert told == [(0, 5), (2, 5), (4, 5), (5, 5)]
    np.testing.assert_allclose(vectors, tiny.encode_text(texts), atol=1e-6)
    assert tiny.encode_text([]).shape == (0, 24)
    with pytest.raises(InvalidSetting, match="batch is 0"):
        tiny.encode_text(texts, batch=0)


@pytest.mark.parametrize("name", ["tiny", "space"])
def test_a_words_layers_end_in_the_models_own_vector(name: str, request: pytest.FixtureRequest) -> None:
    space: Space = request.getfixturevalue(name)
    model, text = space.tower.model, "a red castle"
    states = space.through_layers("castle", text)
    assert states.labels[0] == "token and place"
    assert states.labels[-1] == "final norm"
    assert len(states.labels) == len(model.transformer.resblocks) + 2
    ids = space.tower._ids([text])
    with torch.no_grad():
        first = (model.token_embedding(ids) + model.positional_embedding)[0, 3].numpy()
        last = model.ln_final(
            model.transformer(model.token_embedding(ids) + model.positional_embedding, model.attn_mask)
        )
    np.testing.assert_allclose(states.vectors[0], first, atol=1e-6)
    np.testing.assert_allclose(states.vectors[-1], last[0, 3].numpy(), atol=1e-5)
    np.testing.assert_allclose(np.diag(states.cosines.values), 1, atol=1e-5)
    atlas = states.project()
    assert atlas.paths[0].rows == tuple(range(len(states.labels)))


def test_a_word_in_context_depends_on_what_stands_before_it(space: Space) -> None:
    states = space.in_context("castle", ["a red castle", "a red castle in the snow", "a blue castle"])
    cosines = states.cosines.sel(a="a red castle").values
    assert cosines[1] == pytest.approx(1, abs=1e-5)  # the tower is causal: what follows does not matter
    assert cosines[2] < 0.999
    with pytest.raises(UnknownWord, match="'boat' is not among the words that are read of 'a red castle'"):
        space.in_context("boat", ["a red castle"])
    with pytest.raises(InvalidSetting, match="give a list"):
        space.in_context("boat", "a boat")


def test_a_match_is_cosines_ranks_and_shares(space: Space, drawings: list[Image.Image]) -> None:
    prompts = ["a red castle", "a blue cat", "a green boat"]
    found = space.match(prompts, drawings)
    expected = space.encode_text(prompts) @ space.encode_pictures(drawings).T
    np.testing.assert_allclose(found.cosines.values, expected, atol=1e-6)
    scale = float(space.tower.model.logit_scale.detach().exp())
    shares = torch.softmax(torch.from_numpy(expected) * scale, dim=0).numpy()
    np.testing.assert_allclose(found.softmax().values, shares, atol=1e-5)
    np.testing.assert_allclose(found.softmax("picture").sum("picture").values, 1, atol=1e-5)
    assert found.ranks.values[:, 0].tolist() == (1 + np.argsort(np.argsort(-expected[:, 0]))).tolist()
    assert f"temperature of {1 / scale:.3f}" in found.explanation
    texts = space.encode_text(prompts)
    assert found.alike is not None
    assert found.alike[0] == pytest.approx(float((texts @ texts.T)[np.triu_indices(3, 1)].mean()), abs=1e-5)
    page = space.match(["<script>alert(1)</script>"], drawings[0])._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    with pytest.raises(InvalidSetting, match="over is 'word'"):
        found.softmax("word")
    with pytest.raises(InvalidSetting, match="at least one prompt and one picture"):
        space.match([], drawings)


@pytest.mark.parametrize(("alike", "said"), [((0.8, 0.7), "lie in two regions"), ((0.8, 0.3), "not kept in two")])
def test_two_regions_are_told_only_where_they_are(alike: tuple[float, float], said: str) -> None:
    cosines = xr.DataArray(np.full((2, 2), 0.25, np.float32), dims=("prompt", "picture"))
    assert said in Match(("a", "b"), (), cosines, 0.01, "x", alike=alike).explanation
    assert "region" not in Match(("a", "b"), (), cosines, 0.01, "x").explanation


def test_contributions_are_what_is_lost_without_each_word(space: Space, drawings: list[Image.Image]) -> None:
    found = space.contributions("a red castle", drawings[0])
    assert found.coords["word"].values.tolist() == ["a", "red", "castle"]
    texts = space.encode_text(["a red castle", "red castle", "a castle", "a red"])
    cosines = texts @ space.encode_pictures(drawings[:1])[0]
    np.testing.assert_allclose(found.values, cosines[0] - cosines[1:], atol=1e-6)
    assert found.attrs["cosine"] == pytest.approx(float(cosines[0]), abs=1e-6)
    with pytest.raises(InvalidSetting, match="no words to leave out"):
        space.contributions(" ", drawings[0])


def test_patches_of_a_vision_transformer_answer_for_their_own_part(tiny: Space) -> None:
    """With the other attention gone, the patch tokens of the last layer mix no more than the first layer did."""
    image = Image.new("RGB", (32, 32), "grey")
    found = tiny.patches(image, "castle")
    assert found.shape == (8, 8)
    assert found.attrs["way"] == "patches"
    assert found.attrs["seen"].shape == (32, 32, 3)
    changed = image.copy()
    changed.paste("red", (0, 0, 4, 4))
    moved = np.abs(tiny.patches(changed, "castle").values - found.values)
    assert moved.argmax() == 0


@pytest.mark.parametrize("name", ["tiny", "space"])
def test_covering_finds_where_the_match_is(name: str, request: pytest.FixtureRequest) -> None:
    space: Space = request.getfixturevalue(name)
    image = Image.new("RGB", (96, 96), "white")
    image.paste("red", (60, 60, 90, 90))
    found = space.patches(image, "red", way="covering", cells=6)
    assert found.shape == (6, 6)
    changes = np.abs(found.values)
    assert changes[4:, 4:].mean() > 3 * changes[:2, :2].mean()


def test_the_miniatures_few_patches_are_covered_instead(space: Space, drawings: list[Image.Image]) -> None:
    assert space.patches(drawings[0], "castle", way="patches").shape == (4, 4)
    assert space.patches(drawings[0], "castle", cells=5).shape == (5, 5)
    with pytest.raises(InvalidSetting, match="way is 'heat'"):
        space.patches(drawings[0], "castle", way="heat")
    with pytest.raises(InvalidSetting, match="cells is 1"):
        space.patches(drawings[0], "castle", cells=1)


def test_what_is_no_text(tiny: Space) -> None:
    with pytest.raises(InvalidSetting, match="7 is no text"):
        tiny.encode_text([7])
    with pytest.raises(InvalidSetting, match="not valid Unicode"):
        tiny.encode_text(["\ud800"])


def test_checkpoints_that_are_not_there(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CheckpointError, match="neither a folder nor an architecture of open_clip"):
        Space.open("ViT-X-99")
    with pytest.raises(CheckpointError, match="no file, and no weights of ViT-B-32 that open_clip knows: it knows"):
        Space.open("ViT-B-32", "no-such-tag")
    with pytest.raises(CheckpointError, match="no open_clip_config.json"):
        Space.open(tmp_path)
    (tmp_path / "open_clip_config.json").write_text("{")
    with pytest.raises(CheckpointError, match="is damaged"):
        Space.open(tmp_path)
    shutil.copy(folder / "open_clip_config.json", tmp_path)
    with pytest.raises(CheckpointError, match="holds no weights"):
        Space.open(tmp_path)
    (tmp_path / "model.bin").write_bytes(b"\x80\x04")
    with pytest.raises(CheckpointError, match="pickles, which can run any code"):
        Space.open(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"no safetensors")
    with pytest.raises(CheckpointError, match="could not be loaded .*check the file"):
        Space.open(tmp_path)
    (tmp_path / "weights.pt").write_bytes(b"\x80\x04")
    with pytest.raises(CheckpointError, match=r"weights\.pt are pickles"):
        Space.open("ViT-B-32", tmp_path / "weights.pt")

    def away(*args: object, **kwargs: object) -> str:
        raise ConnectionError("no route to host")

    monkeypatch.setattr("open_clip.factory.download_pretrained", away)
    with pytest.raises(CheckpointError, match="not downloaded yet, and can't be fetched: check the network"):
        Space.open("ViT-B-32", "laion2b_s34b_b79k")
