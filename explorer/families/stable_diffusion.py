"""Stable Diffusion 1.x and 2.x: a U-Net whose cross-attention reads one CLIP text encoder (Rombach et al. 2022)."""

from collections.abc import Iterator, Sequence
from math import lcm
from typing import TYPE_CHECKING, Any

from ..errors import CaptureError, InvalidSetting, UnsupportedPipeline
from ..prompt import Tokens
from .base import Encoding, Family, Reader

if TYPE_CHECKING:
    import torch
    from torch import nn


class StableDiffusion(Family):
    """`[uncond, cond]` rows with guidance, keys are the 77 rows of CLIP's text, queries the U-Net's feature maps."""

    name = "stable-diffusion"
    pipelines = ("StableDiffusionPipeline",)
    guidance = 7.5

    def check(self, pipe: Any) -> None:
        """Raise UnsupportedPipeline for image-prompt adapters, unknown attention, missing parts, a slow tokenizer."""
        for part in ("unet", "vae", "text_encoder", "tokenizer", "scheduler"):
            if getattr(pipe, part, None) is None:
                raise UnsupportedPipeline(f"This pipeline has no {part}: load it with all of its parts.")
        if not getattr(pipe.tokenizer, "is_fast", False):
            raise UnsupportedPipeline(
                "This pipeline's tokenizer tells no character offsets: use a fast one, such as CLIPTokenizerFast."
            )
        if pipe.unet.config.encoder_hid_dim_type is not None:
            raise UnsupportedPipeline(
                f"This pipeline's U-Net reads more than text ({pipe.unet.config.encoder_hid_dim_type}): "
                "call pipe.unload_ip_adapter() first."
            )
        self.readers(pipe)

    def denoiser(self, pipe: Any) -> "nn.Module":
        """The U-Net, also where `torch.compile` has wrapped it."""
        unet: nn.Module = getattr(pipe.unet, "_orig_mod", pipe.unet)
        return unet

    def encoder(self, pipe: Any) -> "nn.Module":
        """CLIP's text encoder."""
        encoder: nn.Module = getattr(pipe.text_encoder, "_orig_mod", pipe.text_encoder)
        return encoder

    def readers(self, pipe: Any) -> Sequence[Reader]:
        """Every cross-attention module, each with the `Transformer2DModel` that it sits in.

        `is_cross_attention` also tells `attn1` of models that only have cross-attention, and leaves out `attn2` of
        those with two self-attentions.
        """
        modules = dict(self.denoiser(pipe).named_modules())
        found = []
        for name, module in modules.items():
            if not getattr(module, "is_cross_attention", False):
                continue
            above = [modules[name[:i]] for i, character in enumerate(name) if character == "."]
            kinds = [type(m).__name__ for m in above]
            if "Transformer2DModel" not in kinds or "DualTransformer2DModel" in kinds:
                raise UnsupportedPipeline(
                    f"The U-Net's attention module {name} is not laid out as in Stable Diffusion: "
                    "use a checkpoint of Stable Diffusion 1.x or 2.x."
                )
            clean = ".".join(part for part in name.split(".") if part != "_orig_mod")
            found.append(Reader(clean, module, above[kinds.index("Transformer2DModel")]))
        if not found:
            raise UnsupportedPipeline(
                "The U-Net has no attention module that reads text: use a checkpoint of Stable Diffusion 1.x or 2.x."
            )
        return found

    def conditional(self, pipe: Any, rows: int, pictures: int) -> slice:
        """The second half with guidance, all rows without; prompt by prompt, image by image."""
        guided = bool(pipe.do_classifier_free_guidance)
        expected = pictures * (1 + guided)
        if rows != expected:
            raise CaptureError(
                f"The U-Net was called with {rows} rows for {pictures} pictures, expected {expected}: "
                "run the pipeline with the prompts and images that were announced."
            )
        return slice(pictures * guided, rows)

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """`[start, pieces, end, padding]`; the pieces beyond the limit are kept in `Tokens` and marked as cut."""
        tokenizer = pipe.tokenizer
        limit = int(tokenizer.model_max_length)
        try:
            whole = tokenizer(prompt, return_offsets_mapping=True, truncation=False, verbose=False)
        except (UnicodeError, TypeError) as error:
            raise InvalidSetting(
                f"The prompt {prompt[:40]!a} can't be tokenized: remove the characters that are not valid Unicode."
            ) from error
        ids = whole["input_ids"][1:-1]
        spans = [(int(start), int(end)) for start, end in whole["offset_mapping"][1:-1]]
        read = min(len(ids), limit - 2)
        row = [tokenizer.bos_token_id, *ids[:read], tokenizer.eos_token_id]
        row += [tokenizer.pad_token_id] * (limit - len(row))
        return Encoding(Tokens.build(prompt, spans, limit=limit, read=read), tuple(row))

    def multiple(self, pipe: Any) -> int:
        """What the autoencoder reduces by, and the pipeline's own 8."""
        return lcm(8, int(pipe.vae_scale_factor))

    def size(self, pipe: Any) -> tuple[int, int]:
        """The size that the U-Net was trained at."""
        sample = pipe.unet.config.sample_size
        height, width = (sample, sample) if isinstance(sample, int) else sample
        return int(height) * int(pipe.vae_scale_factor), int(width) * int(pipe.vae_scale_factor)

    def latents(self, pipe: Any, picture: Any) -> "torch.Tensor":
        """The mean of what the autoencoder makes of it."""
        pixels = pipe.image_processor.preprocess(picture).to(device=pipe.vae.device, dtype=pipe.vae.dtype)
        encoded: torch.Tensor = pipe.vae.encode(pixels).latent_dist.mode()
        return encoded * float(pipe.vae.config.scaling_factor)

    def denoise(
        self, pipe: Any, prompt: str, noisy: Sequence["torch.Tensor"], timesteps: Sequence[int]
    ) -> Iterator["torch.Tensor"]:
        """The U-Net's own prediction, without guidance."""
        text, _ = pipe.encode_prompt(prompt, pipe.unet.device, 1, False)
        for latents, timestep in zip(noisy, timesteps, strict=True):
            yield pipe.unet(latents, timestep, encoder_hidden_states=text, return_dict=False)[0]
