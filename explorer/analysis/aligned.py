"""Which words of several prompts are the same, in reading order."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from ..prompt import Tokens

Row = tuple[int | None, ...]


def aligned(prompts: Sequence[Tokens]) -> list[Row]:
    """The words of several prompts side by side, as `difflib` lines up two texts, prompt after prompt.

    A word that a prompt has elsewhere ("a castle, red" beside "a red castle") is found there too, each once.

    prompts: at least one.
    Returns rows in reading order: for each prompt the index in its `words`, or None where it lacks the word. Each word
    of each prompt stands in one row, up to the last that the model read: a tail that was cut off is left out.
    """
    rows: list[Row] = []
    keys: list[str] = []
    for number, tokens in enumerate(prompts):
        read = max((i for i in range(len(tokens.words)) if tokens.positions(i)), default=-1) + 1
        own = [word.text.casefold() for word in tokens.words[:read]]
        found = _matched(keys, own)
        order = _merged(len(rows), len(own), found)
        none: Row = (None,) * number
        rows, keys = (
            [(*(none if i is None else rows[i]), j) for i, j in order],
            [own[j or 0] if i is None else keys[i] for i, j in order],
        )
    return rows


def _merged(before: int, count: int, found: dict[int, int]) -> list[tuple[int | None, int | None]]:
    """Rows so far and the words of one more prompt, in an order that keeps that of both as far as may be."""
    back = {j: i for i, j in found.items()}
    order: list[tuple[int | None, int | None]] = []
    at = 0
    for j in range(count):
        # A new word comes after those that stand in its place in the prompts before.
        end = back[j] + 1 if j in back else next((back[k] for k in range(j, count) if k in back), before)
        order += [(i, found.get(i)) for i in range(at, end)]
        at = max(at, end)
        if j not in back:
            order.append((None, j))
    return order + [(i, found.get(i)) for i in range(at, before)]


def _matched(one: Sequence[str], other: Sequence[str]) -> dict[int, int]:
    found: dict[int, int] = {}
    for block in SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks():
        found.update(zip(range(block.a, block.a + block.size), range(block.b, block.b + block.size), strict=True))
    left = [j for j in range(len(other)) if j not in set(found.values())]
    for i, text in enumerate(one):
        if i in found:
            continue
        same = next((j for j in left if other[j] == text), None)
        if same is not None:
            found[i] = same
            left.remove(same)
    return found
