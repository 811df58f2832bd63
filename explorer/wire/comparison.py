"""Several runs side by side, for the browser. The twin is `extensions/widgets/src/wire/comparison.ts`."""

from collections.abc import Sequence
from typing import Any

from ..analysis.aligned import aligned
from ..trace import Trace
from . import LONGEST_PROMPT
from . import trace as run_of
from .pack import Pack, clean

VERSION = 1
LONGEST_NAME = 80


def comparison(traces: Sequence[Trace], names: Sequence[str]) -> tuple[dict[str, Any], bytes]:
    """What the comparison view needs: each run as `wire.trace` sends it, one behind the other, and what they share.

    names: what each run is called, as many as there are traces.
    Returns (meta, buffer). `meta["runs"][i]` holds the run's own meta, and its place in the buffer as `offset` and
    `bytes`; `meta["rows"]` the aligned words, for each run the index of the word or None; `meta["settings"]` the
    settings in which the runs differ, with each run's value as text.
    """
    pack, runs, counts = Pack(), [], []
    # Steps are shown by their pictures; where a run lacks them, those of all are drawn from the latents, blurred alike.
    pictured = all(trace.pictures is not None for trace in traces)
    parts = ("attention", "pictures" if pictured else "fields")
    for i, (trace, name) in enumerate(zip(traces, names, strict=True)):
        meta, data = run_of(trace, parts)
        pack.add(f"run {i}", data)
        offset, size = pack.blocks[f"run {i}"]
        counts.append(sum(not word.get("negative") for word in meta["words"]))
        runs.append({"name": clean(name, LONGEST_NAME), "meta": meta, "offset": offset, "bytes": size})
    rows = [
        [i if i is not None and i < count else None for i, count in zip(row, counts, strict=True)]
        for row in aligned([trace.tokens for trace in traces])
    ]
    return {
        "version": VERSION,
        "kind": "comparison",
        "runs": runs,
        "rows": [row for row in rows if any(i is not None for i in row)],
        "settings": _differing(traces),
    }, pack.data()


def name_of(trace: Trace) -> str:
    """A run's name by what was done to it: "without red", "blue for red"; empty for a plain run."""
    edit = trace.settings.edit
    words = ", ".join(str(word) for word in edit.get("words", ()))
    kind = edit.get("kind")
    if kind == "without":
        return f"without {words}"
    if kind == "swap":
        return f"{edit.get('new', '')} for {words}"
    if kind == "add":
        return f"with {edit.get('new', '')}"
    if kind == "reweight":
        return ", ".join(f"{word} × {factor:g}" for word, factor in edit.get("factors", {}).items())
    if kind == "schedule":
        return ", ".join(f"{word} {_when(*pair)}" for word, pair in edit.get("times", {}).items())
    return ""


def names_of(traces: Sequence[Trace]) -> list[str]:
    """Names for several runs: what was done to each, else "Original" beside edited ones, "Run 1", "Run 2"."""
    names = [name_of(trace) for trace in traces]
    plain = [i for i, name in enumerate(names) if not name]
    if len(plain) == 1 and len(names) > 1:
        names[plain[0]] = "Original"
    return [name or f"Run {i + 1}" for i, name in enumerate(names)]


def _when(begin: Any, until: Any) -> str:
    def text(at: Any) -> str:
        return f"{at:.0%} of the steps" if isinstance(at, float) else f"step {int(at) + 1}"

    if begin in (None, 0):
        return "in all steps" if until is None else f"until {text(until)}"
    return f"from {text(begin)}" if until is None else f"from {text(begin)} until {text(until)}"


def _differing(traces: Sequence[Trace]) -> list[dict[str, Any]]:
    def told(trace: Trace) -> dict[str, str]:
        s = trace.settings
        way = s.edit.get("way")
        return {
            "Negative prompt": s.negative_prompt,
            "Seed": str(s.seed),
            "Steps": str(trace.steps),
            "Guidance": f"{s.guidance:g}",
            "Size": f"{trace.image.sizes['x']} × {trace.image.sizes['y']}",
            "Scheduler": s.scheduler,
            "Model": s.model,
            "Edited by": "" if way is None else str(way),
        }

    each = [told(trace) for trace in traces]
    return [
        {"name": name, "values": [clean(one[name], LONGEST_PROMPT) for one in each]}
        for name in each[0]
        if len({one[name] for one in each}) > 1
    ]
