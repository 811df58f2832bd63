"""The second image generator of the drawn world: a generative adversarial network (Goodfellow et al. 2014), which is
two networks that learn against each other.

The generator turns noise and the words of a prompt into a latent in one go, where the miniature takes many steps: it
decides where each thing shall stand, paints each in a frame of its own (so that a castle is learned once for all places
and sizes; as in layered generators, Yang et al. 2017, arXiv 1703.01560), and lays them on a background. The
discriminator looks at a latent and says whether it came from a drawing or from the generator. Both work on the
latents of the miniature's autoencoder (16x16 cells of 8 numbers), and the autoencoder makes the picture of them; so the
two image generators differ in how they come to a latent, and in nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from . import FOLDER, world
from .recipe.loop import float_norms

HOME = Path(__file__).parent / "adversarial"
"""The GAN that ships. Its folder is not inside the miniature's, which is a diffusers pipeline and nothing else."""
NOISE = 64
"""Numbers of noise that one picture is made from."""
WORDS = ("", *world.VOCABULARY)
LENGTH = 32
"""Words of a prompt that are read."""
HEADS: dict[str, tuple[str | None, ...]] = {
    "place": world.PLACES,
    "weather": (None, *world.WEATHERS),
    "style": (None, *world.STYLES),
    "mood": (None, *world.MOODS),
}
"""What the discriminator has to name of the whole picture, and the classes of each."""
THINGS = 2
"""Things that the generator can place."""
SIZE: dict[str, Any] = {
    "text": 96,
    "style": 192,
    "generator": (112, 112, 80),
    "thing": 128,
    "discriminator": (80, 144, 192),
}


def indices(prompts: Sequence[str]) -> Tensor:
    """The words of prompts as int64 (prompts, 32), 0 where there is none; words that the world doesn't know are left
    out."""
    known = {word: n for n, word in enumerate(WORDS)}
    out = torch.zeros(len(prompts), LENGTH, dtype=torch.long)
    for row, prompt in zip(out, prompts, strict=True):
        found = [known[word] for word in re.findall(r"[a-z]+", prompt.lower()) if word in known][:LENGTH]
        row[: len(found)] = torch.tensor(found, dtype=torch.long)
    return out


class Read(NamedTuple):
    """What was read in prompts. whole: a vector of each, (batch, width). things: of each thing in the order in which
    they are named, (batch, 2, width). there: the logit of each thing being there, (batch, 2)."""

    whole: Tensor
    things: Tensor
    there: Tensor

    def apart(self) -> Read:
        """The same, through which nobody's gradient reaches the reader."""
        return Read(self.whole.detach(), self.things.detach(), self.there.detach())


class Reader(nn.Module):
    """The words of a prompt as vectors: a transformer of two layers; then mean and maximum over the words, and for each
    thing the words that it attends to."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(len(WORDS), width)
        self.place_embedding = nn.Parameter(torch.randn(LENGTH, width) * 0.02)
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.out = nn.Linear(2 * width, width)
        self.thing_embedding = nn.Parameter(torch.randn(THINGS, width) * width**-0.5)
        self.key, self.value = nn.Linear(width, width), nn.Linear(width, width)
        self.there = nn.Linear(width, 1)

    def forward(self, words: Tensor) -> Read:
        """(batch, 32) of `indices` to what is read in them."""
        words = torch.cat([words, torch.zeros_like(words[:, :1])], 1)[:, :LENGTH]
        none = words == 0
        none[:, 0] = False  # so that an empty prompt has something to attend to
        x = self.layers(self.embedding(words) + self.place_embedding, src_key_padding_mask=none)
        keep = ~none[..., None]
        mean = (x * keep).sum(1) / keep.sum(1)
        highest = x.masked_fill(~keep, -1e4).amax(1)
        asked = (self.thing_embedding @ self.key(x).transpose(1, 2)).float()
        shares = asked.masked_fill(none[:, None], -1e4).softmax(-1)
        things = self.value((shares @ x.float()).to(x.dtype))
        return Read(self.out(torch.cat([mean, highest], 1)), things, self.there(things)[..., 0])


def _conv(inner: int, outer: int, kernel: int = 3) -> nn.Conv2d:
    return nn.Conv2d(inner, outer, kernel, padding=kernel // 2)


class _Styled(nn.Module):
    """A residual block whose channels are scaled and shifted by the style, as in BigGAN (Brock et al. 2018)."""

    def __init__(self, width: int, style: int, kernel: int = 3) -> None:
        super().__init__()
        self.one, self.two = _conv(width, width, kernel), _conv(width, width, kernel)
        self.films = nn.Linear(style, 4 * width)
        nn.init.zeros_(self.two.bias)  # type: ignore[arg-type]
        with torch.no_grad():
            self.two.weight *= 0.3

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        a, b, c, d = self.films(style)[:, :, None, None].chunk(4, 1)
        y = self.one(F.silu(_even(x) * (1 + a) + b))
        found: Tensor = x + self.two(F.silu(_even(y) * (1 + c) + d))
        return found


def _even(x: Tensor) -> Tensor:
    """Every cell's channels with a mean square of 1 (pixel norm; Karras et al. 2018)."""
    return x * (x.float().square().mean(1, keepdim=True) + 1e-6).rsqrt().to(x.dtype)


