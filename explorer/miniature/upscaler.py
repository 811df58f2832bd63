"""The upscaler: a small diffusion model that makes a picture twice as wide and high, and again, guided by its prompt.

What a bicubic enlargement lacks of the drawing is what it diffuses; so it starts from the smooth picture and adds edges
and textures. It works on the small picture's own grid, with the 2x2 new pixels of each old one as channels (pixel
unshuffle, Shi et al. 2016), is convolutional all through, and has the same weights for both steps, as in cascaded
diffusion (Ho et al. 2021, arXiv 2106.15282). Where the small picture leaves several answers open, it guesses,
differently for each seed: `likeness.guesses` says where.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import ConfigMixin, DDIMScheduler, DiffusionPipeline, ImagePipelineOutput, ModelMixin
from diffusers import UNet2DConditionModel as UNet
from diffusers.configuration_utils import register_to_config
from diffusers.image_processor import VaeImageProcessor
from diffusers.utils.torch_utils import randn_tensor
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from ..quiet import no_bars

HOME = Path(__file__).parent / "upscaler_weights"
"""The upscaler that ships."""
CELL = 2
"""Pixels of the enlarged picture along the side of a cell: the grid that the U-Net works on."""
STEPS = 2
"""Denoising steps that one doubling usually takes. With more of them it guesses more boldly, and lands farther from the
true drawing."""
DOUBLINGS = 2
"""How often a picture is doubled: from 128 to 512 pixels."""


class Cells(ModelMixin, ConfigMixin):
    """What stands in the place of an autoencoder: pixels as cells and back, with nothing lost and nothing learned.

    scaling_factor: brings what is diffused to a variance of 1.
    """

    @register_to_config
    def __init__(self, latent_channels: int = 3 * CELL * CELL, scaling_factor: float = 1.0) -> None:
        super().__init__()
        self.register_buffer("_place", torch.zeros(()), persistent=False)  # where it is, and in which numbers it counts

    @property
    def dtype(self) -> torch.dtype:
        """The type of the numbers that it gives."""
        found: torch.dtype = self._place.dtype
        return found

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        found: torch.device = self._place.device
        return found

    def encode(self, pixels: Tensor) -> Tensor:
        """(batch, 3, y, x) to (batch, 12, y / 2, x / 2)."""
        return F.pixel_unshuffle(pixels, CELL)

    def decode(self, cells: Tensor, return_dict: bool = True) -> Any:
        """The way back of `encode`: with the denoiser's predictions, what it adds to the smooth picture, 0 as grey."""
        pixels = F.pixel_shuffle(cells, CELL)
        return SimpleNamespace(sample=pixels) if return_dict else (pixels,)


def smooth(pixels: Tensor) -> Tensor:
    """Twice as wide and high, by bicubic interpolation: what the denoiser adds to."""
    return F.interpolate(pixels, scale_factor=2.0, mode="bicubic", align_corners=False)


