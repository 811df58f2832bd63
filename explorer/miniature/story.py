"""Trains what the story of image generators is told with, beside the miniature itself: the GAN, one that collapses, a
model that memorises, and the index of the training pictures. Their commands belong to `explorer.miniature.train`.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer

from . import gan as pairs
from . import novelty
from .film import FILMS
from .recipe import data, score, team
from .recipe import gan as adversaries
from .recipe import memorised as parrot
from .recipe.camera import Camera, film, moments
from .recipe.files import load_json, load_torch, save_json
from .recipe.loop import Plan, Stop, record, train

app = typer.Typer(help=__doc__)
Out = Annotated[Path, typer.Option(help="Where the set, the checkpoints, the logs and the sheets are.")]
To = Annotated[Path, typer.Option(help="Where the finished weights go.")]
Films = Annotated[Path, typer.Option(help="Where the film goes.")]
Minutes = Annotated[float, typer.Option(help="Time budget over all sittings.")]
Workers = Annotated[int, typer.Option(help="Processes that train together; 0: one a core, or one with a GPU.")]
HERE = Path("runs/miniature")


def _run(stage: Any, out: Path, plan: Plan, camera: Camera) -> None:
    stop = Stop()
    train(stage, out, plan, stop, camera)
    if stop.asked:
        print(f"{stage.name}: saved; the same command goes on from here.", flush=True)
        raise SystemExit(130)


def _adversaries(out: Path, batch: int, device: str, balanced: bool) -> adversaries.Adversaries:
    from .train import _autoencoder, _oracle

    torch.manual_seed(6)
    return adversaries.Adversaries(
        data.Pictures(out / "pictures"),
        out / "cache",
        _autoencoder(out, device),
        _oracle(out),
        balanced=balanced,
        batch=batch,
        device=device,
    )


def _gan_work(out: Path, plan: Plan, batch: int, device: str, balanced: bool) -> None:
    stage = _adversaries(out, batch, device, balanced)
    # A look takes some seconds here, so the first ones lie further apart than usual.
    when = moments(34, 0.01) if balanced else moments(30, 0.06)
    _run(stage, out, plan, Camera(out / f"film-{stage.name}", batch, stage.shoot, when))


@app.command()
def gan(
    out: Out = HERE,
    minutes: Minutes = 68,
    batch: Annotated[int, typer.Option(help="Pictures a step.")] = 32,
    rate: Annotated[float, typer.Option(help="Highest learning rate of AdamW.")] = 4e-4,
    muon: Annotated[float, typer.Option(help="Muon's rate for the kernels and matrices; 0 for AdamW alone.")] = 4e-3,
    collapse: Annotated[bool, typer.Option(help="Leave out what keeps the two in balance.")] = False,
    to: To = pairs.HOME,
    films: Films = FILMS,
    device: str = "auto",
    workers: Workers = 0,
) -> None:
    """Train the GAN on the cache and film it; with --collapse one that shall fail, only the film of which ships."""
    from .train import _device, _team

    where = _device(device)
    # Little memory of earlier gradients, since the other network has moved on. A network that sits out a step must not
    # move in it, so the one that shall fail goes without Muon, whose updates are of one size.
    plan = Plan(
        minutes=minutes,
        rate=1e-3 if collapse else rate,
        muon=None if collapse else muon or None,
        average=0.99,
        weight_decay=0.0,
        betas=(0.0, 0.99),
        momentum=0.9,
        decay=0.3,
    )
    team.run(_team(workers, where), _gan_work, out, plan, batch, where, not collapse)
    export_gan(out, batch, collapse, to, films)
    if not collapse:
        measure_gan(out)


@app.command()
def export_gan(
    out: Out = HERE, batch: int = 32, collapse: bool = False, to: To = pairs.HOME, films: Films = FILMS
) -> None:
    """Write the GAN's weights and its film from the newest checkpoint."""
    from .train import _hardware

    name = "gan-collapsed" if collapse else "gan"
    state = load_torch(out / f"{name}.pt")
    said = record(state)
    about = (
        f"A GAN trained on {load_json(out / 'pictures' / 'set.json')['count']:,} pictures of the drawn world, "
        f"{said['minutes']:g} minutes on {_hardware()}; each picture is drawn in one go by the average of the "
        "weights so far."
    )
    if collapse:
        about += " What keeps the two networks in balance was left out on purpose, and it failed."
    print(film(out / f"film-{name}", name, about, adversaries.FILMED).save(films / name))
    if not collapse:
        pairs.save(_pair(state), to)
        save_json(to / "record.json", said)


