"""Trains the miniature: `python -m explorer.miniature.train all --out runs/miniature --minutes 90`.

Each stage is a command of its own too. Ctrl-C or SIGTERM saves a checkpoint; the same command goes on from it.
A stage that has had its minutes is passed over, so a run is made longer by asking for more minutes.
"""

from __future__ import annotations

import copy
import json
import os
import platform
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from transformers import CLIPTokenizer

from . import FOLDER, story, world
from . import upscaler as enlarging
from .fast import LowRank
from .film import FILMS
from .oracle import Oracle
from .recipe import autoencoder as ae
from .recipe import clip as cl
from .recipe import data, score, team, tokenizer, unet
from .recipe import fast as quick
from .recipe import oracle as seer
from .recipe import upscaler as larger
from .recipe import watch as seeing
from .recipe.camera import Camera
from .recipe.export import export as write
from .recipe.files import load_json, load_torch, save_json
from .recipe.loop import Plan, Stage, Stop, Watch, record, train

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)
Out = Annotated[Path, typer.Option(help="Where the set, the checkpoints, the logs and the sheets go.")]
Minutes = Annotated[float, typer.Option(help="Time budget over all sittings.")]
Batch = Annotated[int, typer.Option(help="Pictures a step.")]
Rate = Annotated[float, typer.Option(help="Highest learning rate; 0 for none.")]
Device = Annotated[str, typer.Option(help="cpu, cuda, or auto.")]
Workers = Annotated[
    int, typer.Option(help="Processes that train together, one thread each; 0: one a core, or one with a GPU.")
]
HERE = Path("runs/miniature")


def _device(name: str) -> str:
    return ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name


def _tokenizer(out: Path) -> CLIPTokenizer:
    found: CLIPTokenizer = CLIPTokenizer.from_pretrained(str(out / "tokenizer"))
    return found


def _autoencoder(out: Path, device: str = "cpu") -> Any:
    model = ae.build()
    newest = "decoder.pt" if (out / "decoder.pt").exists() else "autoencoder.pt"
    model.load_state_dict(load_torch(out / newest)["average"])
    if (out / "autoencoder.json").exists():
        model.register_to_config(scaling_factor=1 / load_json(out / "autoencoder.json")["latents"]["std"])
    return model.eval().requires_grad_(False).to(device)


def _clip(out: Path, device: str = "cpu") -> cl.Clip:
    model = cl.Clip(_tokenizer(out))
    model.load_state_dict(load_torch(out / "clip.pt")["average"])
    return model.eval().requires_grad_(False).to(device)


@app.command()
def pictures(out: Out = HERE, count: int = 64_000, held_out: int = 8_000, workers: int = 2) -> None:
    """Draw the training set, and for the oracle alone a set of the pairs that are held out from it."""
    data.render(out / "pictures", count, workers=workers)
    data.render(out / "held-out", held_out, first=50_000_000, pairs="held out", workers=workers)


@app.command("tokenizer")
def learn_tokenizer(out: Out = HERE) -> None:
    """Learn the tokenizer from the captions."""
    if not (out / "tokenizer").exists():
        tokenizer.save(
            tokenizer.learn(line["caption"] for line in data.Pictures(out / "pictures").lines), out / "tokenizer"
        )


def _train(stage: Stage, out: Path, plan: Plan, watch: Watch | None = None) -> None:
    stop = Stop()
    train(stage, out, plan, stop, watch)
    if stop.asked:
        print(f"{stage.name}: saved; the same command goes on from here.", flush=True)
        raise SystemExit(130)


def _team(workers: int, device: str) -> int:
    return workers or (1 if device == "cuda" else os.cpu_count() or 1)


def _autoencoder_work(out: Path, plan: Plan, batch: int, device: str) -> None:
    torch.manual_seed(0)
    _train(ae.Autoencoder(data.Pictures(out / "pictures"), batch=batch, device=device), out, plan)


@app.command()
def autoencoder(
    out: Out = HERE,
    minutes: Minutes = 35,
    batch: Batch = 8,
    rate: Rate = 2e-3,
    muon: Rate = 4e-3,
    device: Device = "auto",
    workers: Workers = 0,
) -> None:
    """Train the autoencoder, and measure it on unseen pictures."""
    where = _device(device)
    plan = Plan(minutes=minutes, rate=rate, muon=muon or None)
    team.run(_team(workers, where), _autoencoder_work, out, plan, batch, where)
    measure_autoencoder(out)


def _decoder_work(out: Path, plan: Plan, batch: int, device: str) -> None:
    torch.manual_seed(0)
    _train(ae.Decoder(data.Pictures(out / "pictures"), _autoencoder(out), batch=batch, device=device), out, plan)


