"""Vectors on disk, by what they were made from, so that nothing is embedded twice. No torch.

One SQLite file, which whole writes, several readers and a full disk are no trouble to. A cache never fails a run: where
it can't be read or written, everything is simply embedded again.
"""

import contextlib
import hashlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

LARGEST = 2_000_000_000
"""Bytes; beyond them the oldest quarter is dropped."""
_AT_ONCE = 500  # keys of a question: SQLite takes 999 at least


def usual_place() -> Path:
    """The file in this person's cache folder: ~/.cache/prompt-explorer on Linux, or in XDG_CACHE_HOME."""
    import platformdirs

    return platformdirs.user_cache_path("prompt-explorer", appauthor=False) / "embeddings.sqlite3"


def key_of(identity: str, kind: str, content: bytes) -> bytes:
    """What a vector is kept under: 32 bytes of SHA-256. identity: of the model, its weights and its preprocessing."""
    digest = hashlib.sha256()
    for part in (identity.encode(), kind.encode(), content):
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.digest()


class Cache:
    """Vectors by key. path: of the file; its folder is made."""

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = usual_place() if path is None else Path(path).expanduser()

    def get(self, keys: Sequence[bytes], dimension: int) -> dict[bytes, np.ndarray]:
        """Those vectors that are there, (dimension,) float32 each, by key; what is damaged counts as missing."""
        found: dict[bytes, np.ndarray] = {}
        if not self.path.is_file():
            return found
        with contextlib.suppress(sqlite3.Error, OSError), self._open() as base:
            for first in range(0, len(keys), _AT_ONCE):
                some = list(keys[first : first + _AT_ONCE])
                asked = ",".join("?" * len(some))
                rows = base.execute(f"SELECT key, vector FROM vectors WHERE key IN ({asked})", some)
                for key, data in rows:
                    if len(data) == 4 * dimension:
                        vector = np.frombuffer(data, "<f4").astype(np.float32)
                        if np.isfinite(vector).all():
                            found[bytes(key)] = vector
        return found

    def put(self, vectors: dict[bytes, np.ndarray]) -> None:
        """Keep vectors, all of them or none."""
        if not vectors:
            return
        now = int(time.time())
        rows = [(key, np.asarray(vector, "<f4").tobytes(), now) for key, vector in vectors.items()]
        with contextlib.suppress(sqlite3.Error, OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._open() as base:
                base.execute(
                    "CREATE TABLE IF NOT EXISTS vectors "
                    "(key BLOB PRIMARY KEY, vector BLOB NOT NULL, at INTEGER NOT NULL)"
                )
                base.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
                self._prune(base)

    def __len__(self) -> int:
        with contextlib.suppress(sqlite3.Error, OSError):
            if self.path.is_file():
                with self._open() as base:
                    return int(base.execute("SELECT COUNT(*) FROM vectors").fetchone()[0])
        return 0

    def _prune(self, base: sqlite3.Connection) -> None:
        pages, unused, size = (
            int(base.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "freelist_count", "page_size")
        )
        if (pages - unused) * size > LARGEST:
            base.execute(
                "DELETE FROM vectors WHERE key IN "
                "(SELECT key FROM vectors ORDER BY at LIMIT (SELECT COUNT(*) / 4 + 1 FROM vectors))"
            )

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        # One connection for each use: threads share none, and nothing is left open when a kernel dies.
        base = sqlite3.connect(self.path, timeout=5.0)
        try:
            with base:  # one transaction
                yield base
        finally:
            base.close()
