"""Traces as files that other programs read: pages, pictures, arrays, tables."""

import csv
import io
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from .analysis import heat, word_maps
from .analysis.heat import resize
from .errors import InvalidSetting, TraceFileError
from .trace import Trace
from .views.page import write_page
from .views.palette import lay_over

PICTURES = {".png": "PNG", ".webp": "WEBP", ".jpg": "JPEG", ".jpeg": "JPEG"}
KINDS = (".html", *PICTURES, ".npz", ".csv", ".json")


def export(traces: Sequence[Trace], path: str | Path, *, word: str | None = None) -> Path:
    """Write traces to `path`; its suffix says as what. The file appears whole or not at all.

    .html: an offline page with all views, of one trace or several. .png, .webp, .jpg: the picture, or with `word` the
    picture under the word's heat map. .npz: arrays by name, `heat` (word, step, y, x) float32 from 0 to 1 with `words`,
    and `image`. .csv: a table of word, its number, y, x and share, the mean over the steps. .json: the settings.

    Returns the path written. Raises InvalidSetting for another suffix, or for several traces where one is meant;
    UnknownWord; TraceFileError if the file can't be written.
    """
    target = Path(path).expanduser()
    kind = target.suffix.lower()
    if kind not in KINDS:
        raise InvalidSetting(f"{target.name} ends in {kind or 'nothing'}, expected one of {', '.join(KINDS)}.")
    if word is not None and kind not in PICTURES:
        raise InvalidSetting(f"A word is chosen for pictures only: leave it out for {kind}, which holds all words.")
    if kind == ".html":
        return write_page(target, traces)
    if len(traces) != 1:
        raise InvalidSetting(f"One trace goes into a file {kind}, and {len(traces)} were given: only .html takes more.")
    trace = traces[0]
    if kind in PICTURES:
        _write(target, _picture(trace, PICTURES[kind], word))
    elif kind == ".npz":
        _write(target, _arrays(trace))
    elif kind == ".csv":
        _write(target, _table(trace).encode("utf-8"))
    else:
        _write(target, (json.dumps(trace.settings.to_dict(), indent=2) + "\n").encode("utf-8"))
    return target


def _picture(trace: Trace, kind: str, word: str | None) -> bytes:
    pixels = trace.image.values
    if word is not None:
        shares = heat(trace, word).values
        pixels = lay_over(pixels, resize(shares / max(float(shares.max()), 1e-12), *pixels.shape[:2]).clip(0, 1))
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, kind)
    return file.getvalue()


def _arrays(trace: Trace) -> bytes:
    maps = word_maps(trace)
    file = io.BytesIO()
    words = np.array([str(text) for text in maps.coords["word"].values], dtype=np.str_)
    np.savez_compressed(file, heat=maps.values, words=words, image=trace.image.values)
    return file.getvalue()


def _table(trace: Trace) -> str:
    maps = word_maps(trace).mean("step")
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\n")
    table.writerow(["word", "index", "y", "x", "share"])
    for text, index, values in zip(maps.coords["word"].values, maps.coords["index"].values, maps.values, strict=True):
        # What begins so is a formula to a spreadsheet.
        shown = f"'{text}" if str(text).startswith(("=", "+", "-", "@")) else str(text)
        for (y, x), share in np.ndenumerate(values):
            table.writerow([shown, int(index), y, x, f"{share:.6f}"])
    return file.getvalue()


def _write(target: Path, data: bytes) -> None:
    try:
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:80]}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise TraceFileError(
            f"{target} could not be written: {error.strerror or error}. Choose another place."
        ) from error
