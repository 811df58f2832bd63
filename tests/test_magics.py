"""`%load_ext explorer` in a real IPython shell, on a tiny pipeline."""

from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import explorer
from tests.pipelines import stable_diffusion


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the models that were loaded; each is the tiny pipeline."""
    names: list[str] = []

    def load(name: str = "miniature") -> explorer.Explorer:
        if name == "nowhere":
            raise explorer.CheckpointError("There is no folder nowhere: check the spelling.")
        names.append(name)
        return explorer.Explorer(stable_diffusion(), model=name)

    monkeypatch.setattr("explorer.session.load", load)
    return names


@pytest.fixture
def shell(loaded: list[str]) -> Any:
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "explorer")
    yield shell
    shell.run_line_magic("reset", "-f")
    InteractiveShell.clear_instance()


def test_a_cell_is_a_prompt_and_its_result_the_trace(shell: Any, loaded: list[str]) -> None:
    done = shell.run_cell(
        "%%prompt --seed 7 --steps 2 --guidance 3 --negative 'snow on sea'\na red castle\nin the snow\n"
    )
    trace = done.result
    assert isinstance(trace, explorer.Trace)
    s = trace.settings
    assert (s.prompt, s.seed, s.steps, s.guidance) == ("a red castle in the snow", 7, 2, 3.0)
    assert s.negative_prompt == "snow on sea"
    assert trace.pictures is not None  # the views show each step
    assert loaded == ["miniature"]


def test_a_line_is_a_prompt_quotes_and_apostrophes_included(shell: Any) -> None:
    for line in (
        "--steps 1 a child's red castle",
        "a child's red castle --steps 1",
        '--steps=1 "a child\'s red castle"',
    ):
        assert shell.run_line_magic("prompt", line).settings.prompt == "a child's red castle"


def test_one_explorer_serves_all_cells_until_another_is_named(shell: Any, loaded: list[str]) -> None:
    shell.run_line_magic("prompt", "--steps 1 a castle")
    shell.run_line_magic("prompt", "--steps 1 a bear")
    assert loaded == ["miniature"]
    shell.run_line_magic("prompt", "--steps 1 --model other a bear")
    assert shell.run_line_magic("prompt", "--steps 1 a bear").settings.model == "other"
    assert loaded == ["miniature", "other"]
    shell.user_ns["mine"] = explorer.wrap(stable_diffusion())
    shell.run_line_magic("prompt", "--steps 1 --model mine a bear")
    assert loaded == ["miniature", "other"]
    assert [one.settings.prompt for one in shell.user_ns["mine"].history] == ["a bear"]


def test_the_trace_is_named_and_saved(shell: Any, tmp_path: Any) -> None:
    shell.run_line_magic("prompt", f"--steps 1 --name bear --save {tmp_path / 'bear'} a bear")
    assert shell.user_ns["bear"].words == ["a", "bear"]
    assert explorer.open(tmp_path / "bear.trace.safetensors").words == ["a", "bear"]


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("%%prompt\n\n", "There is no prompt: write it after %prompt, or below %%prompt in the same cell."),
        ("%%prompt a castle\nin the snow", "%%prompt does not know 'a': write the prompt below it, from the next line"),
        ("%prompt --steps many a castle", "argument --steps: invalid int value: 'many'"),
        ("%prompt a castle --steps", "argument --steps: expected one argument"),
        ("%prompt --stepz 3 a castle", "unrecognized arguments: --stepz=3"),
        ("%prompt --steps 0 a castle", "steps is 0, expected a whole number from 1 to 1000."),
        ("%prompt --name 3d a castle", "--name is '3d', expected a variable's name, such as bear."),
        ("%prompt --model nowhere a castle", "There is no folder nowhere: check the spelling."),
        ("%prompt --steps 1 --save /nowhere/at/all a castle", "The trace could not be written to /nowhere/at/all"),
    ],
)
def test_what_is_wrong_is_one_sentence_without_a_traceback(shell: Any, capsys: Any, cell: str, sentence: str) -> None:
    done = shell.run_cell(cell)
    assert not done.success
    told = capsys.readouterr()
    assert f"UsageError: {sentence}" in told.out + told.err
    assert "Traceback" not in told.out + told.err


def test_help_names_the_options(shell: Any, capsys: Any) -> None:
    text = shell.find_line_magic("prompt").__doc__
    for option in ("--seed", "--steps", "--guidance", "--negative", "--model", "--save", "--name"):
        assert option in text