class Painted(NamedTuple):
    """What a generator drew. latents: (batch, channels, 16, 16). boxes: of each thing the middle, across and down, and
    half its width and height, on a grid from -1 to 1, (batch, 2, 4). covers: the share of each cell that each thing
    covers, (batch, 2, 16, 16)."""

    latents: Tensor
    boxes: Tensor
    covers: Tensor


WAVES = 4
"""Waves by which a place in a thing's frame is told, each twice as fine as the one before."""


class Generator(nn.Module):
    """Noise and a prompt to a latent: a background, from 4x4 cells over 8x8 to 16x16; the things on it, each painted
    cell by cell from where the cell lies in the thing's own frame; and what goes over both."""

    def __init__(self, text: int, style: int, widths: Sequence[int], thing: int, latent: int = 8) -> None:
        super().__init__()
        four, eight, sixteen = widths
        self.four = four
        self.mix = nn.Sequential(nn.Linear(NOISE + text, style), nn.SiLU(), nn.Linear(style, style))
        self.begin = nn.Linear(style, 16 * four)
        self.blocks = nn.ModuleList([_Styled(width, style) for width in (four, eight)])
        self.up_eight, self.up_sixteen = _conv(four, eight), _conv(eight, sixteen)

        self.mix_thing = nn.Sequential(nn.Linear(NOISE + 2 * text, style), nn.SiLU(), nn.Linear(style, style))
        self.whose_embedding = nn.Embedding(THINGS, style)
        self.box = nn.Linear(style, 4)
        self.conv_in = _conv(4 * WAVES + 2, thing, 1)
        self.strokes = nn.ModuleList([_Styled(thing, style, 1) for _ in range(3)])
        self.lay = _conv(thing, sixteen + 1, 1)

        self.over = nn.ModuleList([_Styled(sixteen, style) for _ in range(3)])
        self.conv_out = _conv(sixteen, latent)
        with torch.no_grad():
            self.conv_out.weight *= 4  # so that what it draws is spread as latents are from the first step on

    def forward(self, noise: Tensor, read: Read, there: Tensor | None = None) -> Painted:
        """noise (batch, 64) and what was read to latents of about unit spread. there: which things there are, 0 or 1,
        (batch, 2); None for what the reader thinks."""
        text = F.layer_norm(read.whole, read.whole.shape[-1:])
        style = self.mix(torch.cat([noise, text], 1))
        style = F.layer_norm(style, style.shape[-1:])  # else it starts out too faint to be heard
        x = self.begin(style).unflatten(1, (self.four, 4, 4)).contiguous(memory_format=torch.channels_last)
        x = self.up_eight(F.interpolate(self.blocks[0](x, style), scale_factor=2.0))
        x = self.up_sixteen(F.interpolate(self.blocks[1](x, style), scale_factor=2.0))
        paints, boxes, covers = self._things(noise, text, read, there)
        for n in reversed(range(THINGS)):  # who is named first stands in front
            x = x + covers[:, n, None].to(x.dtype) * (paints[:, n] - x)
        for block in self.over:
            x = block(x, style)
        return Painted(self.conv_out(F.silu(_even(x))), boxes, covers)

    def _things(self, noise: Tensor, text: Tensor, read: Read, there: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """What each thing is painted with (batch, 2, channels, 16, 16), its box, and what it covers."""
        batch = len(noise)
        things = F.layer_norm(read.things, read.things.shape[-1:])
        both = torch.cat([torch.cat([noise, text], 1)[:, None].expand(-1, THINGS, -1), things], 2)
        style = self.mix_thing(both) + self.whose_embedding.weight
        style = F.layer_norm(style, style.shape[-1:])
        told = self.box(style).float()
        boxes = torch.cat([told[..., :2].tanh(), 0.08 + told[..., 2:].sigmoid()], -1)
        frames = _frames(boxes)
        waves = frames[:, :, None] * (torch.pi * 2.0 ** torch.arange(WAVES, device=noise.device)).view(-1, 1, 1, 1)
        where = torch.cat([frames, waves.flatten(2, 3).sin(), waves.flatten(2, 3).cos()], 2).flatten(0, 1)
        flat = style.flatten(0, 1)
        x = self.conv_in(where.to(style.dtype).contiguous(memory_format=torch.channels_last))
        for block in self.strokes:
            x = block(x, flat)
        laid = self.lay(F.silu(_even(x)))
        within = (6 * (1.4 - frames.abs())).sigmoid().prod(2)  # nothing is painted far outside of its box
        is_there = (read.there > 0).float() if there is None else there  # no thing is half there
        covers = laid[:, -1].float().sigmoid().unflatten(0, (batch, THINGS)) * within * is_there[..., None, None]
        return laid[:, :-1].unflatten(0, (batch, THINGS)), boxes, covers


def _frames(boxes: Tensor, side: int = 16) -> Tensor:
    """Where each cell lies in each thing's frame, across and down, -1 to 1 from edge to edge: boxes (batch, 2, 4) to
    (batch, 2, 2, side, side)."""
    line = (torch.arange(side, device=boxes.device) + 0.5) * 2 / side - 1
    grid = torch.stack([line.expand(side, side), line[:, None].expand(side, side)])
    middle, half = boxes[..., :2, None, None], boxes[..., 2:, None, None]
    return ((grid - middle) / half).clamp(-3, 3)


class _Plain(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.one, self.two = _conv(width, width), _conv(width, width)
        with torch.no_grad():
            self.two.weight *= 0.3

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = x + self.two(F.leaky_relu(self.one(F.leaky_relu(x, 0.2)), 0.2))
        return found


class Discriminator(nn.Module):
    """A latent and a prompt's vector to how real it looks, by projection (Miyato and Koyama 2018), without any
    normalisation. Besides it names what it sees, as in AC-GAN (Odena et al. 2017): which subjects, a subject's colour,
    place, weather, style and mood; and of each of 8x8 cells what is in it, which is how it learns to look."""

    def __init__(self, text: int, widths: Sequence[int], latent: int = 8) -> None:
        super().__init__()
        sixteen, eight, four = widths
        self.conv_in = _conv(latent, sixteen)
        self.near, self.middle, self.far = _Plain(sixteen), _Plain(eight), _Plain(four)
        self.down_eight, self.down_four = _conv(sixteen, eight), _conv(eight, four)
        self.back = _conv(four, eight, 1)
        self.sight = nn.Conv2d(eight, 1 + len(world.SUBJECTS) + len(world.COLOURS), 1)
        self.pool = nn.Conv2d(four, four, 4, groups=four)
        self.conv_out = nn.Linear(four, 1)
        self.ask = nn.Linear(text, four)
        classes = {name: len(known) for name, known in HEADS.items()} | {"subject": len(world.SUBJECTS)}
        self.heads = nn.ModuleDict({name: nn.Linear(2 * four, count) for name, count in classes.items()})
        self.colour = nn.Linear(2 * four, len(world.COLOURS))
        self.whose_embedding = nn.Embedding(len(world.SUBJECTS), 2 * four)
        nn.init.zeros_(self.whose_embedding.weight)

    def forward(self, x: Tensor, text: Tensor, names: Tensor | None = None) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """latents (batch, channels, 16, 16) and text (batch, width) to logits: of being real (batch,), of what is in
        each cell (batch, 1 + subjects + colours, 8, 8), and of the whole: each of `HEADS` and "subject", (batch,
        classes), and if the numbers of some subjects are given, int64 (batch, k), their "colour" (batch, k, colours).
        """
        near = self.near(self.conv_in(x))
        middle = self.middle(self.down_eight(F.avg_pool2d(near, 2)))
        far = self.far(self.down_four(F.avg_pool2d(middle, 2)))
        seen = self.sight(F.leaky_relu(middle + F.interpolate(self.back(far), scale_factor=2.0), 0.2))
        pooled = F.leaky_relu(self.pool(F.leaky_relu(far, 0.2)).flatten(1), 0.2)
        asked = self.ask(F.layer_norm(text, text.shape[-1:]))
        real = self.conv_out(pooled)[:, 0] + (pooled * asked).sum(1) / pooled.shape[1] ** 0.5
        whole = torch.cat([far.mean((2, 3)), far.amax((2, 3))], 1)
        found = {name: head(whole).float() for name, head in self.heads.items()}
        if names is not None:
            found["colour"] = self.colour(whole[:, None] * (1 + self.whose_embedding(names))).float()
        return real.float(), seen.float(), found


class Pair(nn.Module):
    """The two networks and the reader of prompts that both of them listen to."""

    def __init__(self, size: dict[str, Any] = SIZE, latent: int = 8) -> None:
        super().__init__()
        self.size, self.latent = size, latent
        self.reader = Reader(size["text"])
        self.generator = Generator(size["text"], size["style"], size["generator"], size["thing"], latent)
        self.discriminator = Discriminator(size["text"], size["discriminator"], latent)
        self.to(memory_format=torch.channels_last)

    @torch.no_grad()
    def latents(self, prompts: Sequence[str], seed: int = 0) -> Tensor:
        """Latents for prompts, float32 (prompts, channels, 16, 16); the first one's noise is the seed's, the next
        one's that of seed + 1."""
        device = next(self.parameters()).device
        with _quick(device):
            read = self.reader(indices(prompts).to(device))
            found: Tensor = self.generator(noises(len(prompts), seed).to(device), read).latents.float()
        return found

    @torch.no_grad()
    def reality(self, latents: Tensor, prompts: Sequence[str]) -> NDArray[np.float32]:
        """How likely each latent comes from a drawing, in the discriminator's view, 0 to 1, float32 (n,)."""
        device = next(self.parameters()).device
        with _quick(device):
            read = self.reader(indices(prompts).to(device))
            found = self.discriminator(latents.to(device), read.whole)[0].float().sigmoid()
        return np.asarray(found.cpu().numpy(), np.float32)


def _quick(device: torch.device) -> torch.autocast:
    """bfloat16 where the machine has units for it; on other CPUs float32 is quicker."""
    units = device.type != "cpu" or torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(device.type, torch.bfloat16, enabled=units)


def noises(count: int, seed: int) -> Tensor:
    """The noise of seed, seed + 1 and so on, (count, 64)."""
    rows = [torch.randn(NOISE, generator=torch.Generator().manual_seed(seed + n)) for n in range(count)]
    return torch.stack(rows) if rows else torch.zeros(0, NOISE)


class Gan:
    """A trained pair with the autoencoder that makes pictures of its latents.

    `Gan.load()` has the one that ships. `draw` makes pictures, `verdict` says how real some look.
    """

    def __init__(self, pair: Pair, vae: Any) -> None:
        if vae.config.latent_channels != pair.latent:
            raise ValueError(
                f"The GAN draws latents of {pair.latent} channels and the autoencoder has "
                f"{vae.config.latent_channels}: use the autoencoder that the GAN was trained with."
            )
        self.pair = pair.eval().requires_grad_(False)
        self.vae = vae.to(memory_format=torch.channels_last).eval().requires_grad_(False)
        float_norms(self.vae)

    @classmethod
    def load(cls, folder: str | Path = HOME, vae: str | Path = FOLDER / "vae") -> Gan:
        """The GAN in `folder`, and the autoencoder in `vae`.

        Raises FileNotFoundError if there is none, ValueError if the two don't belong together.
        """
        from diffusers import AutoencoderKL

        folder = Path(folder)
        if not (folder / "gan.safetensors").exists():
            raise FileNotFoundError(f"There is no GAN in {folder}: train one with `explorer.miniature.train gan`.")
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        pair = Pair(settings["size"], settings["latent"])
        weights = load_file(folder / "gan.safetensors")
        pair.load_state_dict({name: value.float() for name, value in weights.items()})
        return cls(pair, AutoencoderKL.from_pretrained(vae, torch_dtype=torch.float32, low_cpu_mem_usage=False))

    @torch.no_grad()
    def draw(self, prompts: str | Sequence[str], seed: int = 0) -> NDArray[np.uint8]:
        """Pictures for prompts, uint8 (prompts, 128, 128, 3), each in one go. The first one's noise is the seed's, the
        next one's that of seed + 1."""
        latents = self.pair.latents([prompts] if isinstance(prompts, str) else prompts, seed)
        return decoded(self.vae, latents)

    @torch.no_grad()
    def verdict(self, pictures: NDArray[np.uint8], prompts: str | Sequence[str] = "") -> NDArray[np.float32]:
        """How likely each picture is a drawing and not the generator's, as the discriminator sees it, 0 to 1.

        pictures: uint8 (n, 128, 128, 3) or one of them. prompts: one for each, one for all, or none.
        """
        pictures = pictures[None] if pictures.ndim == 3 else pictures
        asked = [prompts] * len(pictures) if isinstance(prompts, str) else list(prompts)
        return self.pair.reality(encoded(self.vae, pictures), asked)


@torch.no_grad()
def decoded(vae: Any, latents: Tensor) -> NDArray[np.uint8]:
    """The pictures of latents of unit spread, uint8 (n, 128, 128, 3)."""
    parts = []
    for part in latents.split(16):
        with _quick(vae.device):
            out = vae.decode((part / vae.config.scaling_factor).contiguous(memory_format=torch.channels_last)).sample
        parts.append(((out.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy())
    return np.concatenate(parts) if parts else np.zeros((0, 128, 128, 3), np.uint8)


@torch.no_grad()
def encoded(vae: Any, pictures: NDArray[np.uint8]) -> Tensor:
    """Pictures, uint8 (n, 128, 128, 3), as latents of unit spread, float32 (n, channels, 16, 16)."""
    parts = []
    for begin in range(0, len(pictures), 16):
        x = torch.from_numpy(np.array(pictures[begin : begin + 16])).permute(0, 3, 1, 2).float() / 127.5 - 1
        with _quick(vae.device):
            mean = vae.encode(x.to(vae.device).contiguous(memory_format=torch.channels_last)).latent_dist.mean
        parts.append(mean.float() * vae.config.scaling_factor)
    return torch.cat(parts)


def save(pair: Pair, folder: Path = HOME) -> None:
    """Write the pair in float16, as `Gan.load` reads it."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: value.detach().half().contiguous().clone() for name, value in pair.state_dict().items()}
    partial = folder / "gan.safetensors.partial"
    save_file(weights, partial, {"format": "pt"})
    partial.chmod(0o644)
    partial.replace(folder / "gan.safetensors")
    settings = json.dumps({"size": pair.size, "latent": pair.latent}) + "\n"
    (folder / "config.json").write_text(settings, encoding="utf-8")
