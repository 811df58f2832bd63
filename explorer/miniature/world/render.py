"""From a scene to its picture and the mask of every content word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from . import places, styles, subjects, weathers
from .canvas import RGB, SIZE, Floats, Pen, Sheet
from .captions import Caption, caption
from .palette import CARRIERS, tones
from .scene import Scene, Subject, generator, sample
from .styles import PLAIN, blur

Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Mask:
    """The pixels that one content word of a caption made.

    word: as it stands in caption[start:end]. kind: subject, colour, place, weather or style. pixels: bool (128, 128).
    """

    word: str
    start: int
    end: int
    kind: str
    pixels: Bools


@dataclass(frozen=True, eq=False)
class Drawing:
    """A drawn scene: `image` is uint8 (128, 128, 3), `masks` follow the caption's words from left to right."""

    image: NDArray[np.uint8]
    scene: Scene
    caption: str
    masks: tuple[Mask, ...]


@dataclass
class _Layer:
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


def _spots(scene: Scene, r: np.random.Generator) -> list[tuple[float, float]]:
    """Each subject's middle (x, 0 to 1) and the size of its box (share of the picture)."""
    if len(scene.subjects) == 1:
        return [(r.uniform(0.42, 0.58), r.uniform(0.6, 0.76))]
    left = scene.relation == "left of" or (scene.relation is None and r.random() < 0.5)
    xs = [r.uniform(0.24, 0.28), r.uniform(0.72, 0.76)]
    return list(zip(xs if left else xs[::-1], r.uniform(0.42, 0.5, 2), strict=True))


def _figure(one: Subject, x: float, size: float, number: int, scene: Scene, style: styles.Style) -> _Layer:
    r = generator(scene.seed, 10 + number)
    kind, ground = subjects.KINDS[one.name], places.KINDS[scene.place].ground
    size = min(size * kind.size, 0.8 if len(scene.subjects) == 1 else 0.5)
    floats = kind.floats or ground is None
    y = r.uniform(0.44, 0.54) if floats or ground is None else r.uniform(*ground) - size / 2
    turn = r.uniform(-1, 1) * kind.tilt * (1.6 if ground is None else 1.0)
    flip = -1.0 if r.random() < 0.5 else 1.0
    wide, c, s = r.uniform(0.94, 1.06), np.cos(turn), np.sin(turn)
    half = size * SIZE / 2
    matrix = np.array([[c, -s], [s, c]]) @ np.diag([flip * wide, 1.0]) * half
    sheet = Sheet()
    pen = Pen(
        sheet,
        tones(one.colour, r),
        matrix=matrix,
        offset=(x * SIZE, y * SIZE),
        line=style.line * (1.0 if len(scene.subjects) == 1 else 0.8),
        rim=style.rim,
        carriers=CARRIERS,
    )
    kind.draw(pen, r)
    rgb, cover, carried = sheet.flat()
    return _Layer(rgb, cover, carried, None if floats else (x, y + size / 2, size))


def _sky(scene: Scene, weather: weathers.Weather, r: np.random.Generator) -> Floats:
    choices = places.KINDS[scene.place].sky or weather.skies
    top, bottom = (np.array(c, np.float32) for c in choices[int(r.integers(len(choices)))])
    ramp = (
        np.linspace(0, 1, SIZE, dtype=np.float32)
        if places.KINDS[scene.place].sky
        else np.clip(np.linspace(0, 1.7, SIZE, dtype=np.float32), 0, 1)
    )
    sky = top + (bottom - top) * ramp[:, None]
    return np.repeat(sky[:, None, :], SIZE, 1)


