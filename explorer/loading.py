"""Where a pipeline comes from: the shipped miniature, a folder, or the Hugging Face hub."""

import contextlib
import importlib.util
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import CheckpointError, InvalidSetting
from .families import family_named
from .quiet import no_bars

if TYPE_CHECKING:
    import torch

MINIATURE = "miniature"
FAST = "miniature-fast"
OURS = (MINIATURE, FAST)


def fetch(
    name: str | Path,
    *,
    device: "str | torch.device | None",
    dtype: "str | torch.dtype | None",
    revision: str | None,
    allow_pickle: bool,
) -> "tuple[Any, str | None, Noted]":
    """The pipeline on its device, the hub's commit, and what the model's own record says: see `load`."""
    import torch

    place = _device(torch, device)
    number = _dtype(torch, dtype, torch.float32 if place.type == "cpu" or name in OURS else torch.float16)
    folder, commit = _folder(name, revision)
    source = str(name) if commit else str(folder)
    try:
        kind = str(json.loads((folder / "model_index.json").read_text(encoding="utf-8"))["_class_name"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"The model_index.json of {name} is damaged: fetch the model again.") from error
    family_named(kind)
    if not commit and not allow_pickle:
        _refuse_pickles(folder, str(name))
    pipe = _from_pretrained(
        source, str(name), revision=commit, local_files_only=not commit, dtype=number, allow_pickle=allow_pickle
    )
    if name == FAST:
        from .miniature import fast

        fast.apply(pipe.unet, folder / "fast")
    return pipe.to(place), commit, _noted(folder, fast=name == FAST)


def _folder(name: str | Path, revision: str | None) -> tuple[Path, str | None]:
    """The folder with the model's index; for a hub model that of the download, which is named by the commit."""
    if name in OURS:
        from .miniature import FOLDER

        missing = "The miniature's weights are missing from this installation: install the package again."
        if name == FAST and not (FOLDER / "fast" / "adapter.safetensors").is_file():
            raise CheckpointError('This installation has no fast set of weights: load "miniature" instead.')
        return _checked(FOLDER, missing), None
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _checked(
            folder, f"{folder} holds no diffusers pipeline (no model_index.json): name the folder that has that file."
        ), None
    index = _hub_index(str(name), revision)
    return index.parent, index.parent.name


def _checked(folder: Path, missing: str) -> Path:
    if not (folder / "model_index.json").is_file():
        raise CheckpointError(missing)
    return folder


def _hub_index(name: str, revision: str | None) -> Path:
    from huggingface_hub import errors, hf_hub_download

    owner, _, model = name.partition("/")
    if not (owner and model) or "/" in model or owner in {".", "..", "~"}:
        raise CheckpointError(
            f"There is no folder {name}, and it is no name of the Hugging Face hub (owner/model): check the spelling."
        )
    try:
        return Path(hf_hub_download(name, "model_index.json", revision=revision))
    except (errors.RepositoryNotFoundError, errors.GatedRepoError, errors.HFValidationError) as error:
        reason = (
            f"{name} is not on the Hugging Face hub, or asks you to log in: check the name, or run `hf auth login`."
        )
        raise CheckpointError(reason) from error
    except errors.RevisionNotFoundError as error:
        raise CheckpointError(f"{name} has no revision {revision!r}: leave it out for the newest.") from error
    except (errors.LocalEntryNotFoundError, OSError) as error:
        raise CheckpointError(
            f"{name} is neither a folder nor downloaded yet, and the Hugging Face hub can't be reached: "
            "check the network, or name a folder."
        ) from error
    except errors.EntryNotFoundError as error:
        raise CheckpointError(f"{name} holds no diffusers pipeline: name one with a model_index.json.") from error


def _refuse_pickles(folder: Path, name: str) -> None:
    for weights in sorted(folder.glob("*/*")):
        pickled = weights.suffix in {".bin", ".pt", ".pth", ".ckpt"} and not list(weights.parent.glob("*.safetensors"))
        if pickled and not weights.name.startswith("optimizer"):
            raise _pickled(name, f" ({weights.relative_to(folder)})")


def _pickled(name: str, which: str = "") -> CheckpointError:
    return CheckpointError(
        f"The weights of {name} are pickles{which}, which can run any code: use a safetensors version, "
        "or pass allow_pickle=True if you trust them."
    )


def _from_pretrained(source: str, name: str, *, allow_pickle: bool, **options: Any) -> Any:
    from diffusers import DiffusionPipeline

    try:
        with no_bars():
            return DiffusionPipeline.from_pretrained(
                source,
                use_safetensors=None if allow_pickle else True,
                safety_checker=None,
                # diffusers saves memory with accelerate, and says so at length where that is missing.
                low_cpu_mem_usage=importlib.util.find_spec("accelerate") is not None,
                requires_safety_checker=False,
                **options,
            )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        if "Could not find the necessary `safetensors` weights" in str(error):  # of a hub model; folders were looked at
            raise _pickled(name) from error
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise CheckpointError(
            f"{name} could not be loaded ({reason[0][:200]}): check that the folder is whole, or fetch it again."
        ) from error


@dataclass(frozen=True, slots=True)
class Noted:
    """What a model's own record says of it; our miniature's does.

    guidance, steps: what it is usually run with. vocabulary: every word that it was taught, in lower case; None if
        open.
    """

    guidance: float | None = None
    steps: int = 25
    vocabulary: frozenset[str] | None = None


def _noted(folder: Path, *, fast: bool = False) -> Noted:
    try:
        record = json.loads((folder / "record.json").read_text(encoding="utf-8"))
        guidance, words = record.get("guidance"), record.get("vocabulary")
    except (OSError, ValueError, AttributeError):
        return Noted()
    good = isinstance(guidance, int | float) and math.isfinite(guidance) and guidance >= 0
    known = isinstance(words, list) and bool(words) and all(isinstance(word, str) for word in words)
    vocabulary = frozenset(words) if known else None
    if fast:  # guidance is distilled into it
        from .miniature.fast import STEPS

        return Noted(1.0, STEPS, vocabulary)
    return Noted(float(guidance) if good else None, vocabulary=vocabulary)


def _device(torch: Any, device: Any) -> Any:
    accelerators = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    there = [name for name, available in accelerators.items() if available] + ["cpu"]
    if device is None:
        return torch.device(there[0])
    with contextlib.suppress(RuntimeError, TypeError):
        place = torch.device(device)
        if accelerators.get(place.type, True):
            return place
    raise InvalidSetting(f"The device {device!r} is not there: choose one of {', '.join(there)}.")


def _dtype(torch: Any, dtype: Any, usual: Any) -> Any:
    known = {name: getattr(torch, name) for name in ("float32", "float16", "bfloat16")}
    number = usual if dtype is None else known.get(dtype, dtype) if isinstance(dtype, str) else dtype
    if number not in known.values():
        raise InvalidSetting(f"dtype is {dtype!r}, expected one of {', '.join(known)}.")
    return number
