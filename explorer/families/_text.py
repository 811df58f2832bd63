"""From a tokenizer's own offsets to the rows that a text encoder makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InvalidSetting
from ..prompt import Piece, Tokens


@dataclass(frozen=True, slots=True)
class Reading:
    """A prompt as one tokenizer gives it to one encoder."""

    tokens: Tokens
    """Rows are counted from the first that the denoiser reads, see `drop`."""
    ids: tuple[int, ...]
    """Of the encoder's whole sequence."""


def reading(
    tokenizer: Any,
    prompt: str,
    *,
    limit: int | None,
    whole: str | None = None,
    at: int = 0,
    origin: Sequence[int] | None = None,
    drop: int = 0,
    fill: int | None = None,
    left: bool = False,
    special: bool = True,
) -> Reading:
    """What `tokenizer` makes of `prompt`.

    limit: rows of the sequence at most, special tokens included; the text is cut on the right. None is no limit.
    whole, at: the text that is tokenized, and where in it the prompt begins (for templates); None is the prompt itself.
    origin: for each character of the prompt's part of `whole`, its place in the prompt; None is one for one.
    drop: rows at the start that the encoder reads, but the denoiser does not.
    fill: pad to so many rows; None for no padding. left: on the left.
    special: whether the tokenizer adds its special tokens.
    Raises InvalidSetting for a text that is not valid Unicode.
    """
    text = prompt if whole is None else whole
    try:
        told = tokenizer(
            text,
            return_offsets_mapping=True,
            add_special_tokens=special,
            truncation=False,
            padding=False,
            verbose=False,
        )
    except (UnicodeError, TypeError) as error:
        raise InvalidSetting(
            f"The prompt {prompt[:40]!a} can't be tokenized: remove the characters that are not valid Unicode."
        ) from error
    ids, offsets = list(told["input_ids"]), list(told["offset_mapping"])
    before, after = _added(tokenizer, special)
    kept, read = len(ids) - after, ids
    if limit is not None and len(ids) > limit:
        kept = limit - after
        read = [*ids[:kept], *ids[len(ids) - after :]]
    padding = [tokenizer.pad_token_id] * max(0, (fill or 0) - len(read))
    first = (len(padding) if left else 0) - drop
    origin = range(len(prompt)) if origin is None else origin
    end = at + len(origin)
    pieces: list[Piece] = []
    lost: list[Piece] = []
    for i in range(before, len(ids) - after):
        start, stop = max(int(offsets[i][0]), at), min(int(offsets[i][1]), end)
        if whole is not None and start >= stop:
            continue  # of the template
        start, stop = (origin[start - at], origin[stop - at - 1] + 1) if start < stop else (start - at, start - at)
        own = pieces if i < kept and first + i >= 0 else lost
        own.append(Piece(prompt[start:stop], first + i, start, stop))
    size = len(read) + len(padding) - drop
    tokens = Tokens.of(prompt, (*pieces, *lost), limit=size, read=len(pieces))
    return Reading(tokens, tuple([*padding, *read] if left else [*read, *padding]))


def lowered(prompt: str) -> tuple[str, list[int]]:
    """A prompt as PixArt and Sana read it, in small letters and without blanks at its ends; and each one's place."""
    places = [i for i, character in enumerate(prompt) for _ in character.lower()]
    text = "".join(character.lower() for character in prompt)
    first = len(text) - len(text.lstrip())
    text = text.strip()
    return text, places[first : first + len(text)]


def templated(tokenizer: Any, prompt: str, messages: list[dict[str, Any]], **options: Any) -> tuple[str, int]:
    """A chat template's text around a prompt, and where the prompt begins in it."""
    text = str(tokenizer.apply_chat_template(messages, tokenize=False, **options))
    at = text.rfind(prompt)
    return (text, at) if at >= 0 else (text, text.rfind(prompt.strip()))


def _added(tokenizer: Any, special: bool) -> tuple[int, int]:
    """How many special tokens the tokenizer puts before and after a text."""
    if not special:
        return 0, 0
    alone, probe = tokenizer("", verbose=False)["input_ids"], tokenizer("a", verbose=False)["input_ids"]
    bare = tokenizer("a", add_special_tokens=False, verbose=False)["input_ids"]
    for before in range(len(alone) + 1):
        if probe[before : before + len(bare)] == bare and len(probe) - len(bare) == len(alone):
            return before, len(alone) - before
    return 0, len(alone)
