"""Stable Diffusion 1.x and 2.x: a U-Net whose cross-attention reads one CLIP text encoder (Rombach et al. 2022)."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import UnsupportedPipeline
from ._text import reading
from .base import Encoding, Family, Reader, clean

if TYPE_CHECKING:
    import torch


class StableDiffusion(Family):
    """`[uncond, cond]` rows with guidance, keys are the 77 rows of CLIP's text, queries the U-Net's feature maps."""

    name = "stable-diffusion"
    pipelines: ClassVar[tuple[str, ...]] = (
        "StableDiffusionPipeline",
        "StableDiffusionImg2ImgPipeline",
        "StableDiffusionInpaintPipeline",
        "StableDiffusionControlNetPipeline",
    )
    guidance = 7.5
    reads = "denoiser"
    text_has_order = False
    parts: ClassVar[tuple[str, ...]] = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")

    def check(self, pipe: Any) -> None:
        """Raise UnsupportedPipeline for image-prompt adapters, unknown attention, missing parts, a slow tokenizer."""
        super().check(pipe)
        if self.denoiser(pipe).config.encoder_hid_dim_type is not None:  # type: ignore[union-attr]
            raise UnsupportedPipeline(
                f"This pipeline's U-Net reads more than text ({pipe.unet.config.encoder_hid_dim_type}): "
                "call pipe.unload_ip_adapter() first."
            )

    def readers(self, pipe: Any) -> Sequence[Reader]:
        """Every cross-attention module, each with the `Transformer2DModel` that it sits in.

        `is_cross_attention` also tells `attn1` of models that only have cross-attention, and leaves out `attn2` of
        those with two self-attentions.
        """
        modules = dict(self.denoiser(pipe).named_modules())
        found = []
        for name, module in modules.items():
            if not vars(module).get("is_cross_attention"):  # a missing attribute takes a module long to tell
                continue
            above = [modules[name[:i]] for i, character in enumerate(name) if character == "."]
            kinds = [type(m).__name__ for m in above]
            if "Transformer2DModel" not in kinds or "DualTransformer2DModel" in kinds:
                raise UnsupportedPipeline(
                    f"The U-Net's attention module {name} is not laid out as in Stable Diffusion: "
                    "use a checkpoint of Stable Diffusion 1.x or 2.x."
                )
            found.append(Reader(clean(name), module, above[kinds.index("Transformer2DModel")]))
        if not found:
            raise UnsupportedPipeline(
                "The U-Net has no attention module that reads text: use a checkpoint of Stable Diffusion 1.x or 2.x."
            )
        return found

    def grid_for(self, pipe: Any, reader: Reader, height: int, width: int) -> tuple[int, int]:
        """By the block that the reader stands in: each level halves the grid, rounded up."""
        unet: Any = self.denoiser(pipe)
        levels = len(unet.config.block_out_channels)
        part, number, *_ = reader.name.split(".")
        level = {"down_blocks": int(number), "up_blocks": levels - 1 - int(number)} if number.isdigit() else {}
        rows, columns = super().grid_for(pipe, reader, height, width)
        for _ in range(level.get(part, levels - 1)):
            rows, columns = -(-rows // 2), -(-columns // 2)
        return rows, columns

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """`[start, pieces, end, padding]`; the pieces beyond the limit are kept in `Tokens` and marked as cut."""
        limit = int(pipe.tokenizer.model_max_length)
        own = reading(pipe.tokenizer, prompt, limit=limit, fill=limit)
        return Encoding(own.tokens, own.ids)

    def denoise(
        self, pipe: Any, prompt: str, noisy: Sequence["torch.Tensor"], timesteps: Sequence[int]
    ) -> Iterator["torch.Tensor"]:
        """The U-Net's own prediction, without guidance."""
        text, _ = pipe.encode_prompt(prompt, pipe.unet.device, 1, False)
        for latents, timestep in zip(noisy, timesteps, strict=True):
            yield pipe.unet(latents, timestep, encoder_hidden_states=text, return_dict=False)[0]
