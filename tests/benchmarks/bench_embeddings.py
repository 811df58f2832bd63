"""How the CLIP map does on the drawn world: `python -m tests.benchmarks.bench_embeddings [what ...]`.

what: any of "words", "arithmetic", "patches", "styles", "speed", "large"; all but the last without any. Pictures are
drawings that training never showed. Prints:
words: how often a picture's nearest words include its subject; silhouettes of the kinds of words, and of two kinds;
  with words read alone (as the map does unless told otherwise), in a template, and in captions.
arithmetic: how often "A - colour1 + colour2" ranks the right class of pictures first, among all subjects and colours.
patches: how often the part that matches a subject's word most lies on the subject (its true mask).
styles: how constant styles are over subjects, and how often a picture that is drawn by a style's direction is read as
    that style, beside the picture of the style's own words and the one of no style.
speed: seconds from vectors to a map. large: the same for 100,000 and a million, with the memory that it took.
"""

import resource
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

import explorer
from explorer.embeddings import map_of
from explorer.embeddings.projection import pca
from explorer.embeddings.styles import phrase
from explorer.embeddings.words import Words, known_words
from explorer.miniature import UNSEEN, world


def scenes(known: dict[str, list[str]], count: int) -> Iterator[world.Scene]:
    """Unseen scenes of one subject that the model knows the words of."""
    seed, given = UNSEEN + 40_000, 0
    while given < count:
        seed += 1
        scene = world.sample(seed, "all")
        one = scene.subjects[0]
        words = {"subject": one.name, "colour": one.colour, "place": scene.place}
        words |= {"style": scene.style, "weather": scene.weather, "mood": scene.mood}
        if len(scene.subjects) == 1 and all(not word or word in known[kind] for kind, word in words.items()):
            given += 1
            yield scene


def drawn(scene: world.Scene) -> np.ndarray:
    return np.asarray(world.render(scene).image)


def words(ex: Any, count: int = 300) -> None:
    known, space = known_words(ex), ex.space()
    labels = [word for own in known.values() for word in own]
    kinds = [kind for kind, own in known.items() for _ in own]
    found = list(scenes(known, count))
    pictures = space.encode_pictures([drawn(scene) for scene in found])
    truth = np.array([labels.index(scene.subjects[0].name) for scene in found])
    only = np.array([kind == "subject" for kind in kinds])
    print(f"{count} pictures, {len(labels)} words")
    for name, template in (("alone", None), ("in a template", "a picture of a {}"), ("in captions", "captions")):
        vectors = Words(ex, space, template).encode(labels)
        place = (np.argsort(-pictures @ vectors.T, axis=1) == truth[:, None]).argmax(1)
        best = np.flatnonzero(only)[(pictures @ vectors[only].T).argmax(1)]
        shares = ", ".join(f"{near}: {np.mean(place < near):.1%}" for near in (1, 3, 5, 10))
        print(f"words {name}: the subject is among the nearest {shares}")
        print(f"  the nearest of the {only.sum()} subjects is the right one: {np.mean(best == truth):.1%}")
        for chosen in (set(kinds), {"style", "colour"}):
            rows = [i for i, kind in enumerate(kinds) if kind in chosen]
            told = silhouette(vectors[rows], [kinds[i] for i in rows])
            print(f"  silhouette of {', '.join(sorted(chosen))}: {told:.3f}")


def silhouette(vectors: np.ndarray, kinds: list[str]) -> float:
    """Mean over items of (b - a) / max(a, b), in cosine distance (Rousseeuw 1987)."""
    far, own = 1 - vectors @ vectors.T, np.array(kinds)
    values = []
    for i, kind in enumerate(own):
        same = (own == kind) & (np.arange(len(own)) != i)
        a = far[i, same].mean()
        b = min(far[i, own == other].mean() for other in set(kinds) - {kind})
        values.append((b - a) / max(a, b))
    return float(np.mean(values))


def arithmetic(ex: Any, each: int = 4, tries: int = 200) -> None:
    known, space = known_words(ex), ex.space()
    classes = [(subject, colour) for subject in known["subject"] for colour in known["colour"]]
    pictures = [
        drawn(world.Scene((world.Subject(*one),), seed=UNSEEN + 90_000 + 100 * i + k))
        for i, one in enumerate(classes)
        for k in range(each)
    ]
    shown = space.encode_pictures(pictures).reshape(len(classes), each, -1).mean(1)
    shown /= np.linalg.norm(shown, axis=1, keepdims=True)
    lot, in_captions, alone = np.random.default_rng(0), Words(ex, space, "captions"), Words(ex, space)
    right: dict[str, list[bool]] = {}
    for _ in range(tries):
        subject = str(lot.choice(known["subject"]))
        before, after = (str(colour) for colour in lot.choice(known["colour"], 2, replace=False))
        goal = classes.index((subject, after))
        prompt = phrase("{}", subject).replace(subject, f"{before} {subject}")
        picture = shown[classes.index((subject, before))]
        for name, first, lexicon in (
            ("a prompt", space.encode_text([prompt])[0], alone),
            ("a word", space.encode_text([subject])[0], alone),
            ("a picture", picture, alone),
            ("a prompt, words in captions,", space.encode_text([prompt])[0], in_captions),
            ("a picture, words in captions,", picture, in_captions),
        ):
            old, new = lexicon.encode([before, after])
            right.setdefault(name, []).append(int((shown @ (first - old + new)).argmax()) == goal)
    for name, own in right.items():
        print(f"{name} - colour1 + colour2: right class of {len(classes)} first in {np.mean(own):.1%} of {tries}")


