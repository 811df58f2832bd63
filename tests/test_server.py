"""The server part: what it lists and sends, whom it answers, and what it does not let out of its folder."""

import io
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from explorer import storage, wire
from explorer.errors import TraceFileError
from explorer.server import THUMB, packed, thumbnail
from explorer.storage import open_for_views, read_picture, save
from explorer.trace import self_array
from tests.fake import synthetic_run

ROOT = Path(__file__).parents[1]
PROMPT = "a red castle in the snow"
TRACE = synthetic_run(PROMPT, steps=4, seed=7)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A served folder, and files beside it that must stay where they are."""
    root = tmp_path_factory.mktemp("outer") / "served"
    (root / "runs").mkdir(parents=True)
    (root / ".hidden").mkdir()
    for path in (root / "runs/castle", root / ".hidden/secret", root / "runs/.secret", root.parent / "outside"):
        save(TRACE, path)
    (root / "runs/empty.trace.safetensors").write_bytes(b"")
    (root / "runs/notes.txt").write_text("hello")
    return root


@pytest.fixture(scope="module")
def server(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Jupyter server that has only this extension; its address and token."""
    folder = tmp_path_factory.mktemp("jupyter")
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    private = {name: str(folder / name.lower()) for name in names} | {"PYTHONPATH": str(ROOT)}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex()
    command = [
        sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--port={port}", "--port-retries=0",
        f"--ServerApp.root_dir={root}", f"--IdentityProvider.token={token}",
        "--ServerApp.jpserver_extensions={'explorer.server': True, 'jupyterlab': False, 'jupyter_lsp': False}",
    ]  # fmt: skip
    found = SimpleNamespace(url=f"http://127.0.0.1:{port}/prompt-explorer", token=token)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ | private, stdout=log, stderr=log, cwd=root)
    try:
        end = time.monotonic() + 90
        while time.monotonic() < end and process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5).close()
                break
            except OSError:
                time.sleep(0.2)
        else:
            pytest.fail((folder / "log").read_text()[-3000:])
        yield found
    finally:
        process.terminate()
        process.wait(20)


