"""The words of a prompt, for the browser."""

from typing import Any

from ..prompt import Tokens
from .pack import clean

LONGEST_WORD = 80  # characters of one word
CUT_SHOWN = 24  # words beyond the encoder's limit that are still shown


def words_part(tokens: Tokens, rows: dict[int, int]) -> list[dict[str, Any]]:
    """The words in reading order; of a tail that was cut off only the first few, since it has no maps.

    rows: the row of each word that has maps.
    """
    end = max(rows, default=-1) + 1 + CUT_SHOWN
    encoders = {piece.encoder for piece in tokens.pieces}
    first = next(iter(sorted(encoders)), "")
    found = []
    for i, word in enumerate(tokens.words[:end]):
        # Where several encoders read the prompt, the pieces of the first stand for them: the chips show one reading.
        own = [p for p in word.pieces if tokens.pieces[p].encoder == first] or list(word.pieces)
        found.append(
            {
                "text": clean(word.text, LONGEST_WORD),
                "start": word.start,
                "end": word.end,
                "pieces": [clean(tokens.pieces[p].text, LONGEST_WORD) for p in own[:LONGEST_WORD]],
                "places": [tokens.pieces[p].position for p in own[:LONGEST_WORD]],
                "cut": word.cut,
                "row": rows.get(i),
            }
            | ({"unknown": True} if i in tokens.unknown else {})
        )
    return found
