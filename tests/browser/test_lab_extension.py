"""The JupyterLab extension in a real JupyterLab: the app's tab, the side panel, the viewer, settings, a reload."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import explorer
from explorer.storage import save
from tests.browser.lab import Lab, Notebook, open_page, ours
from tests.browser.test_app import AXE
from tests.fake import synthetic_run

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

PROMPT = "a red castle in the snow"
THEMES = ["JupyterLab Light", "JupyterLab Dark"]
SLOW = 180_000  # ms: torch is imported and the miniature loaded


@pytest.fixture(scope="module")
def folder(lab: Lab) -> Path:
    """Trace files, whole and not."""
    here = lab.folder / "traces"
    here.mkdir()
    runs = [(PROMPT, {"steps": 8, "seed": 7}, "castle"), ("a blue narwhal and a <b>bear</b>", {"steps": 6}, "narwhal")]
    # For the pictures of the docs the model draws; the tests need none.
    record: Any = explorer.load().generate if os.environ.get("PROMPT_EXPLORER_SCREENSHOTS") else synthetic_run
    whole, _ = [save(record(prompt, **settings), here / name) for prompt, settings, name in runs]
    (here / "cut.trace.safetensors").write_bytes(whole.read_bytes()[:-100])
    (here / "empty.trace.safetensors").write_bytes(b"")
    (here / "foreign.trace.safetensors").write_bytes(b'\x10\0\0\0\0\0\0\0{"a":"b"}       ')
    return here


class Page:
    """JupyterLab without a notebook."""

    def __init__(self, page: Any, lab: Lab, name: str, reset: bool = True) -> None:
        self.page, self.lab, self.name = page, lab, name
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.extend(ours(error)))
        self.go(reset)

    def go(self, reset: bool = False) -> None:
        """To the workspace, as it was left or anew."""
        more = "reset&" if reset else ""
        self.page.goto(f"{self.lab.url}/lab/workspaces/{self.name}?{more}token={self.lab.token}")
        self.page.wait_for_function("() => window.jupyterapp", timeout=90_000)
        self.page.evaluate("() => window.jupyterapp.restored.then(() => null)")

    def run(self, command: str, **args: Any) -> None:
        """Execute a command of JupyterLab."""
        self.page.evaluate(
            "([command, args]) => void window.jupyterapp.commands.execute(command, args)", [command, args]
        )

    theme = Notebook.theme

    def axe(self, where: str) -> list[Any]:
        """What axe finds wrong within a selector."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE.read_text("utf-8"))
        return self.page.evaluate(
            "where => axe.run(where, {resultTypes: ['violations']}).then(({violations}) => violations.map("
            "({id, nodes}) => [id, nodes.slice(0, 3).map(node => node.html.slice(0, 150) + node.failureSummary)]))",
            where,
        )


@pytest.fixture(scope="module")
def viewing(browser: Any, lab: Lab, folder: Path) -> Iterator[Page]:
    with open_page(browser) as page:
        found = Page(page, lab, "viewing")
        yield found
        assert found.errors == []


def show(viewing: Page, name: str) -> Any:
    """Opens a file as a double-click does, in the factory that is the default; the visible viewer."""
    viewing.run("docmanager:open", path=f"traces/{name}.trace.safetensors")
    viewer = viewing.page.locator(".pe-lab-viewer:visible")
    viewer.locator(".pe-word, [role=alert]").first.wait_for(timeout=60_000)
    return viewer


@pytest.mark.parametrize("theme", THEMES)
def test_a_trace_opens_with_every_view_and_no_kernel(
    viewing: Page, theme: str, keep: Callable[[Any, str], None]
) -> None:
    page = viewing.page
    viewing.theme(theme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    viewer = show(viewing, "castle")
    assert viewer.locator(".pe-word").all_inner_texts() == PROMPT.split()
    assert "seed 7" in viewer.locator(".pe-note").first.inner_text()
    viewer.locator(".pe-word", has_text="castle").click()
    for tab, part in (("Steps", ".pe-film"), ("Guidance", ".pe-triple"), ("Words", ".pe-table")):
        viewer.locator(".pe-tab", has_text=tab).click()
        viewer.locator(part).wait_for(timeout=60_000)
        page.mouse.move(5, 5)
        assert viewing.axe(".pe-lab-viewer") == []
    viewer.locator(".pe-tab", has_text="Attention").click()
    assert viewer.locator(".pe-word[aria-pressed=true]").inner_text() == "castle"  # the choice outlives the reading
    keep(page, f"lab-viewer-{theme.split()[1].lower()}")
    assert not [url for url in asked if "/api/kernels?" in url and "POST" in url]
    assert not [url for url in asked if "/api/contents/traces/castle" in url and "content=1" in url]
    page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")


def test_only_what_is_shown_is_read(viewing: Page) -> None:
    page = viewing.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    viewer = show(viewing, "narwhal")
    read = [url for url in asked if "prompt-explorer/trace?" in url]
    assert len(read) == 1
    assert "fields" not in read[0]
    viewer.locator(".pe-tab", has_text="Steps").click()
    viewer.locator(".pe-film").wait_for(timeout=60_000)
    assert len([url for url in asked if "prompt-explorer/trace?" in url]) == 2
    assert viewer.locator("b").count() == 0
    page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("cut", "cut.trace.safetensors is truncated or damaged: copy it again, or record the run again."),
        ("empty", "empty.trace.safetensors is not a trace: open a file that `trace.save` wrote."),
        ("foreign", "foreign.trace.safetensors is not a trace: open a file that `trace.save` wrote."),
    ],
)
def test_a_file_that_is_no_trace_says_so_in_one_sentence(viewing: Page, name: str, sentence: str) -> None:
    viewer = show(viewing, name)
    assert viewer.inner_text().strip() == f"traces/{sentence}"
    viewing.page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")