def render(scene: Scene) -> Drawing:
    """Draw a scene. The same scene gives the same bytes, in any process."""
    place = places.KINDS[scene.place]
    weather = weathers.KINDS[scene.weather] if scene.weather else weathers.FAIR
    style = styles.KINDS[scene.style] if scene.style else PLAIN
    r = generator(scene.seed, 1)
    spots = _spots(scene, r)

    sky_sheet, ground_sheet = Sheet(), Sheet()
    rim = style.rim
    if place.weather:
        weather.behind(_pen(sky_sheet, line=style.ground_line, rim=rim, weather=None), r)
    place.draw(
        _pen(ground_sheet, line=style.ground_line, rim=rim, weather=weather if place.weather else None),
        r,
        scene.weather,
    )
    backdrop = _sky(scene, weather, r)
    if place.weather:
        rgb, cover, _ = sky_sheet.flat()
        backdrop = _over(backdrop, rgb, cover)
    rgb, ground, _ = ground_sheet.flat()
    backdrop = _over(backdrop, rgb, ground)
    if weather.veil:
        far = np.clip(1.15 - np.abs(np.linspace(0, 1, SIZE, dtype=np.float32) - 0.5), 0, 1) * weather.veil
        backdrop += (np.array(weather.skies[0][1], np.float32) - backdrop) * far[:, None, None]
    paint = generator(scene.seed, 2)
    picture = style.backdrop(backdrop, paint)

    layers = [
        _figure(one, x, size, i, scene, style)
        for i, (one, (x, size)) in enumerate(zip(scene.subjects, spots, strict=True))
    ]
    dark = scene.weather == "night" or scene.place == "space"
    for one, layer in zip(scene.subjects, layers, strict=True):
        if layer.foot and style.shadow and scene.place != "sea":
            picture = _shadow(picture, *layer.foot, style.shadow)
        rgb = style.figure(layer.rgb, layer.cover, paint) * np.array(weather.light, np.float32)
        if weather.veil:
            rgb += (228 - rgb) * np.float32(0.14)
        if dark and one.colour in ("black", "brown", "purple", "blue"):
            glow = np.clip(blur(layer.cover, 2.2) * 1.5, 0, 1) * (0.75 if one.colour == "black" else 0.4)
            picture = _over(picture, np.full_like(picture, 205), glow)
        picture = _over(picture, rgb, layer.cover)

    seen = [layer.cover for layer in layers]
    front = np.zeros((SIZE, SIZE), np.float32)
    if place.front:
        sheet = Sheet()
        place.front(_pen(sheet, line=style.ground_line, rim=rim, weather=weather), r, scene.weather)
        rgb, front, _ = sheet.flat()
        picture = _over(picture, style.backdrop(rgb, paint), front)
        seen = [s * (1 - front) for s in seen]
    if len(seen) == 2:
        seen[0] = seen[0] * (1 - seen[1])
    fall = np.zeros((SIZE, SIZE), np.float32)
    if weather.fall[1]:
        sheet = Sheet()
        weather.front(_pen(sheet, line=0, rim=None, weather=None), r)
        _, fall, _ = sheet.flat()
        on_subject = np.clip(sum(seen), 0, 1)
        strength = fall * weather.fall[1] * (1 - 0.4 * on_subject)
        colour = style.fall if style.fall and scene.weather == "rainy" else weather.fall[0]
        picture = _over(picture, np.broadcast_to(np.array(colour, np.float32), picture.shape), strength)
    picture = style.finish(picture, paint)
    image = np.clip(np.rint(picture), 0, 255).astype(np.uint8)

    words = caption(scene)
    masks = _masks(words, seen, layers, ground, fall, weather)
    return Drawing(image, scene, words.text, masks)


def _shadow(picture: Floats, x: float, y: float, size: float, strength: float) -> Floats:
    at = (np.arange(SIZE, dtype=np.float32) + 0.5) / SIZE
    d = ((at[None, :] - x) / (size * 0.52)) ** 2 + ((at[:, None] - y + 0.012) / (size * 0.085)) ** 2
    return picture * (1 - strength * np.clip(1.25 - d, 0, 1))[..., None]


def _masks(
    words: Caption, seen: list[Floats], layers: list[_Layer], ground: Floats, fall: Floats, weather: weathers.Weather
) -> tuple[Mask, ...]:
    figures = [s > 0.5 for s in seen]
    free = ~np.logical_or.reduce(figures)
    sky = (ground < 0.5) & free
    reach = {"sky": sky, "all": free}[weather.reach] | (fall > 0.5)
    out = []
    for w in words.words:
        pixels: Bools
        if w.kind == "subject":
            pixels = figures[w.index]
        elif w.kind == "colour":
            pixels = figures[w.index] & (layers[w.index].carried > 0.5)
        elif w.kind == "place":
            pixels = free
        elif w.kind == "weather":
            pixels = reach
        else:
            pixels = np.ones((SIZE, SIZE), bool)
        out.append(Mask(words.text[w.start : w.end], w.start, w.end, w.kind, pixels))
    return tuple(out)


def draw(seed: int) -> Drawing:
    """Draw the scene that `sample(seed)` gives."""
    return render(sample(seed))


def sheet(drawings: Sequence[Drawing | Scene], columns: int = 8, gap: int = 4) -> Image.Image:
    """A contact sheet of drawings or scenes, row by row, `gap` pixels apart on white."""
    rows = -(-len(drawings) // columns)
    step = SIZE + gap
    out = Image.new("RGB", (columns * step - gap, max(rows, 1) * step - gap), "white")
    for i, one in enumerate(drawings):
        image = (render(one) if isinstance(one, Scene) else one).image
        out.paste(Image.fromarray(image), (i % columns * step, i // columns * step))
    return out
