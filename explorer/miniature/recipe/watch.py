"""Films the U-Net's training: what it draws for the same prompts and noise, what an outsider finds in it, and where it
looks when it reads a word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor
from transformers import CLIPTokenizer

from .. import world
from ..film import Film
from ..oracle import Oracle
from ..world.places import WEATHERLESS
from .camera import Camera, Shot
from .unet import Painter, generate

PROMPTS = (
    "a photograph of a blue teddy bear in rainy weather",
    "a red castle in a countryside landscape",
    "a watercolour painting of a yellow narwhal at sea",
    "a green car in the city at night",
    "a pink flower left of a black cat",
    "a comic of a grey robot on the beach",
    "two white rabbits in the living room",
    "an orange boat at sunset",
)
"""What the film shows, from the same noise each time."""
WORDS = (
    ("blue", "teddy bear", "rainy"),
    ("red", "castle", "countryside"),
    ("watercolour", "narwhal", "sea"),
    ("green", "car", "night"),
    ("flower", "left", "cat"),
    ("comic", "robot", "beach"),
    ("two", "rabbits", "living room"),
    ("orange", "boat", "sunset"),
)
"""The words of each prompt whose attention is filmed."""
ATTRIBUTES = ("subject", "colour", "place", "weather", "style")
STEPS, QUICK = 12, 8
"""Denoising steps of the pictures that are shown, and of those that only the oracle sees."""
GRID = 16
SCENES = 2 * len(world.SUBJECTS)


def scenes(count: int = SCENES) -> list[world.Scene]:
    """What the oracle is asked about: every subject in turn, each with a colour, a place, a style and, outdoors, a
    weather, so that every name comes up about equally often. No pair of them is held out."""
    r = np.random.default_rng(11)
    order = {
        name: [r.permutation(len(names)) for _ in range(-(-count // len(names)))]
        for name, names in (("colour", world.COLOURS), ("place", world.PLACES), ("weather", world.WEATHERS))
    }
    order["style"] = [r.permutation(len(world.STYLES)) for _ in range(-(-count // len(world.STYLES)))]
    flat = {name: np.concatenate(parts) for name, parts in order.items()}
    found = []
    for n in range(count):
        subject = world.SUBJECTS[n % len(world.SUBJECTS)]
        choice: dict[str, str] = {}
        for name, names in (("colour", world.COLOURS), ("place", world.PLACES), ("style", world.STYLES)):
            first = int(flat[name][n])
            choice[name] = next(
                other
                for other in (names[(first + k) % len(names)] for k in range(len(names)))
                if not world.held_out(subject, other)
            )
        weather = None if choice["place"] in WEATHERLESS else world.WEATHERS[int(flat["weather"][n])]
        thing = world.Subject(subject, choice["colour"])
        found.append(world.Scene((thing,), choice["place"], weather, choice["style"], seed=n))
    return found


def answers(scene: world.Scene, verdict: dict[str, bool]) -> Iterator[tuple[str, str, bool]]:
    """For each name in a scene: its kind, itself, and whether the picture has it."""
    own = {"subject": scene.subjects[0].name, "colour": scene.subjects[0].colour, "place": scene.place}
    own |= {kind: value for kind in ("weather", "style") if (value := getattr(scene, kind)) is not None}
    for kind, name in own.items():
        yield kind, name, verdict[kind]


def adherence(pictures: NDArray[np.uint8], asked: Sequence[world.Scene], oracle: Oracle) -> dict[str, float]:
    """The curves of one checkpoint, each a share from 0 to 1: "subject", "colour", "place", "weather" and "style", the
    prompts in which the oracle finds it; and "word/castle" and the like, those with that name."""
    right: dict[str, list[bool]] = {}
    for scene, verdict in zip(asked, oracle.verdicts(pictures, asked), strict=True):
        for kind, name, found in answers(scene, verdict):
            right.setdefault(kind, []).append(found)
            right.setdefault(f"word/{name}", []).append(found)
    return {name: float(np.mean(values)) for name, values in sorted(right.items())}


@contextmanager
def looking(network: Any, rows: Sequence[Sequence[Sequence[int]]]) -> Iterator[list[Tensor]]:
    """Inside, the attention of the U-Net's layers that read text is kept: a tensor for each layer and step, (prompt,
    word, 16, 16), the share of each place's attention that goes to a word, the mean over heads.

    rows: for each prompt and word, the rows of the text that are its own. Calls have [without, with the prompt] rows.
    """
    most = max(len(words) for words in rows)
    kept: list[Tensor] = []
    held: dict[str, Tensor] = {}
    handles = []

    def on_query(name: str, out: Tensor) -> None:
        held[name] = out

    def on_key(name: str, module: Any, out: Tensor) -> None:
        q, k = (x.float().unflatten(-1, (module.heads, -1)).transpose(1, 2) for x in (held.pop(name), out))
        half = len(q) // 2
        shares = torch.softmax((q[half:] * module.scale) @ k[half:].transpose(-1, -2), -1).mean(1)
        side = round(shares.shape[1] ** 0.5)
        maps = shares.new_zeros(len(rows), most, side, side)
        for p, words in enumerate(rows):
            for w, own in enumerate(words):
                maps[p, w] = shares[p, :, list(own)].sum(-1).view(side, side)
        kept.append(F.interpolate(maps, (GRID, GRID), mode="bilinear", align_corners=False).cpu())

    for name, module in network.named_modules():
        if name.endswith("attn2"):
            handles.append(module.to_q.register_forward_hook(lambda m, a, out, name=name: on_query(name, out)))
            handles.append(
                module.to_k.register_forward_hook(lambda m, a, out, name=name, own=module: on_key(name, own, out))
            )
    try:
        yield kept
    finally:
        for handle in handles:
            handle.remove()


def rows_of(tokenizer: CLIPTokenizer, prompt: str, words: Sequence[str]) -> list[list[int]]:
    """The rows of the text that each word or phrase of a prompt is read in; row 0 is the beginning of the text."""
    offsets = tokenizer(prompt, return_offsets_mapping=True)["offset_mapping"]
    found = []
    for word in words:
        begin = prompt.index(word)
        found.append([row for row, (a, b) in enumerate(offsets) if a < begin + len(word) and b > begin and b > a])
    return found


@dataclass(frozen=True)
class Filming:
    """Takes the shots of a U-Net's training: `Camera(folder, batch, Filming(...))`.

    oracle: reads the pictures for the curves; without one there are none.
    """

    vae: Any
    tokenizer: CLIPTokenizer
    oracle: Oracle | None = None
    prompts: tuple[str, ...] = PROMPTS
    words: tuple[tuple[str, ...], ...] = WORDS
    count: int = SCENES

    def __call__(self, network: Painter) -> Shot:
        """What the training can do by now."""
        rows = [rows_of(self.tokenizer, p, words) for p, words in zip(self.prompts, self.words, strict=True)]
        with looking(network.unet, rows) as kept:
            pictures = generate(network.unet, self.vae, network.text, self.tokenizer, self.prompts, steps=STEPS)
        maps = torch.stack(kept).mean(0).clamp(0, 1).mul(255).round().to(torch.uint8).numpy()
        curves: dict[str, float] = {}
        if self.oracle is not None:
            asked = scenes(self.count)
            drawn = [
                generate(
                    network.unet,
                    self.vae,
                    network.text,
                    self.tokenizer,
                    [world.prompt(scene) for scene in asked[begin : begin + 20]],
                    steps=QUICK,
                    seed=1000 + begin,
                )
                for begin in range(0, len(asked), 20)
            ]
            curves = adherence(np.concatenate(drawn), asked, self.oracle)
        return Shot(pictures, curves, maps)

    def film(self, camera: Camera, about: str) -> Film:
        """All shots as the film "miniature"."""
        return camera.film("miniature", about, self.prompts, self.words)


def from_history(history: Path, painter: Painter, filming: Filming, shots: Path) -> Camera:
    """Take a shot of every snapshot `unet-<pictures seen>.safetensors` of a training (the average of its weights, by
    the names of `Painter.state_dict`), and of `painter` as it comes, untrained. Shots that are there are kept.

    Raises FileNotFoundError if there is no snapshot.
    """
    files = sorted(history.glob("unet-*.safetensors"))
    if not files:
        raise FileNotFoundError(f"There is no snapshot unet-*.safetensors in {history}: name the folder that has them.")
    camera = Camera(shots, 1, filming)
    for path in (None, *files):
        seen, minutes = 0, 0.0
        if path is not None:
            with safe_open(path, "pt") as file:
                told = file.metadata() or {}
            seen, minutes = int(path.stem.split("-")[1]), float(told.get("minutes", "nan"))
        if (shots / f"{seen:08d}.safetensors").exists():
            continue
        if path is not None:
            weights = load_file(path)
            painter.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in weights.items()})
        camera.next = 0.0  # now, and without winding back
        camera(painter, seen, minutes, 0.0)
        print(f"filmed {seen:,} pictures seen", flush=True)
    return camera
