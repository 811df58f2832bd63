"""CogView4: joint attention over GLM's text and the image (Zhipu AI 2025)."""

from collections.abc import Mapping, Sequence
from typing import Any

from ._text import reading
from .base import Encoding, Family, Reader, attention_in, in_patches


class CogView4(Family):
    """Keys are `[text, image]`; the text is padded on the left to whole sixteens, and the padding takes attention.

    Guidance is a second call, whose text may be of another length.
    """

    name = "cogview4"
    pipelines = ("CogView4Pipeline",)
    guidance = 5.0
    reads = "run"
    guides = "calls"
    rows = 1024

    def readers(self, pipe: Any) -> Sequence[Reader]:
        """The attention of every block."""
        return attention_in(self.denoiser(pipe), ("transformer_blocks",), "attn1", "text image")

    def grid(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[int, int]:
        """The latents in patches of 2 x 2."""
        return in_patches(args, kwargs, 2)

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """A prompt by itself."""
        return self.encodings(pipe, [prompt])[0]

    def encodings(self, pipe: Any, prompts: Sequence[str], negative: bool = False) -> list[Encoding]:
        """Padded on the left to the longest of the batch, and on to whole sixteens; padding counts as the start."""
        alone = [reading(pipe.tokenizer, prompt, limit=self.rows) for prompt in prompts]
        fill = -(-max(len(one.ids) for one in alone) // 16) * 16
        padded = [reading(pipe.tokenizer, prompt, limit=self.rows, fill=fill, left=True) for prompt in prompts]
        return [Encoding(one.tokens, one.ids) for one in padded]