@pytest.mark.parametrize("theme", THEMES)
def test_the_panel_lists_the_folder(viewing: Page, theme: str, keep: Callable[[Any, str], None]) -> None:
    page = viewing.page
    viewing.theme(theme)
    viewing.run("filebrowser:go-to-path", path="traces")
    page.wait_for_timeout(1000)
    page.evaluate("() => window.jupyterapp.shell.activateById('prompt-explorer-panel')")
    cards = page.locator(".pe-lab-panel ul").nth(1).locator(".pe-lab-card")
    cards.nth(4).wait_for()
    titles = set(page.locator(".pe-lab-panel ul").nth(1).locator(".pe-lab-title").all_inner_texts())
    assert {PROMPT, "a blue narwhal and a <b>bear</b>", "cut.trace.safetensors"} <= titles
    page.wait_for_function(
        "() => [...document.querySelectorAll('.pe-lab-panel img')].filter(one => one.naturalWidth > 60).length === 2"
    )
    assert viewing.axe(".pe-lab-panel") == []
    keep(page, f"lab-panel-{theme.split()[1].lower()}")
    cards.filter(has_text=PROMPT).click()
    page.locator(".pe-lab-viewer:visible .pe-word").first.wait_for(timeout=60_000)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")


def test_a_selected_trace_is_previewed_in_the_property_inspector(
    viewing: Page, keep: Callable[[Any, str], None]
) -> None:
    page = viewing.page
    viewing.run("filebrowser:activate")
    page.locator(".jp-DirListing-item", has_text="castle").click()
    viewing.run("property-inspector:show-panel")
    page.locator(".jp-DirListing-item", has_text="castle").click()
    shown = page.locator(".pe-lab-properties")
    shown.locator("dd").first.wait_for()
    assert shown.locator("dd").all_inner_texts()[1:] == ["7", "8", "128 × 128 px"]
    assert shown.locator(".pe-lab-title").inner_text() == PROMPT
    keep(page, "lab-properties")
    assert viewing.axe(".pe-lab-properties") == []


def test_what_is_open_is_there_again_after_a_reload(viewing: Page) -> None:
    show(viewing, "castle")
    viewing.page.wait_for_timeout(1500)  # the layout is saved a second after it has changed
    viewing.go()
    viewing.page.locator(".pe-lab-viewer:visible .pe-word").first.wait_for(timeout=60_000)
    viewing.page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")


def test_the_palette_is_that_of_the_settings_at_once(viewing: Page) -> None:
    page = viewing.page
    viewer = show(viewing, "castle")
    viewer.locator(".pe-word", has_text="castle").click()
    scale = viewer.locator("[style*=linear-gradient]").first.element_handle()
    magma = scale.evaluate("e => e.style.background")
    viewing.run("settingeditor:open", query="Prompt Explorer")
    choice = page.locator("select[id$=_palette]")
    choice.select_option(label="viridis")
    page.wait_for_function("() => document.body.dataset.pePalette === 'viridis'")
    viridis = scale.evaluate("e => e.style.background")
    assert "rgb(253, 231, 37)" in viridis
    assert viridis != magma
    choice.select_option(label="magma")
    page.wait_for_function("() => document.body.dataset.pePalette === 'magma'")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")


@pytest.fixture(scope="module")
def working(browser: Any, lab: Lab, folder: Path) -> Iterator[Page]:
    """The app's tab, opened from the launcher."""
    with open_page(browser) as page:
        found = Page(page, lab, "working")
        page.locator(".jp-LauncherCard", has_text="Prompt Explorer").click()
        page.locator(".pe-lab-app .pe-app").wait_for(timeout=SLOW)
        yield found
        assert found.errors == []
    lab.close_kernels()