def patches(ex: Any, count: int = 40) -> None:
    space = ex.space()
    hits: dict[str, list[bool]] = {"covering": [], "patches": []}
    sizes = []
    for scene in scenes(known_words(ex), count):
        drawing = world.render(scene)
        mask = drawing.figures[0]
        sizes.append(mask.mean())
        for way, own in hits.items():
            found = space.patches(np.asarray(drawing.image), scene.subjects[0].name, way=way).values
            row, column = np.unravel_index(found.argmax(), found.shape)
            height, width = (side / parts for side, parts in zip(mask.shape, found.shape, strict=True))
            cell = mask[int(row * height) : int((row + 1) * height), int(column * width) : int((column + 1) * width)]
            own.append(bool(cell.any()))
    told = ", ".join(f"{way} {np.mean(own):.0%}" for way, own in hits.items())
    print(f"the best part lies on the subject: {told} of {count} (subjects cover {np.mean(sizes):.0%})")


def styles(ex: Any, seeds: int = 2) -> None:
    known = known_words(ex)
    for space in (ex.space(), ex.space("text encoder")):
        found = ex.style_directions(space=space)
        print(found)
        print(f"  mean constancy {float(found.constancy.mean()):.2f}")
    subjects = known["subject"][:6]
    texts = [phrase(style, subjects[-1]) for style in known["style"]]
    read: dict[str, list[bool]] = {"direction": [], "twice the direction": [], "words": [], "no style": []}
    for i, style in enumerate(known["style"]):
        for seed in range(seeds):
            body = phrase("{}", subjects[-1])
            settings = {"seed": seed, "steps": 15}
            drawings = {
                "direction": ex.styled(body, style, 1.0, subjects=subjects[:-1], **settings),
                "twice the direction": ex.styled(body, style, 2.0, subjects=subjects[:-1], **settings),
                "words": ex.record(phrase(style, subjects[-1]), **settings),
                "no style": ex.record(body, **settings),
            }
            for name, trace in drawings.items():
                read[name].append(int(ex.match(texts, trace).cosines.values[:, 0].argmax()) == i)
    for name, own in read.items():
        print(f"drawn by {name}: read as the style in {np.mean(own):.0%} of {len(own)}")


class Clock:
    """Seconds since it was made, by the wall and of the processor: on a busy machine the two differ."""

    def __init__(self) -> None:
        self._wall, self._processor = time.perf_counter(), time.process_time()

    def __str__(self) -> str:
        wall, own = time.perf_counter() - self._wall, time.process_time() - self._processor
        return f"{wall:.2f} s ({own:.2f} s of the processor)"


def unit(count: int, size: int) -> np.ndarray:
    vectors = np.random.default_rng(0).standard_normal((count, size), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def speed(count: int = 10_000, size: int = 512) -> None:
    vectors, labels = unit(count, size), [str(i) for i in range(count)]
    clock = Clock()
    pca(vectors, 2)
    print(f"{count:,} x {size}, PCA alone: {clock}")
    clock = Clock()
    map_of(labels, vectors)
    print(f"{count:,} x {size} to a PCA map, with all neighbours: {clock}")
    for method in ("t-SNE", "UMAP"):
        for time_ in ("first", "second"):
            clock = Clock()
            map_of(labels[:2000], vectors[:2000], method=method)
            print(f"2,000 x {size} to a {method} map, {time_} time: {clock}")


def large(size: int = 128) -> None:
    for count in (100_000, 1_000_000):
        vectors, labels = unit(count, size), [str(i) for i in range(count)]
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        clock = Clock()
        map_of(labels, vectors)
        more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held) / 1e6
        told = f"{count:,} x {size} to a PCA map: {clock}"
        print(f"{told}, {more:.2f} GB beside the {vectors.nbytes / 1e9:.2f} GB of the vectors")


def main(*asked: str) -> None:
    ex = explorer.load()
    for what in asked or ("words", "arithmetic", "patches", "styles", "speed"):
        print(f"-- {what}")
        if what in ("speed", "large"):
            globals()[what]()
        else:
            globals()[what](ex)


if __name__ == "__main__":
    main(*sys.argv[1:])
