"""Z-Image: one stream of image and text, each padded to whole thirty-twos (Tongyi 2025)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import CaptureError
from ._text import reading, templated
from .base import Encoding, Family, Place, Reader, attention_in

if TYPE_CHECKING:
    import torch


class ZImage(Family):
    """`[cond, uncond]` rows; keys are `[image, text]`, each padded with learned tokens, and then to the longest row.

    Words are mixed before: refiners run over the text first, so that 'key j is word j' holds in name.
    """

    name = "z-image"
    pipelines = ("ZImagePipeline", "ZImageImg2ImgPipeline")
    guidance = 5.0
    reads = "run"
    guides = "rows, prompt first"
    rows = 512
    whole = 32

    def readers(self, pipe: Any) -> Sequence[Reader]:
        """The attention of every layer behind the refiners."""
        return attention_in(self.denoiser(pipe), ("layers",), "attention", "image text")

    def grid(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[int, int]:
        """The latents, a list of one for each row, in patches of 2 x 2."""
        latents = (args[0] if args else kwargs["x"])[0]
        return int(latents.shape[-2]) // 2, int(latents.shape[-1]) // 2

    def places(
        self, reader: Reader, queries: int, keys: int, grid: tuple[int, int], limits: Sequence[int]
    ) -> Sequence[Place]:
        """The text begins where the image's padding ends; what follows a short text belongs to a longer row."""
        image = self._padded(grid[0] * grid[1])
        if queries != keys or keys < image + max(limits):
            raise CaptureError(
                f"The attention module {reader.name} has {queries} queries and {keys} keys, expected at least "
                f"{image + max(limits)} of each: it reads something else than the picture and the prompt's text."
            )
        return [Place(0, image)] * len(limits)

    def conditional(self, pipe: Any, rows: int, pictures: int) -> slice:
        """The first half; guidance may be left out in some steps, so that only the rows tell."""
        if rows not in (pictures, 2 * pictures):
            raise CaptureError(
                f"The transformer was called with {rows} rows for {pictures} pictures, expected {pictures} or "
                f"{2 * pictures}: run the pipeline with the prompts and images that were announced."
            )
        return slice(0, pictures)

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """The pieces within the chat template, without the padding that the encoder reads."""
        messages = [{"role": "user", "content": prompt}]
        text, at = templated(pipe.tokenizer, prompt, messages, add_generation_prompt=True, enable_thinking=True)
        own = reading(pipe.tokenizer, prompt, whole=text, at=at, limit=self.rows)
        ids = [*own.ids, *[pipe.tokenizer.pad_token_id] * (self.rows - len(own.ids))]
        return Encoding(own.tokens.within(self._padded(len(own.ids))), tuple(ids))

    def arguments(self, pipe: Any, *, negative: list[str], guidance: float) -> dict[str, Any]:
        """Here 0 is none, and 1 would guide already: cond + guidance * (cond - uncond)."""
        return super().arguments(pipe, negative=negative, guidance=guidance if guidance > 1 else 0.0)

    def output(self, pipe: Any, values: "torch.Tensor") -> "torch.Tensor":
        """(picture, channel, 1, y, x), of the other sign."""
        return -values[:, :, 0]

    def patch(self, pipe: Any) -> int:
        """The autoencoder's 8, and patches of two."""
        return 2 * int(pipe.vae_scale_factor)

    def size(self, pipe: Any) -> tuple[int, int]:
        """The pipeline's own."""
        return 1024, 1024

    def _padded(self, rows: int) -> int:
        return -(-rows // self.whole) * self.whole
