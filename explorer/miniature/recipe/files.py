"""Files that are whole or absent: whoever reads one while training writes it sees the old one or the new one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch


def save_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)


def load_json(path: Path) -> Any:
    """What `save_json` wrote."""
    return json.loads(path.read_text(encoding="utf-8"))


def save_torch(path: Path, value: Any) -> None:
    """Write tensors and plain values; `load_torch` reads them back without running code from the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    torch.save(value, partial)
    partial.replace(path)


def load_torch(path: Path) -> Any:
    """What `save_torch` wrote, on the CPU."""
    return torch.load(path, map_location="cpu", weights_only=True)
