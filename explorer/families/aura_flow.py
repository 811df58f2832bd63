"""AuraFlow: joint attention over registers, text and image (fal 2024)."""

from collections.abc import Mapping, Sequence
from typing import Any

from ._text import reading
from .base import Encoding, Family, Reader, attention_in, in_patches


class AuraFlow(Family):
    """`[uncond, cond]` rows; keys are `[8 registers, 256 rows of text, image]`; the registers count as the start."""

    name = "aura-flow"
    pipelines = ("AuraFlowPipeline",)
    guidance = 3.5
    reads = "run"
    rows = 256

    def readers(self, pipe: Any) -> Sequence[Reader]:
        """The attention of the joint and the single blocks."""
        blocks = ("joint_transformer_blocks", "single_transformer_blocks")
        return attention_in(self.denoiser(pipe), blocks, "attn", "text image")

    def grid(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[int, int]:
        """The latents in patches of 2 x 2."""
        return in_patches(args, kwargs, 2)

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """The registers, the pieces, the end and padding (whose rows are zeros, and not masked)."""
        registers: Any = self.denoiser(pipe).register_tokens
        own = reading(pipe.tokenizer, prompt, limit=self.rows, fill=self.rows)
        return Encoding(own.tokens.behind(int(registers.shape[1])), own.ids)
