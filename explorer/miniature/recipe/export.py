"""From checkpoints to the shipped folder: diffusers' and open_clip's own layouts, float16 safetensors.

Files are written beside the folder and moved in one by one, each whole, so that whoever loads while this runs never
meets half a file.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import save_file
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer

from .. import fast as quick
from ..fast import LowRank
from ..oracle import Oracle
from . import oracle as seer
from . import tokenizer as bpe
from .clip import MEAN, STD, Clip, model_config, open_clip_weights
from .files import load_json, save_json
from .unet import scheduler


def save_clip(clip: Clip, tokenizer: CLIPTokenizer, folder: Path, dtype: torch.dtype = torch.float16) -> None:
    """An open_clip folder, for `open_clip.create_model_and_transforms("local-dir:FOLDER")`."""
    folder.mkdir(parents=True, exist_ok=True)
    bpe.save(tokenizer, folder)
    preprocess = {"mean": MEAN, "std": STD, "interpolation": "bicubic", "resize_mode": "shortest"}
    save_json(
        folder / "open_clip_config.json",
        {"model_cfg": model_config(clip.text.config, clip.vision), "preprocess_cfg": preprocess},
    )
    weights = {k: v.to(dtype).contiguous() if v.is_floating_point() else v for k, v in open_clip_weights(clip).items()}
    save_file({k: v.clone() for k, v in weights.items()}, folder / "open_clip_model.safetensors", {"format": "pt"})


def export(
    folder: Path,
    *,
    vae: AutoencoderKL,
    unet: UNet2DConditionModel,
    text: CLIPTextModel,
    clip: Clip,
    oracle: Oracle,
    tokenizer: CLIPTokenizer,
    adapters: dict[str, LowRank] | None = None,
    record: dict[str, Any],
) -> None:
    """Write the whole miniature into `folder`, replacing what is there. The modules are left in float16."""
    half: list[nn.Module] = [m.to(torch.float16) for m in (vae, unet, text)]
    pipeline = StableDiffusionPipeline(
        vae=half[0],
        text_encoder=half[2],
        tokenizer=tokenizer,
        unet=half[1],
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as name:
        fresh = Path(name)
        # In pieces that git hosts and file transfers take without complaint.
        pipeline.save_pretrained(fresh, safe_serialization=True, max_shard_size="15MB")
        # Unless told otherwise diffusers loads in float32 but transformers in what the config names: let them agree.
        config = fresh / "text_encoder" / "config.json"
        save_json(config, load_json(config) | {"dtype": "float32"})
        bpe.save(tokenizer, fresh / "tokenizer")
        save_clip(clip, tokenizer, fresh / "clip")
        seer.save(oracle, fresh / "oracle")
        if adapters:
            quick.save(adapters, fresh / "fast")
        save_json(fresh / "record.json", record)
        replace(folder, fresh)


def replace(folder: Path, fresh: Path) -> None:
    """Move every file of `fresh` into its place in `folder`, and delete what `fresh` does not have."""
    wanted = {p.relative_to(fresh) for p in fresh.rglob("*") if p.is_file()}
    for path in wanted:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (fresh / path).chmod(0o644)  # safetensors makes its files private; an installed package is for everybody
        (fresh / path).replace(folder / path)
    for old in [p for p in folder.rglob("*") if p.is_file()]:
        if old.relative_to(folder) not in wanted:
            old.unlink()
    for old in [p for p in folder.iterdir() if p.is_dir() and not any(p.iterdir())]:
        shutil.rmtree(old)
