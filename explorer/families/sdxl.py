"""Stable Diffusion XL, base and Turbo: a U-Net that reads two CLIP text encoders, joined on their features (Podell et
al. 2023)."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ._text import reading
from .base import Encoding
from .stable_diffusion import StableDiffusion

if TYPE_CHECKING:
    import torch


class StableDiffusionXL(StableDiffusion):
    """As Stable Diffusion; each of the 77 text rows holds both encoders' features, so that they can't be told apart."""

    name = "sdxl"
    pipelines: ClassVar[tuple[str, ...]] = (
        "StableDiffusionXLPipeline",
        "StableDiffusionXLImg2ImgPipeline",
        "StableDiffusionXLInpaintPipeline",
        "StableDiffusionXLControlNetPipeline",
    )
    guidance = 5.0
    parts: ClassVar[tuple[str, ...]] = (
        "unet",
        "vae",
        "text_encoder",
        "tokenizer",
        "text_encoder_2",
        "tokenizer_2",
        "scheduler",
    )

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """Pieces by the first tokenizer; the second has the same vocabulary, and another token for padding."""
        limit = int(pipe.tokenizer.model_max_length)
        own = reading(pipe.tokenizer, prompt, limit=limit, fill=limit)
        second = reading(pipe.tokenizer_2, prompt, limit=limit, fill=limit)
        return Encoding(own.tokens, own.ids, (second.ids,))

    def arguments(self, pipe: Any, *, negative: list[str], guidance: float) -> dict[str, Any]:
        """As usual, but no negative prompt where none was given: only then do the pipelines read zeros in its place
        (`force_zeros_for_empty_prompt`), as SDXL was trained; an empty one is encoded."""
        given = super().arguments(pipe, negative=negative, guidance=guidance)
        return given if any(negative) else {k: v for k, v in given.items() if k != "negative_prompt"}

    def denoise(
        self, pipe: Any, prompt: str, noisy: Sequence["torch.Tensor"], timesteps: Sequence[int]
    ) -> Iterator["torch.Tensor"]:
        """The U-Net's own prediction, without guidance, for a picture that is shown whole."""
        import torch

        unet = self.denoiser(pipe)
        text, _, pooled, _ = pipe.encode_prompt(prompt, device=self.device(pipe), do_classifier_free_guidance=False)
        factor = int(pipe.vae_scale_factor)
        for latents, timestep in zip(noisy, timesteps, strict=True):
            size = (latents.shape[-2] * factor, latents.shape[-1] * factor)
            ids = torch.tensor([[*size, 0, 0, *size]], device=latents.device, dtype=text.dtype)
            conditions = {"text_embeds": pooled, "time_ids": ids}
            yield unet(latents, timestep, encoder_hidden_states=text, added_cond_kwargs=conditions, return_dict=False)[
                0
            ]
