"""From a scene to its picture and the mask of every content word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import moods, places, styles, subjects, weathers
from .canvas import RGB, SIZE, Floats, Pen, Sheet
from .captions import Caption, caption
from .palette import CARRIERS, tones
from .scene import Pairs, Scene, Subject, generator, sample
from .styles import PLAIN, blur

Bools = NDArray[np.bool_]
GRAINS = (1, 2, 4)
"""How many times finer than usual a scene can be drawn."""


@dataclass(frozen=True, eq=False)
class Mask:
    """The pixels that one content word of a caption made.

    word: as it stands in caption[start:end]. kind: subject, colour, count, size, place, weather, style or mood.
    index: whose it is, if it is said of a subject. pixels: bool (128, 128), or of the drawing's finer grain.
    """

    word: str
    start: int
    end: int
    kind: str
    index: int
    pixels: Bools


@dataclass(frozen=True, eq=False)
class Drawing:
    """A drawn scene: `image` is uint8 (128, 128, 3), or larger; `masks` follow the caption's words from left to right.

    figures: bool, of the image's size, for each of the scene's subjects: the pixels that it is seen at.
    """

    image: NDArray[np.uint8]
    scene: Scene
    caption: str
    masks: tuple[Mask, ...]
    figures: tuple[Bools, ...]


@dataclass
class _Layer:
    index: int
    rgb: Floats
    cover: Floats
    carried: Floats
    foot: tuple[float, float, float] | None


def _pen(sheet: Sheet, *, line: float, rim: RGB | None, weather: weathers.Weather | None) -> Pen:
    return Pen(
        sheet, {}, matrix=np.eye(2) * SIZE, offset=(0, 0), line=line, rim=rim, tint=weather.tint if weather else None
    )


def _over(below: Floats, rgb: Floats, cover: Floats) -> Floats:
    return below + (rgb - below) * cover[..., None]


@dataclass(frozen=True)
class _Spot:
    """Where one figure is, in shares of the picture: whose it is, its middle x and the size of its box; if it stands,
    how far behind the usual its feet are; if it is in the air, its middle y, or None to leave that to the seed.
    flies: it is in the air even if its kind stands."""

    index: int
    x: float
    size: float
    back: float = 0.0
    y: float | None = None
    flies: bool = False


def _spots(scene: Scene, r: np.random.Generator) -> list[_Spot]:
    """A spot for each figure, from the back to the front."""
    if len(scene.subjects) == 1:
        return _alone(scene.subjects[0], r)
    jitter = r.uniform(-0.03, 0.03, 4)
    sizes = [
        {"tiny": r.uniform(0.22, 0.27), "huge": r.uniform(0.56, 0.64), None: r.uniform(0.42, 0.5)}[one.size]
        for one in scene.subjects
    ]
    side = 1.0 if r.random() < 0.5 else -1.0
    if scene.relation == "above":
        high, low = (min(s, 0.46) for s in sizes)
        x = 0.5 + 0.12 * side
        return [
            _Spot(1, 1 - x + jitter[0], low, y=0.95 - low / 2),
            _Spot(0, x + jitter[1], high, y=0.03 + high / 2 + abs(jitter[2]), flies=True),
        ]
    if scene.relation == "behind":
        back = {"tiny": 0.34, "huge": 0.78, None: 0.64}[scene.subjects[0].size] + jitter[0]
        front = min(sizes[1], 0.5)
        return [
            _Spot(0, 0.5 + 0.145 * side + jitter[1], back, 0.07, 0.44),
            _Spot(1, 0.5 - 0.145 * side + jitter[2], front, -0.03, 0.7),
        ]
    left = scene.relation == "left of" or (scene.relation is None and side > 0)
    xs = [0.26 + jitter[0], 0.74 + jitter[1]]
    first, second = xs if left else xs[::-1]
    return [_Spot(0, first, sizes[0]), _Spot(1, second, sizes[1])]


def _alone(one: Subject, r: np.random.Generator) -> list[_Spot]:
    """The spots of one kind: itself, or two or three in a row."""
    if one.count == 1:
        near = r.uniform(-0.08, 0.08) if one.size != "tiny" else r.uniform(-0.22, 0.22)
        size = {"tiny": r.uniform(0.24, 0.3), "huge": r.uniform(0.9, 0.98), None: r.uniform(0.58, 0.7)}[one.size]
        return [_Spot(0, 0.5 + (near if one.size != "huge" else near / 4), size)]
    sizes = r.uniform(0.41, 0.47, 2) if one.count == 2 else r.uniform(0.3, 0.35, 3)
    xs = (0.26, 0.74) if one.count == 2 else (0.18, 0.5, 0.82)
    places = [
        _Spot(0, x + r.uniform(-0.02, 0.02), size, r.uniform(-0.01, 0.05)) for x, size in zip(xs, sizes, strict=True)
    ]
    return sorted(places, key=lambda spot: -spot.back)


def _figure(spot: _Spot, number: int, scene: Scene, style: styles.Style, grain: int) -> _Layer:
    one = scene.subjects[spot.index]
    r = generator(scene.seed, 10 + number)
    kind, ground = subjects.KINDS[one.name], places.KINDS[scene.place].ground
    size = min(spot.size * kind.size, 0.98 if len(scene.subjects) == 1 else 0.8)
    floats = kind.floats or ground is None or spot.flies
    aloft, standing = r.uniform(0.44, 0.54), r.uniform(*(ground or (0.9, 0.9)))
    y = max(standing - spot.back - size / 2, size / 2)
    if floats:
        y = aloft - spot.back if spot.y is None else spot.y
    turn = r.uniform(-1, 1) * kind.tilt * (1.6 if ground is None else 1.0)
    flip = -1.0 if r.random() < 0.5 else 1.0
    wide, c, s = r.uniform(0.94, 1.06), np.cos(turn), np.sin(turn)
    half = size * SIZE / 2
    matrix = np.array([[c, -s], [s, c]]) @ np.diag([flip * wide, 1.0]) * half
    sheet = Sheet(grain)
    pen = Pen(
        sheet,
        tones(one.colour, r),
        matrix=matrix,
        offset=(spot.x * SIZE, y * SIZE),
        line=style.line * (1.0 if size > 0.5 else 0.8),
        rim=style.rim,
        carriers=CARRIERS,
        mood=moods.KINDS[scene.mood].eyes if scene.mood else None,
    )
    kind.draw(pen, r)
    rgb, cover, carried = sheet.flat()
    return _Layer(spot.index, rgb, cover, carried, None if floats else (spot.x, y + size / 2, size))


def _sky(scene: Scene, weather: weathers.Weather, r: np.random.Generator, side: int) -> Floats:
    choices = places.KINDS[scene.place].sky or weather.skies
    top, bottom = (np.array(c, np.float32) for c in choices[int(r.integers(len(choices)))])
    ramp = (
        np.linspace(0, 1, side, dtype=np.float32)
        if places.KINDS[scene.place].sky
        else np.clip(np.linspace(0, 1.7, side, dtype=np.float32), 0, 1)
    )
    sky = top + (bottom - top) * ramp[:, None]
    return np.repeat(sky[:, None, :], side, 1)


def render(scene: Scene, *, grain: int = 1) -> Drawing:
    """Draw a scene. The same scene gives the same bytes, in any process.

    grain: 1 draws it in 128 pixels a side, 2 in 256, 4 in 512: the same scene, with finer edges and textures.
    Raises ValueError for any other grain.
    """
    if grain not in GRAINS:
        raise ValueError(f"A grain is {', '.join(map(str, GRAINS))}, not {grain!r}: 4 draws in {4 * SIZE} pixels.")
    side = SIZE * grain
    place = places.KINDS[scene.place]
    weather = weathers.KINDS[scene.weather] if scene.weather else weathers.FAIR
    style = styles.KINDS[scene.style] if scene.style else PLAIN
    mood = moods.KINDS[scene.mood] if scene.mood else None
    r = generator(scene.seed, 1)
    spots = _spots(scene, r)

    sky_sheet, ground_sheet = Sheet(grain), Sheet(grain)
    rim = style.rim
    if place.weather:
        weather.behind(_pen(sky_sheet, line=style.ground_line, rim=rim, weather=None), r)
    place.draw(
        _pen(ground_sheet, line=style.ground_line, rim=rim, weather=weather if place.weather else None),
        r,
        scene.weather,
    )
    backdrop = _sky(scene, weather, r, side)
    if place.weather:
        rgb, cover, _ = sky_sheet.flat()
        backdrop = _over(backdrop, rgb, cover)
    rgb, ground, _ = ground_sheet.flat()
    backdrop = _over(backdrop, rgb, ground)
    if weather.veil:
        far = np.clip(1.15 - np.abs(np.linspace(0, 1, side, dtype=np.float32) - 0.5), 0, 1) * weather.veil
        backdrop += (np.array(weather.skies[0][1], np.float32) - backdrop) * far[:, None, None]
    paint = generator(scene.seed, 2)
    if mood:
        sheet = Sheet(grain)
        mood.behind(_pen(sheet, line=style.ground_line, rim=rim, weather=None), generator(scene.seed, 4))
        rgb, cover, _ = sheet.flat()
        backdrop = _over(mood.grade(backdrop, paint), rgb, cover * np.float32(mood.ink))
    picture = style.backdrop(backdrop, paint)

    layers = [_figure(spot, i, scene, style, grain) for i, spot in enumerate(spots)]
    dark = scene.weather in ("night", "stormy") or scene.place == "space" or (mood is not None and mood.murky)
    for layer in layers:
        one = scene.subjects[layer.index]
        if layer.foot and style.shadow and scene.place != "sea":
            picture = _shadow(picture, *layer.foot, style.shadow)
        rgb = style.figure(layer.rgb, layer.cover, paint) * np.array(weather.light, np.float32)
        if weather.veil:
            rgb += (228 - rgb) * np.float32(0.14)
        if dark and one.colour in ("black", "brown", "purple", "blue"):
            glow = np.clip(blur(layer.cover, 2.2) * 1.5, 0, 1) * (0.75 if one.colour == "black" else 0.4)
            picture = _over(picture, np.full_like(picture, 205), glow)
        picture = _over(picture, rgb, layer.cover)

    seen: list[Floats] = []
    for layer in layers:
        seen = [*(s * (1 - layer.cover) for s in seen), layer.cover]
    front = np.zeros((side, side), np.float32)
    if place.front:
        sheet = Sheet(grain)
        place.front(_pen(sheet, line=style.ground_line, rim=rim, weather=weather), r, scene.weather)
        rgb, front, _ = sheet.flat()
        picture = _over(picture, style.backdrop(mood.grade(rgb, paint) if mood else rgb, paint), front)
        seen = [s * (1 - front) for s in seen]
    fall = np.zeros((side, side), np.float32)
    if weather.fall[1]:
        sheet = Sheet(grain)
        weather.front(_pen(sheet, line=0, rim=None, weather=None), r)
        _, fall, _ = sheet.flat()
        on_subject = np.clip(sum(seen), 0, 1)
        strength = fall * weather.fall[1] * (1 - 0.4 * on_subject)
        colour = style.fall if style.fall and scene.weather == "rainy" else weather.fall[0]
        picture = _over(picture, np.broadcast_to(np.array(colour, np.float32), picture.shape), strength)
    if mood:
        picture = mood.over(picture, paint)
    picture = style.finish(picture, paint)
    image = np.clip(np.rint(picture), 0, 255).astype(np.uint8)

    words = caption(scene)
    figures, carried = _figures(scene, layers, seen)
    masks = _masks(words, figures, carried, ground, fall, weather)
    return Drawing(image, scene, words.text, masks, figures)


def _shadow(picture: Floats, x: float, y: float, size: float, strength: float) -> Floats:
    side = len(picture)
    at = (np.arange(side, dtype=np.float32) + 0.5) / side
    d = ((at[None, :] - x) / (size * 0.52)) ** 2 + ((at[:, None] - y + 0.012) / (size * 0.085)) ** 2
    return picture * (1 - strength * np.clip(1.25 - d, 0, 1))[..., None]


def _figures(scene: Scene, layers: list[_Layer], seen: list[Floats]) -> tuple[tuple[Bools, ...], tuple[Bools, ...]]:
    """The pixels that each subject is seen at, and those of them that show its colour."""
    shape = layers[0].cover.shape
    figures, carried = ([np.zeros(shape, bool) for _ in scene.subjects] for _ in range(2))
    for layer, visible in zip(layers, seen, strict=True):
        figures[layer.index] |= visible > 0.5
        carried[layer.index] |= (visible > 0.5) & (layer.carried > 0.5)
    return tuple(figures), tuple(carried)


def _masks(
    words: Caption,
    figures: tuple[Bools, ...],
    carried: tuple[Bools, ...],
    ground: Floats,
    fall: Floats,
    weather: weathers.Weather,
) -> tuple[Mask, ...]:
    free = ~np.logical_or.reduce(figures)
    sky = (ground < 0.5) & free
    reach = {"sky": sky, "all": free}[weather.reach] | (fall > 0.5)
    out = []
    for w in words.words:
        pixels: Bools
        if w.kind == "relation":
            continue  # no pixel is made by it
        if w.kind in ("subject", "count", "size"):
            pixels = figures[w.index]
        elif w.kind == "colour":
            pixels = carried[w.index]
        elif w.kind == "place":
            pixels = free
        elif w.kind == "weather":
            pixels = reach
        else:
            pixels = np.ones_like(free)
        out.append(Mask(words.text[w.start : w.end], w.start, w.end, w.kind, w.index, pixels))
    return tuple(out)


def draw(seed: int, pairs: Pairs = "seen") -> Drawing:
    """Draw the scene that `sample(seed, pairs)` gives."""
    return render(sample(seed, pairs))


def sheet(drawings: Sequence[Drawing | Scene], columns: int = 8, gap: int = 4) -> Image.Image:
    """A contact sheet of drawings or scenes, row by row, `gap` pixels apart on white."""
    rows = -(-len(drawings) // columns)
    step = SIZE + gap
    out = Image.new("RGB", (columns * step - gap, max(rows, 1) * step - gap), "white")
    for i, one in enumerate(drawings):
        image = (render(one) if isinstance(one, Scene) else one).image
        out.paste(Image.fromarray(image), (i % columns * step, i // columns * step))
    return out
