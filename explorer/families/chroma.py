"""Chroma: FLUX.1 without distilled guidance and without CLIP (Lodestone Rock 2025)."""

from typing import Any, ClassVar

from ._text import reading
from .base import Encoding
from .flux import Flux


class Chroma(Flux):
    """Keys are `[text, image]`, T5's padding masked but for one row; guidance is a second call."""

    name = "chroma"
    pipelines: ClassVar[tuple[str, ...]] = ("ChromaPipeline", "ChromaImg2ImgPipeline")
    guidance = 5.0
    parts: ClassVar[tuple[str, ...]] = ("transformer", "vae", "text_encoder", "tokenizer", "scheduler")

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """T5's pieces, the end and padding."""
        own = reading(pipe.tokenizer, prompt, limit=self.rows, fill=self.rows)
        return Encoding(own.tokens, own.ids)

    def arguments(self, pipe: Any, *, negative: list[str], guidance: float) -> dict[str, Any]:
        """The usual guidance."""
        return {"negative_prompt": negative, "guidance_scale": guidance}

    def unguided(self, pipe: Any) -> dict[str, Any]:
        """No second call."""
        return self.arguments(pipe, negative=[""], guidance=1.0)
