"""The notebooks: each has the same form, and runs from its first cell to its last, as a newcomer would run it."""

import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))


def run(name: str, folder: Path) -> str:
    """Execute a notebook in a copy of the folder, since they save beside themselves; what it printed."""
    shutil.copytree(NOTEBOOKS, folder, dirs_exist_ok=True)
    notebook = nbformat.read(folder / name, as_version=4)
    NotebookClient(notebook, timeout=240, resources={"metadata": {"path": folder}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_runs(name: str, tmp_path: Path) -> None:
    run(name, tmp_path)


@pytest.mark.slow
def test_a_checkpoint_at_hand_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.families.tiny import flux

    flux().save_pretrained(tmp_path / "checkpoint")
    monkeypatch.setenv("PROMPT_EXPLORER_CHECKPOINT", str(tmp_path / "checkpoint"))
    said = run("07_real_checkpoints.ipynb", tmp_path)
    assert f"{tmp_path / 'checkpoint'} is loaded." in said
    assert "text_encoder_2: T5EncoderModel" in said
    assert "text and picture in one." in said
    assert "The same picture, to the last bit: True" in said


def test_they_are_numbered_without_a_gap() -> None:
    assert [int(name[:2]) for name in NAMES] == list(range(1, len(NAMES) + 1))


@pytest.fixture(params=NAMES)
def notebook(request: pytest.FixtureRequest) -> Any:
    found = nbformat.read(NOTEBOOKS / request.param, as_version=4)
    nbformat.validate(found)
    found.metadata["number"] = int(request.param[:2])
    return found


def test_it_opens_with_what_one_will_learn(notebook: Any) -> None:
    first = notebook.cells[0]
    assert first.cell_type == "markdown"
    assert re.match(rf"# {notebook.metadata.number}\. \w", first.source)
    assert "**What you will learn.**" in first.source


def test_it_ends_with_exercises_whose_answers_are_hidden(notebook: Any) -> None:
    last = notebook.cells[-1].source
    asked, _, answers = last.partition("<details><summary>Answers</summary>")
    assert asked.startswith("## Exercises\n")
    assert answers.endswith("</details>")
    tasks, replies = (re.findall(r"^(\d+)\. ", part, re.MULTILINE) for part in (asked, answers))
    assert tasks == replies == [str(i + 1) for i in range(len(tasks))]
    assert len(tasks) >= 3


def test_it_is_saved_without_outputs(notebook: Any) -> None:
    for number, cell in enumerate(notebook.cells):
        assert cell.id == f"cell-{number:02}"  # the same at each writing, so that a change shows as what it is
        assert not cell.metadata
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_its_links_lead_somewhere(notebook: Any) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\(([^()\s#]+)", cell.source):
                assert target.startswith("https://") or (NOTEBOOKS / target).is_file(), f"{target} leads nowhere"


def test_it_is_named_in_the_readme_and_on_the_first_page() -> None:
    root = NOTEBOOKS.parent
    for page in ("README.md", "docs/start.md"):
        text = (root / page).read_text("utf-8")
        assert all(f"notebooks/{name}" in text for name in NAMES), page
