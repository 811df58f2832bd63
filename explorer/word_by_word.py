"""What each word did: left out in turn, or added one after the other, always from the same noise."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .analysis.effects import Effects, effects
from .asked import wanted
from .capture import Keep
from .errors import InvalidSetting
from .interventions import weighted_of
from .rendering import Renderer, Request, Tell, check_start
from .runs import Stopped
from .sheets import Growth
from .trace import Trace


def effects_of(
    ex: Any,
    trace: Trace,
    words: Sequence[str | int] | None = None,
    *,
    keep: Keep | Mapping[str, Any] | None = None,
    tell: Tell | None = None,
    batch: int | None = None,
    on_word: Callable[[int, Trace], None] | None = None,
    **options: Any,
) -> Effects:
    """Leave out words in turn: see `explorer.Explorer.effects`."""
    renderer = Renderer(ex)
    request, before = renderer.repeated(trace, **options), weighted_of(trace)
    if not before.plain:
        raise InvalidSetting(
            "This trace has weights or times of its own: ask for the effects in the trace it came from."
        )
    tokens = trace.tokens
    if words is None:
        own = [i for i, w in enumerate(tokens.words) if tokens.positions(i) and any(c.isalnum() for c in w.text)]
    else:
        own = sorted({i for word in words for i in tokens.find(word)})
    requests = []
    for index in own:
        word = tokens.words[index]
        edit = {"kind": "without", "words": [word.text], "way": "conditioning", "of": before.prompt}
        text = before.replaced([(word.start, word.end, "")]).prompt
        requests.append(dataclasses.replace(request, prompt=text, edit=edit))
    found: dict[int, Trace] = {}
    try:
        for i, made in renderer.render(requests, keep=wanted(keep), tell=tell, batch=batch):
            check_start(trace, made)
            found[own[i]] = made
            if on_word is not None:
                on_word(own[i], made)
    except (Stopped, KeyboardInterrupt):
        if not found:
            raise
    return effects(trace, found)


def grow(
    renderer: Renderer,
    request: Request,
    prompt: str | Sequence[str],
    *,
    keep: Keep | Mapping[str, Any] | None = None,
    tell: Tell | None = None,
    batch: int | None = None,
    on_frame: Callable[[int, Trace], None] | None = None,
) -> Growth:
    """The picture for each prefix of a prompt, from the same noise: see `explorer.Explorer.grow`."""
    texts = prefixes(renderer, prompt) if isinstance(prompt, str) else list(prompt)
    if not texts or not all(isinstance(text, str) for text in texts):
        raise InvalidSetting(f"prompt is {prompt!r:.60}, expected a text of at least one word, or several texts.")
    requests = [
        dataclasses.replace(
            request, prompt=text, edit={"kind": "grow", "of": texts[-1], "step": i, "steps": len(texts)}
        )
        for i, text in enumerate(texts)
    ]
    found = Growth()
    try:
        for i, made in renderer.render(requests, keep=wanted(keep), tell=tell, batch=batch):
            found.append(made)
            if on_frame is not None:
                on_frame(i, made)
    except (Stopped, KeyboardInterrupt):
        if not found:
            raise
    return found


def prefixes(renderer: Renderer, prompt: str) -> list[str]:
    """A prompt up to each of its words."""
    words = renderer.family.encodings(renderer.pipe, [prompt])[0].tokens.words
    return [prompt[: word.end] for word in words if any(c.isalnum() for c in word.text)]
