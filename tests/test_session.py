"""Explorer: recording, reading, loading, and one sentence for whatever can't be done."""

import json
import logging
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import UNet2DConditionModel
from PIL import Image

import explorer
from explorer import wire
from explorer.errors import CheckpointError, InvalidSetting, UnsupportedPipeline
from explorer.views.preview import preview_html, preview_text
from tests.pipelines import stable_diffusion

PROMPT = "a red castle in the snow"


@pytest.fixture(scope="module")
def ex() -> Any:
    return explorer.wrap(stable_diffusion())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint as `save_pretrained` writes it."""
    place = tmp_path_factory.mktemp("checkpoint") / "tiny"
    stable_diffusion().save_pretrained(place)
    return place


def test_nothing_heavy_is_imported() -> None:
    code = "import sys, explorer; explorer.load; explorer.Explorer; assert 'torch' not in sys.modules; print('fine')"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "fine\n"


def test_a_trace_tells_how_to_repeat_it(ex: Any) -> None:
    trace = ex.record(PROMPT, "blue", seed=7, steps=3, guidance=4.5, width=72, height=104)
    s = trace.settings
    assert (s.prompt, s.negative_prompt, s.seed, s.steps, s.guidance) == (PROMPT, "blue", 7, 3, 4.5)
    assert (s.width, s.height, s.scheduler, s.family) == (72, 104, "DDIMScheduler", "stable-diffusion")
    assert (s.dtype, s.device, s.model) == ("float32", "cpu", "StableDiffusionPipeline")
    assert s.scheduler_config["prediction_type"] == "epsilon"
    assert set(s.versions) >= {"torch", "diffusers", "transformers"}
    assert s.seconds > 0
    json.dumps(s.to_dict())
    assert trace.words == PROMPT.split()
    assert trace.image.shape == (104, 72, 3)
    assert trace.latents.shape == trace.predicted.shape == (3, 4, 13, 9)
    again = ex.record(s.prompt, s.negative_prompt, seed=s.seed, steps=3, guidance=4.5, width=72, height=104)
    assert np.array_equal(again.image.values, trace.image.values)


def test_a_trace_is_saved_and_opened_whole(ex: Any, tmp_path: Path) -> None:
    trace = ex.record(PROMPT, seed=7, steps=2)
    opened = explorer.open(trace.save(tmp_path / "castle"))
    assert opened.settings == trace.settings
    assert opened.tokens == trace.tokens
    for grid, maps in trace.attention.items():
        assert opened.attention[grid].identical(maps)
    assert 0 <= float(opened.heat("red castle").min()) <= float(opened.heat("red castle").max()) <= 1


def test_defaults(ex: Any) -> None:
    first, second = ex.record("a bear", steps=1), ex.record("a bear", steps=1)
    assert first.settings.seed != second.settings.seed  # a fresh one each time, and stored
    assert first.settings.guidance == 7.5
    assert (first.settings.width, first.settings.height) == (64, 64)
    again = ex.record("a bear", steps=1, seed=first.settings.seed)
    assert np.array_equal(again.image.values, first.image.values)


def test_one_trace_or_a_list(ex: Any) -> None:
    assert isinstance(ex.record("a", steps=1), explorer.Trace)
    assert len(ex.record(["a"], steps=1)) == 1
    assert len(ex.record("a", steps=1, images=2)) == 2
    several = ex.record(("a bear", ""), steps=1, images=2, seed=3)
    assert [(t.settings.prompt, t.settings.seed) for t in several] == [("a bear", 3), ("a bear", 4), ("", 3), ("", 4)]
    assert [t.tokens.read for t in several] == [2, 2, 0, 0]
    assert all(maps.sizes["token"] == 2 for maps in several[2].attention.values())


def test_a_prompt_that_is_too_long_is_marked_not_warned_of(
    ex: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    import diffusers.utils.logging
    import transformers.utils.logging

    prompt = "a red castle in the snow " * 20 + "bear"
    libraries = (diffusers.utils.logging, transformers.utils.logging)
    for library in libraries:
        library.enable_propagation()
    ex.pipe.tokenizer.deprecation_warnings.clear()
    try:
        with caplog.at_level(logging.WARNING):
            trace = ex.record(prompt, prompt, seed=1, steps=1)
            assert caplog.messages == []
            ex.pipe(prompt, num_inference_steps=1)
            assert any("truncated" in message for message in caplog.messages)  # the bare pipeline says it as ever
    finally:
        for library in libraries:
            library.disable_propagation()
    assert "truncated" not in capfd.readouterr().err.split("Recording")[0]
    cut = [word for word in trace.tokens.words if word.cut]
    assert len(trace.tokens.words) == 121
    assert len(cut) == 121 - 75
    assert cut[-1].text == "bear"
    with pytest.raises(explorer.UnknownWord, match="was cut off"):
        trace.heat("bear")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "width not a multiple": ({"width": 70}, "width is 70, expected a multiple of 8 pixels: try 72"),
    "width zero": ({"width": 0}, "width is 0, expected a whole number of at least 8"),
    "height negative": ({"height": -64}, "height is -64, expected a whole number of at least 8"),
    "height a float": ({"height": 64.0}, "height is 64.0, expected a whole number"),
    "steps zero": ({"steps": 0}, "steps is 0, expected a whole number from 1 to 1000"),
    "steps negative": ({"steps": -1}, "steps is -1"),
    "steps a float": ({"steps": 2.5}, "steps is 2.5"),
    "steps a truth": ({"steps": True}, "steps is True"),
    "steps too many": ({"steps": 1001}, "steps is 1001"),
    "images zero": ({"images": 0}, "images is 0, expected a whole number of at least 1"),
    "guidance not a number": ({"guidance": float("nan")}, "guidance is nan, expected a number of at least 0"),
    "guidance infinite": ({"guidance": float("inf")}, "guidance is inf"),
    "guidance negative": ({"guidance": -1}, "guidance is -1"),
    "guidance a text": ({"guidance": "7"}, "guidance is '7'"),
    "seed negative": ({"seed": -1}, "seed is -1, expected a whole number from 0 to 9223372036854775807"),
    "seed too large": ({"seed": 2**63 - 1, "images": 2}, "seed is 9223372036854775807"),
    "seed a text": ({"seed": "x" * 100}, "seed is 'xxx.*…, expected"),
    "prompt a number": ({"prompt": 3}, "prompt is 3, expected a text"),
    "prompt nothing": ({"prompt": None}, "prompt is None"),
    "prompt bytes": ({"prompt": b"a"}, "prompt is b'a'"),
    "prompts none": ({"prompt": []}, r"prompt is \[\], expected a text, or a list of at least one"),
    "prompts mixed": ({"prompt": ["a", 1]}, "prompt is 1, expected a text"),
    "prompt broken": ({"prompt": "\ud800"}, "can't be tokenized"),
    "negative prompt a list": ({"negative_prompt": ["a"]}, r"negative_prompt is \['a'\], expected a text"),
    "negative prompt broken": ({"negative_prompt": "\udc00"}, "can't be tokenized"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD.keys())
def test_bad_settings_are_told_before_anything_runs(ex: Any, options: dict[str, Any], message: str) -> None:
    ran: list[int] = []
    handle = ex.pipe.text_encoder.register_forward_pre_hook(lambda *args: ran.append(1))
    try:
        with pytest.raises(InvalidSetting, match=message) as caught:
            ex.record(**{"prompt": PROMPT, "steps": 1} | options)
    finally:
        handle.remove()
    assert ran == []
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200


def test_numpy_numbers_are_numbers(ex: Any) -> None:
    trace = ex.record("a", steps=np.int64(1), seed=np.uint8(3), guidance=np.float32(2.5), width=np.int32(64))
    json.dumps(trace.settings.to_dict())
    assert trace.settings.seed == 3


def test_one_bar_ours(ex: Any, capfd: pytest.CaptureFixture[str]) -> None:
    pipe = ex.pipe
    pipe.set_progress_bar_config(desc="theirs")
    try:
        ex.record("a", steps=2)
        shown = capfd.readouterr().err
        assert "Recording" in shown
        assert "theirs" not in shown
        pipe("a", num_inference_steps=1)
        assert "theirs" in capfd.readouterr().err
    finally:
        pipe.set_progress_bar_config(disable=True)


def test_reading_a_picture(ex: Any) -> None:
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (72, 104, 3), np.uint8))
    trace = ex.read(picture, PROMPT, timesteps=(900, 100), seed=5)
    assert trace.steps == 2
    assert trace.latents.timestep.values.tolist() == [900, 100]
    assert np.array_equal(trace.image.values, np.asarray(picture))
    assert list(trace.attention) == ["9x13", "5x7"]
    assert (trace.settings.guidance, trace.settings.seed, trace.settings.steps) == (1.0, 5, 2)
    assert (trace.settings.width, trace.settings.height) == (104, 72)
    # Noised as it should be, by the closed form of the scheduler itself.
    with torch.no_grad():
        clean = ex.family.latents(ex.pipe, picture)
        noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(5))
        expected = ex.pipe.scheduler.add_noise(clean, noise, torch.tensor([900]))
        text = ex.pipe.encode_prompt(PROMPT, "cpu", 1, False)[0]
        output = ex.pipe.unet(expected, 900, encoder_hidden_states=text).sample
    np.testing.assert_allclose(trace.latents.values[0], expected[0].numpy(), atol=2e-3)
    np.testing.assert_allclose(trace.noise.values, noise[0].numpy(), atol=2e-3)
    a = float(ex.pipe.scheduler.alphas_cumprod[900])
    x0 = (expected - (1 - a) ** 0.5 * output) / a**0.5
    np.testing.assert_allclose(trace.predicted.values[0], x0[0].numpy(), rtol=2e-3, atol=2e-3)
    same = ex.read(np.asarray(picture), PROMPT, timesteps=[900, 100], seed=5)
    assert np.array_equal(same.attention["5x7"].values, trace.attention["5x7"].values)
    for maps in trace.attention.values():
        np.testing.assert_allclose(maps.values.astype(np.float32).sum(2), 1, atol=2e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"image": Image.new("RGB", (70, 64))}, "The picture's width is 70, expected a multiple of 8"),
        ({"image": np.zeros((64, 64, 3))}, "image is neither a PIL picture"),
        ({"image": "cat.png"}, "image is neither a PIL picture"),
        ({"timesteps": ()}, "timesteps is empty"),
        ({"timesteps": (1000,)}, "timesteps is 1000, expected a whole number from 0 to 999"),
        ({"seed": -1}, "seed is -1"),
        ({"prompt": ["a"]}, "prompt is"),
    ],
)
def test_bad_readings(ex: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidSetting, match=message):
        ex.read(**{"image": Image.new("RGB", (64, 64)), "prompt": "a"} | options)


def test_it_says_what_is_loaded(ex: Any) -> None:
    assert repr(ex) == "<Explorer StableDiffusionPipeline (stable-diffusion, cpu, float32)>"
    named = explorer.session.Explorer(ex.pipe, model="<script>alert(1)</script>")
    page = named._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "ex.record(" in page


def test_loading_a_folder(folder: Path) -> None:
    ex = explorer.load(folder, device="cpu")
    assert ex.model == str(folder)
    expected = explorer.wrap(stable_diffusion()).record(PROMPT, seed=1, steps=2)
    assert np.array_equal(ex.record(PROMPT, seed=1, steps=2).image.values, expected.image.values)
    assert explorer.load(str(folder), device="cpu", dtype="bfloat16").pipe.unet.dtype == torch.bfloat16


def test_a_models_own_guidance(folder: Path) -> None:
    try:
        for text, expected in (('{"guidance": 4}', 4.0), ('{"guidance": "x"}', 7.5), ("[]", 7.5), ("{", 7.5)):
            (folder / "record.json").write_text(text)
            assert explorer.load(folder, device="cpu").guidance == expected
    finally:
        (folder / "record.json").unlink()


def test_a_models_own_vocabulary_marks_what_it_was_never_taught(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "taught"
    shutil.copytree(folder, place)
    assert explorer.load(place).vocabulary is None
    (place / "record.json").write_text(json.dumps({"vocabulary": ["a", "red", "castle"]}))
    ex = explorer.load(place)
    assert ex.vocabulary == {"a", "red", "castle"}
    trace = ex.record("A red dragon", steps=1, seed=1)
    assert trace.tokens.unknown == (2,)
    trace.save(tmp_path / "kept")
    assert explorer.open(tmp_path / "kept.trace.safetensors").tokens.unknown == (2,)
    assert "The model was never taught: dragon" in preview_text(trace)
    assert "The model was never taught: <bdi>dragon</bdi>" in preview_html(trace)
    assert [word.get("unknown", False) for word in wire.trace(trace)[0]["words"]] == [False, False, True]
    for broken in ({"vocabulary": "a"}, {"vocabulary": [1]}, {"vocabulary": []}):
        (place / "record.json").write_text(json.dumps(broken))
        assert explorer.load(place).vocabulary is None


def test_a_folder_that_is_no_pipeline(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"holds no diffusers pipeline \(no model_index.json\): name the folder"):
        explorer.load(tmp_path)
    with pytest.raises(CheckpointError, match=r"There is no folder .*missing/at/all.*check the spelling"):
        explorer.load(tmp_path / "missing" / "at" / "all")
    with pytest.raises(CheckpointError, match="There is no folder nonesuch"):
        explorer.load("nonesuch")


def test_another_family_is_refused_before_its_weights_are_read(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "WanPipeline"}')
    with pytest.raises(UnsupportedPipeline, match="WanPipeline can't be watched"):
        explorer.load(tmp_path)
    for broken in ("{", "[]", "{}"):
        (tmp_path / "model_index.json").write_text(broken)
        with pytest.raises(CheckpointError, match="is damaged: fetch the model again"):
            explorer.load(tmp_path)


def test_pickled_weights_are_refused(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "pickled"
    pipe = stable_diffusion()
    pipe.save_pretrained(place)
    (place / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    torch.save(pipe.unet.state_dict(), place / "unet" / "diffusion_pytorch_model.bin")
    with pytest.raises(CheckpointError, match=r"are pickles \(unet.diffusion_pytorch_model.bin\).*allow_pickle=True"):
        explorer.load(place, device="cpu")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ex = explorer.load(place, device="cpu", allow_pickle=True)
    assert isinstance(ex.pipe.unet, UNet2DConditionModel)


def test_a_checkpoint_that_is_not_whole(folder: Path, tmp_path: Path) -> None:
    import shutil

    place = tmp_path / "broken"
    shutil.copytree(folder, place)
    weights = place / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"could not be loaded \(.*check that the folder is whole"):
        explorer.load(place, device="cpu")
    weights.unlink()
    with pytest.raises(CheckpointError, match="could not be loaded"):
        explorer.load(place, device="cpu")


def test_no_network_is_one_sentence(tmp_path: Path) -> None:
    code = (
        "import explorer\n"
        "try: explorer.load('somebody/some-model')\n"
        "except explorer.CheckpointError as error: print(error)\n"
    )
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "PATH": "/usr/bin"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=offline)
    assert done.stdout.startswith("somebody/some-model is neither a folder nor downloaded yet")
    assert done.stdout.count("\n") == 1


def test_devices_and_dtypes(folder: Path) -> None:
    for device in ("nowhere", "xla:0:0"):
        with pytest.raises(InvalidSetting, match=f"The device '{device}' is not there: choose one of .*cpu"):
            explorer.load(folder, device=device)
    if not torch.cuda.is_available():
        with pytest.raises(InvalidSetting, match="The device 'cuda' is not there: choose one of cpu"):
            explorer.load(folder, device="cuda")
    for dtype in ("int8", torch.int8, 3):
        with pytest.raises(InvalidSetting, match="expected one of float32, float16, bfloat16"):
            explorer.load(folder, dtype=dtype)


def test_the_miniature_is_loaded_by_default(monkeypatch: pytest.MonkeyPatch, folder: Path, tmp_path: Path) -> None:
    monkeypatch.setattr("explorer.miniature.FOLDER", folder)
    ex = explorer.load()
    assert ex.model == "miniature"
    assert ex.pipe.unet.dtype == torch.float32
    monkeypatch.setattr("explorer.miniature.FOLDER", tmp_path)
    with pytest.raises(CheckpointError, match="weights are missing from this installation"):
        explorer.load()
