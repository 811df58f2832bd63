"""Qwen-Image: joint attention over the text of a language model behind a template, and the image (Wu et al. 2025)."""

import inspect
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ._text import reading
from .base import Encoding, Family, Reader, attention_in, pack, unpack

if TYPE_CHECKING:
    import torch


class QwenImage(Family):
    """Keys are `[text, image]`, shorter texts of a batch masked; guidance is a second call.

    The template before the prompt is dropped after encoding, what follows the prompt stays and counts as the rest.
    """

    name = "qwen-image"
    pipelines = ("QwenImagePipeline", "QwenImageImg2ImgPipeline", "QwenImageInpaintPipeline")
    guidance = 4.0
    reads = "run"
    guides = "calls"

    def readers(self, pipe: Any) -> Sequence[Reader]:
        """The attention of every block."""
        return attention_in(self.denoiser(pipe), ("transformer_blocks",), "attn", "text image")

    def grid(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[int, int]:
        """As the pipeline tells the transformer."""
        _, height, width = kwargs["img_shapes"][0][0]
        return int(height), int(width)

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """A prompt by itself."""
        return self.encodings(pipe, [prompt])[0]

    def encodings(self, pipe: Any, prompts: Sequence[str], negative: bool = False) -> list[Encoding]:
        """Padded to the longest of the batch."""
        template, drop = pipe.prompt_template_encode, int(pipe.prompt_template_encode_start_idx)
        at = template.index("{}")

        def read(prompt: str, fill: int | None) -> Any:
            return reading(
                pipe.tokenizer,
                prompt,
                whole=template.format(prompt),
                at=at,
                drop=drop,
                limit=int(pipe.tokenizer_max_length) + drop,
                fill=fill,
            )

        longest = max(len(read(prompt, None).ids) for prompt in prompts)
        padded = [read(prompt, longest) for prompt in prompts]
        most = int(inspect.signature(type(pipe).__call__).parameters["max_sequence_length"].default)
        return [Encoding(one.tokens.within(min(one.tokens.limit, most)), one.ids) for one in padded]

    def arguments(self, pipe: Any, *, negative: list[str], guidance: float) -> dict[str, Any]:
        """Guidance is `true_cfg_scale`, and needs a negative prompt, be it empty."""
        return {"true_cfg_scale": guidance} | ({"negative_prompt": negative} if guidance > 1 else {})

    def unpacked(self, pipe: Any, latents: "torch.Tensor", grid: tuple[int, int]) -> "torch.Tensor":
        """(picture, h * w, channel * 2 * 2) to (picture, channel, 2h, 2w)."""
        return unpack(latents, grid)

    def packed(self, pipe: Any, latents: "torch.Tensor") -> "torch.Tensor":
        """The inverse of `unpacked`."""
        return pack(latents)

    def latents(self, pipe: Any, picture: Any) -> "torch.Tensor":
        """Each channel by its own mean and deviation; the autoencoder is one of videos, of one frame here."""
        pixels = pipe.image_processor.preprocess(picture).to(device=self.device(pipe), dtype=pipe.vae.dtype)
        encoded: torch.Tensor = pipe.vae.encode(pixels[:, :, None]).latent_dist.mode()[:, :, 0]
        mean, deviation = (
            encoded.new_tensor(values)[:, None, None]
            for values in (pipe.vae.config.latents_mean, pipe.vae.config.latents_std)
        )
        return (encoded - mean) / deviation

    def patch(self, pipe: Any) -> int:
        """What the autoencoder reduces by, twice: latents are packed two by two."""
        return 2 * int(pipe.vae_scale_factor)

    def size(self, pipe: Any) -> tuple[int, int]:
        """The pipeline's own."""
        pixels = int(pipe.default_sample_size) * int(pipe.vae_scale_factor)
        return pixels, pixels
