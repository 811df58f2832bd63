"""The command `prompt-explorer`, on a tiny pipeline and on synthetic traces."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import explorer
from explorer import cli, doctor
from explorer.doctor import Finding
from tests.synthetic import synthetic_trace

PROMPT = "a blue narwhal and a red castle"


def run(*words: Any, code: int = 0) -> str:
    done = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def bear(tmp_path: Path) -> Path:
    return synthetic_trace(PROMPT, seed=7).save(tmp_path / "bear")


def test_record_draws_and_saves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.pipelines import stable_diffusion

    def load(name: str, device: str | None = None) -> explorer.Explorer:
        return explorer.Explorer(stable_diffusion(), model=name)

    monkeypatch.setattr("explorer.session.load", load)
    monkeypatch.chdir(tmp_path)
    told = run(
        "record", "A red castle: in the/snow!", "--seed", 7, "--steps", 2, "--negative", "sea", "--model", "tiny"
    )
    assert "a-red-castle-in-the-snow-7.trace.safetensors" in told
    s = explorer.open("a-red-castle-in-the-snow-7.trace.safetensors").settings
    assert (s.prompt, s.negative_prompt, s.seed, s.steps, s.model) == (
        "A red castle: in the/snow!",
        "sea",
        7,
        2,
        "tiny",
    )
    run("record", "a castle", "--steps", 1, "--out", "castle")
    assert Path("castle.trace.safetensors").is_file()
    assert "steps is 0, expected a whole number" in run("record", "a castle", "--steps", 0, code=1)


def test_record_looks_for_the_folder_before_it_draws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("explorer.session.load", lambda *_, **__: pytest.fail("it drew first"))
    assert run("record", "a castle", "--out", tmp_path / "no" / "castle", code=1).startswith("There is no folder")


def test_show_opens_a_page_or_prints_a_summary(bear: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda address: bool(opened.append(address)) or len(opened) < 2)
    page = Path(run("show", bear).strip())
    assert opened == [page.as_uri()]
    assert PROMPT in page.read_text("utf-8")
    assert run("show", bear).startswith("There is no browser here: open /")
    summary = run("show", "--text", bear, bear)
    assert summary.count(PROMPT) == 2
    assert "Strongest words: blue" in summary


def test_export_writes_what_the_suffix_says(bear: Path, tmp_path: Path) -> None:
    trace = explorer.open(bear)
    assert run("export", bear, tmp_path / "bear.png").strip() == str(tmp_path / "bear.png")
    assert (np.asarray(Image.open(tmp_path / "bear.png")) == trace.image.values).all()

    run("export", bear, tmp_path / "heat.png", "--word", "narwhal")
    heat = np.asarray(Image.open(tmp_path / "heat.png")).astype(int)
    hot = np.unravel_index(np.kron(trace.heat("narwhal").values, np.ones((8, 8))).argmax(), heat.shape[:2])
    assert heat.shape == (128, 128, 3)
    assert heat[hot].sum() > np.median(heat.sum(axis=-1))

    run("export", bear, tmp_path / "bear.npz")
    with np.load(tmp_path / "bear.npz", allow_pickle=False) as arrays:
        assert arrays["words"].tolist() == trace.words
        assert arrays["heat"].shape == (len(trace.words), trace.steps, 16, 16)
        found = arrays["heat"][trace.words.index("castle")].mean(axis=0)
        assert np.allclose(found, trace.heat("castle").values, atol=1e-6)

    run("export", bear, tmp_path / "bear.csv")
    with (tmp_path / "bear.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(trace.words) * 16 * 16
    best = max((row for row in rows if row["word"] == "castle"), key=lambda row: float(row["share"]))
    assert np.unravel_index(int(trace.heat("castle").values.argmax()), (16, 16)) == (int(best["y"]), int(best["x"]))

    run("export", bear, tmp_path / "bear.json")
    assert json.loads((tmp_path / "bear.json").read_text())["seed"] == 7

    run("export", bear, bear, tmp_path / "both.html")
    assert (tmp_path / "both.html").read_text("utf-8").count(PROMPT) >= 2
    assert not list(tmp_path.glob(".*"))  # nothing half-written is left


def test_a_word_that_is_a_formula_stays_a_word_in_a_table(tmp_path: Path) -> None:
    trace = synthetic_trace("=1+1 castle").save(tmp_path / "formula")
    run("export", trace, tmp_path / "formula.csv")
    assert "\n=" not in (tmp_path / "formula.csv").read_text()
    assert "\n'=" in (tmp_path / "formula.csv").read_text()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["bear.gif"], "bear.gif ends in .gif, expected one of .html, .png, .webp, .jpg, .jpeg, .npz, .csv, .json.\n"),
        (["bear"], "bear ends in nothing, expected one of"),
        (["bear.csv", "--word", "castle"], "A word is chosen for pictures only: leave it out for .csv"),
        (["bear.png", "--word", "dog"], "The prompt does not hold 'dog'. Its words are: a, blue"),
        (["no/bear.png"], "no/bear.png could not be written: No such file or directory. Choose another place.\n"),
    ],
)
def test_export_says_what_is_wrong(
    bear: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], sentence: str
) -> None:
    monkeypatch.chdir(bear.parent)
    told = run("export", bear, *words, code=1)
    assert told.startswith(sentence), told
    assert told.count("\n") == 1


def test_export_takes_several_traces_for_a_page_only(bear: Path, tmp_path: Path) -> None:
    told = run("export", bear, bear, tmp_path / "bear.png", code=1)
    assert told == "One trace goes into a file .png, and 2 were given: only .html takes more.\n"


def test_list_reads_headers_only(bear: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = bear.parent
    synthetic_trace("a \x1b[31mcastle\u202e\nin red", seed=3, steps=2).save(folder / "castle")
    (folder / "broken.trace.safetensors").write_bytes(bear.read_bytes()[:-1])
    monkeypatch.setattr("safetensors.numpy.load_file", lambda *_: pytest.fail("it read the arrays"))
    head, *rows = run("list", folder).splitlines()
    assert head.split() == ["file", "seed", "steps", "guidance", "size", "prompt", "[model]"]
    assert [row.split()[0] for row in rows] == ["bear", "broken", "castle"]
    assert rows[0].split()[1:6] == ["7", "4", "5", "128", "x"]
    assert rows[0].endswith(f"{PROMPT}  [synthetic]")
    assert "truncated or damaged" in rows[1]
    assert "a \ufffd[31mcastle\ufffd\ufffdin red" in rows[2]


def test_list_says_where_there_is_nothing(tmp_path: Path) -> None:
    assert run("list", tmp_path).startswith(f"There is no trace in {tmp_path}: make one with")
    assert run("list", tmp_path / "no", code=1).startswith("There is no folder")


@pytest.mark.parametrize("command", ["show", "export"])
def test_a_file_that_is_no_trace_is_one_sentence(tmp_path: Path, command: str) -> None:
    (tmp_path / "foreign.trace.safetensors").write_bytes(b"")
    words = [command, tmp_path / "foreign.trace.safetensors"] + ([tmp_path / "x.png"] if command == "export" else [])
    assert run(*words, code=1).count("\n") == 1


def test_doctor_finds_this_machine_in_order() -> None:
    told = run("doctor")
    for part in ("Versions", "Devices", "Package", "JupyterLab"):
        assert f"{part}\n" in told
    assert "  ok  diffusers 0.42" in told
    assert "  ok  cpu, " in told
    assert "  ok  the extension anywidget" in told
    assert told.endswith("Everything that is needed is there.\n")


def test_doctor_names_a_missing_extra_and_a_version_that_does_not_go(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import PackageNotFoundError

    def version(name: str) -> str:
        if name == "imageio-ffmpeg":
            raise PackageNotFoundError(name)
        return {"diffusers": "0.41.0", "prompt-explorer": "0.1.0"}.get(name, "2026.9")

    asked = ["diffusers<0.43,>=0.42", "pillow>=12", "imageio-ffmpeg>=0.6; extra == 'video'", 'pywin; os_name == "no"']
    monkeypatch.setattr(doctor, "version", version)
    monkeypatch.setattr(doctor, "requires", lambda _: asked)
    found = list(doctor._packages())
    assert Finding("Versions", "good", "pillow 2026.9") in found
    bad = [one for one in found if one.state == "bad"]
    assert [one.text for one in bad] == ["diffusers 0.41.0, expected <0.43,>=0.42"]
    assert bad[0].todo == "pip install 'diffusers<0.43,>=0.42'"
    missing = [one for one in found if one.state == "missing"]
    assert [one.todo for one in missing] == ["pip install 'prompt-explorer[video]'"]
    assert not any("pywin" in one.text for one in found)


def test_doctor_ends_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        Finding("Extras", "missing", "films (extra video)", "pip install it"),
        Finding("Package", "bad", "the views were not built", "run `make front`"),
    ]
    monkeypatch.setattr(doctor, "examine", lambda: iter(found))
    told = run("doctor", code=1).splitlines()
    assert told[:4] == ["Extras", "  --  films (extra video)", "Package", "  !!  the views were not built"]
    assert told[4:] == [
        "What to do",
        "  films (extra video): pip install it",
        "  the views were not built: run `make front`",
        "Something has to be put right first.",
    ]


def test_doctor_sees_extensions_that_are_absent_or_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"anywidget": {"version": "0.11.0"}, "prompt-explorer": {"version": "0.1.0"}}
    off = {"disabledExtensions": {"prompt-explorer": True}}
    monkeypatch.setattr("jupyterlab_server.config.get_federated_extensions", lambda _: found)
    monkeypatch.setattr("jupyterlab_server.config.get_page_config", lambda *_, **__: off)
    manager, anywidget, own = doctor._jupyter()
    assert (manager.state, anywidget.state, own.state) == ("bad", "good", "bad")
    assert "jupyterlab_widgets" in manager.todo
    assert own.todo == "jupyter labextension enable prompt-explorer"
    found.pop("prompt-explorer")
    off.clear()
    *_, own = doctor._jupyter()
    assert (own.state, own.text.split(" (")[0]) == ("missing", "the extension prompt-explorer")


def test_help_waits_for_no_model() -> None:
    import subprocess
    import sys

    check = "import sys, explorer.cli; assert not {'torch', 'numpy', 'anywidget'} & set(sys.modules), 'heavy'"
    subprocess.run([sys.executable, "-c", check], check=True, timeout=60)
