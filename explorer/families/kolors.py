"""Kolors: SDXL's U-Net on the text of ChatGLM (Kolors team 2024)."""

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from ..errors import InvalidSetting, UnsupportedPipeline
from ..prompt import Piece, Tokens
from .base import Encoding, Family
from .sdxl import StableDiffusionXL

_SPACE = "\u2581"  # how SentencePiece writes a blank
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


class Kolors(StableDiffusionXL):
    """Keys are ChatGLM's 256 rows, padded on the left and not masked; padding and prefix count as the start.

    The tokenizer tells no character offsets: its pieces are laid along the prompt, character by character, and a prompt
    that they do not spell is refused.
    """

    name = "kolors"
    pipelines: ClassVar[tuple[str, ...]] = ("KolorsPipeline", "KolorsImg2ImgPipeline")
    guidance = 5.0
    aligned = True
    parts: ClassVar[tuple[str, ...]] = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")
    rows = 256
    """The pipelines' own `max_sequence_length`."""

    def check(self, pipe: Any) -> None:
        """Raise UnsupportedPipeline for image-prompt adapters, unknown attention and missing parts."""
        Family.check(self, pipe)
        kind: Any = self.denoiser(pipe).config.encoder_hid_dim_type  # type: ignore[union-attr]
        if kind not in (None, "text_proj"):  # the latter takes each row for itself
            raise UnsupportedPipeline(
                f"This pipeline's U-Net reads more than text ({kind}): call pipe.unload_ip_adapter() first."
            )

    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """`[padding, prefix, pieces]`; the pieces beyond the limit are kept in `Tokens` and marked as cut."""
        fed = pipe.tokenizer(prompt, padding="max_length", max_length=self.rows, truncation=True).input_ids
        pieces = pipe.tokenizer.tokenize(prompt)
        ids, prefix = pipe.tokenizer.convert_tokens_to_ids(pieces), pipe.tokenizer.get_prefix_tokens()
        read = min(len(ids), self.rows - len(prefix))
        first = self.rows - read
        spans = _spans(prompt, pieces)
        if spans is None or list(fed[first - len(prefix) :]) != [*prefix, *ids[:read]]:
            raise InvalidSetting(
                f"Kolors rewrites the prompt {prompt[:40]!a}, which hides its words: write its characters plainly."
            )
        found = [Piece(prompt[a:b], first + i, a, b) for i, (a, b) in enumerate(spans)]
        return Encoding(Tokens.of(prompt, tuple(found), limit=self.rows, read=read), tuple(fed))


def _spans(prompt: str, pieces: Sequence[str]) -> list[tuple[int, int]] | None:
    """For each of SentencePiece's pieces its characters of the prompt, or None where they spell something else.

    Blanks may be joined, and one may stand before the text; a character may be several pieces, one for each byte.
    """
    spans: list[tuple[int, int]] = []
    at, bytes_ = 0, bytearray()
    for piece in pieces:
        byte = _BYTE.fullmatch(piece)
        if byte is not None:
            one = int(byte[1], 16)
            while not bytes_ and at < len(prompt) and prompt[at].isspace() and prompt[at].encode()[0] != one:
                at += 1
            bytes_.append(one)
            spans.append((at, at + 1))
            if at >= len(prompt) or not prompt[at].encode("utf-8", "replace").startswith(bytes_):
                return None
            if len(prompt[at].encode()) == len(bytes_):
                at, bytes_ = at + 1, bytearray()
            continue
        if bytes_:
            return None
        start: int | None = None
        gap = at
        for character in piece:
            if character == _SPACE and (at == len(prompt) or prompt[at] != _SPACE):
                if at < len(prompt) and prompt[at].isspace():
                    at += 1
                elif spans or at:
                    return None
                continue
            while at < len(prompt) and prompt[at] != character and prompt[at].isspace():
                at += 1
            if at == len(prompt) or prompt[at] != character:
                return None
            start = at if start is None else start
            at += 1
        spans.append((gap if start is None else start, at))
    return None if bytes_ or prompt[at:].strip() else spans
