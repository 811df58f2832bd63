"""`.trace.safetensors`: one file per trace. No pickle, versioned, checksummed, written atomically.

The header holds the settings and tokens as JSON and a checksum of the arrays, so that a folder of traces lists from its
headers alone. The format is safetensors (https://github.com/huggingface/safetensors).
"""

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError
from safetensors import numpy as safetensors_numpy

from .errors import TraceFileError
from .files import home, place, reason, shown, write
from .prompt import Tokens
from .trace import Settings, Trace, attention_array, masks_array, self_array, step_array

if TYPE_CHECKING:
    import xarray as xr

SUFFIX = ".trace.safetensors"
_FORMAT = "prompt-explorer-trace"
_VERSION = 3
"""2 holds self-attention besides, 3 steps with gaps between them and true masks; what has none of these is written as
1, so that an older package reads it."""
_OPTIONAL = ("pictures", "conditional", "unconditional")
_LONGEST_HEADER = 100_000_000  # safetensors' own limit
_CHECKED = 32_000_000  # bytes: a tenth of a second
# safetensors' names of the types that traces hold; little-endian by its format.
_DTYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "U8": "u1", "I32": "<i4", "I64": "<i8", "BOOL": "?"}


def save(trace: Trace, path: str | Path) -> Path:
    """Write `trace` to `path`; the suffix `.trace.safetensors` is added where it is missing.

    The file appears whole or not at all: it is written beside its place and moved there.
    Returns the path written. Raises TraceFileError if the folder is missing or can't be written.
    """
    target = place(path, SUFFIX)
    arrays = _maps("attention", trace.attention) | _maps("negative", trace.negative)
    arrays |= _maps("self", trace.self_attention)
    arrays |= {name: getattr(trace, name).values for name in ("latents", "predicted", "noise", "image")}
    arrays |= {name: trace.latents.coords[name].values for name in ("timestep", "sigma")}
    for name in _OPTIONAL:
        if getattr(trace, name) is not None:
            arrays[name] = getattr(trace, name).values
    arrays = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    about: dict[str, Any] = {
        "settings": trace.settings.to_dict(),
        "tokens": trace.tokens.to_dict(),
        "layers": _layers(trace.attention),
    }
    if trace.negative_tokens is not None:
        about |= {"negative_tokens": trace.negative_tokens.to_dict(), "negative_layers": _layers(trace.negative)}
    if trace.self_attention:
        about["self_layers"] = _layers(trace.self_attention)
    later = trace.step_numbers != list(range(trace.steps)) or trace.masks is not None
    if later:
        about["step_numbers"] = trace.step_numbers
    if trace.masks is not None:
        arrays["masks"] = np.ascontiguousarray(trace.masks.values)
        about["masks"] = [trace.masks.coords[end].values.tolist() for end in ("start", "end")]
    metadata = {
        "format": _FORMAT,
        "version": str(_VERSION if later else 2 if trace.self_attention else 1),
        "checksum": _checksum(arrays),
        # ASCII, so that a lone surrogate in a prompt survives; strict JSON, so that any language reads it.
        "trace": json.dumps(about, ensure_ascii=True, allow_nan=False),
    }
    return write(target, safetensors_numpy.save(arrays, metadata=metadata), "The trace")


def open_trace(path: str | Path) -> Trace:
    """Read a trace written by `save`.

    Raises TraceFileError if the file is missing, truncated, damaged, not a trace, or of a newer version.
    """
    source = home(path)
    about = _header(source)
    try:
        arrays = safetensors_numpy.load_file(source)
    except (SafetensorError, OSError) as error:
        raise _damaged(source) from error
    if _checksum(arrays) != about.get("checksum"):
        raise _damaged(source)
    try:
        return _assemble(json.loads(about["trace"]), arrays)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise _damaged(source) from error


def read_settings(path: str | Path) -> Settings:
    """The settings of a trace file, from its header alone."""
    source = home(path)
    try:
        return Settings.from_dict(json.loads(_header(source)["trace"])["settings"])
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(source) from error


def open_for_views(path: str | Path) -> Trace:
    """As much of a trace as the views show: all but its self-attention, which can be many times the rest.

    The checksum, for which every byte must be read, is compared in files of up to 32 MB.
    Raises TraceFileError as `open_trace` does.
    """
    source = home(path)
    try:
        if source.stat().st_size <= _CHECKED:
            return open_trace(source)
        about = json.loads(_header(source)["trace"])
        arrays = _arrays(source, lambda name: not name.startswith("self/"))
        return _assemble(about | {"self_layers": {}}, arrays)
    except TraceFileError:
        raise
    except FileNotFoundError as error:
        raise _gone(source) from error
    except (OSError, KeyError, TypeError, ValueError, IndexError) as error:
        raise _damaged(source) from error


def read_picture(path: str | Path) -> np.ndarray:
    """The picture of a trace file, (y, x, channel) uint8; nothing else of it is read.

    Raises TraceFileError as `open_trace` does.
    """
    source = home(path)
    _header(source)
    try:
        picture = _arrays(source, lambda name: name == "image")["image"]
    except (OSError, KeyError, TypeError, ValueError, IndexError) as error:
        raise _damaged(source) from error
    if picture.ndim != 3 or picture.shape[2] not in (3, 4) or picture.dtype != np.uint8 or not picture.size:
        raise _damaged(source)
    return picture