@app.command()
def decoder(
    out: Out = HERE,
    minutes: Minutes = 20,
    batch: Batch = 8,
    rate: Rate = 1e-3,
    muon: Rate = 2e-3,
    device: Device = "auto",
    workers: Workers = 0,
) -> None:
    """Go on training the decoder alone, which leaves the U-Net's latents as they are."""
    where = _device(device)
    plan = Plan(minutes=minutes, rate=rate, muon=muon or None)
    team.run(_team(workers, where), _decoder_work, out, plan, batch, where)
    measure_autoencoder(out)


@app.command()
def measure_autoencoder(out: Out = HERE, count: int = 200) -> None:
    """Measure the autoencoder on unseen pictures: PSNR and colour error by subject; and its latents' spread."""
    model = _autoencoder(out)
    found = {"unseen": ae.measure(model, count), "latents": ae.statistics(model, data.Pictures(out / "pictures"))}
    save_json(out / "autoencoder.json", found)
    print(json.dumps(found))


def _clip_work(out: Path, plan: Plan, batch: int, device: str) -> None:
    torch.manual_seed(1)
    _train(cl.ClipStage(data.Pictures(out / "pictures"), _tokenizer(out), batch=batch, device=device), out, plan)


@app.command()
def clip(
    out: Out = HERE,
    minutes: Minutes = 12,
    batch: Batch = 64,
    rate: Rate = 2e-3,
    muon: Rate = 4e-3,
    device: Device = "auto",
    workers: Workers = 0,
) -> None:
    """Train the two CLIP towers, and measure them on unseen pictures."""
    where = _device(device)
    plan = Plan(minutes=minutes, rate=rate, muon=muon or None, weight_decay=0.05, average=0.99)
    team.run(_team(workers, where), _clip_work, out, plan, batch, where)
    measure_clip(out)


@app.command()
def measure_clip(out: Out = HERE, count: int = 400) -> None:
    """Zero-shot accuracies on unseen pictures."""
    found = cl.measure(_clip(out), _tokenizer(out), count)
    save_json(out / "clip.json", found)
    print(json.dumps(found))


def _cache_work(out: Path, device: str) -> None:
    unet.cache(out / "cache", data.Pictures(out / "pictures"), _autoencoder(out, device))


@app.command()
def cache(out: Out = HERE, device: Device = "auto", workers: Workers = 0) -> None:
    """Encode the set once, for the U-Net."""
    where = _device(device)
    team.run(_team(workers, where), _cache_work, out, where)


def _unet_work(out: Path, plan: Plan, batch: int, device: str) -> None:
    torch.manual_seed(2)
    pictures, vae = data.Pictures(out / "pictures"), _autoencoder(out, device)
    stage = unet.Denoiser(pictures, out / "cache", vae, _tokenizer(out), batch=batch, device=device)
    _train(stage, out, plan, Camera(out / "film-unet", batch, _filming(out, device)))
    if team.rank() == 0:
        _film(out, Camera(out / "film-unet", batch, _filming(out, device)), out)


def _filming(out: Path, device: str = "cpu") -> seeing.Filming:
    reader = _oracle(out).to(device) if (out / "oracle.pt").exists() else None
    return seeing.Filming(_autoencoder(out, device), _tokenizer(out), reader)


def _film(out: Path, camera: Camera, to: Path) -> None:
    drawings = load_json(out / "pictures" / "set.json")["count"]
    about = (
        f"The miniature's U-Net and text encoder, trained on {drawings:,} pictures of the drawn world on "
        f"{_hardware()}; each picture is drawn in {seeing.STEPS} steps by the average of the weights so far."
    )
    print(_filming(out).film(camera, about).save(to / "miniature"))


def _hardware() -> str:
    return torch.cuda.get_device_name() if torch.cuda.is_available() else f"{os.cpu_count()} cores of a CPU"


@app.command()
def watch(out: Out = HERE, history: Path = HERE / "history", to: Path = FILMS) -> None:
    """Make the film of the U-Net's training from snapshots of its weights, unet-<pictures seen>.safetensors."""
    torch.manual_seed(2)
    painter = unet.Painter(_tokenizer(out)).eval().requires_grad_(False)
    camera = seeing.from_history(history, painter, _filming(out), out / "film-history")
    _film(out, camera, to)


@app.command("unet")
def denoiser(
    out: Out = HERE,
    minutes: Minutes = 70,
    batch: Batch = 64,
    rate: Rate = 1e-3,
    muon: Rate = 2e-3,
    device: Device = "auto",
    workers: Workers = 0,
) -> None:
    """Train the U-Net and its text tower on the cache."""
    where = _device(device)
    plan = Plan(minutes=minutes, rate=rate, muon=muon or None, sheet=420)
    team.run(_team(workers, where), _unet_work, out, plan, batch, where)


