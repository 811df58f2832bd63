"""Trains the miniature: `python -m explorer.miniature.train all --out runs/miniature --minutes 90`.

Each stage is a command of its own too. Ctrl-C or SIGTERM saves a checkpoint; the same command goes on from it.
A stage that has had its minutes is passed over, so a run is made longer by asking for more minutes.
"""

from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from transformers import CLIPTokenizer

from . import FOLDER
from .recipe import autoencoder as ae
from .recipe import clip as cl
from .recipe import data, judge, team, tokenizer, unet
from .recipe.export import export as write
from .recipe.files import load_json, load_torch, save_json
from .recipe.loop import Plan, Stage, Stop, record, train

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
    model.load_state_dict(load_torch(out / "autoencoder.pt")["average"])
    if (out / "autoencoder.json").exists():
        model.register_to_config(scaling_factor=1 / load_json(out / "autoencoder.json")["latents"]["std"])
    return model.eval().requires_grad_(False).to(device)


def _clip(out: Path, device: str = "cpu") -> cl.Clip:
    model = cl.Clip(_tokenizer(out))
    model.load_state_dict(load_torch(out / "clip.pt")["average"])
    return model.eval().requires_grad_(False).to(device)


@app.command()
def pictures(out: Out = HERE, count: int = 36_000, workers: int = 2) -> None:
    """Draw the training set."""
    data.render(out / "pictures", count, workers=workers)


@app.command("tokenizer")
def learn_tokenizer(out: Out = HERE) -> None:
    """Learn the tokenizer from the captions."""
    if not (out / "tokenizer").exists():
        tokenizer.save(
            tokenizer.learn(line["caption"] for line in data.Pictures(out / "pictures").lines), out / "tokenizer"
        )


def _train(stage: Stage, out: Path, plan: Plan) -> None:
    stop = Stop()
    train(stage, out, plan, stop)
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
    batch: Batch = 192,
    rate: Rate = 1e-3,
    muon: Rate = 2e-3,
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
    pictures, vae, text = data.Pictures(out / "pictures"), _autoencoder(out, device), _clip(out, device).text
    unet.cache(out / "cache", pictures, vae, text, _tokenizer(out))


@app.command()
def cache(out: Out = HERE, device: Device = "auto", workers: Workers = 0) -> None:
    """Encode the set once, for the U-Net."""
    where = _device(device)
    team.run(_team(workers, where), _cache_work, out, where)


def _unet_work(out: Path, plan: Plan, batch: int, device: str) -> None:
    torch.manual_seed(2)
    text = _clip(out, device).text
    _train(
        unet.Denoiser(out / "cache", _autoencoder(out, device), text, _tokenizer(out), batch=batch, device=device),
        out,
        plan,
    )


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
    """Train the U-Net on the cache."""
    where = _device(device)
    plan = Plan(minutes=minutes, rate=rate, muon=muon or None, sheet=420)
    team.run(_team(workers, where), _unet_work, out, plan, batch, where)


def _unet(out: Path) -> Any:
    model = unet.build(_clip(out).text.config.hidden_size)
    model.load_state_dict(load_torch(out / "unet.pt")["average"])
    return model.eval().requires_grad_(False)


@app.command()
def measure_unet(out: Out = HERE, guidance: float = unet.GUIDANCE) -> None:
    """How often CLIP finds, in what the U-Net draws, the subject, the colour and the style that were asked for."""
    found = judge.measure(_unet(out), _autoencoder(out), _clip(out), _tokenizer(out), guidance=guidance)
    save_json(out / "unet.json", found)
    print(json.dumps(found))


@app.command()
def export(out: Out = HERE, to: Path = FOLDER) -> None:
    """Write the shipped folder from the newest checkpoints; parts without a checkpoint are exported untrained."""
    torch.manual_seed(3)
    tokens = _tokenizer(out)
    vae = _autoencoder(out) if (out / "autoencoder.pt").exists() else ae.build()
    towers = _clip(out) if (out / "clip.pt").exists() else cl.Clip(tokens)
    network = _unet(out) if (out / "unet.pt").exists() else unet.build(towers.text.config.hidden_size)
    write(to, vae=vae, unet=network, clip=towers, tokenizer=tokens, record=_record(out))


def _record(out: Path) -> dict[str, Any]:
    """What was trained, how long, on what, and the numbers measured."""
    settings = out / "pictures" / "set.json"
    stages: dict[str, Any] = {"pictures": load_json(settings) if settings.exists() else None}
    for name in ("autoencoder", "clip", "unet"):
        if (out / f"{name}.pt").exists():
            stages[name] = record(load_torch(out / f"{name}.pt"))
        if (out / f"{name}.json").exists():
            stages[name] = stages.get(name, {}) | {"measured": load_json(out / f"{name}.json")}
    hardware = {"machine": platform.machine(), "cores": os.cpu_count(), "threads": torch.get_num_threads()}
    if torch.cuda.is_available():
        hardware["gpu"] = torch.cuda.get_device_name()
    return {"edition": 1, "guidance": unet.GUIDANCE, "stages": stages, "hardware": hardware, "torch": torch.__version__}


@app.command("all")
def everything(out: Out = HERE, minutes: Minutes = 90, to: Path = FOLDER, device: Device = "auto") -> None:
    """Every stage in turn: a fifth of the time for the autoencoder, a tenth for CLIP, the rest for the U-Net."""
    pictures(out)
    learn_tokenizer(out)
    autoencoder(out, 0.2 * minutes, device=device)
    clip(out, 0.1 * minutes, device=device)
    cache(out, device)
    denoiser(out, 0.7 * minutes, device=device)
    measure_unet(out)
    export(out, to)


if __name__ == "__main__":
    app()