def test_two_clicks_lead_to_a_picture_and_where_its_words_look(working: Page, keep: Callable[[Any, str], None]) -> None:
    page = working.page
    page.locator(".pe-lab-app .pe-example").first.click()
    page.locator(".pe-lab-app .pe-word").first.wait_for(timeout=SLOW)
    page.locator(".pe-lab-app .pe-word", has_text="teddy").hover()
    page.wait_for_timeout(500)
    assert page.locator(".pe-lab-app canvas.pe-heat").first.is_visible()
    assert page.locator(".pe-lab-content > .pe-lab-note").is_hidden()


@pytest.mark.parametrize("theme", THEMES)
def test_the_app_can_be_read_in_both_themes(working: Page, theme: str, keep: Callable[[Any, str], None]) -> None:
    working.theme(theme)
    working.page.mouse.move(5, 5)
    working.page.wait_for_timeout(500)
    assert working.axe(".pe-lab-content") == []
    keep(working.page, f"lab-app-{theme.split()[1].lower()}")


def test_the_apps_runs_are_in_the_panel_and_can_be_saved(working: Page, lab: Lab) -> None:
    page = working.page
    page.evaluate("() => window.jupyterapp.shell.activateById('prompt-explorer-panel')")
    run = page.locator(".pe-lab-panel ul").first.locator(".pe-lab-card").first
    run.wait_for()
    assert "blue teddy bear" in run.inner_text()
    run.click()
    file = page.locator(".pe-lab-panel ul").nth(1).locator(".pe-lab-card", has_text="blue teddy bear")
    file.wait_for(timeout=60_000)
    assert list(lab.folder.glob("a-photograph-of-a-blue-teddy-bear*.trace.safetensors"))


def test_a_reload_brings_the_app_back_with_its_runs(working: Page) -> None:
    page = working.page
    page.wait_for_timeout(1500)
    working.go()
    page.locator(".pe-lab-app .pe-word").first.wait_for(timeout=SLOW)
    assert page.locator(".pe-lab-app textarea.pe-large").input_value().startswith("a photograph of a blue teddy")
    assert page.locator(".pe-lab-app .pe-run").count() == 1


def test_dragging_a_trace_into_a_notebook_inserts_the_code_that_opens_it(browser: Any, lab: Lab, folder: Path) -> None:
    shutil.copy(folder / "castle.trace.safetensors", lab.folder)
    lab.write("dropped", ["from tests.fake import synthetic_run\nbear = synthetic_run('a bear', seed=3)", "1"])
    with open_page(browser) as page:
        notebook = Notebook(page, lab, "dropped")
        notebook.run_cells(0)
        page.evaluate("() => window.jupyterapp.shell.activateById('prompt-explorer-panel')")
        runs, files = (page.locator(".pe-lab-panel ul").nth(i) for i in range(2))
        runs.locator(".pe-lab-card", has_text="bear · seed 3").wait_for(timeout=60_000)
        file = files.locator(".pe-lab-card", has_text="castle")
        file.wait_for()
        target = page.locator(".jp-Notebook .jp-Cell").nth(1)
        for card in (file, runs.locator(".pe-lab-card", has_text="seed 3")):
            card.hover()
            page.mouse.down()
            box = target.bounding_box()
            page.mouse.move(box["x"] + 200, box["y"] + 12, steps=8)
            page.mouse.up()
            page.wait_for_timeout(300)
        sources = page.evaluate(
            "() => window.jupyterapp.shell.currentWidget.content.widgets.map(one => one.model.sharedModel.getSource())"
        )
        assert 'import explorer\n\nexplorer.open("castle.trace.safetensors")' in sources
        assert "bear" in sources
        assert notebook.errors == []
    lab.close_kernels()


# As if the package were not installed, in one folder.
ABSENT = """
import pathlib, sys
class Absent:
    def find_spec(name, path, target=None):
        if name == "explorer":
            raise ModuleNotFoundError("No module named 'explorer'", name=name)
if pathlib.Path.cwd().name == "bare":
    sys.meta_path.insert(0, Absent)
"""


def test_a_kernel_without_the_package_says_what_to_install(browser: Any, lab: Lab) -> None:
    (lab.folder / "bare").mkdir()
    startup = lab.folder.parent / "ipythondir/profile_default/startup/bare.py"
    startup.parent.mkdir(parents=True, exist_ok=True)
    startup.write_text(ABSENT)
    with open_page(browser) as page:
        found = Page(page, lab, "bare")
        found.run("prompt-explorer:open", cwd="bare")
        note = page.locator(".pe-lab-app .pe-lab-note", has_text="install")
        note.wait_for(timeout=SLOW)
        assert note.inner_text() == (
            "Prompt Explorer is not installed in the kernel Python 3 (ipykernel): run “%pip install prompt-explorer” "
            "in a notebook on it, then press Restart."
        )
        assert page.locator(".pe-lab-app .jp-OutputArea-output").count() == 0
        assert found.errors == []
    lab.close_kernels()
