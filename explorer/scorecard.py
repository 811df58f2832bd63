"""How good the miniature is, measured on the drawn world, where the truth is known."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from .analysis import Agreement, agreement, heat
from .miniature import UNSEEN
from .miniature.world import Drawing, draw
from .prompt import Tokens
from .session import Explorer


@dataclass(frozen=True, slots=True)
class AttentionTruth:
    """Heat maps of subjects against their true masks."""

    overall: Agreement
    subjects: dict[str, Agreement]
    """By subject, at the overall threshold."""

    def __str__(self) -> str:
        head = f"{'subject':<12}{'mean IoU':>9}{'pointing':>10}{'chance':>8}{'count':>7}"
        rows = [*sorted(self.subjects.items()), ("all", self.overall)]
        lines = [f"{n:<12}{a.iou:>9.2f}{a.pointing:>9.0%} {a.chance:>8.2f}{a.count:>7}" for n, a in rows]
        note = f"One threshold for all: {self.overall.threshold:.2f} of each map's maximum."
        return "\n".join([head, *lines, note])


def attention_truth(
    ex: Explorer, drawings: Iterable[Drawing] | None = None, *, timesteps: tuple[int, ...] = (200, 400, 600, 800)
) -> AttentionTruth:
    """Compare the heat map of each subject's noun with the pixels that the subject really has.

    Each drawing is noised to `timesteps` and denoised one step; its heat maps are the mean over these and all layers.
    drawings: None for 200 that training never showed.
    Returns the mean IoU at the one threshold that serves all subjects best, and the pointing-game hit rate.
    """
    pairs: dict[str, list[tuple[np.ndarray, np.ndarray]]] = defaultdict(list)
    for drawing in unseen(200) if drawings is None else drawings:
        trace = ex.read(drawing.image, drawing.caption, timesteps=timesteps)
        for name, words, mask in _subjects(drawing, trace.tokens):
            pairs[name].append((heat(trace, words).values, mask))
    overall = agreement(pair for found in pairs.values() for pair in found)
    return AttentionTruth(
        overall, {name: agreement(found, threshold=overall.threshold) for name, found in pairs.items()}
    )


def unseen(count: int) -> Iterator[Drawing]:
    """Drawings that training never showed."""
    return (draw(UNSEEN + i) for i in range(count))


def _subjects(drawing: Drawing, tokens: Tokens) -> Iterator[tuple[str, list[int], np.ndarray]]:
    """For each subject whose noun the caption says: its name, the indices of the noun's words, its mask."""
    for mask in drawing.masks:
        words = [i for i, word in enumerate(tokens.words) if mask.start <= word.start < mask.end]
        if mask.kind == "subject" and words and mask.pixels.any():
            yield drawing.scene.subjects[mask.index].name, words, mask.pixels
