"""Lumina Image 2.0: one stream of text and image, the text at its true length (Qin et al. 2025)."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ..errors import CaptureError
from ._text import reading
from .base import Encoding, Family, Place, Reader, attention_in, in_patches

if TYPE_CHECKING:
    import torch


class Lumina2(Family):
    """Keys are `[text, image]`; in a batch each picture's image follows its own text. Guidance is a second call.

    Behind a system prompt, which counts as the start; a negative prompt has none. Words are mixed before: refiners run
    over the text first, so that 'key j is word j' holds in name.
    """

    name = "lumina2"
    pipelines = ("Lumina2Pipeline",)
    guidance = 4.0
    reads = "run"
    guides = "calls"
    rows = 256

    def readers(self, pipe: Any) -> Sequence[Reader]:
        """The attention of every layer behind the refiners."""
        return attention_in(self.denoiser(pipe), ("layers",), "attn", "text image")

    def grid(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[int, int]:
        """The latents in patches of 2 x 2."""
        return in_patches(args, kwargs, 2)

    def places(
        self, reader: Reader, queries: int, keys: int, grid: tuple[int, int], limits: Sequence[int]
    ) -> Sequence[Place]:
        """Each picture's image begins behind its own text."""
        expected = max(limits) + grid[0] * grid[1]
        if (queries, keys) != (expected, expected):
            raise CaptureError(
                f"The attention module {reader.name} has {queries} queries and {keys} keys, expected {expected} of "
                "each: it reads something else than the prompt's text and the picture."
            )
        if len(set(limits)) > 1 and any(one == other for one, other in pairwise(limits)):
            raise CaptureError(
                "Lumina 2 mixes up the lengths of the texts where prompts of several lengths run with several images "
                "each: record them one after another."
            )
        return [Place(limit, 0) for limit in limits]

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """The pieces behind the system prompt, at their true length; the encoder reads them padded."""
        return self._encoding(pipe, prompt, f"{pipe.system_prompt} <Prompt Start> ")

    def encodings(self, pipe: Any, prompts: Sequence[str], negative: bool = False) -> list[Encoding]:
        """A negative prompt stands there by itself."""
        return [self._encoding(pipe, prompt, "") if negative else self.encoding(pipe, prompt) for prompt in prompts]

    def _encoding(self, pipe: Any, prompt: str, before: str) -> Encoding:
        own = reading(pipe.tokenizer, prompt, whole=before + prompt, at=len(before), limit=self.rows)
        ids = [*own.ids, *[pipe.tokenizer.pad_token_id] * (self.rows - len(own.ids))]
        return Encoding(own.tokens, tuple(ids))

    def output(self, pipe: Any, values: "torch.Tensor") -> "torch.Tensor":
        """Of the other sign."""
        return -values

    def patch(self, pipe: Any) -> int:
        """The autoencoder's 8, and patches of two."""
        return 2 * int(pipe.vae_scale_factor)
