"""The film view: a training, scrubbed; or two of them side by side."""

from pathlib import Path
from typing import Any

import numpy as np
import traitlets

from ..errors import InvalidSetting
from ..miniature.film import Film
from ..wire.film import films
from .bundle import bundle
from .sent import SentView
from .strip import MOST, Row, Small, strip_html

TOGETHER = 4
WAYS = ("pictures", "checkpoints")
ACROSS = 8  # pictures of one checkpoint in the preview


class FilmView(SentView):
    """Go through a training: what was drawn, the losses, what was right, which words were learned and where they look.

    Several films stand side by side under one slider: `FilmView(gan, miniature)`.

    checkpoint: of the first film, from 0. by: how several films are lined up: "pictures" shows of each what it drew
    after as many training pictures, "checkpoints" the first beside the first. Both can be set, observed and linked.
    """

    _stem = "film"
    _esm = bundle(_stem)

    checkpoint = traitlets.Int(0, min=0).tag(sync=True)
    by = traitlets.Enum(WAYS, "pictures").tag(sync=True)

    def __init__(self, *shown: Film, by: str = "pictures", _preview: str = "") -> None:
        """shown: one to four films. by: "pictures" or "checkpoints".

        Raises InvalidSetting for what is no film or has no checkpoint, MissingBundle if the browser side was not built.
        """
        self._needs_bundle()
        self.films = checked(shown)
        meta, data = films(self.films)
        super().__init__(meta, data, _preview, checkpoint=len(self.films[0]) - 1, by=by)

    def to_html(self, path: str | Path) -> Path:
        """Write one offline page with this view, without a kernel and without network; returns the path."""
        line = " · ".join(repr(film)[1:-1] for film in self.films)
        title = "Trainings side by side" if len(self.films) > 1 else f"A training, watched: {self.films[0].name}"
        return self._write(path, title=title, line=line, preview=film_html(*self.films))

    @traitlets.validate("checkpoint")
    def _known(self, proposal: Any) -> int:
        count = len(self.films[0])
        if not 0 <= proposal["value"] < count:
            raise InvalidSetting(f"There is no checkpoint {proposal['value']}: choose 0 to {count - 1}.")
        return int(proposal["value"])

    def _ipython_display_(self) -> None:
        from .show import display_as

        def view(_: Any, key: str) -> "FilmView":
            self.set_trait("_preview", key)
            return self

        display_as(self, view, lambda key: film_html(*self.films, key=key))

    def __repr__(self) -> str:
        return f"FilmView({', '.join(repr(film) for film in self.films)})"


def display_film(film: Film) -> None:
    """Show a film: its view, and a preview of it. Without a kernel: one line of text."""
    from .show import display_as

    if not len(film):
        print(repr(film))
        return
    display_as(film, lambda one, key: FilmView(one, _preview=key), lambda key: film_html(film, key=key))


def film_html(*shown: Film, key: str = "") -> str:
    """The static preview: of each film some checkpoints, a row each, from the first to the last."""
    most = max(1, MOST // (len(shown) * min(ACROSS, max(len(film.prompts) for film in shown))))
    rows = []
    for film in shown:
        chosen = np.unique(np.linspace(0, len(film) - 1, max(2, most)).round().astype(int)) if len(film) > 1 else [0]
        for checkpoint in chosen:
            small = [
                Small(picture, prompt, f"{prompt}, after {int(film.seen[checkpoint]):,} training pictures")
                for picture, prompt in zip(film.pictures[checkpoint], film.prompts[:ACROSS], strict=False)
            ]
            rows.append(Row(small, f"{film.name}: after {int(film.seen[checkpoint]):,} training pictures"))
    title = " / ".join(film.about for film in shown)
    return strip_html(title, rows, " · ".join(repr(film)[1:-1] for film in shown), key=key)


def checked(shown: tuple[Any, ...]) -> tuple[Film, ...]:
    """Films that can be shown together."""
    wrong = next((one for one in shown if not isinstance(one, Film)), None)
    if wrong is not None:
        raise InvalidSetting(f'{wrong!r:.60} is no film: open one, such as explorer.open_film("gan").')
    if not 1 <= len(shown) <= TOGETHER:
        raise InvalidSetting(f"{len(shown)} films can't be shown together: give 1 to {TOGETHER}.")
    empty = next((film for film in shown if not len(film) or not film.prompts), None)
    if empty is not None:
        raise InvalidSetting(f"The film {empty.name!r} has nothing to show: record at least one checkpoint and prompt.")
    return shown
