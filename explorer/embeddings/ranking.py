"""What a sum of words and pictures is nearest to, among texts and pictures of one's own choice."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import InvalidSetting
from ..trace import Trace
from .arithmetic import Ranking, combined, parse, ranked
from .space import Space
from .words import Template, Words


def most_similar(
    ex: Any,
    space: Space,
    expression: str | Sequence[tuple[float, Any]],
    among: Sequence[Any] | None,
    template: Template = None,
) -> Ranking:
    """Rank texts and pictures by their cosine with a sum: see `Explorer.most_similar`."""
    words = Words(ex, space, template)
    terms = parse(expression) if isinstance(expression, str) else _checked(expression)
    asked = expression if isinstance(expression, str) else " ".join(f"{f:+g} * {_label(one)}" for f, one in terms)
    if among is None:
        among = [word for own in words.known.values() for word in own]
        if not among:
            raise InvalidSetting("There is nothing to rank: pass among=['a blue teddy bear', 'a brown castle', ...].")
    among = [among] if isinstance(among, str) else list(among)
    if not among:
        raise InvalidSetting("There is nothing to rank: among is empty.")
    vector = combined([(factor, _vectors(words, [one])[0]) for factor, one in terms])
    texts = [one for _, one in terms if isinstance(one, str)]
    found = ranked(asked, vector, [_label(one) for one in among], _vectors(words, among), texts)
    if not len(found):
        raise InvalidSetting("All that could be ranked is in the sum itself: pass others in among.")
    return found


def _vectors(words: Words, items: Sequence[Any]) -> np.ndarray:
    """Of texts and pictures in any order."""
    found = np.empty((len(items), words.space.dimension), np.float32)
    texts = [i for i, one in enumerate(items) if isinstance(one, str)]
    shown = [i for i, one in enumerate(items) if not isinstance(one, str)]
    if texts:
        found[texts] = words.encode([items[i] for i in texts])
    if shown:
        found[shown] = words.space.encode_pictures([items[i] for i in shown])
    return found


def _label(one: Any) -> str:
    if isinstance(one, str):
        return one
    return one.settings.prompt if isinstance(one, Trace) else str(getattr(one, "name", "") or "a picture")


def _checked(expression: Any) -> list[tuple[float, Any]]:
    try:
        terms = [(float(factor), one) for factor, one in expression]
    except (TypeError, ValueError) as error:
        raise InvalidSetting(
            f"{expression!r:.60} is no sum: write 'teddy bear - brown + blue', or [(1, 'teddy bear'), (-1, 'brown')]."
        ) from error
    if not terms or not np.isfinite([factor for factor, _ in terms]).all():
        raise InvalidSetting("A sum needs at least one term, and factors that are numbers: write [(1, 'teddy bear')].")
    return terms
