"""Traces with known maps, without torch: each word looks at one blob, which grows and wanders from step to step."""

import re
from itertools import pairwise

import numpy as np
import xarray as xr

from explorer.prompt import Tokens
from explorer.trace import Settings, Trace, attention_array, step_array

PROMPT = "a blue narwhal and a red castle"
QUIET = frozenset("a an and at by from in of on the to with".split())
LONGEST_PIECE = 6
Grids = tuple[tuple[int, int], ...]


def synthetic_trace(
    prompt: str = PROMPT,
    *,
    steps: int = 4,
    layers: int = 2,
    size: tuple[int, int] = (128, 128),
    grids: Grids = ((16, 16), (8, 8)),
    limit: int = 77,
    seed: int = 0,
) -> Trace:
    """A trace of `prompt`; `size` and `grids` are (height, width)."""
    tokens = synthetic_tokens(prompt, limit)
    attention = {
        f"{rows}x{columns}": attention_array(
            _maps(tokens, steps, layers, rows, columns),
            layers=[f"blocks.{rows}.{n}.attn2" for n in range(layers)],
            tokens=tokens,
        )
        for rows, columns in grids
    }
    shape = (steps, 4, size[0] // 8, size[1] // 8)
    noise = np.random.default_rng(seed).standard_normal((2, *shape)).astype(np.float16)
    times = {"timesteps": np.linspace(981, 1, steps).tolist(), "sigmas": np.geomspace(14.6, 0.03, steps).tolist()}
    return Trace(
        settings=Settings(
            prompt=prompt,
            seed=seed,
            steps=steps,
            guidance=5.0,
            width=size[1],
            height=size[0],
            model="synthetic",
            scheduler="DDIMScheduler",
            seconds=0.8,
        ),
        tokens=tokens,
        attention=attention,
        latents=step_array(noise[0], **times),
        predicted=step_array(noise[1], **times),
        noise=xr.DataArray(noise[0, 0], dims=("channel", "y", "x")),
        image=xr.DataArray(_picture(tokens, *size), dims=("y", "x", "channel")),
    )


def synthetic_tokens(prompt: str, limit: int = 77) -> Tokens:
    """Words and single signs, long words in two pieces; the limit counts the two special tokens."""
    spans: list[tuple[int, int]] = []
    for match in re.finditer(r"\w+|[^\w\s]", prompt):
        start, end = match.span()
        middle = start + (end - start + 1) // 2
        spans.extend(pairwise((start, middle, end) if end - start > LONGEST_PIECE else (start, end)))
    return Tokens.build(prompt, spans, limit=limit, read=min(len(spans), limit - 2))


def blob(tokens: Tokens, word: int) -> tuple[float, float, float]:
    """Centre (x, y) of a word's blob, as shares of the picture, and its peak share of attention."""
    text = tokens.words[word].text.casefold()
    if text in QUIET or not text.isalnum():
        return 0.5, 0.5, 0.0
    return 0.18 + 0.64 * (word * 0.618 + 0.15) % 0.64, 0.2 + 0.6 * (word * 0.382 + 0.55) % 0.6, 0.3 + 0.02 * (word % 5)


def _maps(tokens: Tokens, steps: int, layers: int, rows: int, columns: int) -> np.ndarray:
    """(step, layer, token, y, x), summing to 1 over tokens."""
    y, x = np.meshgrid((np.arange(rows) + 0.5) / rows, (np.arange(columns) + 0.5) / columns, indexing="ij")
    maps = np.zeros((steps, layers, 2 + tokens.read, rows, columns), np.float32)
    for step in range(steps):
        along = (step + 1) / steps
        for index in range(min(len(tokens.words), tokens.read)):
            centre_x, centre_y, peak = blob(tokens, index)
            distance = (x - centre_x - 0.06 * (along - 0.7)) ** 2 + (y - centre_y) ** 2
            for layer in range(layers):
                heat = 0.004 + along * peak * (1 - 0.1 * layer) * np.exp(-distance / 0.02)
                maps[step, layer, [1 + i for i in tokens.positions(index)]] = heat
    words = maps[:, :, 1:-1].sum(axis=2)
    maps /= np.maximum(words / 0.9, 1)[:, :, None]  # many words share one position's attention
    rest = 1 - maps.sum(axis=2)
    maps[:, :, 0], maps[:, :, -1] = 0.8 * rest, 0.2 * rest
    return maps.astype(np.float16)


def _picture(tokens: Tokens, height: int, width: int) -> np.ndarray:
    """A soft sky with a disc where each word looks."""
    y, x = np.meshgrid((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width, indexing="ij")
    picture = np.stack([110 + 90 * y, 150 + 60 * y, 205 + 20 * y], axis=-1)
    colours = ((72, 104, 196), (196, 70, 62), (60, 140, 110), (214, 166, 72), (128, 90, 160))
    for index in range(min(len(tokens.words), 40)):
        centre_x, centre_y, peak = blob(tokens, index)
        if peak:
            picture[(x - centre_x) ** 2 + (y - centre_y) ** 2 < 0.012] = colours[index % len(colours)]
    return picture.clip(0, 255).astype(np.uint8)
