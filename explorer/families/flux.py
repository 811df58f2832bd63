"""FLUX.1, dev and schnell: joint attention over T5's text and packed 2 x 2 latents (Black Forest Labs 2024)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ._text import reading
from .base import Encoding, Family, Reader, attention_in, pack, unpack

if TYPE_CHECKING:
    import torch


class Flux(Family):
    """Keys are `[text, image]` in the double and the single blocks; CLIP is pooled, so only T5's rows are read.

    dev has guidance distilled into it, one call without rows for it; a negative prompt adds a second call.
    """

    name = "flux"
    pipelines: ClassVar[tuple[str, ...]] = (
        "FluxPipeline",
        "FluxImg2ImgPipeline",
        "FluxInpaintPipeline",
        "FluxControlNetPipeline",
    )
    guidance = 3.5
    reads = "run"
    text_has_order = False
    guides = "calls"
    parts: ClassVar[tuple[str, ...]] = (
        "transformer",
        "vae",
        "text_encoder_2",
        "tokenizer_2",
        "text_encoder",
        "tokenizer",
        "scheduler",
    )
    rows = 512
    """Of T5's text: the pipelines' own `max_sequence_length`."""

    def readers(self, pipe: Any) -> Sequence[Reader]:
        """The attention of every double and single block."""
        blocks = ("transformer_blocks", "single_transformer_blocks")
        return attention_in(self.denoiser(pipe), blocks, "attn", "text image")

    def grid(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[int, int]:
        """From the positions that the transformer is given: packed latents have lost their shape."""
        ids = kwargs["img_ids"]
        ids = ids[0] if ids.ndim == 3 else ids
        return int(ids[:, 1].max()) + 1, int(ids[:, 2].max()) + 1

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """T5's pieces, the end and padding; CLIP's ids are only compared."""
        own = reading(pipe.tokenizer_2, prompt, limit=self.rows, fill=self.rows)
        limit = int(pipe.tokenizer_max_length)
        return Encoding(own.tokens, own.ids, (reading(pipe.tokenizer, prompt, limit=limit, fill=limit).ids,))

    def arguments(self, pipe: Any, *, negative: list[str], guidance: float) -> dict[str, Any]:
        """Distilled guidance; with a negative prompt `true_cfg_scale`, which is left to the person."""
        return {"guidance_scale": guidance} | ({"negative_prompt": negative} if any(negative) else {})

    def unpacked(self, pipe: Any, latents: "torch.Tensor", grid: tuple[int, int]) -> "torch.Tensor":
        """(picture, h * w, channel * 2 * 2) to (picture, channel, 2h, 2w)."""
        return unpack(latents, grid)

    def packed(self, pipe: Any, latents: "torch.Tensor") -> "torch.Tensor":
        """The inverse of `unpacked`."""
        return pack(latents)

    def unguided(self, pipe: Any) -> dict[str, Any]:
        """The usual distilled guidance: it is an input of the model, and there is no prediction without it."""
        return self.arguments(pipe, negative=[""], guidance=self.guidance)

    def patch(self, pipe: Any) -> int:
        """What the autoencoder reduces by, twice: latents are packed two by two."""
        return 2 * int(pipe.vae_scale_factor)

    def size(self, pipe: Any) -> tuple[int, int]:
        """The pipeline's own."""
        pixels = int(pipe.default_sample_size) * int(pipe.vae_scale_factor)
        return pixels, pixels
