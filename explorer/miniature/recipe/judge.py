"""What the finished miniature draws, judged by its own CLIP: is it the subject, the colour, the place and the style
that were asked for?

CLIP was trained on drawings, not on what the U-Net makes of them, and errs itself (its accuracy on unseen drawings is
the ceiling), so these are indications, not truths.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import CLIPTokenizer

from .. import world
from .clip import Clip
from .data import as_input
from .unet import GUIDANCE, generate


def _article(noun: str) -> str:
    return noun if noun == "sunglasses" else f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


@torch.no_grad()
def recognise(clip: Clip, tokenizer: CLIPTokenizer, pictures: np.ndarray[Any, Any], classes: Sequence[str]) -> Tensor:
    """Which of the texts each picture (uint8, height, width, 3) is nearest to."""
    x = F.interpolate(as_input(pictures), clip.vision["image_size"], mode="bicubic", antialias=True).clamp(-1, 1)
    images = F.normalize(clip.visual(x).float(), dim=-1)
    tokens = tokenizer(list(classes), padding=True, truncation=True, return_tensors="pt").input_ids
    texts = F.normalize(clip.text(tokens).text_embeds.float(), dim=-1)
    return (images @ texts.T).argmax(1)


def measure(unet: Any, vae: Any, clip: Clip, tokenizer: CLIPTokenizer, *, guidance: float = GUIDANCE) -> dict[str, Any]:
    """Draw each subject in four colours, and each style with four subjects; return the shares recognised."""
    lot = np.random.default_rng(0)
    subjects, colours, styles = list(world.SUBJECTS), list(world.COLOURS), list(world.STYLES)
    asked = [(s, c) for s in range(len(subjects)) for c in lot.permutation(len(colours))[:4]]
    prompts = [
        _article(f"{colours[c]} {subjects[s]}") if subjects[s] != "sunglasses" else f"{colours[c]} sunglasses"
        for s, c in asked
    ]
    drawn = _draw(unet, vae, clip, tokenizer, prompts, guidance)
    which = recognise(clip, tokenizer, drawn, [_article(s) for s in subjects])
    right_subject = np.array([int(w) == s for w, (s, _) in zip(which, asked, strict=True)])
    right_colour = []
    for picture, (s, c) in zip(drawn, asked, strict=True):
        texts = [f"{colour} {subjects[s]}" for colour in colours]
        right_colour.append(int(recognise(clip, tokenizer, picture[None], texts)[0]) == c)
    worst = {
        subjects[s]: float(right_subject[[i for i, a in enumerate(asked) if a[0] == s]].mean())
        for s in range(len(subjects))
    }

    wanted = [(k, subjects[int(lot.integers(len(subjects)))]) for k in range(len(styles)) for _ in range(4)]
    drawn = _draw(unet, vae, clip, tokenizer, [_styled(styles[k], _article(s)) for k, s in wanted], guidance)
    which = torch.cat(
        [
            recognise(clip, tokenizer, p[None], [_styled(k, _article(s)) for k in styles])
            for p, (_, s) in zip(drawn, wanted, strict=True)
        ]
    )
    return {
        "prompts": len(prompts),
        "subject": round(float(right_subject.mean()), 3),
        "colour": round(float(np.mean(right_colour)), 3),
        "both": round(float(np.mean(right_subject & np.array(right_colour))), 3),
        "style": round(float(np.mean([int(w) == k for w, (k, _) in zip(which, wanted, strict=True)])), 3),
        "subject_by_name": worst,
    }


def _styled(style: str, what: str) -> str:
    return f"a {style} of {what}"


def _draw(
    unet: Any, vae: Any, clip: Clip, tokenizer: CLIPTokenizer, prompts: list[str], guidance: float
) -> np.ndarray[Any, Any]:
    parts = [
        generate(unet, vae, clip.text, tokenizer, prompts[i : i + 16], guidance=guidance, seed=i)
        for i in range(0, len(prompts), 16)
    ]
    return np.concatenate(parts)
