"""PRX: image queries over text and image keys (Photoroom 2025)."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import InvalidSetting
from ._text import reading
from .base import Encoding, Family, Reader, attention_in, in_patches


class PRX(Family):
    """`[uncond, cond]` rows; keys are `[text, image]`, padding masked; only the image asks.

    Runs without the pipeline's cleaning of the text, which rewrites it, and without its resolution bins.
    """

    name = "prx"
    pipelines = ("PRXPipeline",)
    guidance = 4.0
    reads = "run"

    def readers(self, pipe: Any) -> Sequence[Reader]:
        """The attention of every block."""
        return attention_in(self.denoiser(pipe), ("blocks",), "attention", "text image")

    def grid(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[int, int]:
        """The latents in patches of 2 x 2."""
        return in_patches(args, kwargs, 2)

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """The pieces and padding, on the side where the tokenizer puts it."""
        rows, text = int(pipe.tokenizer.model_max_length), prompt.strip()
        if pipe.text_preprocessor.basic_clean(prompt) != text or html.unescape(text) != text:
            raise InvalidSetting(
                f"PRX rewrites the prompt {prompt[:40]!a}, which hides its words: "
                "write its characters plainly, without HTML marks."
            )
        origin = range(len(prompt) - len(prompt.lstrip()), len(prompt.rstrip()))
        left = pipe.tokenizer.padding_side == "left"
        own = reading(pipe.tokenizer, prompt, whole=text, origin=origin, limit=rows, fill=rows, left=left)
        return Encoding(own.tokens, own.ids)

    def arguments(self, pipe: Any, *, negative: list[str], guidance: float) -> dict[str, Any]:
        """As usual, without what rewrites the prompt or the size; PRX knows no guidance below 1."""
        plain = {"skip_text_cleaning": True, "use_resolution_binning": False}
        return super().arguments(pipe, negative=negative, guidance=max(guidance, 1.0)) | plain

    def size(self, pipe: Any) -> tuple[int, int]:
        """The pipeline's own."""
        return int(pipe.default_sample_size), int(pipe.default_sample_size)

    def patch(self, pipe: Any) -> int:
        """What the autoencoder reduces by, and patches of two."""
        return 2 * int(pipe.vae_scale_factor)