def _painter(out: Path) -> unet.Painter:
    model = unet.Painter(_tokenizer(out))
    model.load_state_dict(load_torch(out / "unet.pt")["average"])
    return model.eval().requires_grad_(False)


def _fast_work(out: Path, plan: Plan, batch: int, device: str) -> None:
    torch.manual_seed(5)
    pictures, vae, painter = data.Pictures(out / "pictures"), _autoencoder(out, device), _painter(out)
    student = copy.deepcopy(painter.unet)
    stage = quick.Distillation(
        pictures, out / "cache", vae, painter, student, _tokenizer(out), batch=batch, device=device
    )
    _train(stage, out, plan)


@app.command("fast")
def distil(
    out: Out = HERE,
    minutes: Minutes = 30,
    batch: Batch = 32,
    rate: Rate = 1e-3,
    muon: Rate = 2e-3,
    device: Device = "auto",
    workers: Workers = 0,
) -> None:
    """Distil the finished U-Net into the fast set, which draws in four steps."""
    where = _device(device)
    plan = Plan(minutes=minutes, rate=rate, muon=muon or None, average=0.99, weight_decay=0.0)
    team.run(_team(workers, where), _fast_work, out, plan, batch, where)


def _student(out: Path) -> quick.Student:
    model = quick.Student(_painter(out).unet)
    model.load_state_dict(load_torch(out / "fast.pt")["average"])
    return model.eval().requires_grad_(False)


def _oracle_work(out: Path, plan: Plan, batch: int, device: str) -> None:
    torch.manual_seed(4)
    sets = [data.Pictures(out / name) for name in ("pictures", "held-out")]
    _train(seer.OracleStage(*sets, batch=batch, device=device), out, plan)


@app.command()
def oracle(
    out: Out = HERE,
    minutes: Minutes = 12,
    batch: Batch = 48,
    rate: Rate = 2e-3,
    muon: Rate = 4e-3,
    device: Device = "auto",
    workers: Workers = 0,
) -> None:
    """Train the oracle, and measure it on unseen drawings."""
    where = _device(device)
    plan = Plan(minutes=minutes, rate=rate, muon=muon or None, average=0.99)
    team.run(_team(workers, where), _oracle_work, out, plan, batch, where)
    measure_oracle(out)


