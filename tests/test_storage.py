import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import explorer
from explorer.errors import TraceFileError
from explorer.storage import read_settings
from explorer.trace import Settings, Trace
from tests.synthetic import synthetic_trace


def assert_same(one: Trace, other: Trace) -> None:
    assert one.settings == other.settings
    assert one.tokens == other.tokens
    assert list(one.attention) == list(other.attention)
    for grid in one.attention:
        assert one.attention[grid].identical(other.attention[grid])
        assert one.attention[grid].dtype == other.attention[grid].dtype
    for name in ("latents", "predicted", "noise", "image"):
        assert getattr(one, name).identical(getattr(other, name))


@pytest.mark.parametrize("prompt", ["a blue narwhal", "", "\ud800 <script>alert(1)</script> \u202e 👩‍🔬"])
def test_round_trip(tmp_path: Path, prompt: str) -> None:
    trace = synthetic_trace(prompt, size=(64, 128), grids=((8, 16), (4, 8)))
    path = trace.save(tmp_path / "bear")
    assert path == tmp_path / "bear.trace.safetensors"
    assert_same(explorer.open(path), trace)
    assert read_settings(path) == trace.settings
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert oct(path.stat().st_mode & 0o777) == oct(0o666 & ~_umask())


def test_saving_again_replaces_and_keeps_the_suffix(tmp_path: Path) -> None:
    path = synthetic_trace("one").save(tmp_path / "x.trace.safetensors")
    assert synthetic_trace("two").save(path) == path
    assert explorer.open(path).settings.prompt == "two"


def test_a_failed_save_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = synthetic_trace("old").save(tmp_path / "x")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(
        TraceFileError, match=r"could not be written to .*x\.trace\.safetensors: No space left on device"
    ):
        synthetic_trace("new").save(path)
    assert explorer.open(path).settings.prompt == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_missing_folder_and_missing_file(tmp_path: Path) -> None:
    with pytest.raises(
        TraceFileError, match=r"could not be written to .* No such file or directory\. Choose another place"
    ):
        synthetic_trace().save(tmp_path / "nowhere" / "x")
    with pytest.raises(
        TraceFileError, match=r"There is no file .*x: check the name; traces end in \.trace\.safetensors\."
    ):
        explorer.open(tmp_path / "x")


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    path = synthetic_trace("a dog", steps=2).save(tmp_path / "x")
    data = path.read_bytes()
    for keep in (0, 4, 8, 100, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:keep])
        with pytest.raises(TraceFileError, match=r"is truncated or damaged|is not a trace"):
            explorer.open(path)


def test_a_flipped_byte_is_noticed(tmp_path: Path) -> None:
    path = synthetic_trace("a dog", steps=2).save(tmp_path / "x")
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    with pytest.raises(TraceFileError, match="is truncated or damaged: copy it again, or record the run again"):
        explorer.open(path)


def test_foreign_files_and_newer_versions(tmp_path: Path) -> None:
    from safetensors.numpy import save_file

    path = tmp_path / "weights.safetensors"
    save_file({"w": np.zeros(3, np.float32)}, path)
    foreign = tmp_path / "picture.png"
    foreign.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    huge = tmp_path / "huge"
    huge.write_bytes(struct.pack("<Q", 2**40) + b"{}")
    for one in (path, foreign, huge):
        with pytest.raises(TraceFileError) as caught:
            explorer.open(one)
        assert str(caught.value) == f"{one} is not a trace: open a file that `trace.save` wrote."
    with pytest.raises(
        TraceFileError, match=r"^\S+ could not be read: Is a directory\. Check the file's permissions\.$"
    ):
        explorer.open(tmp_path)
    save_file({"w": np.zeros(3, np.float32)}, path, metadata={"format": "prompt-explorer-trace", "version": "4"})
    with pytest.raises(
        TraceFileError, match=r"of version 4, and this package reads up to version 3: update prompt-explorer"
    ):
        explorer.open(path)
    save_file({"w": np.zeros(3, np.float32)}, path, metadata={"format": "prompt-explorer-trace", "version": "1"})
    with pytest.raises(TraceFileError, match="is truncated or damaged"):
        explorer.open(path)


def test_settings_of_a_later_version_keep_what_is_known() -> None:
    settings = synthetic_trace().settings
    assert Settings.from_dict(json.loads(json.dumps(settings.to_dict())) | {"novelty": 1}) == settings


def test_a_saved_trace_opens_and_is_analysed_without_torch(tmp_path: Path) -> None:
    path = synthetic_trace().save(tmp_path / "x")
    code = (
        "import sys, explorer; t = explorer.open(sys.argv[1]); t.heat('castle'); t.words_at(3, 4); "
        "bad = {'torch', 'diffusers', 'transformers', 'open_clip'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)


def test_importing_the_package_loads_next_to_nothing() -> None:
    code = (
        "import sys, explorer; assert 'load' in dir(explorer); "
        "bad = {'torch', 'numpy', 'xarray', 'anywidget'} & set(sys.modules); assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
