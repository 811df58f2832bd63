"""Stable Diffusion 3 and 3.5: joint attention over image and text, from three encoders (Esser et al. 2024)."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..prompt import Tokens
from ._text import reading
from .base import Encoding, Family, Reader, attention_in, clean, in_patches


class StableDiffusion3(Family):
    """Keys are `[image, CLIP's 77 rows, T5's rows]`: a word stands there twice, under the encoders "clip" and "t5"."""

    name = "stable-diffusion-3"
    pipelines = (
        "StableDiffusion3Pipeline",
        "StableDiffusion3Img2ImgPipeline",
        "StableDiffusion3InpaintPipeline",
    )
    guidance = 7.0
    reads = "run"
    text_has_order = False
    parts = ("transformer", "vae", "text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2", "scheduler")

    def encoders(self, pipe: Any) -> Sequence[Any]:
        """CLIP-L, CLIP-G and, where it was loaded, T5."""
        found = list(super().encoders(pipe))
        return found if pipe.text_encoder_3 is None else [*found, pipe.text_encoder_3]

    def readers(self, pipe: Any) -> Sequence[Reader]:
        """The joint attention of every block; `attn2` of SD 3.5 medium reads the image alone."""
        return attention_in(self.denoiser(pipe), ("transformer_blocks",), "attn", "image text")

    def lookers(self, pipe: Any) -> Sequence[Reader]:
        """The joint attention, and `attn2` of SD 3.5 medium."""
        alone = [
            Reader(clean(name), module, self.denoiser(pipe), "image")
            for name, module in self.denoiser(pipe).named_modules()
            if clean(name).startswith("transformer_blocks.") and name.endswith(".attn2") and hasattr(module, "to_q")
        ]
        return [*super().lookers(pipe), *alone]

    def grid(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[int, int]:
        """The latents in patches of 2 x 2."""
        return in_patches(args, kwargs, 2)

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """CLIP's rows, both encoders in one, and T5's; where T5 was not loaded, its rows are empty."""
        limit, more = int(pipe.tokenizer_max_length), 256
        clip = reading(pipe.tokenizer, prompt, limit=limit, fill=limit)
        others = [reading(pipe.tokenizer_2, prompt, limit=limit, fill=limit).ids]
        t5 = Tokens.of("", (), limit=more, read=0)
        if pipe.text_encoder_3 is not None:
            own = reading(pipe.tokenizer_3, prompt, limit=more, fill=more)
            t5 = own.tokens
            others.append(own.ids)
        return Encoding(Tokens.joined(clip=clip.tokens, t5=t5), clip.ids, tuple(others))