@app.command()
def measure_oracle(out: Out = HERE, count: int = 2000) -> None:
    """How much of unseen drawings the oracle reads rightly, as they are and through the autoencoder."""
    found: dict[str, Any] = seer.measure(_oracle(out), count)
    if (out / "autoencoder.pt").exists():
        model = _autoencoder(out)
        back = seer.measure(_oracle(out), count // 4, lambda pictures: ae.there_and_back(model, pictures))
        found |= {"through_the_autoencoder": back}
    save_json(out / "oracle.json", found)
    print(json.dumps(found))


def _oracle(out: Path) -> Oracle:
    model = Oracle()
    model.load_state_dict(load_torch(out / "oracle.pt")["average"])
    return model.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def _upscaler_work(out: Path, plan: Plan, batch: int, device: str) -> None:
    torch.manual_seed(8)
    drawings = larger.Drawings(out / "upscaler-pictures")
    _train(larger.UpscalerStage(drawings, _tokenizer(out), batch=batch, device=device), out, plan)


@app.command()
def upscaler(
    out: Out = HERE,
    minutes: Minutes = 46,
    count: int = 400,
    batch: Batch = 16,
    rate: Rate = 2e-3,
    muon: Rate = 4e-3,
    device: Device = "auto",
    workers: Workers = 0,
    to: Path = enlarging.HOME,
) -> None:
    """Draw scenes at 128, 256 and 512 pixels, train the upscaler on them, measure it and write the shipped folder."""
    where = _device(device)
    larger.render(out / "upscaler-pictures", count, workers=_team(workers, "cpu"))
    plan = Plan(minutes=minutes, rate=rate, muon=muon or None)
    team.run(_team(workers, where), _upscaler_work, out, plan, batch, where)
    measure_upscaler(out)
    found = record(load_torch(out / "upscaler.pt")) | {"measured": load_json(out / "upscaler.json")}
    larger.save(_doubler(out), _tokenizer(out), to, found)


@app.command()
def measure_upscaler(out: Out = HERE, count: int = 16, seeds: int = 4, steps: int = enlarging.STEPS) -> None:
    """Measure the upscaler on unseen drawings, against nearest, bicubic and Lanczos; and whether its guesses tell where
    it is wrong."""
    found = larger.measure(larger.upscaler(_doubler(out), _tokenizer(out)), count, seeds, steps)
    save_json(out / "upscaler.json", found)
    print(json.dumps(found))


def _doubler(out: Path) -> larger.Doubler:
    model = larger.Doubler(_tokenizer(out))
    model.load_state_dict(load_torch(out / "upscaler.pt")["average"])
    return model.eval().requires_grad_(False)


@app.command()
def scorecard(
    out: Out = HERE, share: float = 1.0, guidance: float = unet.GUIDANCE, steps: int = 25, fast: bool = False
) -> None:
    """Draw the fixed set of prompts and let the oracle judge them: what of them is in the pictures, seen and held-out
    pairs apart; and how the models were trained."""
    model, vae, tokens = _painter(out), _autoencoder(out), _tokenizer(out)
    if fast:  # as it ships
        for name, low in _adapters(out).items():
            weight = model.unet.get_submodule(name).weight
            weight.data = low(weight)

    def draw(prompts: list[str], seed: int) -> NDArray[np.uint8]:
        if fast:
            return quick.draw(model.unet, vae, model.text, tokens, prompts, seed)
        return unet.generate(model.unet, vae, model.text, tokens, prompts, steps=steps, guidance=guidance, seed=seed)

    found = score.measure(draw, _oracle(out), share)
    save_json(out / ("scorecard-fast.json" if fast else "scorecard.json"), found)
    print(score.table(found), "", *_training(_record(out)), sep="\n")


@app.command()
def export(out: Out = HERE, to: Path = FOLDER) -> None:
    """Write the shipped folder from the newest checkpoints; parts without a checkpoint are exported untrained."""
    torch.manual_seed(3)
    tokens = _tokenizer(out)
    vae = _autoencoder(out) if (out / "autoencoder.pt").exists() else ae.build()
    towers = _clip(out) if (out / "clip.pt").exists() else cl.Clip(tokens)
    painter = _painter(out) if (out / "unet.pt").exists() else unet.Painter(tokens)
    reader = _oracle(out) if (out / "oracle.pt").exists() else Oracle()
    write(
        to,
        vae=vae,
        unet=painter.unet,
        text=painter.text,
        clip=towers,
        oracle=reader,
        adapters=_adapters(out),
        tokenizer=tokens,
        record=_record(out),
    )


def _adapters(out: Path) -> dict[str, LowRank]:
    if not (out / "fast.pt").exists():
        return {}
    trained = _student(out).adapters.items()
    return quick.shrunk({name.replace("/", "."): low for name, low in trained if isinstance(low, LowRank)})


def _record(out: Path) -> dict[str, Any]:
    """What was trained, how long, on what, and the numbers measured."""
    settings = out / "pictures" / "set.json"
    stages: dict[str, Any] = {"pictures": load_json(settings) if settings.exists() else None}
    for name in ("autoencoder", "decoder", "clip", "unet", "fast", "oracle"):
        if (out / f"{name}.pt").exists():
            stages[name] = record(load_torch(out / f"{name}.pt"))
        if (out / f"{name}.json").exists():
            stages[name] = stages.get(name, {}) | {"measured": load_json(out / f"{name}.json")}
    hardware = {"machine": platform.machine(), "cores": os.cpu_count(), "threads": torch.get_num_threads()}
    if torch.cuda.is_available():
        hardware["gpu"] = torch.cuda.get_device_name()
    for name in ("scorecard", "scorecard-fast"):
        if (out / f"{name}.json").exists():
            stages[name] = load_json(out / f"{name}.json")
    return {
        "edition": 2,
        "guidance": unet.GUIDANCE,
        "vocabulary": list(world.VOCABULARY),
        "stages": stages,
        "hardware": hardware,
        "torch": torch.__version__,
    }


def _training(found: dict[str, Any]) -> list[str]:
    """The record in words, a line for each model."""
    stages = {name: stage for name, stage in found["stages"].items() if stage and "minutes" in stage}
    said = [f"{name}: {s['pictures_seen']:,} pictures in {s['minutes']:g} minutes" for name, s in stages.items()]
    return [*said, "hardware: " + ", ".join(f"{name} {value}" for name, value in found["hardware"].items())]


@app.command("all")
def everything(out: Out = HERE, minutes: Minutes = 90, to: Path = FOLDER, device: Device = "auto") -> None:
    """Every stage in turn: a quarter of the time for the autoencoder, most of the rest for the U-Net."""
    pictures(out)
    learn_tokenizer(out)
    autoencoder(out, 0.25 * minutes, device=device)
    cache(out, device)
    oracle(out, 0.07 * minutes, device=device)  # it reads the pictures of the U-Net's film
    denoiser(out, 0.6 * minutes, device=device)
    clip(out, 0.08 * minutes, device=device)
    scorecard(out)
    export(out, to)


app.registered_commands += story.app.registered_commands

if __name__ == "__main__":
    app()
