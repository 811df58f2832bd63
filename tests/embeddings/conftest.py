"""Models that are small enough to be made anew for each run of the tests; nothing is downloaded."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import explorer
from explorer.embeddings import Space
from explorer.miniature import UNSEEN, world
from explorer.session import Explorer

torch.set_num_threads(1)

CONFIG = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 4},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 3},
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or fills this person's own cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An open_clip folder with a tiny ViT."""
    import open_clip
    from safetensors.torch import save_file

    torch.manual_seed(0)
    target = tmp_path_factory.mktemp("tiny-clip")
    model = open_clip.CLIP(**CONFIG)
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, target / "model.safetensors")
    told = {"model_cfg": CONFIG, "preprocess_cfg": {"interpolation": "bicubic", "resize_mode": "shortest"}}
    (target / "open_clip_config.json").write_text(json.dumps(told))
    return target


@pytest.fixture(scope="session")
def tiny(folder: Path) -> Space:
    return Space.open(folder, cache=False)


@pytest.fixture(scope="session")
def miniature() -> Explorer:
    return explorer.load()


@pytest.fixture(scope="session")
def space(miniature: Explorer) -> Space:
    return miniature.space(cache=False)


@pytest.fixture(scope="session")
def drawings() -> list[Image.Image]:
    """Unseen drawings of one subject each, with `.scene` of what they show."""
    found = []
    for name, colour in (("castle", "red"), ("cat", "blue"), ("boat", "green"), ("apple", "yellow")):
        scene = world.Scene((world.Subject(name, colour),), seed=UNSEEN + 5)
        found.append(Image.fromarray(np.asarray(world.render(scene).image)))
    return found
