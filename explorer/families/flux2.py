"""FLUX.2, dev and klein: joint attention over a language model's text and packed latents (Black Forest Labs 2025)."""

from typing import Any, ClassVar

from ._text import reading, templated
from .base import Encoding
from .flux import Flux


class Flux2(Flux):
    """Keys are `[text, image]`: a chat template with the prompt, padded; what stands before the prompt is the start.

    dev has guidance distilled into it; klein's base has a second call for it, always with an empty negative prompt.
    """

    name = "flux2"
    pipelines: ClassVar[tuple[str, ...]] = ("Flux2Pipeline", "Flux2KleinPipeline")
    guidance = 4.0
    reads: ClassVar[Any] = None  # its autoencoder packs and normalises latents by itself
    parts: ClassVar[tuple[str, ...]] = ("transformer", "vae", "text_encoder", "tokenizer", "scheduler")

    def check(self, pipe: Any) -> None:
        """Raise UnsupportedPipeline for missing parts; dev has a processor around its tokenizer."""
        self.check_parts(pipe, {"tokenizer": _tokenizer(pipe)})

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """The pieces within the chat template."""
        tokenizer = _tokenizer(pipe)
        if tokenizer is pipe.tokenizer:
            messages = [{"role": "user", "content": prompt}]
            text, at = templated(tokenizer, prompt, messages, add_generation_prompt=True, enable_thinking=False)
        else:
            from diffusers.pipelines.flux2.pipeline_flux2 import format_input

            (chat,) = format_input(prompts=[prompt], system_message=pipe.system_message)
            text, at = templated(pipe.tokenizer, prompt, chat, add_generation_prompt=False)
        own = reading(
            tokenizer,
            prompt,
            whole=text,
            at=at,
            limit=self.rows,
            fill=self.rows,
            left=tokenizer.padding_side == "left",
            special=tokenizer is pipe.tokenizer,  # the processor's template has them
        )
        return Encoding(own.tokens, own.ids)

    def arguments(self, pipe: Any, *, negative: list[str], guidance: float) -> dict[str, Any]:
        """Guidance; there is no negative prompt."""
        return {"guidance_scale": guidance}


def _tokenizer(pipe: Any) -> Any:
    """The tokenizer itself: dev's pipeline holds a processor."""
    return getattr(pipe.tokenizer, "tokenizer", pipe.tokenizer)