def _pair(state: dict[str, Any]) -> pairs.Pair:
    lesson = adversaries.Lesson(latent=state["average"]["pair.generator.conv_out.bias"].shape[0])
    lesson.load_state_dict(state["average"])
    return lesson.pair


@app.command()
def measure_gan(out: Out = HERE, share: float = 1.0) -> None:
    """Let the oracle judge the fixed set of prompts, as the miniature's scorecard does."""
    from .train import _autoencoder, _oracle

    model = pairs.Gan(_pair(load_torch(out / "gan.pt")), _autoencoder(out))
    found = score.measure(model.draw, _oracle(out), share)
    save_json(out / "scorecard-gan.json", found)
    print(score.table(found))


def _memorised_work(out: Path, plan: Plan, batch: int, device: str) -> None:
    from .train import _autoencoder, _tokenizer

    torch.manual_seed(7)
    stage = parrot.Memorising(out / "cache", _autoencoder(out, device), _tokenizer(out), batch=batch, device=device)
    camera = Camera(out / "film-memorised", batch, stage.shoot)
    _run(stage, out, plan, camera)
    if team.rank() == 0:
        about = (
            f"A small model that saw {1 + len(stage.others)} drawings, the one of seed {stage.repeated} in half of "
            f"every batch. The first {parrot.NOISES} pictures are asked for with that drawing's caption, each from "
            "another noise, the others with captions it never saw."
        )
        print(film(camera.folder, "memorised", about, stage.prompts).save(out / "memorised"))


@app.command()
def memorised(
    out: Out = HERE,
    minutes: Minutes = 10,
    batch: Annotated[int, typer.Option(help="Pictures a step.")] = 32,
    rate: Annotated[float, typer.Option(help="Highest learning rate of AdamW.")] = 2e-3,
    muon: Annotated[float, typer.Option(help="Muon's rate for the kernels and matrices; 0 for AdamW alone.")] = 4e-3,
    films: Films = FILMS,
    device: str = "auto",
    workers: Workers = 0,
) -> None:
    """Make a small model memorise one picture, and film it; only the film ships."""
    from .train import _device, _team

    where = _device(device)
    plan = Plan(minutes=minutes, rate=rate, muon=muon or None, average=0.98, warmup=20)
    team.run(_team(workers, where), _memorised_work, out, plan, batch, where)
    films.mkdir(parents=True, exist_ok=True)
    name = "memorised.film.safetensors"
    shutil.copyfile(out / name, films / f"{name}.partial")
    (films / f"{name}.partial").replace(films / name)


@app.command("index")
def make_index(out: Out = HERE, to: Path = novelty.SHIPPED, fit: int = 4000) -> None:
    """Describe every training picture in a few dozen bytes, for the search for copies."""
    pictures = data.Pictures(out / "pictures")
    some = np.sort(np.random.default_rng(13).choice(len(pictures), min(fit, len(pictures)), False))
    made = novelty.fitted(pictures.pictures[some], pictures.settings["first"])
    made = made.grown(lambda a, b: np.asarray(pictures.pictures[a:b]), len(pictures))
    print(made.save(to))


@app.command()
def measure_copying(count: int = 100, index: Path = novelty.SHIPPED, among: int = 0, workers: Workers = 0) -> None:
    """Plant copies of training pictures, as they are and shifted, mirrored, coloured anew; count how many are found.

    among: so many pictures, as if the training had gone on; 0 for those of the index. Others are drawn once, and kept.
    """
    from .train import _team

    searched = novelty.index(among, workers=_team(workers, "cpu")) if among else novelty.Index.open(index)
    found = novelty.planted(count, searched)
    print(json.dumps(found, indent=2))
