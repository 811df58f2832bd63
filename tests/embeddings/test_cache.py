"""The cache of vectors: nothing twice, nothing wrong, never in the way."""

import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

from explorer.embeddings import Cache, cache
from explorer.embeddings.cache import key_of


def vectors(count: int, size: int = 4) -> dict[bytes, np.ndarray]:
    r = np.random.default_rng(0)
    return {
        key_of("model", "text", bytes([i % 256, i // 256])): r.standard_normal(size).astype(np.float32)
        for i in range(count)
    }


def test_vectors_come_back_to_the_bit(tmp_path: Path) -> None:
    kept = vectors(1200)
    Cache(tmp_path / "deep" / "a.sqlite3").put(kept)
    found = Cache(tmp_path / "deep" / "a.sqlite3").get([*kept, b"another"], 4)
    assert found.keys() == kept.keys()
    assert all(np.array_equal(found[key], kept[key]) for key in kept)


def test_keys_tell_models_kinds_and_contents_apart() -> None:
    keys = {
        key_of(*parts)
        for parts in (("m", "text", b"a"), ("n", "text", b"a"), ("m", "picture", b"a"), ("m", "text", b"b"))
    }
    assert len(keys) == 4
    assert key_of("ab", "c", b"") != key_of("a", "bc", b"")


def test_damage_counts_as_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite3"
    store, kept = Cache(path), vectors(3)
    store.put(kept)
    keys = list(kept)
    assert store.get(keys, 5) == {}  # another model's length
    with sqlite3.connect(path) as base:
        base.execute("UPDATE vectors SET vector = ? WHERE key = ?", (np.full(4, np.nan, "<f4").tobytes(), keys[0]))
    base.close()
    assert set(store.get(keys, 4)) == set(keys[1:])
    path.write_bytes(b"not a database at all, but something else" * 100)
    assert store.get(keys, 4) == {}
    assert len(store) == 0
    store.put(kept)  # nor does it raise


def test_a_place_that_cannot_be_written_is_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    store = Cache(tmp_path / "file" / "a.sqlite3")
    store.put(vectors(2))
    assert store.get(list(vectors(2)), 4) == {}


def test_threads_write_at_once(tmp_path: Path) -> None:
    store, kept = Cache(tmp_path / "a.sqlite3"), vectors(40)
    parts = [dict(list(kept.items())[i::4]) for i in range(4)]
    threads = [threading.Thread(target=store.put, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.get(list(kept), 4)) == 40 == len(store)


def test_the_oldest_are_dropped_where_there_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Cache(tmp_path / "a.sqlite3")
    monkeypatch.setattr(cache.time, "time", lambda: 1)
    old = vectors(400)
    store.put(old)
    monkeypatch.setattr(cache.time, "time", lambda: 2)
    monkeypatch.setattr(cache, "LARGEST", 10_000)
    new = key_of("m", "text", b"new")
    store.put({new: np.ones(4, np.float32)})
    assert len(store) < 401
    assert new in store.get([new], 4)


def test_it_lies_in_the_cache_folder(tmp_path: Path) -> None:
    assert Cache().path.is_relative_to(tmp_path)
