"""An enlargement, checked: beside what simple rules make of the small picture, and beside the drawing itself."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .analysis.distance import distance
from .asked import text_of
from .errors import CheckpointError, InvalidSetting
from .miniature import likeness
from .miniature.world import Drawing, Scene, caption, render
from .trace import Trace

SIDES = (32, 64, 128, 256, 512)
"""Sizes at which enlargements are compared: from shapes down to single pixels."""
UPSCALER = "upscaler"


@dataclass(frozen=True, slots=True)
class Score:
    """How near an enlargement comes to the drawing.

    psnr: in dB, more is nearer. distance: how different they look (`explorer.analysis.distance`, CIE 1976, mean over
    sizes), less is nearer. ssim: structural similarity, up to 1.
    """

    psnr: float
    distance: float
    ssim: float


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Upscaled:
    """A picture four times as wide and high, and where that was guessed.

    prompt: what the upscaler was told. small: (y, x, RGB) uint8. pictures: by way, (4y, 4x, RGB) uint8: "nearest",
    "bicubic", "lanczos" and "upscaler", which is that of the first seed. seeds, drawn: all seeds and their pictures,
    (seed, 4y, 4x, RGB). guesses: (4y, 4x) float32, how far the seeds disagree, in levels of 255.
    truth: the drawing itself at that size, or None where there is none.
    """

    prompt: str
    small: np.ndarray
    pictures: Mapping[str, np.ndarray]
    seeds: tuple[int, ...]
    drawn: np.ndarray
    guesses: np.ndarray
    truth: np.ndarray | None = None

    @property
    def error(self) -> np.ndarray | None:
        """How far each pixel of the upscaler's picture is off, (4y, 4x) in levels of 255; None without a truth."""
        return None if self.truth is None else likeness.error(self.pictures[UPSCALER], self.truth)

    @property
    def told(self) -> float | None:
        """The correlation of the guesses with the error, over pixels: how well the one foretells the other."""
        return None if self.error is None else likeness.correlation(self.guesses, self.error)

    def scores(self) -> dict[str, Score]:
        """How near each way comes to the drawing. Raises InvalidSetting where there is no drawing to compare with."""
        if self.truth is None:
            raise InvalidSetting(
                "Nobody knows how this picture looks at that size: upscale a scene of the drawn world to compare."
            )
        truth = self.truth
        return {
            name: Score(
                round(likeness.psnr(picture, truth), 2),
                round(distance(picture, truth, SIDES), 3),
                round(likeness.ssim(picture, truth), 4),
            )
            for name, picture in self.pictures.items()
        }

    def sheet(self, gap: int = 4) -> np.ndarray:
        """All ways side by side, then the guesses, the truth and the error where they are known; (y, x, RGB) uint8."""
        shown = [*self.pictures.values(), _grey(self.guesses)]
        if self.truth is not None and self.error is not None:
            shown += [self.truth, _grey(self.error)]
        height, width = shown[0].shape[:2]
        sheet = np.full((height, len(shown) * (width + gap) - gap, 3), 255, np.uint8)
        for i, picture in enumerate(shown):
            sheet[:, i * (width + gap) : i * (width + gap) + width] = picture
        return sheet

    def picture(self, gap: int = 4) -> Any:
        """`sheet` as a PIL image."""
        from PIL import Image

        return Image.fromarray(self.sheet(gap))

    def __str__(self) -> str:
        if self.truth is None:
            return f"{len(self.seeds)} seeds disagree by {float(self.guesses.mean()):.1f} of 255 levels on average."
        rows = [f"{name:<9} {s.psnr:6.2f} dB  distance {s.distance:.2f}" for name, s in self.scores().items()]
        return "\n".join([*rows, f"The guesses foretell the error with a correlation of {self.told:.2f}."])

    def __repr__(self) -> str:
        height, width = self.pictures[UPSCALER].shape[:2]
        return f"<Upscaled to {width}x{height} from {len(self.seeds)} seeds: {self.prompt!r}>"

    def _repr_png_(self) -> bytes:
        held = io.BytesIO()
        self.picture().save(held, "PNG")
        return held.getvalue()

    def _ipython_display_(self) -> None:
        from .views.upscaled import display_upscaled

        display_upscaled(self)


def upscale(
    of: "Trace | Scene | Drawing | np.ndarray | Any",
    prompt: str | None = None,
    *,
    seeds: Sequence[int] = (0, 1, 2, 3),
    upscaler: Any = None,
) -> Upscaled:
    """Enlarge a picture: see `explorer.Explorer.upscale`."""
    small, said, truth = _picture(of)
    text = said if prompt is None else text_of("prompt", prompt)
    chosen = tuple(dict.fromkeys(int(seed) for seed in seeds))
    if not chosen or min(chosen) < 0:
        raise InvalidSetting(f"seeds is {seeds!r}, expected at least one whole number from 0 on.")
    model = _loaded() if upscaler is None else upscaler
    drawn = model.several(small, text, chosen)
    pictures = {rule: likeness.enlarged(small, rule) for rule in likeness.RULES} | {UPSCALER: drawn[0]}
    return Upscaled(text, small, pictures, chosen, drawn, likeness.guesses(drawn), truth)


def _loaded() -> Any:
    from .miniature.upscaler import Upscaler

    try:
        return Upscaler.load()
    except FileNotFoundError as error:
        raise CheckpointError(str(error)) from error


def _picture(of: Any) -> tuple[np.ndarray, str, np.ndarray | None]:
    """The small picture, what is said of it, and the same drawing in full where there is one."""
    if isinstance(of, Drawing):
        of = of.scene
    if isinstance(of, Scene):
        return render(of).image, caption(of).text, render(of, grain=4).image
    said = of.settings.prompt if isinstance(of, Trace) else ""
    values = (
        of.image.values if isinstance(of, Trace) else np.asarray(of.convert("RGB") if hasattr(of, "convert") else of)
    )
    if values.ndim != 3 or values.shape[2] < 3 or values.dtype != np.uint8:
        raise InvalidSetting("of is no picture: pass a trace, a scene of the drawn world, or (y, x, RGB) uint8.")
    if values.shape[0] % 16 or values.shape[1] % 16:
        raise InvalidSetting(
            f"The picture is {values.shape[1]}x{values.shape[0]} pixels, expected multiples of 16: cut it first."
        )
    return np.ascontiguousarray(values[..., :3]), said, None


def _grey(values: np.ndarray) -> np.ndarray:
    """A map as a picture (y, x, RGB): black is none, white what only one pixel in a hundred exceeds."""
    top = max(float(np.percentile(values, 99)), 1.0)
    shade = np.clip(values / top * 255, 0, 255).round().astype(np.uint8)
    return np.repeat(shade[..., None], 3, axis=2)
