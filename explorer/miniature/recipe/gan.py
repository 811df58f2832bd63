"""How the GAN learns: the two networks in one step, each against the other, on the latents of the training pictures.

The loss is the first one of all (Goodfellow et al. 2014, the non-saturating form), so that the discriminator's answer
is a probability that can be shown. It is kept from falling over by penalties on the discriminator's slope at drawings
and at what is drawn (R1 and R2: Mescheder et al. 2018; Huang et al. 2024, arXiv 2501.05441), estimated from a small
random step as in Lin et al. 2025 (arXiv 2501.08316, section 3.4), which spares a second derivative.

Both networks take their step from one pass through the discriminator: what the generator needs from it is the gradient
at its own latents. Beside being right about what is real, the discriminator learns from the drawn world's masks to name
what it sees, and the generator to have named what its prompt said (AC-GAN, Odena et al. 2017). And the generator
practises: most of what it draws begins with noise that tells what of a drawing its caption leaves open, and is to come
out as that drawing (CVAE-GAN, Bao et al. 2017, arXiv 1703.10155). After 30,000 pictures without practice and
without frames for its things (`gan.Generator`), and after 25,000 with practice alone, it had found colours and styles,
and no shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .. import UNSEEN, world
from ..gan import HEADS, NOISE, SIZE, Pair, Read, decoded, encoded, indices
from ..oracle import Oracle
from . import data, score, sheets, team
from .camera import Shot
from .loop import float_norms
from .unet import EMPTY, PROMPTS, seen_loss

PENALTY = 2.0
"""Weight of the two penalties, half of it for a squared slope of 1."""
STEP = 0.1
"""Length, by channel and cell, of the random step by which slopes are estimated."""
SIGHT = 1.0
"""Weight, in the generator's loss, of what the discriminator sees of the prompt in its latent."""
PRACTICE = 60.0
"""Weight, at the beginning, of the squared error of what is drawn from a hint; at the end it is a quarter of that,
since by then the discriminator has more to teach."""
PRACTISED = 0.75
"""Share of what is drawn that begins with a hint."""
FOCUS = 4.0
"""How much more than the rest of a drawing its subjects count in practice."""
BLUR = 0.3
"""Squared error that a hint need not explain, by number of the latent: how much each nat of the hint must be worth."""
FILMED = (
    "a red castle on a plain background",
    "a photograph of a blue teddy bear in rainy weather",
    "a watercolour painting of a yellow narwhal",
    "a green car in the city at night",
    "an orange boat at sea, illustration",
    "a pencil sketch of a purple cat",
    "a white dog in the forest",
    "a red apple left of a blue house",
    "a turquoise balloon",
    "a turquoise balloon",
    "a turquoise balloon",
    "a turquoise balloon",
)
"""What the film shows; the last four, one prompt from four noises, tell whether the generator still has variety."""
TRIED = 40
"""Pictures of the scorecard that each checkpoint is tried on."""
JUDGED = 256
"""Drawings, of the training and unseen ones, that the discriminator judges at each checkpoint."""
CURVES = {
    "generator": "the generator's adversarial loss, mean since the last checkpoint",
    "discriminator": "the discriminator's loss, likewise",
    "drawn": "the discriminator's verdict on what was drawn, 0 to 1, mean over the tried prompts",
    "training": "its verdict on training pictures, mean",
    "unseen": "its verdict on drawings it never saw, mean",
    "right on drawn": "how often it calls drawn pictures drawn",
    "right on training": "how often it calls training pictures real",
    "right on unseen": "how often it calls unseen drawings real",
    "verdicts": "its verdict on each picture of the film",
    "verdicts on unseen": "its verdict on the first unseen drawings, those of seeds UNSEEN, UNSEEN + 1, ...",
    "subject": "share of tried prompts whose subjects the oracle finds",
    "colour": "share whose subjects have their colours",
    "both": "share with both",
    "variety": "how far apart the film's last four pictures are: the mean difference of colours, 0 to 1, by cells",
}
"""The curves of a GAN's film, and what they are."""


class Hint(nn.Module):
    """What of a drawing its caption leaves open, as noise: mean and logarithm of the variance of each number."""

    def __init__(self, text: int, latent: int, width: int = 64) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(latent, width, 3, padding=1)
        self.eight = nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.four = nn.Conv2d(2 * width, 3 * width, 3, 2, 1)
        self.told = nn.Linear(text, 3 * width)
        self.conv_out = nn.Linear(16 * 3 * width, 2 * NOISE)
        nn.init.zeros_(self.conv_out.weight)

    def forward(self, x: Tensor, text: Tensor) -> tuple[Tensor, Tensor]:
        """latents (batch, channels, 16, 16) and text (batch, width) to two of (batch, 64)."""
        x = self.four(F.silu(self.eight(F.silu(self.conv_in(x)))))
        x = F.silu(x + self.told(F.layer_norm(text, text.shape[-1:]))[:, :, None, None])
        mean, spread = self.conv_out(x.flatten(1)).float().chunk(2, 1)
        return mean, spread.clamp(-8, 4)


