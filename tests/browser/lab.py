"""A real JupyterLab for the tests, and notebooks in it."""

import base64
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).parents[2]
SHOW = "from tests.synthetic import synthetic_trace\n"


class Lab:
    """A running JupyterLab, or Notebook 7, over a folder of its own."""

    def __init__(self, folder: Path, program: str = "jupyterlab") -> None:
        self.folder = folder
        self.log = folder.parent / "lab.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.token = secrets.token_hex()
        config = folder.parent / "config" / "labconfig"
        config.mkdir(parents=True)
        # The news ask the network and open a dialogue.
        disabled = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
        (config / "page_config.json").write_text(json.dumps(disabled))
        private = {
            name: str(folder.parent / name.lower())
            for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR", "JUPYTERLAB_WORKSPACES_DIR",
                         "JUPYTERLAB_SETTINGS_DIR")
        }  # fmt: skip
        private |= {"JUPYTER_CONFIG_DIR": str(config.parent), "PYTHONPATH": str(ROOT)}
        command = [
            sys.executable, "-m", program, "--no-browser", "--allow-root", f"--port={port}", "--port-retries=0",
            f"--ServerApp.root_dir={folder}", f"--IdentityProvider.token={self.token}",
            "--LabApp.expose_app_in_browser=True", "--JupyterNotebookApp.expose_app_in_browser=True",
        ]  # fmt: skip
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=os.environ | private, stdout=log, stderr=log, cwd=folder)

    def wait(self, seconds: float = 90) -> None:
        """Until it answers."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self._ask("status")
                return
            except OSError:
                time.sleep(0.3)
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text()[-3000:]}")

    def stop(self) -> None:
        """End it and its kernels."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def write(self, name: str, cells: list[str]) -> Path:
        """A notebook of code cells."""
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        path = self.folder / f"{name}.ipynb"
        nbformat.write(notebook, path)
        return path

    def close_kernels(self) -> None:
        """Shut down what notebooks have started."""
        for session in self._ask("sessions"):
            self._ask(f"sessions/{session['id']}", "DELETE")

    def _ask(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(
            f"{self.url}/api/{path}", method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read() or "null")


def ours(error: Any) -> list[str]:
    """An error of a page with its stack; none if JupyterLab or Notebook 7 made it among themselves, as when a kernel's
    answer comes after its cell has gone."""
    stack = error.stack or str(error)
    own = any(place in stack for place in ("blob:", "/lab/extensions/"))  # where anywidget and our extension run
    theirs = any(place in stack for place in ("/static/lab/", "/static/notebook/"))
    return [stack] if own or not theirs else []


class Notebook:
    """A notebook that is open in a page."""

    def __init__(self, page: Any, lab: Lab, name: str) -> None:
        self.page, self.lab, self.name = page, lab, name
        self.to_kernel: list[str] = []
        self.errors: list[str] = []
        page.on("websocket", lambda ws: ws.on("framesent", self._sent))
        page.on("pageerror", lambda error: self.errors.extend(ours(error)))
        page.goto(f"{lab.url}/lab/workspaces/{name}/tree/{name}.ipynb?reset&token={lab.token}")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)

    def _sent(self, payload: str | bytes) -> None:
        text = payload if isinstance(payload, str) else payload.decode("utf-8", "replace")
        self.to_kernel += [kind for kind in ("comm_msg", "comm_open", "execute_request") if f'"{kind}"' in text]

    def run_cells(self, *indices: int) -> None:
        """Run cells, one after the other, without waiting for the last."""
        self.page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=90_000,
        )
        for index in indices:
            self._run(index)

    def _run(self, index: int) -> None:
        self.page.evaluate(
            """async index => {
              const notebook = window.jupyterapp.shell.currentWidget.content;
              notebook.activeCellIndex = index;
              notebook.deselectAll();
              await window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            index,
        )

    def run_cell(self, index: int) -> str:
        """Run one cell and return the text that it prints."""
        self._run(index)
        output = self.page.locator(".jp-Cell").nth(index).locator(".jp-OutputArea-output pre")
        output.first.wait_for()
        return str(output.first.inner_text()).strip()

    def save(self) -> None:
        """To the file."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")

    def theme(self, name: str) -> None:
        """Change JupyterLab's theme."""
        self.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", name)
        self.page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=name)


@contextmanager
def open_page(browser: Any, **options: Any) -> Iterator[Any]:
    """A page of a fresh profile."""
    context = browser.new_context(viewport={"width": 1300, "height": 1000}, **options)
    try:
        yield context.new_page()
    finally:
        context.close()


@contextmanager
def open_notebook(browser: Any, lab: Lab, name: str, cells: list[str], ready: str) -> Iterator[Notebook]:
    """A new notebook whose first cell has run until `ready`, a selector, is there; no error of ours is let pass."""
    lab.write(name, cells)
    with open_page(browser) as page:
        notebook = Notebook(page, lab, name)
        page.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        notebook.run_cells(0)
        page.locator(ready).first.wait_for(timeout=120_000)
        page.wait_for_timeout(500)
        yield notebook
        assert notebook.errors == []
    lab.close_kernels()


def picture(canvas: Any) -> Any:
    """A canvas as an array (y, x, RGBA)."""
    import io

    import numpy as np
    from PIL import Image

    address = canvas.evaluate("canvas => canvas.toDataURL('image/png')")
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.split(",")[1]))).convert("RGBA"))
