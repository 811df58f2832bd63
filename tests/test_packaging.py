"""The wheel and the sdist: what is in them, and that the wheel works where there is neither source tree nor Node."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not (ROOT / "hatch_build.py").is_file(), reason="only in the source tree")


@pytest.fixture(scope="module")
def dist(tmp_path_factory):
    """Built from a bare copy of the sources; without isolation, since pins.txt has brought what it needs."""
    tree, folder = tmp_path_factory.mktemp("tree"), tmp_path_factory.mktemp("dist")
    made = shutil.ignore_patterns("node_modules", "static", "built", "lib", "runs", "__pycache__")
    for name in ("explorer", "extensions"):
        shutil.copytree(ROOT / name, tree / name, ignore=made)
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, tree)
    build = f"from hatchling import build; build.build_wheel({str(folder)!r}); build.build_sdist({str(folder)!r})"
    # Node may be PyPI's, beside Python.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run([sys.executable, "-c", build], cwd=tree, env={**os.environ, "PATH": path}, check=True)
    return folder


@pytest.fixture(scope="module")
def wheel(dist):
    return next(dist.glob("*.whl"))


@pytest.fixture(scope="module")
def names(wheel):
    return zipfile.ZipFile(wheel).namelist()


def test_it_holds_the_package_and_nothing_else(names):
    info = "prompt_explorer-0.1.0"
    assert {name.split("/")[0] for name in names} == {"explorer", f"{info}.data", f"{info}.dist-info"}
    assert not [name for name in names if "/runs/" in name or "__pycache__" in name]


def test_it_holds_a_bundle_for_every_view_with_a_browser_side(names):
    sources = ROOT / "extensions/widgets/src"
    views = {path.stem for path in (ROOT / "explorer/views").glob("*.py") if (sources / f"{path.stem}.ts").is_file()}
    assert views
    assert {name for name in names if name.startswith("explorer/views/static/")} == {
        f"explorer/views/static/{view}.js" for view in views
    }


def test_it_holds_the_extension_of_jupyterlab_and_what_starts_its_server_part(wheel, names):
    data = "prompt_explorer-0.1.0.data/data"
    extension = f"{data}/share/jupyter/labextensions/prompt-explorer"
    assert {f"{extension}/{name}" for name in ("package.json", "install.json")} <= set(names)
    assert f"{extension}/schemas/prompt-explorer/plugin.json" in names
    server = f"{data}/etc/jupyter/jupyter_server_config.d/prompt-explorer.json"
    assert {name for name in names if name.startswith(data) and not name.startswith(extension)} == {server}
    with zipfile.ZipFile(wheel) as archive:
        entry = json.loads(archive.read(f"{extension}/package.json"))["jupyterlab"]["_build"]["load"]
        assert json.loads(archive.read(server)) == {"ServerApp": {"jpserver_extensions": {"explorer.server": True}}}
    assert f"{extension}/{entry}" in names


def test_it_holds_the_miniature(names):
    weights = ROOT / "explorer/miniature/weights"
    files = {path.relative_to(ROOT).as_posix() for path in weights.rglob("*") if path.is_file()}
    assert files
    assert files <= set(names)


def test_it_holds_the_licence_and_the_command(wheel):
    with zipfile.ZipFile(wheel) as archive:
        info = "prompt_explorer-0.1.0.dist-info"
        assert b"Apache License" in archive.read(f"{info}/licenses/LICENSE")
        assert b"prompt-explorer = explorer.cli:app" in archive.read(f"{info}/entry_points.txt")


def test_the_sdist_holds_the_sources_of_the_bundles(dist):
    with tarfile.open(next(dist.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert not [name for name in names if "node_modules" in name]
    assert {"hatch_build.py", "extensions/package-lock.json", "extensions/widgets/build.mjs"} <= names
    assert {f"extensions/widgets/src/{path.name}" for path in (ROOT / "extensions/widgets/src").glob("*.ts")} <= names
    assert any(name.startswith("explorer/views/static/") for name in names)  # so that it installs without Node
    assert "extensions/lab/built/package.json" in names
    assert not [name for name in names if name.startswith("extensions/lab/lib/")]


def test_it_works_in_an_empty_environment_without_node(wheel, tmp_path):
    """Its dependencies are lent by a path file, so that the test takes seconds and downloads nothing."""
    env = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", env], check=True)
    uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", env]
    subprocess.run([*uv, "--no-deps", wheel], check=True)
    # A plain path: the path files of that folder, and with them this very source tree, are not followed.
    next(env.glob("lib*/python*/site-packages")).joinpath("lent.pth").write_text(sysconfig.get_path("purelib"))
    done = subprocess.run(
        [env / "bin/python", "-c", CHECK], cwd=tmp_path, env={"PATH": ""}, capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout == "0.1.0\n"
    private = {name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "HOME")}
    for command, seen in (("labextension", "prompt-explorer v0.1.0 enabled OK"), ("server extension", "enabled")):
        module = ["jupyterlab.labextensions", "list"] if command == "labextension" else []
        module = module or ["jupyter_server.extension.serverextension", "list"]
        done = subprocess.run(
            [env / "bin/python", "-m", *module], cwd=tmp_path, env={"PATH": ""} | private, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        said = re.sub(r"\x1b\[\d*m", "", done.stdout + done.stderr)
        assert seen in said, said
        assert command == "labextension" or "explorer.server" in said


CHECK = """
import importlib.resources, pathlib, shutil, sys
assert shutil.which("node") is None
import explorer
assert pathlib.Path(explorer.__file__).is_relative_to(sys.prefix), explorer.__file__
assert "torch" not in sys.modules
bundles = list(importlib.resources.files("explorer.views").joinpath("static").glob("*.js"))
# The offline page's is a program, the others export a widget.
assert "page.js" in {bundle.name for bundle in bundles}
assert all("render" in bundle.read_text(encoding="utf-8") for bundle in bundles if bundle.name != "page.js")
assert importlib.resources.files("explorer.views").joinpath("page.html").is_file()
print(explorer.__version__)
"""