class Lesson(nn.Module):
    """What is trained: the pair, what gives the generator its hints, and layers that have to tell from the reader's
    vectors what the prompt said. The last three are thrown away afterwards."""

    def __init__(self, size: dict[str, Any] = SIZE, latent: int = 8) -> None:
        super().__init__()
        self.pair = Pair(size, latent)
        self.hint = Hint(size["text"], latent)
        parts = (len(world.SUBJECTS), len(world.SUBJECTS) * len(world.COLOURS), *(len(c) for c in HEADS.values()))
        self.parts = parts
        self.conv_out = nn.Linear(size["text"], sum(parts))
        self.thing = nn.Linear(size["text"], len(world.SUBJECTS) + len(world.COLOURS))

    def understood(self, text: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """Logits of each subject being asked for (batch, subjects), of its colour (batch, subjects, colours), and of
        each head."""
        subjects, colours, *whole = self.conv_out(text).float().split(self.parts, 1)
        return subjects, colours.unflatten(1, (len(world.SUBJECTS), -1)), dict(zip(HEADS, whole, strict=True))


@dataclass(frozen=True, eq=False)
class Asked:
    """What the pictures of a batch show and which of it their captions say.

    names, colours: int64 (batch, 2), of the two subjects in the order in which they are named, twice the one where
    there is one. covers: (batch, 2, 16, 16), the share of each cell that each covers; cells: the same of 8x8. boxes:
    (batch, 2, 4), as `gan.Painted` has them. there: bool (batch, 2), whether there is a subject. said, hued: bool
    (batch, 2), whether the caption names it, and its colour. whole: by head the class that the picture has, int64
    (batch,). told: by head whether the caption says it.
    """

    names: Tensor
    colours: Tensor
    covers: Tensor
    cells: Tensor
    boxes: Tensor
    there: Tensor
    said: Tensor
    hued: Tensor
    whole: dict[str, Tensor]
    told: dict[str, Tensor]

    def to(self, device: str) -> Asked:
        """The same on another device."""
        return Asked(
            names=self.names.to(device),
            colours=self.colours.to(device),
            covers=self.covers.to(device),
            cells=self.cells.to(device),
            boxes=self.boxes.to(device),
            there=self.there.to(device),
            said=self.said.to(device),
            hued=self.hued.to(device),
            whole={k: v.to(device) for k, v in self.whole.items()},
            told={k: v.to(device) for k, v in self.told.items()},
        )


def ask(scenes: Sequence[world.Scene], captions: Sequence[world.Caption | None], covers: Tensor) -> Asked:
    """The truth about a batch; None for a picture that goes without a caption. covers: (batch, 2, 16, 16), by the
    scene's own order of its subjects."""
    orders = [_order(scene, one) for scene, one in zip(scenes, captions, strict=True)]
    both = [[scene.subjects[n] for n in order] for scene, order in zip(scenes, orders, strict=True)]
    kinds = [
        set() if one is None else {(w.kind, w.index if w.kind in ("subject", "colour") else 0) for w in one.words}
        for one in captions
    ]
    there = torch.tensor([[True, len(scene.subjects) > 1] for scene in scenes])

    def which(kind: str) -> Tensor:
        said = [[(kind, n) in found for n in order] for found, order in zip(kinds, orders, strict=True)]
        return torch.tensor(said) & there

    covers = torch.stack([own[order] for own, order in zip(covers, orders, strict=True)]) * there[..., None, None]
    return Asked(
        names=torch.tensor([[world.SUBJECTS.index(s.name) for s in pair] for pair in both]),
        colours=torch.tensor([[world.COLOURS.index(s.colour) for s in pair] for pair in both]),
        covers=covers,
        cells=F.avg_pool2d(covers, 2),
        boxes=boxes(covers),
        there=there,
        said=which("subject"),
        hued=which("colour"),
        whole={k: torch.tensor([c.index(getattr(scene, k)) for scene in scenes]) for k, c in HEADS.items()},
        told={k: torch.tensor([(k, 0) in found for found in kinds]) for k in HEADS},
    )


def _order(scene: world.Scene, caption: world.Caption | None) -> list[int]:
    """The numbers of the scene's two subjects as the caption names them; of one subject, twice its own."""
    if len(scene.subjects) == 1:
        return [0, 0]
    named = [w.index for w in caption.words if w.kind == "subject"] if caption else []
    return [1, 0] if named[:1] == [1] else [0, 1]


def boxes(covers: Tensor) -> Tensor:
    """Of what each thing covers (batch, 2, 16, 16) the middle, across and down, and half the width and height, of a
    plain rectangle that is spread as widely, (batch, 2, 4); zeros for nothing."""
    line = (torch.arange(covers.shape[-1]) + 0.5) * 2 / covers.shape[-1] - 1
    shares = covers / covers.sum((-1, -2), keepdim=True).clamp(min=1e-6)
    found = []
    for axis in (-2, -1):  # sums over rows leave what is across
        own = shares.sum(axis)
        middle = (own * line).sum(-1)
        found.append((middle, (3 * (own * (line - middle[..., None]) ** 2).sum(-1)).sqrt()))
    return torch.stack([found[0][0], found[1][0], found[0][1], found[1][1]], -1)


def over(values: Tensor, where: Tensor) -> Tensor:
    """The mean of `values` where `where` holds, 0 if nowhere."""
    return (values * where).sum() / where.sum().clamp(1)


def surprise(shares: Tensor, truth: Tensor) -> Tensor:
    """How surprised shares from 0 to 1 are at the truth, which is such shares, too."""
    shares = shares.clamp(1e-4, 1 - 1e-4)
    return -(truth * shares.log() + (1 - truth) * (1 - shares).log())


def recognised(seen: Tensor, asked: Asked) -> Tensor:
    """How surprised the discriminator is at which subject is in the cells that have one. Most cells have none, so that
    in the mean over all of them the subjects would be learned late."""
    kinds = seen[:, : 1 + len(world.SUBJECTS)].log_softmax(1)
    found = kinds.gather(1, 1 + asked.names[:, :, None, None].expand(-1, -1, *seen.shape[2:]))
    return -(asked.cells * found).sum() / asked.cells.sum().clamp(1)


def named(whole: dict[str, Tensor], asked: Asked) -> dict[str, Tensor]:
    """How surprised the discriminator is to be told what a drawn latent was asked to show: subject, colour and the
    rest."""
    kinds = whole["subject"].log_softmax(1).gather(1, asked.names)
    several = asked.said.sum(1, keepdim=True).clamp(1).float().log()  # two subjects share what is seen
    hues = F.cross_entropy(whole["colour"].flatten(0, 1), asked.colours.flatten(), reduction="none")
    rest = [over(F.cross_entropy(whole[k], asked.whole[k], reduction="none"), asked.told[k]) for k in HEADS]
    return {
        "subject": over(-kinds - several, asked.said),
        "colour": over(hues, asked.hued.flatten()),
        "rest": torch.stack(rest).sum(),
    }


def everything(asked: Asked) -> Asked:
    """As if a caption had said all that there is."""
    yes = torch.ones_like(asked.said)
    yes[:, 1] = asked.names[:, 1] != asked.names[:, 0]
    return replace(asked, said=yes, hued=yes, told={k: torch.ones_like(v) for k, v in asked.told.items()})


class Adversaries:
    """The stage of the training loop, on the set and on what `cache` left in `folder`.

    balanced: False leaves out what keeps the two in balance (the penalties, the naming, the practice, and three of four
    of the discriminator's steps), which makes the generator collapse.
    """

    def __init__(
        self,
        pictures: data.Pictures,
        folder: Path,
        vae: Any,
        oracle: Oracle,
        *,
        balanced: bool = True,
        size: dict[str, Any] = SIZE,
        batch: int = 48,
        device: str = "cpu",
        judged: int = JUDGED,
        tried: int = TRIED,
    ) -> None:
        self.name = "gan" if balanced else "gan-collapsed"
        self.data, self.vae, self.oracle, self.batch, self.device = pictures, vae, oracle, batch, device
        self.balanced = balanced
        self.latents = np.load(folder / "latents.npy", mmap_mode="r")
        self.scale = float(vae.config.scaling_factor)
        self.network = Lesson(size, self.latents.shape[1]).to(device)
        if device == "cpu":
            float_norms(vae)
        self.judged, self.tasks = judged, score.tasks()[:: max(1, len(score.tasks()) // tried)][:tried]
        self.sums: dict[str, list[float]] = {"generator": [], "discriminator": []}
        self._unseen: Tensor | None = None

    def _batch(self, step: int) -> tuple[Tensor, Tensor, Asked]:
        """Latents, words and truths of the pictures of a step."""
        chosen = np.sort(data.indices(len(self.latents), self.batch, step, seed=9))
        lot = np.random.default_rng([10, step, team.rank()])
        scenes = [self.data.scene(int(i)) for i in chosen]
        captions = [
            None if lot.random() < EMPTY else world.caption(replace(scene, seed=int(lot.integers(1 << 40))))
            for scene in scenes
        ]
        asked = ask(scenes, captions, F.avg_pool2d(torch.from_numpy(self.data.cells[chosen]).float() / 255, 2))
        real = torch.from_numpy(self.latents[chosen].astype(np.float32)) * self.scale
        return real, indices([c.text if c else "" for c in captions]), asked

    def loss(self, step: int, done: float) -> tuple[Tensor, dict[str, float]]:
        """The discriminator's loss and the reader's, with a term of value 0 that hands the generator its gradient."""
        real, words, asked = self._batch(step)
        real, asked = real.to(self.device).contiguous(memory_format=torch.channels_last), asked.to(self.device)
        pair: Pair = self.network.pair
        read = pair.reader(words.to(self.device))
        text, understanding = read.whole, self._understanding(read, asked)
        noise, practised = (
            torch.randn(len(real), NOISE, device=self.device),
            round(PRACTISED * len(real)) if self.balanced else 0,
        )
        mean, spread = self.network.hint(real[:practised], text[:practised].detach())
        hinted = torch.cat([mean + (spread / 2).exp() * noise[:practised], noise[practised:]])
        painted = pair.generator(hinted, read.apart(), asked.there.float())
        drawn = painted.latents
        leaf = drawn.detach().float().requires_grad_(True)
        both, twice = torch.cat([real, leaf]), torch.cat([text, text])
        logits, seen, whole = pair.discriminator(both, twice, asked.names.repeat(2, 1))
        is_real, is_drawn = logits.chunk(2)

        generator = F.softplus(-is_drawn).mean()
        wanted = generator
        named_drawn = named({k: v.chunk(2)[1] for k, v in whole.items()}, asked)
        named_real = named({k: v.chunk(2)[0] for k, v in whole.items()}, everything(asked))
        if self.balanced:
            wanted = wanted + SIGHT * (named_drawn["subject"] + named_drawn["colour"] + 0.3 * named_drawn["rest"])
        push = torch.autograd.grad(wanted * len(real), leaf, retain_graph=True)[0] / len(real)

        discriminator = F.softplus(-is_real).mean() + F.softplus(is_drawn).mean()
        subject, colour = seen_loss(seen.chunk(2)[0], asked.cells, asked.names, asked.colours)
        known = recognised(seen.chunk(2)[0], asked)
        total = discriminator + 3 * subject + 2 * known + colour
        total = total + named_real["subject"] + named_real["colour"] + 0.3 * named_real["rest"]
        slope = torch.zeros(())
        if self.balanced and step % 2 == 0:  # every second step, so it counts twice
            away = both.detach() + STEP * torch.randn_like(both)
            slope = ((pair.discriminator(away, twice)[0] - logits) ** 2).mean() / STEP**2
            total = total + 2 * PENALTY * slope  # the mean over real and drawn is half of R1 + R2
        if not self.balanced and step % 4:
            total = 0.0 * total
        total = total + understanding + ((drawn - drawn.detach()) * push).sum()
        redrawn = nats = placed = outlined = torch.zeros(())
        if practised:
            covers, there = asked.covers[:practised], asked.there[:practised]
            counts = 1 + FOCUS * covers.amax(1, keepdim=True)
            off = (drawn[:practised].float() - real[:practised]) ** 2
            redrawn = (counts * off).mean() / counts.mean()
            nats = (mean**2 + spread.exp() - spread - 1).sum(1).mean() / 2
            placed = over((painted.boxes[:practised] - asked.boxes[:practised]).abs().mean(-1), there)
            outlined = over(surprise(painted.covers[:practised], covers).mean((-1, -2)), there)
            practice = redrawn + placed + outlined + 2 * BLUR * nats / real[0].numel()
            total = total + PRACTICE * (1 - 0.75 * done) * practice
        parts = {"generator": float(generator.detach()), "discriminator": float(discriminator.detach())}
        for name, value in parts.items():
            self.sums[name].append(value)
        parts |= {f"drawn_{k}": float(v.detach()) for k, v in named_drawn.items()}
        parts |= {f"real_{k}": float(v.detach()) for k, v in named_real.items()}
        parts |= {
            "recognised": float(known.detach()),
            "sight_subject": float(subject.detach()),
            "sight_colour": float(colour.detach()),
        }
        parts |= {"read": float(understanding.detach()), "slope": float(slope.detach())}
        practised_at = {"redrawn": redrawn, "placed": placed, "outlined": outlined, "nats": nats}
        parts |= {k: float(v.detach()) for k, v in practised_at.items()}
        parts |= {
            "says_real": float(is_real.detach().sigmoid().mean()),
            "says_drawn": float(is_drawn.detach().sigmoid().mean()),
        }
        return total, parts

    def _understanding(self, read: Read, asked: Asked) -> Tensor:
        """How surprised the reader's vectors are at what their prompt says."""
        subjects, colours, whole = self.network.understood(read.whole)
        there = torch.zeros_like(subjects).scatter_add_(1, asked.names, asked.said.float()).clamp(max=1)
        hues = colours.gather(1, asked.names[..., None].expand(-1, -1, colours.shape[-1]))
        hue = F.cross_entropy(hues.flatten(0, 1), asked.colours.flatten(), reduction="none")
        total = 10 * F.binary_cross_entropy_with_logits(subjects, there) + over(hue, asked.hued.flatten())
        for k in HEADS:
            total = total + over(F.cross_entropy(whole[k], asked.whole[k], reduction="none"), asked.told[k])
        things = (
            self.network.thing(read.things).float().flatten(0, 1).split((len(world.SUBJECTS), len(world.COLOURS)), 1)
        )
        for found, true, said in zip(things, (asked.names, asked.colours), (asked.said, asked.hued), strict=True):
            total = total + 2 * over(F.cross_entropy(found, true.flatten(), reduction="none"), said.flatten())
        return total + F.binary_cross_entropy_with_logits(read.there.float(), asked.there.float())

    def sheet(self, network: Any, path: Path) -> None:
        """The prompts in one go each."""
        sheets.save(path, list(decoded(self.vae, network.pair.latents(PROMPTS))), PROMPTS)

    def shoot(self, network: Any) -> Shot:
        """What the average of the weights draws and says now; see `CURVES`."""
        pair: Pair = network.pair.eval()
        latents = pair.latents(FILMED)
        pictures = decoded(self.vae, latents)
        prompts = [task.prompt for task in self.tasks]
        tried = pair.latents(prompts, seed=1000)
        found = self.oracle.verdicts(decoded(self.vae, tried), [task.scene for task in self.tasks])
        rows = np.sort(np.random.default_rng(11).choice(len(self.data), min(self.judged, len(self.data)), False))
        known = torch.from_numpy(self.latents[rows].astype(np.float32)) * self.scale
        verdicts = {
            "drawn": pair.reality(tried, prompts),
            "training": pair.reality(known, [world.caption(self.data.scene(int(i))).text for i in rows]),
            "unseen": pair.reality(self.unseen(), [world.caption(s).text for s in unseen(self.judged)]),
        }
        curves: dict[str, Any] = {k: float(np.mean(v)) if v else float("nan") for k, v in self.sums.items()}
        self.sums = {k: [] for k in self.sums}
        curves |= {k: float(v.mean()) for k, v in verdicts.items()}
        curves |= {f"right on {k}": float(np.mean((v > 0.5) == (k != "drawn"))) for k, v in verdicts.items()}
        curves["verdicts"] = pair.reality(latents, FILMED)
        curves["verdicts on unseen"] = verdicts["unseen"][: len(FILMED)]
        curves |= {k: float(np.mean([v[k] for v in found])) for k in ("subject", "colour", "both")}
        curves["variety"] = variety(pictures[-4:])
        return Shot(pictures, curves)

    def unseen(self) -> Tensor:
        """The latents of drawings that training never shows."""
        if self._unseen is None:
            drawings = np.stack([world.render(scene).image for scene in unseen(self.judged)])
            self._unseen = encoded(self.vae, drawings)
        return self._unseen


def unseen(count: int) -> list[world.Scene]:
    """Scenes that training never shows."""
    return [world.sample(UNSEEN + n) for n in range(count)]


def variety(pictures: np.ndarray[Any, Any]) -> float:
    """How far apart pictures of one prompt are, uint8 (n, 128, 128, 3): the mean over pairs of the root mean square
    difference of their colours, 0 to 1, in cells of 8x8 pixels, so that grain does not count."""
    n, height, width, _ = pictures.shape
    cells = pictures.reshape(n, height // 8, 8, width // 8, 8, 3).mean((2, 4)).reshape(n, -1) / 255
    apart = [float(np.sqrt(((cells[i] - cells[j]) ** 2).mean())) for i in range(n) for j in range(i)]
    return float(np.mean(apart))
