import re
from types import SimpleNamespace
from typing import Any

import numpy as np
from typer.testing import CliRunner

from explorer import cli
from explorer.miniature import UNSEEN, world
from explorer.prompt import Tokens
from explorer.scorecard import attention_truth, unseen
from explorer.trace import Trace, attention_array
from tests.synthetic import synthetic_trace


class Seer:
    """Stands in for an Explorer; each word of a caption draws attention just where `see` says."""

    def __init__(self, see: Any) -> None:
        self.see = see
        self.drawings = {d.image.tobytes(): d for d in unseen(40)}

    def read(self, image: np.ndarray, prompt: str, *, timesteps: tuple[int, ...]) -> Trace:
        masks = self.drawings[image.tobytes()].masks
        spans = [match.span() for match in re.finditer(r"\w+|[^\w\s]", prompt)]
        tokens = Tokens.build(prompt, spans, limit=77, read=75)
        maps = np.zeros((len(timesteps), 1, len(spans) + 2, 128, 128), np.float16)
        for mask in masks:
            for i, (start, _) in enumerate(spans):
                if mask.start <= start < mask.end:
                    maps[:, :, i + 1] = self.see(mask.pixels)
        base = synthetic_trace(prompt, steps=len(timesteps))
        attention = {"128x128": attention_array(maps, layers=["attn2"], tokens=tokens)}
        fields = {name: getattr(base, name) for name in ("settings", "latents", "predicted", "noise", "image")}
        return Trace(tokens=tokens, attention=attention, **fields)


def test_a_model_that_sees_the_truth_scores_all_and_one_that_sees_the_rest_nothing() -> None:
    right: Any = Seer(lambda pixels: pixels)
    table = attention_truth(right, unseen(40), timesteps=(400,))
    assert table.overall.iou == table.overall.pointing == 1.0
    assert table.overall.count == sum(one.count for one in table.subjects.values()) > 40
    assert set(table.subjects) <= set(world.SUBJECTS)
    wrong: Any = Seer(lambda pixels: ~pixels)
    assert attention_truth(wrong, unseen(40), timesteps=(400,)).overall.pointing == 0.0


def test_unseen_drawings_are_beyond_the_training_seeds() -> None:
    assert [d.scene.seed for d in unseen(2)] == [UNSEEN, UNSEEN + 1]


def test_the_command_prints_the_table(monkeypatch: Any) -> None:
    monkeypatch.setattr("explorer.session.load", lambda: Seer(lambda pixels: pixels))
    result = CliRunner().invoke(cli.app, ["truth", "--pictures", "30"])
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].split() == ["subject", "mean", "IoU", "pointing", "chance", "count"]
    assert lines[-2].split()[:3] == ["all", "1.00", "100%"]


def test_the_command_says_what_went_wrong_in_one_sentence(monkeypatch: Any) -> None:
    from explorer.errors import CheckpointError

    def fail() -> SimpleNamespace:
        raise CheckpointError("The weights are missing: install the package again.")

    monkeypatch.setattr("explorer.session.load", fail)
    result = CliRunner().invoke(cli.app, ["truth"])
    assert result.exit_code == 1
    assert result.output == "The weights are missing: install the package again.\n"
