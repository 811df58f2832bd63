"""The methods of an `Explorer` that ask what if: a word less, another word, between two pictures, this against that."""

import dataclasses
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from .trace import Trace

if TYPE_CHECKING:
    from .analysis.effects import Effects
    from .analysis.settling import Settling
    from .frames import Frame, Interpolation
    from .gallery import Gallery
    from .rendering import Renderer, Request, Runner
    from .sheets import Grid, Growth
    from .upscaling import Upscaled

Way = Literal["conditioning", "attention"]


class Ways:
    """What-ifs of recorded runs: each is a recorded run itself, from the same noise.

    way: "conditioning" changes what the text encoder reads; "attention" edits the cross-attention in the running model,
        so that the layout stays (prompt-to-prompt, Hertz et al. 2022).
    more: `keep` as in `record`; `tell`, called after each step as `record`'s `on_step`; for way="attention" `hold` and
        `hold_self`, the shares of the steps in which the old attention to the text, and to the image, is kept; what the
        pipeline itself takes, where the trace can't hold it, such as the picture of image to image.
    A change that changes nothing gives the run of the trace again, to the bit; `settings.edit` tells what was done.
    """

    _asked: Callable[..., "Request"]
    record: Callable[..., Any]

    def _renderer(self) -> "Renderer":
        from .rendering import Renderer

        return Renderer(cast("Runner", self))

    def without(
        self, trace: Trace, word: str | int | Sequence[str | int], *, way: Way = "conditioning", **more: Any
    ) -> Trace:
        """The same run without a word or phrase (in all of its places).

        Raises UnknownWord, naming the prompt's words, if it is not one of them; InvalidSetting for a trace of another
        model.
        """
        from .interventions import WhatIf

        return WhatIf(self, trace, way=way, **more).without(word)

    def swap(
        self, trace: Trace, old: str | int | Sequence[str | int], new: str, *, way: Way = "conditioning", **more: Any
    ) -> Trace:
        """The same run with another word in the place of `old`; both can be phrases, of unequal length too.

        Raises UnknownWord if `old` is not in the prompt.
        """
        from .interventions import WhatIf

        return WhatIf(self, trace, way=way, **more).swap(old, new)

    def reweight(
        self, trace: Trace, factors: Mapping[str | int, float], *, way: Way = "conditioning", **more: Any
    ) -> Trace:
        """The same run with words that count more (above 1), less (0 to 1), or against (below 0).

        By conditioning, the word's rows are pulled from those of the empty prompt; by attention, what the picture reads
        of the word is multiplied. Raises UnknownWord, and InvalidSetting for what is no number.
        """
        from .interventions import WhatIf

        return WhatIf(self, trace, way=way, **more).reweight(factors)

    def add(
        self, trace: Trace, words: str, where: str | int = "end", *, way: Way = "conditioning", **more: Any
    ) -> Trace:
        """The same run with more words.

        where: "start", "end", "before castle", "after castle", or the number of the word before which they go.
        """
        from .interventions import WhatIf

        return WhatIf(self, trace, way=way, **more).add(words, where)

    def schedule(self, of: Trace | str, times: Mapping[str | int, Sequence[Any]], **more: Any) -> Trace:
        """The same run with words that are read in a part of the steps only: {"red": (0.0, 0.5)}.

        of: a trace, or a prompt (and then `more` takes the settings of `record` too).
        times: for each word from when until when: shares of the run (0.5), steps counted from 0 (12), or None for its
            beginning or end. Outside of them the prompt is read without the word, whose map is 0 there.
        """
        from .asked import wanted
        from .interventions import WhatIf, run, timed
        from .weighting import Weighted

        if isinstance(of, Trace):
            return WhatIf(self, of, **more).schedule(times)
        keep, tell = wanted(more.pop("keep", None)), more.pop("tell", None)
        renderer, request = self._renderer(), self._asked(of, **more)
        prompt = timed(Weighted(of), renderer.family.tokens(renderer.pipe, of), times)
        edit = {"kind": "schedule", "times": {str(word): list(pair) for word, pair in times.items()}, "of": of}
        return run(renderer, request, prompt, edit, keep=keep, tell=tell)

    def weighted(self, prompt: str, **more: Any) -> Trace:
        """Record a prompt with brackets, as people type them elsewhere: `(word:1.3)`, `[word]`, `[a:b:0.4]`.

        `settings.edit["told"]` says what each bracket does; see `explorer.weighting.parse`. more: the settings of
        `record`. Raises InvalidSetting, naming the place, for a bracket that is not closed and the like.
        """
        from .asked import wanted
        from .interventions import asked
        from .weighting import parse

        keep, tell = wanted(more.pop("keep", None)), more.pop("tell", None)
        parse(prompt)  # what is wrong with it comes before what is wrong with the settings
        return asked(self._renderer(), self._asked(prompt, **more), prompt, keep=keep, tell=tell)

    def effects(self, trace: Trace, words: Sequence[str | int] | None = None, **more: Any) -> "Effects":
        """Leave out every word in turn: what each did to the picture, beside where it drew attention.

        words: some of the prompt's; None is all that were read. more: `keep`, `tell`; batch: how many runs at once;
            on_word: called with the number and the trace of each word that is done.
        Stopped on the way (Ctrl+C, or `Stopped` raised in a callback), it returns the words that are done.
        """
        from .word_by_word import effects_of

        return effects_of(self, trace, words, **more)

    def grow(self, prompt: str | Sequence[str], **more: Any) -> "Growth":
        """The picture for each prefix of a prompt, word by word, from the same noise: what each word added.

        prompt: a text, or the prompts in the order in which they grow. more: the settings of `record`, `keep`, `tell`;
            batch: how many runs at once; on_frame: called with the number and trace of each picture that is done.
        Returns a list of traces that displays itself; stopped on the way, those that are done.
        """
        from .word_by_word import grow

        own = {name: more.pop(name) for name in ("keep", "tell", "batch", "on_frame") if name in more}
        first = prompt if isinstance(prompt, str) else next(iter(prompt), "")
        return grow(self._renderer(), self._asked(first, **more), prompt, **own)

    def interpolate(
        self, *ends: Any, on_frame: "Callable[[Frame], None] | None" = None, **more: Any
    ) -> "Interpolation":
        """The pictures between two or more runs, frame by frame; the ends are the runs themselves, to the bit.

        ends: prompts; traces; mappings such as {"prompt": "a castle", "seed": 7, "guidance": 4.0}; or numbers, with
            by="seed" or by="guidance" and a prompt.
        more: frames, how many (9), or (rows, columns) for a grid between four prompts. by: what of "prompt", "seed" and
            "guidance" may differ; None is whatever does. method: "slerp", along the sphere, or "lerp", straight; noise
            always goes along the sphere. spacing: "even" in the path, or "perceptual", so that neighbours look equally
            different, with up to `extra` more runs (3 per frame). closed: back to the first, for loops. align: words
            that the prompts share face each other. parts: "both", or the "tokens" or the "pooled" part alone, where the
            model has both. light: keep the words' maps of a few steps only. keep, tell, batch. The settings of
            `record`.
        on_frame: called with each frame as it is done, the ends first.
        Stopped on the way (Ctrl+C, or `Stopped` raised in a callback), it returns the frames that are done.

        Raises InvalidSetting before anything runs.
        """
        from .interpolation import interpolating
        from .runs import Stopped

        work = interpolating(self, *ends, **more)
        try:
            for frame in work:
                if on_frame is not None:
                    on_frame(frame)
        except (Stopped, KeyboardInterrupt):
            if not work.started:
                raise
        return dataclasses.replace(work.result(), maker=weakref.ref(self))

    def refine(self, of: "Interpolation", between: tuple[int, int], frames: int = 1, **more: Any) -> "Interpolation":
        """More frames between two of a path's, counted from 0: where it jumps, see what lies in the jump.

        more: keep, tell, batch; on_frame: called with each new frame as it is done.
        Returns the path with the new frames in their places; stopped on the way, with those that are done.
        """
        from .interpolation import refined

        return dataclasses.replace(refined(self, of, between, frames, **more), maker=weakref.ref(self))

    def grid(self, rows: Mapping[str, Sequence[Any]], columns: Mapping[str, Sequence[Any]], **more: Any) -> "Grid":
        """Any settings against each other, from the same noise unless the seed is one of them; each cell is a trace.

        rows, columns: settings of `record`, "sampler", or words that the prompt has in braces, with their values:
            rows={"animal": ["cat", "dog"]}, columns={"seed": [1, 2, 3]}, prompt="a {animal} in the snow". Several names
            in one go along together.
        more: the settings of `record` for all cells; keep, tell, batch; on_cell: called with the place and the trace of
            each cell that is done.
        Stopped on the way, it returns the cells that are done. Raises InvalidSetting before anything runs.
        """
        from .grid import grid

        return grid(self, rows, columns, **more)

    def settling(self, trace: Trace, to: str = "", **more: Any) -> "Settling":
        """When layout, colours and details are settled: the prompt is exchanged after more and more of the steps.

        to: the prompt that takes over; the empty one is none at all. at: after how many steps, such as [0, 2, 5]; None
            is nine, closer together at the beginning. more: `tell`; batch: how many runs at once.
        Stopped on the way, it returns the switches that are done. Raises InvalidSetting for a trace of another model.
        """
        from .settling import settling_of

        return settling_of(self, trace, to, **more)

    def gallery(self, **settings: Any) -> "Gallery":
        """The article's own examples, each recorded when it is opened: `ex.gallery()["a teddy bear"]`.

        settings: of `record`; the seed is 7 unless another is asked for.
        """
        from .gallery import EXAMPLES, SEED, Gallery

        own = {"seed": SEED} | settings
        worker = getattr(self, "worker", None)
        return Gallery(EXAMPLES, lambda prompt, **more: cast("Trace", self.record(prompt, **own | more)), worker=worker)

    def styles(self, what: str, **more: Any) -> "Grid":
        """One scene in every style, from the same noise: "a castle at sea" as a watercolour painting, as a comic ...

        more: the settings of `record`, and what `grid` takes. Returns a Grid of one row, a column for each style.
        """
        from .gallery import styled

        seed = more.pop("seed", None)
        row = {"seed": [self._asked(what).seed if seed is None else seed]}
        return self.grid(row, {"prompt": list(styled(what).values())}, **more)

    def upscale(self, of: Any, prompt: str | None = None, **more: Any) -> "Upscaled":
        """A picture four times as wide and high by the shipped upscaler, beside nearest, bicubic and Lanczos.

        of: a trace, a scene or drawing of the drawn world (which can tell how it really looks at that size), or a
            picture, PIL or (y, x, RGB) uint8 with sides that are multiples of 16.
        prompt: what is in it; None is the trace's or the scene's own. seeds: the more, the better it is seen where the
            upscaler guesses. Raises InvalidSetting for what is no picture.
        """
        from .upscaling import upscale

        return upscale(of, prompt, **more)
