"""Maps of embeddings made of random numbers: groups of words with pictures among them, a path, and a fake model."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from explorer.analysis.neighbours import kept, neighbours
from explorer.atlas import Atlas, Path, Placed
from explorer.errors import InvalidSetting
from explorer.trace import Trace
from tests.fake import Fake

KINDS = ("subject", "colour", "style", "place", "weather")
WORDS = {
    "subject": "castle narwhal bear dog boat tree bird fish lamp chair car house sunglasses pen umbrella rabbit",
    "colour": "red blue green yellow purple orange black white pink brown",
    "style": "photograph watercolour sketch cartoon woodcut mosaic poster etching",
    "place": "sea forest city desert mountain garden street room beach",
    "weather": "rainy snowy sunny foggy stormy windy",
}


def synthetic_atlas(
    extra: int = 0,
    *,
    pictures: int = 12,
    axes: int = 2,
    width: int = 32,
    seed: int = 3,
    live: bool = False,
    near: int = 10,
) -> Atlas:
    """Words in groups, some pictures, `extra` further items; the first axes of the vectors are the map.

    live: with a fake model that places words, of which "boom" fails.
    """
    random = np.random.default_rng(seed)
    labels = [(word, kind) for kind in KINDS for word in WORDS[kind].split()]
    labels += [(f"a picture of a {WORDS['subject'].split()[i % 16]}", "picture") for i in range(pictures)]
    labels += [(f"item {i}", f"group {i % 4}") for i in range(extra)]
    kinds = [kind for _, kind in labels]
    names = list(dict.fromkeys(kinds))
    middles = random.standard_normal((len(names), width)).astype(np.float32)
    middles[:, :axes] *= 2
    vectors = random.standard_normal((len(labels), width), dtype=np.float32) * 0.6
    vectors += middles[[names.index(kind) for kind in kinds]]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    points = np.ascontiguousarray(vectors[:, :axes])
    count = len(labels)
    few = count <= 20_000
    found, cosines = np.empty((count, 0), np.int32), np.empty((count, 0), np.float32)
    if few:
        found, cosines = neighbours(vectors, near)
    modalities = np.array([kind == "picture" for kind in kinds], np.uint8)
    rows = [i for i, kind in enumerate(kinds) if kind == "picture"]

    def place(text: str) -> Placed:
        time.sleep(0.05)
        if text == "boom":
            raise ValueError("boom <img src=x onerror=window.broken=1>")
        vector = vectors[0] + np.float32(0.1)
        vector /= np.linalg.norm(vector)
        order = np.argsort(-(vectors @ vector))[:10].astype(np.int32)
        return Placed(text, vector, vector[:axes], order, vectors[order] @ vector)

    return Atlas(
        labels=[label for label, _ in labels],
        kinds=kinds,
        modalities=modalities,
        vectors=vectors,
        points=points,
        thumbs={row: _thumb(row) for row in rows},
        method="PCA",
        gap="centred",
        note="Words and pictures were centred, each about its own mean, because the model keeps the two apart.",
        explained=(0.34, 0.21, 0.1)[:axes],
        trustworthiness=0.91,
        kept=kept(found, points) if few else None,
        neighbours=found,
        cosines=cosines,
        paths=(Path("castle to narwhal", "interpolation", tuple(rows[:5])),) if len(rows) >= 5 else (),
        source="a fake model",
        axes=tuple(f"PC {i + 1} ({share} %)" for i, share in zip(range(axes), (34, 21, 10), strict=False)),
        placed=place if live else None,
    )


def _thumb(row: int) -> np.ndarray:
    """A picture of two colours, wider than high for every third."""
    random = np.random.default_rng(row)
    thumb: Any = np.empty((40 if row % 3 == 0 else 64, 64, 3), np.uint8)
    thumb[:] = random.integers(0, 255, 3)
    thumb[12:30, 20:44] = random.integers(0, 255, 3)
    return thumb


class MapFake(Fake):
    """An Explorer without a model whose runs can be mapped."""

    def project(self, *, runs: Sequence[Trace], **options: Any) -> Atlas:
        """Not of the runs: what is shown is tested, not what is found."""
        assert options == {"path": runs[-1] if runs else None}
        if not runs:
            raise InvalidSetting("There is no run to map: generate one first.")
        return synthetic_atlas(live=True)
