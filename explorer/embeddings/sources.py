"""Where a CLIP model comes from: the miniature's own, an open_clip checkpoint by name, a folder or a file."""

import json
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CheckpointError
from ..loading import MINIATURE

if TYPE_CHECKING:
    from .clip import Clip

USUAL = ("ViT-B-32", "laion2b_s34b_b79k")
"""The CLIP that other pipelines than the miniature are looked at with: 600 MB, fetched once."""
_CONFIG = "open_clip_config.json"
_OFFLINE = ("Connect", "resolve", "offline", "LocalEntryNotFound", "Max retries", "urlopen", "Failed to download")
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".npz")


def clip(name: str | Path = MINIATURE, pretrained: str | Path | None = None, device: Any = "cpu") -> "Clip":
    """A CLIP model, ready to embed, in float32.

    name: "miniature"; a folder with an open_clip_config.json and weights; an open_clip architecture such as "ViT-B-32",
        with `pretrained`, one of its tags or a safetensors file (None is its first tag); or "hf-hub:owner/model".
    Raises CheckpointError if there is no such model, no network, or only pickled weights.
    """
    import open_clip

    source, said, tag = _source(name, pretrained)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of activations: open_clip's own choice for the tag is what was trained
            model, preprocess = open_clip.create_model_from_pretrained(source, pretrained=tag, device=device)
            tokenizer = open_clip.get_tokenizer(source)
    except (RuntimeError, OSError, ValueError, KeyError, TypeError, ImportError, AttributeError) as error:
        raise CheckpointError(_reason(said, source, tag, error)) from error
    except Exception as error:  # a damaged safetensors file has an exception class of its own
        if type(error).__name__ != "SafetensorError":
            raise
        raise CheckpointError(_reason(said, source, tag, error)) from error
    from .clip import Clip

    return Clip(said, model.eval(), preprocess, tokenizer)


def _source(name: str | Path, pretrained: str | Path | None) -> tuple[str, str, str | None]:
    """What open_clip calls it, what a person does, and the tag or file."""
    if name == MINIATURE and pretrained is None:
        from ..miniature import FOLDER

        if not (FOLDER / "clip" / _CONFIG).is_file():
            raise CheckpointError("The miniature's CLIP is missing from this installation: install the package again.")
        return f"local-dir:{FOLDER / 'clip'}", "the miniature's CLIP", None
    folder = Path(name).expanduser()
    if folder.is_dir():
        return _folder(folder)
    text = str(name)
    if text.startswith("hf-hub:"):
        return text, text.removeprefix("hf-hub:"), None
    return _named(text, pretrained)


def _folder(folder: Path) -> tuple[str, str, None]:
    config = folder / _CONFIG
    try:
        good = "model_cfg" in json.loads(config.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{folder} holds no open_clip model (no {_CONFIG}): name the folder that has that file."
        ) from error
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"{config} is damaged: fetch the model again.") from error
    if not good:
        raise CheckpointError(f"{config} describes no open_clip model (no model_cfg): fetch the model again.")
    if not list(folder.glob("*.safetensors")):
        pickled = [path for path in folder.iterdir() if path.suffix in _PICKLES]
        raise CheckpointError(
            _pickled(pickled[0]) if pickled else f"{folder} holds no weights: add the model's safetensors file."
        )
    return f"local-dir:{folder}", folder.name, None


def _named(name: str, pretrained: str | Path | None) -> tuple[str, str, str]:
    import open_clip

    known = open_clip.list_models()
    if name.replace("/", "-") not in known:
        raise CheckpointError(
            f"{name!r:.60} is neither a folder nor an architecture of open_clip: name one such as 'ViT-B-32', a "
            "folder, or 'hf-hub:owner/model'."
        )
    tags = open_clip.list_pretrained_tags_by_model(name)
    if pretrained is None:
        if not tags:
            raise CheckpointError(
                f"open_clip has no weights for {name}: name a file, pretrained='weights.safetensors'."
            )
        pretrained = USUAL[1] if name == USUAL[0] else tags[0]
    file = Path(pretrained).expanduser()
    if file.is_file():
        if file.suffix in _PICKLES:
            raise CheckpointError(_pickled(file))
        return name, f"{name}, {file.name}", str(file)
    if str(pretrained) not in tags:
        shown = ", ".join(tags[:8]) + (" and others" if len(tags) > 8 else "") if tags else "none"
        raise CheckpointError(
            f"{pretrained!s:.60} is no file, and no weights of {name} that open_clip knows: it knows {shown}."
        )
    return name, f"{name}, {pretrained}", str(pretrained)


def _pickled(file: Path) -> str:
    return f"The weights {file.name} are pickles, which can run any code: use a safetensors version of them."


def _reason(said: str, source: str, tag: str | None, error: BaseException) -> str:
    here = source.startswith("local-dir:") or (tag is not None and Path(tag).is_file())
    cause: BaseException | None = None if here else error
    while cause is not None:
        if isinstance(cause, ConnectionError) or any(sign in f"{type(cause).__name__} {cause}" for sign in _OFFLINE):
            return (
                f"{said} is not downloaded yet, and can't be fetched: check the network, or name a folder that has it."
            )
        cause = cause.__cause__ or cause.__context__
    text = " ".join(str(error).split())[:200] or type(error).__name__
    return f"{said} could not be loaded ({text}): check the {'file' if here else 'name'}, or fetch it again."
