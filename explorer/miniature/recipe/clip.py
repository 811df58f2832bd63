"""CLIP: a picture tower and a text tower that agree on what belongs together (Radford et al. 2021).

The text tower is trained as transformers' `CLIPTextModelWithProjection`, on captions cut to the batch's longest; the
picture tower is an open_clip `ModifiedResNet` on whole pictures. Beside the batch's other captions, every picture is
told from changed versions of its own caption, as in Yuksekgonul et al. 2023 (arXiv 2210.01936): a wrong colour, the
two subjects' colours swapped, another relation or number. So the text tower has to learn which colour belongs to which
subject. And every picture is told by single words, each name of a kind against all others of that kind, as in Yang et
al. 2022 (arXiv 2204.03610): the batch's captions alone are told apart by places and styles, long before by shapes.
For the same reason a linear layer on the picture tower's third stage has to say which subject stands in which cell, as
in the U-Net's training; it is thrown away afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, CLIPTokenizer

from .. import UNSEEN, world
from ..world import places, styles, subjects, weathers
from ..world.places import WEATHERLESS
from . import team
from .data import Pictures, as_input, indices
from .unet import seen_loss

SIZE: dict[str, Any] = {
    "dimension": 128,
    "text": {"hidden_size": 192, "intermediate_size": 768, "num_hidden_layers": 4, "num_attention_heads": 4},
    "vision": {"layers": [2, 3, 4, 2], "width": 20, "head_width": 40, "image_size": 128},
}
NAMES: dict[str, tuple[str, ...]] = {
    "subject": world.SUBJECTS,
    "colour": world.COLOURS,
    "place": world.PLACES,
    "weather": world.WEATHERS,
    "style": world.STYLES,
}
"""The kinds whose names are told apart as single words."""
MEAN, STD = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)  # so that open_clip's preprocessing gives pictures from -1 to 1


class Clip(nn.Module):
    """Both towers. `text` is transformers', `visual` open_clip's; `logit_scale`: log of 1 / temperature; `sight`: the
    layer that goes when training is over."""

    def __init__(self, tokenizer: CLIPTokenizer, size: dict[str, Any] = SIZE) -> None:
        super().__init__()
        config = CLIPTextConfig(
            vocab_size=len(tokenizer),
            max_position_embeddings=tokenizer.model_max_length,
            projection_dim=size["dimension"],
            hidden_act="quick_gelu",
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            **size["text"],
        )
        self.text = CLIPTextModelWithProjection(config)
        self.visual = open_clip_model(config, size["vision"]).visual
        self.logit_scale = nn.Parameter(torch.tensor(np.log(1 / 0.07), dtype=torch.float32))
        self.vision: dict[str, Any] = size["vision"]
        # A ModifiedResNet's third stage has 16 times its width in channels.
        self.sight = nn.Conv2d(16 * size["vision"]["width"], 1 + len(world.SUBJECTS) + len(world.COLOURS), 1)

    def seen(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """The pictures' vectors, and the logits of what stands in each cell, (batch, classes, 8, 8)."""
        features: list[Tensor] = []
        handle = self.visual.layer3.register_forward_hook(lambda module, args, out: features.append(out))
        try:
            vectors: Tensor = self.visual(pictures)
        finally:
            handle.remove()
        return vectors, self.sight(features[0])


def model_config(config: CLIPTextConfig, vision: dict[str, Any]) -> dict[str, Any]:
    """open_clip's `model_cfg` of the same model."""
    text = {
        "context_length": config.max_position_embeddings,
        "vocab_size": config.vocab_size,
        "hf_tokenizer_name": "miniature",  # for any name given here, open_clip takes the folder's own tokenizer
        "width": config.hidden_size,
        "heads": config.num_attention_heads,
        "layers": config.num_hidden_layers,
        "mlp_ratio": config.intermediate_size / config.hidden_size,
        "norm_kwargs": {"eps": config.layer_norm_eps},
    }
    return {"embed_dim": config.projection_dim, "quick_gelu": True, "vision_cfg": vision, "text_cfg": text}


def open_clip_model(config: CLIPTextConfig, vision: dict[str, Any]) -> open_clip.CLIP:
    """The untrained open_clip twin."""
    settings = model_config(config, vision)
    settings["text_cfg"].pop("hf_tokenizer_name")
    return open_clip.CLIP(**settings)


