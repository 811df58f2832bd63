"""Which modules read text, which rows are conditional, and how a prompt becomes tokens."""

from typing import Any

import diffusers
import pytest
import torch
from diffusers import StableDiffusionPipeline

from explorer.errors import CaptureError, InvalidSetting, UnsupportedPipeline
from explorer.families import Family, families, family_named, family_of
from tests.pipelines import stable_diffusion, tokenizer


@pytest.fixture(scope="module")
def pipe() -> Any:
    return stable_diffusion()


def test_families_are_found_in_the_folder() -> None:
    names = [family.name for family in families()]
    assert names == sorted(names)
    assert {"stable-diffusion", "sdxl", "stable-diffusion-3", "flux"} <= set(names)
    assert all(isinstance(family, Family) for family in families())
    assert family_named("StableDiffusionPipeline") is families()[names.index("stable-diffusion")]
    pipelines = [pipeline for family in families() for pipeline in family.pipelines]
    assert len(set(pipelines)) == len(pipelines)
    ours = {"UpscalePipeline"}  # explorer.miniature.upscaler
    assert all(hasattr(diffusers, pipeline) for pipeline in set(pipelines) - ours)


@pytest.mark.parametrize("other", ["no pipeline", None, 7])
def test_other_things_are_refused(other: Any) -> None:
    with pytest.raises(
        UnsupportedPipeline, match=rf"^{type(other).__name__} can't be watched.*StableDiffusionPipeline.*\.$"
    ):
        family_of(other)


def test_other_pipelines_are_refused(pipe: Any) -> None:
    """InstructPix2Pix has three rows, of which the first is conditional; a subclass may do the like."""
    components = pipe.components
    components.pop("image_encoder")
    other = diffusers.StableDiffusionInstructPix2PixPipeline(**components, requires_safety_checker=False)
    with pytest.raises(UnsupportedPipeline, match="StableDiffusionInstructPix2PixPipeline can't be watched"):
        family_of(other)

    class Renamed(StableDiffusionPipeline):
        pass

    class Rewritten(StableDiffusionPipeline):
        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            return super().__call__(*args, **kwargs)

    assert family_of(Renamed(**components, requires_safety_checker=False)).name == "stable-diffusion"
    with pytest.raises(UnsupportedPipeline, match="Rewritten can't be watched"):
        family_of(Rewritten(**components, requires_safety_checker=False))


def test_a_pipeline_without_its_parts_or_with_an_adapter() -> None:
    pipe = stable_diffusion()
    pipe.text_encoder = None
    with pytest.raises(UnsupportedPipeline, match="has no text_encoder"):
        family_of(pipe)
    pipe = stable_diffusion()
    pipe.unet.register_to_config(encoder_hid_dim_type="text_proj")
    with pytest.raises(UnsupportedPipeline, match=r"turns its text into something else \(text_proj\)"):
        family_of(pipe)


def test_readers_are_told_by_module(pipe: Any) -> None:
    readers = family_of(pipe).readers(pipe)
    assert len(readers) == 7
    for reader in readers:
        assert reader.name.endswith("transformer_blocks.0.attn2")
        assert pipe.unet.get_submodule(reader.name) is reader.module
        assert type(reader.grid).__name__ == "Transformer2DModel"
        assert reader.module in set(reader.grid.modules())


def test_a_model_with_only_cross_attention_has_two_readers_a_block() -> None:
    """There, `attn1` reads text as well; where the text is as long as the grid, its shape would not tell."""
    pipe = stable_diffusion(only_cross_attention=True)
    names = [reader.name for reader in family_of(pipe).readers(pipe)]
    assert {name.rsplit(".", 1)[1] for name in names} == {"attn1", "attn2"}


def test_a_model_of_another_layout_is_refused() -> None:
    """DeepFloyd's blocks keep text and image together in the keys."""
    pipe = stable_diffusion(
        down_block_types=("SimpleCrossAttnDownBlock2D", "SimpleCrossAttnDownBlock2D"),
        mid_block_type="UNetMidBlock2DSimpleCrossAttn",
        up_block_types=("SimpleCrossAttnUpBlock2D", "SimpleCrossAttnUpBlock2D"),
        attention_head_dim=8,
    )
    with pytest.raises(
        UnsupportedPipeline, match=r"not laid out as in Stable Diffusion|no attention module that reads text"
    ):
        family_of(pipe)


