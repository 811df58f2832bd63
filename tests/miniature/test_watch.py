"""The U-Net's training, filmed: shots of a toy training, from snapshots too, and which words were learned first."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from explorer.miniature import learning, world
from explorer.miniature.film import Film
from explorer.miniature.oracle import Oracle
from explorer.miniature.recipe import autoencoder as ae
from explorer.miniature.recipe import tokenizer, unet, watch
from explorer.miniature.recipe.camera import Camera

UNET: dict[str, Any] = {
    "block_out_channels": (16, 32),
    "layers_per_block": 1,
    "attention_head_dim": (1, 2),
    "norm_num_groups": 8,
}
TEXT: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
}
VAE: dict[str, Any] = {
    "block_out_channels": (8, 8, 8, 8),
    "latent_channels": unet.LATENT,
    "layers_per_block": 1,
    "norm_num_groups": 4,
}
PROMPTS, WORDS = ("a red teddy bear", "a blue castle at sea"), (("red", "teddy bear"), ("castle",))


@pytest.fixture(scope="module")
def filming() -> watch.Filming:
    tokens = tokenizer.learn(world.caption(world.sample(seed)).text for seed in range(400))
    torch.manual_seed(0)
    vae: Any = ae.build(VAE)
    vae.eval().requires_grad_(False)
    return watch.Filming(vae, tokens, Oracle(4).eval(), PROMPTS, WORDS, count=6)


@pytest.fixture(scope="module")
def painter(filming: watch.Filming) -> unet.Painter:
    torch.manual_seed(1)
    return unet.Painter(filming.tokenizer, UNET, TEXT).eval().requires_grad_(False)


def test_what_the_oracle_is_asked_is_even_and_was_all_taught() -> None:
    asked = watch.scenes()
    assert [s.subjects[0].name for s in asked] == [*world.SUBJECTS] * 2
    assert not any(scene.held_out for scene in asked)
    for names, values in (
        (world.COLOURS, [s.subjects[0].colour for s in asked]),
        (world.PLACES, [s.place for s in asked]),
        (world.STYLES, [s.style for s in asked]),
    ):
        counts = [values.count(name) for name in names]
        assert min(counts) >= 0.5 * len(asked) / len(names)
    assert {s.weather for s in asked} == {None, *world.WEATHERS}
    assert watch.scenes() == asked


def test_every_word_that_is_filmed_stands_in_its_prompt(filming: watch.Filming) -> None:
    known = set(world.VOCABULARY)
    assert len(watch.PROMPTS) == len(watch.WORDS)
    for prompt, words in zip(watch.PROMPTS, watch.WORDS, strict=True):
        assert set(prompt.replace(",", "").split()) <= known
        rows = watch.rows_of(filming.tokenizer, prompt, words)
        ids = filming.tokenizer(prompt).input_ids
        for word, own in zip(words, rows, strict=True):
            assert filming.tokenizer.decode([ids[row] for row in own]).strip() == word


def test_a_shot_has_pictures_curves_and_maps(filming: watch.Filming, painter: unet.Painter) -> None:
    shot = filming(painter)
    assert shot.pictures.shape == (2, 128, 128, 3)
    drawn = unet.generate(painter.unet, filming.vae, painter.text, filming.tokenizer, PROMPTS, steps=watch.STEPS)
    assert np.array_equal(shot.pictures, drawn)  # being looked at changes nothing, and the noise is the same
    assert shot.maps is not None
    assert shot.maps.shape == (2, 2, 16, 16)
    assert shot.maps[1, 1].max() == 0  # the second prompt has one word only
    assert shot.maps[0].min() > 0
    assert set(watch.ATTRIBUTES) <= set(shot.curves)
    assert "word/apple" in shot.curves
    assert all(0 <= value <= 1 for value in shot.curves.values())
    silent = watch.Filming(filming.vae, filming.tokenizer, None, PROMPTS, WORDS)(painter)
    assert not silent.curves


def test_the_maps_are_the_shares_of_attention(filming: watch.Filming, painter: unet.Painter) -> None:
    """Against the whole softmax of every layer, taken from the processors' own arguments."""
    rows = [[[1], [2, 3]]]
    seen: list[torch.Tensor] = []

    class Spy(unet.PlainAttention):
        def __call__(self, attn: Any, hidden_states: Any, encoder_hidden_states: Any = None, **more: Any) -> Any:
            if encoder_hidden_states is not None:
                q, k = (
                    layer(x).float().unflatten(-1, (attn.heads, -1)).transpose(1, 2)
                    for layer, x in ((attn.to_q, hidden_states), (attn.to_k, encoder_hidden_states))
                )
                seen.append(torch.softmax(q @ k.transpose(-1, -2) * attn.scale, -1)[1].mean(0))
            return super().__call__(attn, hidden_states, encoder_hidden_states, **more)

    before = painter.unet.attn_processors
    x, text = torch.randn(2, 8, 16, 16), unet.embed(painter.text, filming.tokenizer, ["", "a red teddy bear"])
    with watch.looking(painter.unet, rows) as kept:
        painter.unet(x, 500, text)
    painter.unet.set_attn_processor(Spy())
    painter.unet(x, 500, text)
    painter.unet.set_attn_processor(before)
    assert len(kept) == len(seen) > 1
    checked = 0
    for maps, whole in zip(kept, seen, strict=True):
        if whole.shape[0] == 256:
            assert torch.allclose(maps[0, 0].flatten(), whole[:, 1], atol=1e-5)
            assert torch.allclose(maps[0, 1].flatten(), whole[:, 2] + whole[:, 3], atol=1e-5)
            checked += 1
    assert checked
    assert not any(m._forward_hooks for m in painter.unet.modules())