def _arrays(source: Path, wanted: Callable[[str], bool]) -> dict[str, np.ndarray]:
    """Some arrays of a file by name; plain reads, since a file that shrinks under a memory map ends the process."""
    found = {}
    with source.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
        for name, entry in header.items():
            if name == "__metadata__" or not wanted(name):
                continue
            dtype, (begin, end) = np.dtype(_DTYPES[entry["dtype"]]), entry["data_offsets"]
            if not 0 <= begin <= end or end - begin != math.prod(entry["shape"]) * dtype.itemsize:
                raise ValueError(name)
            file.seek(8 + length + begin)
            values = np.fromfile(file, dtype, count=(end - begin) // dtype.itemsize)
            found[name] = values.reshape(entry["shape"])
    return found


def _assemble(about: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Trace:
    import xarray as xr

    tokens = Tokens.from_dict(about["tokens"])
    unwanted = Tokens.from_dict(about["negative_tokens"]) if "negative_tokens" in about else None
    steps = about.get("step_numbers")
    times: dict[str, Any] = {"timesteps": arrays["timestep"], "sigmas": arrays["sigma"], "steps": steps}

    def labelled(kind: str, layers: Mapping[str, list[str]], of: Tokens) -> dict[str, xr.DataArray]:
        tops = {grid: arrays.get(f"{kind}/{grid}/top") for grid in layers}
        return {
            grid: attention_array(arrays[f"{kind}/{grid}"], layers=names, tokens=of, tops=tops[grid], steps=steps)
            for grid, names in layers.items()
        }

    within = {
        grid: self_array(arrays[f"self/{grid}"], layers=names, tops=arrays.get(f"self/{grid}/top"), steps=steps)
        for grid, names in about.get("self_layers", {}).items()
    }
    return Trace(
        settings=Settings.from_dict(about["settings"]),
        tokens=tokens,
        attention=labelled("attention", about["layers"], tokens),
        latents=step_array(arrays["latents"], **times),
        predicted=step_array(arrays["predicted"], **times),
        noise=xr.DataArray(arrays["noise"], dims=("channel", "y", "x")),
        image=xr.DataArray(arrays["image"], dims=("y", "x", "channel")),
        pictures=xr.DataArray(arrays["pictures"], dims=("step", "y", "x", "channel")) if "pictures" in arrays else None,
        conditional=step_array(arrays["conditional"], **times) if "conditional" in arrays else None,
        unconditional=step_array(arrays["unconditional"], **times) if "unconditional" in arrays else None,
        negative={} if unwanted is None else labelled("negative", about["negative_layers"], unwanted),
        negative_tokens=unwanted,
        self_attention=within,
        masks=masks_array(arrays["masks"], list(zip(*about["masks"], strict=True))) if "masks" in arrays else None,
    )


def _maps(kind: str, attention: "Mapping[str, xr.DataArray]") -> dict[str, np.ndarray]:
    arrays = {f"{kind}/{grid}": maps.values for grid, maps in attention.items()}
    return arrays | {f"{kind}/{grid}/top": m.coords["top"].values for grid, m in attention.items() if "top" in m.coords}


def _layers(attention: "Mapping[str, xr.DataArray]") -> dict[str, list[str]]:
    return {grid: [str(name) for name in maps.coords["layer"].values] for grid, maps in attention.items()}


def _header(source: Path) -> dict[str, str]:
    """The metadata of a trace file; the file's length is checked against it, its arrays are not read."""
    try:
        size = source.stat().st_size
        with source.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            text = file.read(length) if 2 <= length <= min(_LONGEST_HEADER, size - 8) else b""
    except FileNotFoundError as error:
        raise _gone(source) from error
    except OSError as error:
        raise TraceFileError(
            f"{shown(source)} could not be read: {reason(error)}. Check the file's permissions."
        ) from error
    except ValueError as error:
        raise TraceFileError(f"{shown(source)} can't be a file: {reason(error)}.") from error
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:  # JSON and UTF-8 errors are ValueErrors
        raise _foreign(source) from error
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    if not isinstance(metadata, dict) or metadata.get("format") != _FORMAT:
        raise _foreign(source)
    if metadata.get("version") not in {str(version) for version in range(1, _VERSION + 1)}:
        raise TraceFileError(
            f"{shown(source)} is a trace of version {metadata.get('version')}, and this package reads up to version "
            f"{_VERSION}: update prompt-explorer."
        )
    try:
        ends = [int(entry["data_offsets"][1]) for name, entry in header.items() if name != "__metadata__"]
    except (KeyError, TypeError, IndexError, ValueError) as error:
        raise _damaged(source) from error
    if size != 8 + length + max(ends, default=0):
        raise _damaged(source)
    return {str(key): str(value) for key, value in metadata.items()}


def _checksum(arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(arrays):
        digest.update(f"{name}{arrays[name].dtype}{arrays[name].shape}".encode())
        digest.update(arrays[name].data)
    return digest.hexdigest()


def _gone(source: Path) -> TraceFileError:
    return TraceFileError(f"There is no file {shown(source)}: check the name; traces end in {SUFFIX}.")


def _foreign(source: Path) -> TraceFileError:
    return TraceFileError(f"{shown(source)} is not a trace: open a file that `trace.save` wrote.")


def _damaged(source: Path) -> TraceFileError:
    return TraceFileError(f"{shown(source)} is truncated or damaged: copy it again, or record the run again.")
