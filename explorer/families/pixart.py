"""PixArt-alpha and PixArt-Sigma: a transformer whose cross-attention reads T5 (Chen et al. 2023, 2024)."""

from collections.abc import Mapping, Sequence
from typing import Any

from ._text import lowered, reading
from .base import Encoding, Family, Reader, attention_in, in_patches


class PixArt(Family):
    """`[uncond, cond]` rows; keys are T5's text, padding masked: 120 rows in alpha, 300 in Sigma.

    Runs without the caption cleaning and the resolution bins of the pipelines: the one rewrites the prompt, the other
    makes another picture than was asked for.
    """

    name = "pixart"
    pipelines = ("PixArtAlphaPipeline", "PixArtSigmaPipeline")
    guidance = 4.5
    reads = "run"

    def readers(self, pipe: Any) -> Sequence[Reader]:
        """`attn2` of every block; `attn1` reads the image alone."""
        return attention_in(self.denoiser(pipe), ("transformer_blocks",), "attn2", "text")

    def grid(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[int, int]:
        """The latents in patches of 2 x 2."""
        return in_patches(args, kwargs, 2)

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """T5's pieces of the prompt in small letters, the end and padding."""
        rows = 300 if "Sigma" in type(pipe).__name__ else 120
        text, origin = lowered(prompt)
        own = reading(pipe.tokenizer, prompt, whole=text, origin=origin, limit=rows, fill=rows)
        return Encoding(own.tokens, own.ids)

    def arguments(self, pipe: Any, *, negative: list[str], guidance: float) -> dict[str, Any]:
        """As usual, without what rewrites the prompt or the size."""
        plain = {"clean_caption": False, "use_resolution_binning": False}
        return super().arguments(pipe, negative=negative, guidance=guidance) | plain