def test_a_film_is_made_of_snapshots_and_goes_on_where_it_stopped(
    filming: watch.Filming, painter: unet.Painter, tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError, match=r"There is no snapshot unet-\*.safetensors in"):
        watch.from_history(tmp_path, painter, filming, tmp_path / "shots")
    torch.manual_seed(2)
    other = unet.Painter(filming.tokenizer, UNET, TEXT)
    weights = {key: value.bfloat16().contiguous() for key, value in other.state_dict().items()}
    save_file(weights, tmp_path / "unet-00000640.safetensors", {"minutes": "3.5"})
    torch.manual_seed(1)
    fresh = unet.Painter(filming.tokenizer, UNET, TEXT).eval().requires_grad_(False)
    camera = watch.from_history(tmp_path, fresh, filming, tmp_path / "shots")
    film = filming.film(camera, "A toy.")
    assert (film.name, film.prompts, film.map_words) == ("miniature", PROMPTS, WORDS)
    assert film.seen.tolist() == [0, 640]
    assert film.minutes.tolist() == [0, 3.5]
    assert np.array_equal(film.pictures[0], filming(painter).pictures)
    assert not np.array_equal(film.pictures[0], film.pictures[1])
    first = (tmp_path / "shots" / "00000000.safetensors").stat().st_mtime_ns
    save_file(weights, tmp_path / "unet-00001280.safetensors")
    again = filming.film(watch.from_history(tmp_path, fresh, filming, tmp_path / "shots"), "A toy.")
    assert again.seen.tolist() == [0, 640, 1280]
    assert (tmp_path / "shots" / "00000000.safetensors").stat().st_mtime_ns == first
    assert np.array_equal(again.pictures[1], again.pictures[2])  # the same weights, the same noise


def test_a_camera_films_the_training_itself(filming: watch.Filming, painter: unet.Painter, tmp_path: Path) -> None:
    camera = Camera(tmp_path, 64, filming, when=[0.0, 0.5, 1.0])
    for step in range(5):
        camera(painter, step, float(step), step / 4)
    assert filming.film(camera, "A toy.").seen.tolist() == [0, 128, 256]


# --- which words come first ------------------------------------------------------------------------------------------


def film_of(**curves: list[float]) -> Film:
    count = len(next(iter(curves.values())))
    return Film(
        name="toy",
        about="",
        prompts=(),
        seen=np.arange(count) * 1000,
        minutes=np.arange(count, dtype=np.float32),
        pictures=np.zeros((count, 0, 4, 4, 3), np.uint8),
        curves={name.replace("__", "/"): np.array(values, np.float32) for name, values in curves.items()},
    )


def test_words_are_ordered_by_when_they_are_learned_for_good() -> None:
    film = film_of(
        colour=[0, 0.5, 1, 1, 1, 1],
        word__red=[0, 1, 1, 1, 1, 1],
        word__castle=[0, 0, 0, 0, 1, 1],
        word__rainy=[1, 1, 0, 0, 0, 1],
        word__dog=[0, 0, 0, 0, 0, 0],
        loss=[3, 2, 1, 1, 1, 1],
    )
    found = learning.words(film)
    assert [one.text for one in found] == ["red", "castle", "rainy", "dog"]
    assert [one.kind for one in found] == ["colour", "subject", "weather", "subject"]
    assert [one.seen for one in found] == [1000, 4000, 5000, None]
    assert learning.words(film, share=0.3)[0].seen == 0
    assert list(learning.kinds(film)) == ["colour"]
    said = learning.table(found)
    assert "| red | colour | 1,000 pictures | 100% |" in said
    assert "1 of 2 subjects, 1 of 1 colours, 1 of 1 weathers" in said
    assert repr(found[3]) == "<subject 'dog': not learned yet, right in 0% at the end>"


def test_a_film_without_words_is_refused() -> None:
    with pytest.raises(ValueError, match="The film 'toy' has no curves of words: choose the film \"miniature\""):
        learning.words(film_of(loss=[1, 0]))
    with pytest.raises(ValueError, match="share is 0, expected a number above 0 and up to 1"):
        learning.words(film_of(word__red=[1, 1]), share=0)
