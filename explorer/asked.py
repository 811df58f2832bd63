"""What a person types into a call, checked before anything runs: each error is one sentence with the way out."""

import math
import numbers
import operator
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .errors import InvalidSetting

if TYPE_CHECKING:
    from .capture import Keep

LARGEST_SEED = 2**63 - 1


def prompts_of(prompt: Any) -> list[str]:
    """One text, or a list of at least one. Raises InvalidSetting for anything else."""
    if isinstance(prompt, str):
        return [text_of("prompt", prompt)]
    if not isinstance(prompt, Sequence) or isinstance(prompt, bytes) or not prompt:
        raise InvalidSetting(f"prompt is {_shown(prompt)}, expected a text, or a list of at least one.")
    return [text_of("prompt", one) for one in prompt]


def text_of(name: str, value: Any) -> str:
    """A text; two halves of a character (surrogates) that stand side by side become that character, as JSON makes them.

    Raises InvalidSetting for anything else.
    """
    if not isinstance(value, str):
        raise InvalidSetting(f"{name} is {_shown(value)}, expected a text: put it in quotes.")
    return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """A whole number from `least` to `most`. Raises InvalidSetting for anything else."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least or (most is not None and number > most):
        limits = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise InvalidSetting(f"{name} is {_shown(value)}, expected a whole number {limits}.")
    return number


def wanted(keep: Any) -> "Keep":
    """What of the attention is kept, as a `Keep` or as a person types it. Raises InvalidSetting for anything else."""
    from .capture import Keep

    if isinstance(keep, Keep):
        return keep
    if keep is not None and not isinstance(keep, Mapping):
        raise InvalidSetting(f"keep is {_shown(keep)}, expected names and values, such as {{'words': True}}.")
    return Keep.of(dict(keep or {}))


def guidance_of(value: Any) -> float:
    """A number of at least 0. Raises InvalidSetting for anything else."""
    number = float(value) if isinstance(value, numbers.Real) and not isinstance(value, bool) else math.nan
    if not 0 <= number < math.inf:
        raise InvalidSetting(f"guidance is {_shown(value)}, expected a number of at least 0, such as 7.5; 1 is none.")
    return number


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:39] + "…"