class UpscalePipeline(DiffusionPipeline):
    """One doubling, as a diffusers pipeline: `pipe(prompt, image=picture).images`.

    It is watched as any other (`explorer.wrap(pipe).record(prompt, image=picture)`); its latents are what is added.
    """

    model_cpu_offload_seq = "text_encoder->unet->vae"

    def __init__(
        self, vae: Cells, text_encoder: CLIPTextModel, tokenizer: CLIPTokenizer, unet: UNet, scheduler: DDIMScheduler
    ) -> None:
        super().__init__()
        self.register_modules(vae=vae, text_encoder=text_encoder, tokenizer=tokenizer, unet=unet, scheduler=scheduler)
        self.vae_scale_factor = CELL
        self.image_processor = VaeImageProcessor(vae_scale_factor=CELL)

    def _told(self, texts: list[str]) -> Tensor:
        ids = self.tokenizer(texts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        found: Tensor = self.text_encoder(ids.to(self._execution_device)).last_hidden_state
        return found

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | list[str],
        image: Any,
        num_inference_steps: int = STEPS,
        guidance_scale: float = 1.0,
        negative_prompt: str | list[str] | None = None,
        num_images_per_prompt: int = 1,
        generator: torch.Generator | list[torch.Generator] | None = None,
        output_type: str = "pil",
        return_dict: bool = True,
    ) -> Any:
        """Enlarge a picture, or one for each prompt; sides are multiples of 16 pixels.

        image: PIL, uint8 or float (y, x, 3), or a list. The other arguments are those of diffusers' pipelines.
        Raises ValueError for a size that does not fit.
        """
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        device, kind = self._execution_device, self.unet.dtype
        told = self._told(prompts).repeat_interleave(num_images_per_prompt, 0)
        guided = guidance_scale > 1
        if guided:
            against = (
                [negative_prompt or ""] * len(prompts) if not isinstance(negative_prompt, list) else negative_prompt
            )
            told = torch.cat([self._told(against).repeat_interleave(num_images_per_prompt, 0), told])
        pixels = self._pixels(image).to(device, kind)
        if pixels.shape[-1] % 16 or pixels.shape[-2] % 16:
            raise ValueError(f"The picture is {pixels.shape[-1]}x{pixels.shape[-2]}: sides must be multiples of 16.")
        many = len(prompts) * num_images_per_prompt
        pixels = pixels.repeat_interleave(many // len(pixels), 0)
        self.scheduler.set_timesteps(num_inference_steps, device=device)
        shape = (many, self.vae.config.latent_channels, *pixels.shape[-2:])
        x = randn_tensor(shape, generator=generator, device=device, dtype=kind) * self.scheduler.init_noise_sigma
        both = 2 if guided else 1
        for t in self.progress_bar(self.scheduler.timesteps):
            given = torch.cat([self.scheduler.scale_model_input(x, t), pixels], 1)
            output = self.unet(torch.cat([given] * both), t, encoder_hidden_states=told, return_dict=False)[0]
            if guided:
                without, with_prompt = output.chunk(2)
                output = without + guidance_scale * (with_prompt - without)
            x = self.scheduler.step(output, t, x, return_dict=False)[0]
        added = self.vae.decode(x / self.vae.config.scaling_factor, return_dict=False)[0]
        made = self.image_processor.postprocess((smooth(pixels) + added).float(), output_type=output_type)
        self.maybe_free_model_hooks()
        return ImagePipelineOutput(images=made) if return_dict else (made,)

    def _pixels(self, image: Any) -> Tensor:
        """(batch, 3, y, x), from -1 to 1."""
        several = list(image) if isinstance(image, list | tuple) else [image]
        several = [
            Image.fromarray(one) if isinstance(one, np.ndarray) and one.dtype == np.uint8 else one for one in several
        ]
        found: Tensor = self.image_processor.preprocess(several)
        return found


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Upscaler:
    """The trained upscaler: `Upscaler.load().upscale(picture, "a red castle")`.

    pipe: one doubling, a diffusers pipeline.
    """

    pipe: UpscalePipeline

    @classmethod
    def load(cls, folder: Path = HOME, device: str = "cpu") -> Upscaler:
        """The upscaler that ships, or one that `save` wrote.

        Raises FileNotFoundError where there is none.
        """
        if not (folder / "upscaler.json").is_file():
            raise FileNotFoundError(
                f"There is no upscaler in {folder}: train one with `python -m explorer.miniature.train upscaler`."
            )
        settings = json.loads((folder / "upscaler.json").read_text(encoding="utf-8"))
        options: dict[str, Any] = {"torch_dtype": torch.float32, "low_cpu_mem_usage": False}
        with no_bars():
            pipe = UpscalePipeline(
                vae=Cells(scaling_factor=float(settings["scaling_factor"])),
                text_encoder=CLIPTextModel.from_pretrained(folder / "text_encoder", dtype=torch.float32),
                tokenizer=CLIPTokenizer.from_pretrained(str(folder / "tokenizer")),
                unet=UNet.from_pretrained(folder / "unet", **options),
                scheduler=DDIMScheduler.from_pretrained(folder / "scheduler"),
            )
        pipe.set_progress_bar_config(disable=True)
        return cls(pipe.to(device))

    def upscale(
        self, picture: NDArray[np.uint8] | Image.Image, prompt: str = "", seed: int = 0, *, steps: int = STEPS
    ) -> NDArray[np.uint8]:
        """A picture (y, x, 3) uint8, four times as wide and high; the same for the same seed.

        prompt: what is to be seen in it. steps: of each doubling.
        """
        found: NDArray[np.uint8] = self.several(picture, prompt, [seed], steps=steps)[0]
        return found

    def several(
        self, picture: NDArray[np.uint8] | Image.Image, prompt: str, seeds: Sequence[int], *, steps: int = STEPS
    ) -> NDArray[np.uint8]:
        """The same from each of some seeds, (seed, y, x, 3) uint8."""
        found = []
        for seed in seeds:
            now: Any = picture
            for doubling in range(DOUBLINGS):
                lot = torch.Generator("cpu").manual_seed(2 * seed + doubling)
                now = self.pipe(prompt, image=now, num_inference_steps=steps, generator=lot).images[0]
            found.append(np.asarray(now))
        return np.asarray(np.stack(found), np.uint8)

    def __repr__(self) -> str:
        return f"<Upscaler: {DOUBLINGS} doublings of {STEPS} steps, on {self.pipe.device}>"