def open_clip_weights(clip: Clip) -> dict[str, Tensor]:
    """The weights of `clip` under open_clip's names."""
    ours = clip.text.state_dict()
    prefix = "text_model." if any(k.startswith("text_model.") for k in ours) else ""
    out = {f"visual.{k}": v for k, v in clip.visual.state_dict().items()}
    out["logit_scale"] = clip.logit_scale.detach()
    out["token_embedding.weight"] = ours[f"{prefix}embeddings.token_embedding.weight"]
    out["positional_embedding"] = ours[f"{prefix}embeddings.position_embedding.weight"]
    out["text_projection"] = ours["text_projection.weight"].T
    for end in ("weight", "bias"):
        out[f"ln_final.{end}"] = ours[f"{prefix}final_layer_norm.{end}"]
        for n in range(clip.text.config.num_hidden_layers):
            here, there = f"{prefix}encoder.layers.{n}", f"transformer.resblocks.{n}"
            projections = [ours[f"{here}.self_attn.{x}_proj.{end}"] for x in "qkv"]
            out[f"{there}.attn.in_proj_{end}"] = torch.cat(projections)
            out[f"{there}.attn.out_proj.{end}"] = ours[f"{here}.self_attn.out_proj.{end}"]
            for a, b in (
                ("layer_norm1", "ln_1"),
                ("layer_norm2", "ln_2"),
                ("mlp.fc1", "mlp.c_fc"),
                ("mlp.fc2", "mlp.c_proj"),
            ):
                out[f"{there}.{b}.{end}"] = ours[f"{here}.{a}.{end}"]
    return out


def changed(scene: world.Scene, lot: np.random.Generator) -> world.Scene:
    """The scene with one thing wrong that its caption may say: a thing, its colour, whose colour, the relation, the
    number or the place."""
    first, *others = scene.subjects
    ways = ["colour", "subject", "subject", "place"]
    if others and others[0].colour != first.colour:
        ways += ["swap", "swap"]
    if scene.relation:
        ways += ["relation"]
    if first.count > 1:
        ways += ["count"]
    way = ways[int(lot.integers(len(ways)))]
    if way == "relation":
        return replace(scene, relation=_another(world.RELATIONS, scene.relation, lot))
    if way == "place":
        open_air = [name for name in world.PLACES if scene.weather is None or name not in WEATHERLESS]
        return replace(scene, place=_another(open_air, scene.place, lot))
    if way == "count":
        return replace(scene, subjects=(replace(first, count=_another((1, 2, 3), first.count, lot)),))
    if way == "swap":
        other = others[0]
        return replace(scene, subjects=(replace(first, colour=other.colour), replace(other, colour=first.colour)))
    at = int(lot.integers(len(scene.subjects)))
    subjects = list(scene.subjects)
    if way == "subject":
        free = [name for name in world.SUBJECTS if name not in {s.name for s in scene.subjects}]
        subjects[at] = replace(subjects[at], name=_another(free, None, lot))
    else:
        subjects[at] = replace(subjects[at], colour=_another(world.COLOURS, subjects[at].colour, lot))
    return replace(scene, subjects=tuple(subjects))


def _another(names: Sequence[Any], than: Any, lot: np.random.Generator) -> Any:
    wrong = [name for name in names if name != than]
    return wrong[int(lot.integers(len(wrong)))]


def alone(kind: str, name: str, lot: np.random.Generator) -> str:
    """A name by itself, in one of the ways that captions say it."""
    if kind == "colour":
        return name
    if kind == "subject":
        said: Sequence[str] = subjects.KINDS[name].words
    else:
        of: Any = {"place": places, "weather": weathers, "style": styles}[kind]
        said = [words for phrase in of.KINDS[name].phrases for words in re.findall(r"\[([^]]*)\]", phrase)]
    return said[int(lot.integers(len(said)))]


def names_of(scene: world.Scene, kind: str) -> tuple[str, ...]:
    """Which names of a kind a scene shows."""
    if kind in ("subject", "colour"):
        return tuple({one.name if kind == "subject" else one.colour for one in scene.subjects})
    name = getattr(scene, kind)
    return (name,) if name else ()


