"""The fast set: `explorer.load("miniature-fast")` is the miniature with low-rank matrices added in."""

import shutil
from pathlib import Path

import pytest
import torch

import explorer
from explorer import miniature
from explorer.errors import CheckpointError
from explorer.miniature import fast
from explorer.miniature.recipe.fast import adapt, shrunk
from tests.pipelines import stable_diffusion

PROMPT = "a red castle in the snow"


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shipped folder with a tiny pipeline and a fast set of rank 2."""
    folder = tmp_path / "weights"
    pipe = stable_diffusion()
    pipe.save_pretrained(folder)
    (folder / "record.json").write_text('{"guidance": 4.0}', encoding="utf-8")
    torch.manual_seed(0)
    adapters = {name.replace("/", "."): low for name, low in adapt(pipe.unet, rank=2).items()}
    for low in adapters.values():
        low.b.data.normal_(std=0.1)
    fast.save(adapters, folder / "fast")
    monkeypatch.setattr(miniature, "FOLDER", folder)
    return folder


def test_the_fast_set_is_the_miniature_with_its_matrices_added(weights: Path) -> None:
    usual, quick = explorer.load("miniature", device="cpu"), explorer.load("miniature-fast", device="cpu")
    assert (usual.steps, usual.guidance) == (25, 4.0)
    assert (quick.steps, quick.guidance) == (4, 1.0)
    from safetensors.torch import load_file

    matrices = load_file(weights / "fast" / "adapter.safetensors")
    names = {key.rsplit(".", 1)[0] for key in matrices}
    assert len(names) > 10
    before, after = usual.pipe.unet.state_dict(), quick.pipe.unet.state_dict()
    for key, weight in before.items():
        layer = key.removesuffix(".weight")
        if layer not in names:
            assert torch.equal(after[key], weight), key
            continue
        product = matrices[f"{layer}.b"].float() @ matrices[f"{layer}.a"].float()
        torch.testing.assert_close(after[key] - weight, product.view_as(weight), atol=1e-5, rtol=1e-4)


def test_what_is_not_asked_for_is_the_fast_sets_own(weights: Path) -> None:
    ex = explorer.load("miniature-fast", device="cpu")
    trace = ex.record(PROMPT, seed=1)
    assert (trace.settings.steps, trace.settings.guidance, trace.steps) == (4, 1.0, 4)
    assert ex.estimate(PROMPT).bytes == ex.estimate(PROMPT, steps=4).bytes
    assert ex.record(PROMPT, seed=1, steps=2).steps == 2


def test_without_a_fast_set_it_says_so(weights: Path) -> None:
    shutil.rmtree(weights / "fast")
    with pytest.raises(CheckpointError, match=r'^This installation has no fast set of weights: load "miniature"'):
        explorer.load("miniature-fast")


def test_what_ships_keeps_what_changes_the_weights_most() -> None:
    torch.manual_seed(0)
    much, little = fast.LowRank(40, 30, 4), fast.LowRank(40, 30, 4)
    much.b.data.normal_()
    little.b.data.normal_(std=0.01)
    found = shrunk({"much": much, "little": little}, share=5 / 8)
    assert (found["much"].a.shape, found["much"].b.shape) == ((4, 30), (40, 4))
    assert found["little"].a.shape == (1, 30)
    torch.testing.assert_close(found["much"].b @ found["much"].a, much.b @ much.a, atol=1e-5, rtol=1e-4)
    whole = little.b @ little.a
    assert (found["little"].b @ found["little"].a - whole).norm() < whole.norm()