def get(server: Any, what: str, token: str | None = None, **query: str) -> tuple[int, bytes, str]:
    """Status, body and content type of a request; with the server's own token unless another is given."""
    address = f"{server.url}/{what}?{urllib.parse.urlencode(query)}"
    headers = {"Authorization": f"token {server.token if token is None else token}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=60) as answer:
            return answer.status, answer.read(), answer.headers["Content-Type"]
    except urllib.error.HTTPError as error:
        return error.code, error.read(), error.headers["Content-Type"]


def unpacked(data: bytes) -> tuple[dict[str, Any], bytes]:
    """What extensions/lab/src/server.ts reads of `packed`."""
    length = int.from_bytes(data[:4], "little")
    return json.loads(data[4 : 4 + length]), data[4 + length :]


def test_a_folder_is_listed_from_the_headers_alone(server: Any) -> None:
    status, body, kind = get(server, "traces", path="runs")
    assert (status, kind.split(";")[0]) == (200, "application/json")
    castle, empty = sorted(json.loads(body), key=lambda one: one["name"])
    assert castle.pop("version")
    assert castle == {
        "name": "castle.trace.safetensors",
        "path": "runs/castle.trace.safetensors",
        "prompt": PROMPT,
        "seed": "7",
        "model": "synthetic",
        "steps": 4,
        "width": 128,
        "height": 128,
    }
    assert empty["error"] == "empty.trace.safetensors is not a trace: open a file that `trace.save` wrote."


def test_a_thumbnail_is_the_picture(server: Any) -> None:
    status, body, kind = get(server, "thumbnail", path="runs/castle.trace.safetensors")
    assert (status, kind) == (200, "image/jpeg")
    picture = np.asarray(Image.open(io.BytesIO(body)), np.float32)
    assert picture.shape == (128, 128, 3)
    assert max(picture.shape) <= THUMB
    assert np.abs(picture - TRACE.image.values).mean() < 4


def test_a_trace_is_sent_as_the_views_take_it(server: Any) -> None:
    status, body, kind = get(server, "trace", path="runs/castle.trace.safetensors", parts="attention,curves,nonsense")
    assert (status, kind) == (200, "application/octet-stream")
    about, buffer = unpacked(body)
    meta, data = wire.trace(TRACE, ("attention", "curves"))
    assert about["meta"] == json.loads(json.dumps(meta))
    assert buffer == data
    assert (len(body) - len(data)) % 4 == 0
    assert "seed 7" in about["settings"]


@pytest.mark.parametrize("what", ["traces", "thumbnail", "trace"])
@pytest.mark.parametrize("token", ["", "wrong"])
def test_nobody_is_answered_without_the_token(server: Any, what: str, token: str) -> None:
    path = "runs" if what == "traces" else "runs/castle.trace.safetensors"
    status, body, _ = get(server, what, token=token, path=path)
    assert status == 403
    assert b"castle" not in body


OUTSIDE = [
    "../outside.trace.safetensors",
    "runs/../../outside.trace.safetensors",
    "%2e%2e/outside.trace.safetensors",
    "..\\outside.trace.safetensors",
    "....//outside.trace.safetensors",
    "runs/\0/../../outside.trace.safetensors",
    ".hidden/secret.trace.safetensors",
    "runs/.secret.trace.safetensors",
    "runs/gone.trace.safetensors",
]


@pytest.mark.parametrize("path", OUTSIDE)
@pytest.mark.parametrize("what", ["thumbnail", "trace"])
def test_nothing_leaves_the_folder(server: Any, root: Path, what: str, path: str) -> None:
    status, body, kind = get(server, what, path=path)
    assert status in (400, 403, 404)
    assert kind.startswith("application/json")
    assert str(root.parent).encode() not in body


def test_an_absolute_path_is_one_in_the_folder(server: Any, root: Path) -> None:
    assert get(server, "trace", path=str(root.parent / "outside.trace.safetensors"))[0] == 404
    assert get(server, "trace", path="/runs/castle.trace.safetensors")[0] == 200


@pytest.mark.parametrize("path", ["..", "runs/../..", ".hidden", "/etc", "gone"])
def test_no_folder_outside_or_hidden_is_listed(server: Any, path: str) -> None:
    assert get(server, "traces", path=path)[0] in (400, 403, 404)


def test_hidden_files_are_not_listed(server: Any) -> None:
    assert ".secret" not in get(server, "traces", path="runs")[1].decode()
    assert json.loads(get(server, "traces", path="")[1]) == []


@pytest.mark.parametrize("name", ["empty.trace.safetensors", "notes.txt"])
@pytest.mark.parametrize("what", ["thumbnail", "trace"])
def test_what_is_no_trace_is_told_in_one_sentence(server: Any, what: str, name: str) -> None:
    status, body, _ = get(server, what, path=f"runs/{name}")
    assert status == 422
    assert json.loads(body) == {"message": f"runs/{name} is not a trace: open a file that `trace.save` wrote."}


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with self-attention that counts as large."""
    import dataclasses

    values = np.zeros((4, 1, 8, 8, 8, 8), np.float16)
    trace = dataclasses.replace(TRACE, self_attention={"8x8": self_array(values, layers=["mid"])})
    path = save(trace, tmp_path / "large")
    monkeypatch.setattr(storage, "_CHECKED", 0)
    return path


def test_self_attention_is_left_in_the_file(large: Path) -> None:
    assert dict(open_for_views(large).self_attention) == {}
    # Else it would be noticed: these bytes are no longer those that the checksum is of.
    header = int.from_bytes(large.read_bytes()[:8], "little")
    begin = 8 + header + json.loads(large.read_bytes()[8 : 8 + header])["self/8x8"]["data_offsets"][0]
    with large.open("r+b") as file:
        file.seek(begin)
        file.write(b"\xff" * 64)
    about, data = unpacked(packed(large, wire.PARTS))
    meta, expected = wire.trace(TRACE)
    assert about["meta"]["blocks"] == json.loads(json.dumps(meta["blocks"]))
    assert data == expected
    assert np.array_equal(read_picture(large), TRACE.image.values)


def test_a_small_file_is_checked_as_a_whole(tmp_path: Path) -> None:
    path = save(TRACE, tmp_path / "small")
    data = bytearray(path.read_bytes())
    data[-5] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(TraceFileError, match="truncated or damaged"):
        open_for_views(path)


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [1, 2]},
        {"shape": [-1]},
        {"shape": "many"},
        {"dtype": "F8_E4M3"},
        {"dtype": None},
        {"data_offsets": [4, 0]},
        {"data_offsets": [-8, 0]},
        {"data_offsets": [0]},
    ],
    ids=str,
)
def test_a_header_that_lies_is_damage(large: Path, change: dict[str, Any]) -> None:
    data = large.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header["image"] |= change
    text = json.dumps(header).encode()
    large.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])
    for read in (open_for_views, read_picture, thumbnail):
        with pytest.raises(TraceFileError, match="truncated or damaged"):
            read(large)


def test_a_file_that_is_gone_says_so(tmp_path: Path) -> None:
    with pytest.raises(TraceFileError, match=r"There is no file .*gone"):
        open_for_views(tmp_path / "gone.trace.safetensors")