def named_loss(logits: Tensor, scenes: Sequence[world.Scene]) -> dict[str, Tensor]:
    """Cross-entropy of the names that each scene shows, by kind; scenes that show none of a kind are left out.

    logits: (scenes, names of all kinds in the order of `NAMES`).
    """
    out = {}
    for kind, part in zip(NAMES, logits.split([len(names) for names in NAMES.values()], 1), strict=True):
        truth = torch.zeros(part.shape)
        for row, scene in enumerate(scenes):
            shown = names_of(scene, kind)
            for name in shown:
                truth[row, NAMES[kind].index(name)] = 1 / len(shown)
        truth = truth.to(part.device)
        out[kind] = -(truth * part.log_softmax(1)).sum() / truth.sum().clamp(1)
    return out


class ClipStage:
    """The stage of the training loop."""

    name = "clip"

    def __init__(
        self,
        data: Pictures,
        tokenizer: CLIPTokenizer,
        *,
        size: dict[str, Any] = SIZE,
        batch: int = 128,
        device: str = "cpu",
    ) -> None:
        self.data, self.tokenizer, self.batch, self.device = data, tokenizer, batch, device
        self.network = Clip(tokenizer, size).to(device)

    def loss(self, step: int, done: float) -> tuple[Tensor, dict[str, float]]:
        """Symmetric cross-entropy over a batch of (picture, caption), the changed captions among the texts, and over
        the single words."""
        chosen = indices(len(self.data), self.batch, step, seed=1)
        lot = np.random.default_rng([2, step, team.rank()])
        x = F.interpolate(self.data.batch(chosen), self._pixels(), mode="bilinear", antialias=True, align_corners=False)
        scenes = [
            replace(self.data.scene(int(index)), seed=int(lot.integers(1 << 40)))  # another wording each time
            for index in chosen
        ]
        captions = [world.caption(scene).text for scene in scenes]
        wrong = [world.caption(changed(scene, lot)).text for scene in scenes]
        words = [alone(kind, name, lot) for kind, names in NAMES.items() for name in names]
        network = self.network
        vectors, cells = network.seen(x.to(self.device).contiguous(memory_format=torch.channels_last))
        images = F.normalize(vectors.float(), dim=-1)
        texts = torch.cat([self._texts(captions + wrong), self._texts(words)])  # apart: words need no padding
        scale = network.logit_scale.clamp(max=np.log(100)).exp()
        count = len(chosen)
        logits, named = (scale * images @ texts.T).split([2 * count, len(words)], 1)
        # A caption may say less than the scene shows: where the change does not show in the words, or where two
        # pictures got the same words, the text is no wrong answer and is left out.
        same = torch.from_numpy(_same(captions, captions + wrong)).to(self.device)
        logits = logits.masked_fill(same, -1e4)
        target = torch.arange(count, device=self.device)
        loss = (F.cross_entropy(logits, target) + F.cross_entropy(logits[:, :count].T, target)) / 2
        with torch.no_grad():
            binding = (logits.diagonal() > logits[:, count:].diagonal()).float().mean()
            right = (logits[:, :count].argmax(1) == target).float().mean()
        kinds = named_loss(named, scenes)
        subject, colour = self._sight(cells, scenes, chosen)
        parts = {"right": float(right), "binding": float(binding), "scale": float(scale.detach())}
        parts |= {kind: float(one.detach()) for kind, one in kinds.items()}
        parts |= {"sight_subject": float(subject.detach()), "sight_colour": float(colour.detach())}
        return loss + torch.stack(list(kinds.values())).mean() + 3 * subject + colour, parts

    def _texts(self, texts: list[str]) -> Tensor:
        tokens = self.tokenizer(texts, padding=True, truncation=True, return_tensors="pt").input_ids.to(self.device)
        return F.normalize(self.network.text(tokens).text_embeds.float(), dim=-1)

    def _sight(
        self, logits: Tensor, scenes: Sequence[world.Scene], chosen: np.ndarray[Any, Any]
    ) -> tuple[Tensor, Tensor]:
        both = [(scene.subjects * 2)[:2] for scene in scenes]
        names = torch.tensor([[world.SUBJECTS.index(s.name) for s in pair] for pair in both], device=self.device)
        colours = torch.tensor([[world.COLOURS.index(s.colour) for s in pair] for pair in both], device=self.device)
        shares = torch.from_numpy(np.stack([self.data.cells[i] for i in chosen])).float() / 255
        cells = F.adaptive_avg_pool2d(shares, (logits.shape[-2], logits.shape[-1])).to(self.device)
        return seen_loss(logits, cells, names, colours)

    def _pixels(self) -> int:
        return int(self.network.vision["image_size"])

    def sheet(self, network: Any, path: Path) -> None:
        """The zero-shot accuracies instead of pictures."""
        found = measure(network, self.tokenizer, count=128)
        path.with_suffix(".json").write_text(str(found) + "\n", encoding="utf-8")
        print("clip, unseen:", found, flush=True)