@pytest.mark.parametrize(("guidance", "pictures", "expected"), [(5.0, 3, slice(3, 6)), (1.0, 3, slice(0, 3))])
def test_conditional_rows(pipe: Any, guidance: float, pictures: int, expected: slice) -> None:
    pipe._guidance_scale = guidance
    rows = pictures * (2 if guidance > 1 else 1)
    assert family_of(pipe).conditional(pipe, rows, pictures) == expected
    with pytest.raises(CaptureError, match=f"{rows + 1} rows for {pictures} pictures, expected {rows}"):
        family_of(pipe).conditional(pipe, rows + 1, pictures)


PROMPTS = {
    "plain": "a red castle",
    "empty": "",
    "spaces": "  a   red\tcastle\n ",
    "capitals": "A Red CASTLE",
    "sub-words": "sunglasses",
    "punctuation": "a red, red castle... (teddy-bear)!",
    "apostrophe": "the bear's castle",
    "digits": "castle 1997",
    "accents": "un café à Zürich",
    "decomposed accents": "un cafe\u0301 rouge",
    "emoji": "a 🧸 in the ❄️ snow",
    "family emoji": "👨‍👩‍👧 red",
    "right to left": "دب أزرق bear",
    "no spaces": "青いクマ",
    "growing lowercase": "İstanbul in the snow",
    "special token": "a <|endoftext|> castle",
    "long": "red castle " * 60,
    "long word at the limit": "a " * 73 + "sunglasses red",
}


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS.keys())
def test_tokens_are_those_that_the_encoder_is_fed(pipe: Any, prompt: str) -> None:
    encoding = family_of(pipe).encoding(pipe, prompt)
    fed = pipe.tokenizer(prompt, padding="max_length", max_length=77, truncation=True).input_ids
    tokens = encoding.tokens
    assert list(encoding.ids) == fed
    assert tokens.prompt == prompt
    assert tokens.limit == 77
    assert tokens.read == min(len(tokens.pieces), 75)
    assert [piece.position for piece in tokens.pieces] == list(range(1, len(tokens.pieces) + 1))
    for piece in tokens.pieces:
        assert prompt[piece.start : piece.end] == piece.text
        assert piece.text.strip()
    # Every piece belongs to one word, and every word has at least one; but "<|endoftext|>" is one piece of three words.
    owners = [i for word in tokens.words for i in word.pieces]
    assert sorted(owners) == list(range(len(tokens.pieces)))
    assert all(word.pieces for word in tokens.words) or "<|" in prompt
    for word in tokens.words:
        assert word.cut == any(i >= 75 for i in word.pieces)


def test_a_word_of_several_pieces_at_the_limit_is_marked(pipe: Any) -> None:
    tokens = family_of(pipe).tokens(pipe, PROMPTS["long word at the limit"])
    cut = [word for word in tokens.words if word.cut]
    assert [word.text for word in cut] == ["sunglasses", "red"]
    assert len(tokens.words) == 75
    assert 0 < sum(i < tokens.read for i in cut[0].pieces) < len(cut[0].pieces)


def test_a_text_that_is_not_unicode(pipe: Any) -> None:
    with pytest.raises(InvalidSetting, match="can't be tokenized: remove the characters"):
        family_of(pipe).encoding(pipe, "a \ud800 castle")


def test_the_tests_tokenizer_knows_sub_words() -> None:
    assert len(tokenizer()("castle").input_ids) == 3
    assert len(tokenizer()("castles").input_ids) > 4


def test_sizes_and_pictures(pipe: Any) -> None:
    from PIL import Image

    family = family_of(pipe)
    assert family.size(pipe) == (64, 64)
    assert family.multiple(pipe) == 8
    picture = Image.new("RGB", (72, 104), "red")
    with torch.no_grad():
        latents = family.latents(pipe, picture)
        decoded = pipe.vae.encode(pipe.image_processor.preprocess(picture)).latent_dist.mean
    assert latents.shape == (1, 4, 13, 9)
    torch.testing.assert_close(latents, decoded * pipe.vae.config.scaling_factor)
