"""What `prompt-explorer doctor` looks at: versions, devices, extras, JupyterLab; and what to do where one is amiss."""

import os
import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Literal

PACKAGE = "prompt-explorer"
WIDGETS = ("@jupyter-widgets/jupyterlab-manager", "anywidget")
"""The extensions of JupyterLab that show our views."""
OWN = "prompt-explorer"
"""Ours: the launcher's card, the side panel, the viewer of trace files."""
BUNDLES = ("app", "page", "trace")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    state: "good"; "missing", something that one can do without; "bad", something that has to be put right.
    todo: what to do, where the state is not good.
    """

    part: str
    state: Literal["good", "missing", "bad"]
    text: str
    todo: str = ""


def examine() -> Iterator[Finding]:
    """Look at everything, one after the other; imports torch, opens no network connection and changes nothing."""
    yield Finding("Versions", "good", f"Python {platform.python_version()} on {platform.system()}")
    yield from _packages()
    yield from _devices()
    yield from _own_files()
    yield from _jupyter()


def _packages() -> Iterator[Finding]:
    """What the package asks for, by its own metadata: so a new dependency or extra is seen without a word here."""
    from packaging.requirements import Requirement

    try:
        asked = [Requirement(line) for line in requires(PACKAGE) or ()]
        yield Finding("Versions", "good", f"{PACKAGE} {version(PACKAGE)}")
    except PackageNotFoundError:
        todo = f"pip install {PACKAGE}, or `make setup` in the repository"
        yield Finding("Versions", "bad", f"{PACKAGE} is not installed, only its sources are there", todo)
        return
    for one in asked:
        extra = _extra(str(one.marker or ""))
        if one.marker is not None and extra is None and not one.marker.evaluate():
            continue
        command = f"pip install '{PACKAGE}[{extra}]'" if extra else f"pip install '{one.name}{one.specifier}'"
        part = "Extras" if extra else "Versions"
        label = f" (extra {extra})" if extra else ""
        try:
            found = version(one.name)
        except PackageNotFoundError:
            yield Finding(part, "missing" if extra else "bad", f"{one.name}{label} is not installed", command)
            continue
        if one.specifier.contains(found, prereleases=True):
            yield Finding(part, "good", f"{one.name} {found}{label}")
        else:
            yield Finding(part, "bad", f"{one.name} {found}{label}, expected {one.specifier}", command)


def _extra(marker: str) -> str | None:
    """The extra that a requirement belongs to, as its marker says."""
    found = re.search(r"extra == ['\"]([\w.-]+)['\"]", marker)
    return found.group(1) if found else None


def _devices() -> Iterator[Finding]:
    together = "install both from the same place: pip install --force-reinstall torch torchvision"
    try:
        import torch
        import torchvision  # noqa: F401 - a torch from elsewhere fails here
    except (ImportError, OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:200]
        yield Finding("Devices", "bad", f"torch and torchvision can't be imported ({reason})", together)
        return
    yield Finding("Devices", "good", f"cpu, {torch.get_num_threads()} threads on {os.cpu_count()} cores")
    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        about = torch.cuda.get_device_properties(number)
        yield Finding("Devices", "good", f"cuda:{number}, {about.name}, {about.total_memory / 2**30:.0f} GiB")
    if torch.backends.mps.is_available():
        yield Finding("Devices", "good", "mps, Apple's GPU")
    if not torch.cuda.is_available() and not torch.backends.mps.is_available():
        todo = "nothing, for the miniature; large models want one: see docs/how-to/gpu.md"
        yield Finding("Devices", "missing", "no GPU that torch can use", todo)


def _own_files() -> Iterator[Finding]:
    from .miniature import FOLDER
    from .views.bundle import STATIC

    if (FOLDER / "model_index.json").is_file():
        size = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
        yield Finding("Package", "good", f"the miniature's weights, {size / 1e6:.0f} MB")
    else:
        todo = f"pip install --force-reinstall {PACKAGE}"
        yield Finding("Package", "bad", "the miniature's weights are missing", todo)
    absent = [name for name in BUNDLES if not (STATIC / f"{name}.js").is_file()]
    if absent:
        names = ", ".join(f"{name}.js" for name in absent)
        yield Finding("Package", "bad", f"the views were not built ({names})", "run `make front` in the repository")
    else:
        yield Finding("Package", "good", "the views")


def _jupyter() -> Iterator[Finding]:
    try:
        from jupyter_core.paths import jupyter_path
        from jupyterlab.commands import get_app_dir
        from jupyterlab_server.config import get_federated_extensions, get_page_config
    except ImportError:
        return  # told among the versions
    paths = jupyter_path("labextensions")
    found = get_federated_extensions(paths)
    page = get_page_config(paths, app_settings_dir=os.path.join(get_app_dir(), "settings"))  # noqa: PTH118
    disabled = page.get("disabledExtensions") or {}
    for name in (*WIDGETS, OWN):
        if disabled.get(name):
            text, todo = f"the extension {name} is switched off", f"jupyter labextension enable {name}"
            yield Finding("JupyterLab", "bad", text, todo)
        elif name in found:
            yield Finding("JupyterLab", "good", f"the extension {name} {found[name].get('version', '')}".rstrip())
        elif name == OWN:
            text = f"the extension {name} (launcher, side panel, viewer of trace files) is not installed"
            yield Finding(
                "JupyterLab", "missing", text, f"install the wheel of {PACKAGE}, or run `make setup` in the repository"
            )
        else:
            package = "anywidget" if name == "anywidget" else "jupyterlab_widgets"
            todo = f"pip install --force-reinstall {package}, then restart JupyterLab"
            yield Finding("JupyterLab", "bad", f"the extension {name} is not installed", todo)
