"""HunyuanDiT: a transformer whose cross-attention reads CLIP (of Chinese and English) and mT5 (Li et al. 2024)."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..prompt import Tokens
from ._text import reading
from .base import Encoding, Family, Reader, attention_in, in_patches


class HunyuanDiT(Family):
    """`[uncond, cond]` rows; keys are `[CLIP 77, T5 256]`: a word stands there twice, under "clip" and "t5".

    Padding is not masked, but replaced by a learned embedding; it counts as the rest. Runs without resolution bins.
    """

    name = "hunyuan-dit"
    pipelines = ("HunyuanDiTPipeline",)
    guidance = 5.0
    reads = "run"
    parts = ("transformer", "vae", "text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2", "scheduler")

    def readers(self, pipe: Any) -> Sequence[Reader]:
        """`attn2` of every block."""
        return attention_in(self.denoiser(pipe), ("blocks",), "attn2", "text")

    def grid(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[int, int]:
        """The latents in patches of 2 x 2."""
        return in_patches(args, kwargs, 2)

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """CLIP's rows, then T5's."""
        clip = reading(pipe.tokenizer, prompt, limit=77, fill=77)
        t5 = reading(pipe.tokenizer_2, prompt, limit=256, fill=256)
        return Encoding(Tokens.joined(clip=clip.tokens, t5=t5.tokens), clip.ids, (t5.ids,))

    def arguments(self, pipe: Any, *, negative: list[str], guidance: float) -> dict[str, Any]:
        """As usual, without what makes another size of it."""
        return super().arguments(pipe, negative=negative, guidance=guidance) | {"use_resolution_binning": False}
