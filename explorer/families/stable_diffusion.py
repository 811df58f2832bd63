"""Stable Diffusion 1.x and 2.x: a U-Net whose cross-attention reads one CLIP text encoder (Rombach et al. 2022)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import InvalidSetting, UnsupportedPipeline
from ._text import reading
from .base import Encoding, Family, Reader, clean

if TYPE_CHECKING:
    import torch

_ADAPTED = "ip_image_proj"
"""What diffusers sets `encoder_hid_dim_type` to when it loads an IP-Adapter."""

OURS = ("explorer.miniature.upscaler", "UpscalePipeline")
ENLARGING = ("StableDiffusionUpscalePipeline", "StableDiffusionLatentUpscalePipeline", OURS[1])
"""Pipelines that make a given picture larger; only the first works on as many latents as that picture has pixels."""


class StableDiffusion(Family):
    """`[uncond, cond]` rows with guidance, keys are the 77 rows of CLIP's text, queries the U-Net's feature maps."""

    name = "stable-diffusion"
    pipelines: ClassVar[tuple[str, ...]] = (
        "StableDiffusionPipeline",
        "StableDiffusionImg2ImgPipeline",
        "StableDiffusionInpaintPipeline",
        "StableDiffusionControlNetPipeline",
        "StableDiffusionUpscalePipeline",
        "StableDiffusionLatentUpscalePipeline",
    )
    guidance = 7.5
    reads = "denoiser"
    text_has_order = False
    parts: ClassVar[tuple[str, ...]] = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")

    def matches(self, pipe: Any) -> bool:
        """Also the miniature's own upscaler, which is no class of diffusers but runs as its pipelines do."""
        own = (type(pipe).__module__, type(pipe).__name__) == OURS
        return super().matches(pipe) or (own and type(self) is StableDiffusion)  # Kolors is made from this class

    def check(self, pipe: Any) -> None:
        """Raise UnsupportedPipeline for text that is turned into something else, unknown attention, missing parts, a
        slow tokenizer."""
        super().check(pipe)
        kind: Any = self.denoiser(pipe).config.encoder_hid_dim_type  # type: ignore[union-attr]
        if kind not in (None, _ADAPTED):
            raise UnsupportedPipeline(
                f"This pipeline's U-Net turns its text into something else ({kind}), so its rows are no words: "
                "use a checkpoint of Stable Diffusion 1.x, 2.x or XL."
            )

    def check_options(self, pipe: Any, options: Mapping[str, Any]) -> None:
        """Raise InvalidSetting where an IP-Adapter would go without its picture (Ye et al. 2023)."""
        kind: Any = self.denoiser(pipe).config.encoder_hid_dim_type  # type: ignore[union-attr]
        if kind == _ADAPTED and not {"ip_adapter_image", "ip_adapter_image_embeds"} & set(options):
            raise InvalidSetting(
                "This pipeline has an IP-Adapter, which reads a picture besides the prompt: record with "
                "ip_adapter_image=..., or call pipe.unload_ip_adapter() first."
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
            if "KAttentionBlock" in kinds:  # of the latent upscaler: given the feature map itself
                found.append(Reader(clean(name), module, above[kinds.index("KAttentionBlock")]))
                continue
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

    def patch(self, pipe: Any) -> int:
        """For a pipeline that enlarges a picture, in pixels of that picture."""
        kind, usual = type(pipe).__name__, super().patch(pipe)
        return {"StableDiffusionUpscalePipeline": 1}.get(kind, usual // 2 if kind in ENLARGING else usual)

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

    def latents(self, pipe: Any, picture: Any) -> "torch.Tensor":
        """Raises UnsupportedPipeline for a pipeline that enlarges, which reads a small picture beside the noisy one."""
        if type(pipe).__name__ in ENLARGING:
            raise UnsupportedPipeline(
                f"{type(pipe).__name__} reads a small picture beside the noisy one: record it with image=, instead of "
                "reading a picture."
            )
        return super().latents(pipe, picture)

    def denoise(
        self, pipe: Any, prompt: str, noisy: Sequence["torch.Tensor"], timesteps: Sequence[int]
    ) -> Iterator["torch.Tensor"]:
        """The U-Net's own prediction, without guidance."""
        text, _ = pipe.encode_prompt(prompt, self.device(pipe), 1, False)
        for latents, timestep in zip(noisy, timesteps, strict=True):
            yield pipe.unet(latents, timestep, encoder_hidden_states=text, return_dict=False)[0]
