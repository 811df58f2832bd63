"""Sana: a linear transformer whose cross-attention reads Gemma, behind an instruction (Xie et al. 2024)."""

import inspect
from collections.abc import Sequence
from typing import Any

from ._text import lowered, reading
from .base import Encoding, Family, Reader, attention_in


class Sana(Family):
    """`[uncond, cond]` rows; keys are BOS and the last 299 rows of the instruction and the prompt, padding masked.

    Its self-attention is linear, so there are no maps of it. Runs without the pipeline's resolution bins.
    """

    name = "sana"
    pipelines = ("SanaPipeline",)
    guidance = 4.5
    reads = "run"
    rows = 300

    def readers(self, pipe: Any) -> Sequence[Reader]:
        """`attn2` of every block."""
        return attention_in(self.denoiser(pipe), ("transformer_blocks",), "attn2", "text")

    def lookers(self, pipe: Any) -> Sequence[Reader]:
        """None: `attn1` is linear."""
        return []

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """The pieces of the prompt behind the pipeline's own instruction."""
        instruction = inspect.signature(type(pipe).__call__).parameters["complex_human_instruction"].default
        before = "\n".join(instruction)
        count = len(pipe.tokenizer.encode(before))
        return self._encoding(pipe, prompt, before, drop=count - 2, limit=count + self.rows - 2)

    def encodings(self, pipe: Any, prompts: Sequence[str], negative: bool = False) -> list[Encoding]:
        """A negative prompt stands there without the instruction."""
        if negative:
            return [self._encoding(pipe, prompt, "", drop=0, limit=self.rows) for prompt in prompts]
        return super().encodings(pipe, prompts)

    def _encoding(self, pipe: Any, prompt: str, before: str, drop: int, limit: int) -> Encoding:
        text, origin = lowered(prompt)
        own = reading(
            pipe.tokenizer,
            prompt,
            whole=before + text,
            at=len(before),
            origin=origin,
            drop=drop,
            limit=limit,
            fill=limit,
        )
        return Encoding(own.tokens, own.ids)

    def arguments(self, pipe: Any, *, negative: list[str], guidance: float) -> dict[str, Any]:
        """As usual, without what makes another size of it."""
        return super().arguments(pipe, negative=negative, guidance=guidance) | {"use_resolution_binning": False}