def _same(captions: list[str], texts: list[str]) -> np.ndarray[Any, Any]:
    """(captions, texts): True where another entry has the very words of the caption."""
    out = np.array([[a.lower() == b.lower() for b in texts] for a in captions])
    np.fill_diagonal(out, False)
    return out


@torch.no_grad()
def measure(clip: Clip, tokenizer: CLIPTokenizer, count: int = 400) -> dict[str, float]:
    """Zero-shot accuracy on unseen pictures of one subject, telling apart all the world's subjects, colours, places,
    weathers and styles.

    binding: share of pictures of two subjects for which the caption beats the same caption with the two colours
    swapped.
    """
    clip.eval()
    device = clip.logit_scale.device
    one: list[world.Scene] = []
    two: list[world.Scene] = []
    seed = UNSEEN
    while len(one) < count or len(two) < count // 2:
        scene = world.sample(seed, "all")
        kept, most = (one, count) if len(scene.subjects) == 1 else (two, count // 2)
        if len(kept) < most and len({s.colour for s in scene.subjects}) == len(scene.subjects):
            kept.append(scene)
        seed += 1

    def images(scenes: list[world.Scene]) -> Tensor:
        rows = []
        for begin in range(0, len(scenes), 100):
            x = as_input(np.stack([world.render(s).image for s in scenes[begin : begin + 100]]))
            x = F.interpolate(x, clip.vision["image_size"], mode="bicubic", antialias=True, align_corners=False).clamp(
                -1, 1
            )
            rows.append(F.normalize(clip.visual(x.to(device)).float(), dim=-1))
        return torch.cat(rows)

    def texts(captions: list[str]) -> Tensor:
        tokens = tokenizer(captions, padding=True, truncation=True, return_tensors="pt").input_ids.to(device)
        return F.normalize(clip.text(tokens).text_embeds.float(), dim=-1)

    pictures = images(one)
    out: dict[str, float] = {}

    def zero_shot(kind: str, prompts: list[list[str]], truths: list[int | None]) -> None:
        """prompts: for each picture the prompt of each class."""
        right = total = 0
        for row, (choices, truth) in enumerate(zip(prompts, truths, strict=True)):
            if truth is not None:
                right += int((texts(choices) @ pictures[row]).argmax()) == truth
                total += 1
        out[kind] = round(right / max(total, 1), 3)

    bare = [world.Scene(s.subjects, s.place) for s in one]
    firsts = [s.subjects[0] for s in one]
    zero_shot(
        "subject",
        [[world.prompt(replace(b, subjects=(replace(b.subjects[0], name=n),))) for n in world.SUBJECTS] for b in bare],
        [world.SUBJECTS.index(s.name) for s in firsts],
    )
    zero_shot(
        "colour",
        [[world.prompt(replace(b, subjects=(replace(b.subjects[0], colour=c),))) for c in world.COLOURS] for b in bare],
        [world.COLOURS.index(s.colour) for s in firsts],
    )
    for kind, names in (("place", world.PLACES), ("weather", world.WEATHERS), ("style", world.STYLES)):
        truths = [names.index(value) if (value := getattr(s, kind)) else None for s in one]
        asked = [
            [world.prompt(_with(b, kind, n)) for n in names] if truth is not None else []
            for b, truth in zip(bare, truths, strict=True)
        ]
        zero_shot(kind, asked, truths)
    pairs = images(two)
    right_words = [_pair(s) for s in two]
    swapped = [
        _pair(
            replace(
                s,
                subjects=(
                    replace(s.subjects[0], colour=s.subjects[1].colour),
                    replace(s.subjects[1], colour=s.subjects[0].colour),
                ),
            )
        )
        for s in two
    ]
    out["binding"] = round(
        float(((pairs * texts(right_words)).sum(1) > (pairs * texts(swapped)).sum(1)).float().mean()), 3
    )
    return out


def _with(scene: world.Scene, kind: str, name: str) -> world.Scene:
    change: dict[str, Any] = {kind: name}
    return replace(scene, **change)


def _pair(scene: world.Scene) -> str:
    return world.prompt(world.Scene(scene.subjects, scene.place))
