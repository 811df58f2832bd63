"""The methods of an `Explorer` that look at words and pictures as vectors: maps, arithmetic, matches, styles."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .loading import MINIATURE
from .trace import Trace

if TYPE_CHECKING:
    from .atlas import Atlas
    from .embeddings import Match, Ranking, Space, Styles

TEXT_ENCODER = "text encoder"


class EmbeddingWays:
    """How words, prompts and pictures lie together in a space of vectors.

    space: in most of these, a Space or what `space` takes; None is that of `space()`.
    """

    pipe: Any
    model: str

    def space(
        self,
        name: str | Path | None = None,
        pretrained: str | Path | None = None,
        *,
        cache: str | Path | bool | None = None,
    ) -> "Space":
        """A space to embed into; each is loaded once.

        name: "miniature", its own CLIP; "text encoder", what this pipeline's denoiser reads of a text; any open_clip
            architecture with a tag or a safetensors file, such as "ViT-B-32", "openai"; a folder; "hf-hub:owner/model".
            None is the miniature's CLIP for the miniature, and for all other pipelines a ViT-B-32 of 600 MB that
            open_clip fetches once.
        cache: where vectors are kept on disk; None is this person's cache folder, False nowhere, or the path of a file.
        Raises CheckpointError if there is no such model, no network, or only pickled weights.
        """
        from .embeddings import Space
        from .embeddings.pipeline import PipelineText
        from .embeddings.sources import USUAL

        if name is None:
            name, pretrained = (MINIATURE, None) if self.model == MINIATURE else USUAL
        held: dict[Any, Space] = self.__dict__.setdefault("_spaces", {})
        key = (str(name), str(pretrained), str(cache))
        if key not in held:
            if name == TEXT_ENCODER:
                held[key] = Space(PipelineText(self), cache=cache)
            else:
                held[key] = Space.open(name, pretrained, device=self.pipe.device, cache=cache)
        return held[key]

    def project(
        self,
        words: str | Sequence[str] | Mapping[str, Sequence[str]] | None = None,
        images: Any = None,
        *,
        runs: Trace | Sequence[Trace] | None = None,
        path: Any = None,
        space: "Space | str | None" = None,
        **more: Any,
    ) -> "Atlas":
        """A map of words, prompts, pictures and runs: what the model takes for alike lies together.

        words: one, several, or by kind, {"colour": ["red", "blue"]}.
        images: files, PIL pictures or arrays, one or several, or by caption, {"a red castle": picture}.
        runs: traces, whose pictures, prompts and words are added. path: an Interpolation, or a trace whose steps are a
            way from noise to picture; one or several.
        With none of these, the words that the miniature knows, and the runs of the app.
        more: method, "PCA" (exact), "t-SNE" or "UMAP" (with the extra `maps`). axes: 2, 3, or axes of one's own, one to
            three pairs of words or of lists of words: [("photograph", "painting"), (["sun"], ["rain", "snow"])].
            gap: between words and pictures, "as it is", "centred" or "matched" (by captions).
            template: how words are read: None is alone; "a photo of a {}", or several, whose mean is taken; "captions",
                for the words that the miniature knows the mean over captions that say them.
            seed: of t-SNE and UMAP.
            on_progress: called with how many items are embedded, of how many.
        Raises InvalidSetting for what can't be put on a map.
        """
        from .embeddings.gathering import project

        return project(self, words, images, runs=runs, path=path, space=self._space(space), **more)

    def match(self, prompts: str | Sequence[str], images: Any, *, space: "Space | str | None" = None) -> "Match":
        """How well prompts and pictures match: cosines, ranks, and shares at the model's temperature.

        images: files, PIL pictures, arrays or traces, one or several. Word by word: `Space.contributions`.
        """
        return self._space(space).match(prompts, images)

    def most_similar(
        self,
        expression: str | Sequence[tuple[float, Any]],
        among: Sequence[Any] | None = None,
        *,
        template: str | Sequence[str] | None = None,
        space: "Space | str | None" = None,
    ) -> "Ranking":
        """What a sum of words is nearest to: "teddy bear - brown + blue".

        expression: words with signs between blanks, and factors if you like, "castle + 0.5 * snow"; or factors with
            texts or pictures, [(1, trace), (-1, "brown"), (1, "blue")].
        among: texts and pictures to be ranked; None is the words that the miniature knows. Words that are in the
            expression are not ranked. template: as in `project`.
        Raises InvalidSetting where nothing is left, or where there is nothing to rank.
        """
        from .embeddings.ranking import most_similar

        return most_similar(self, self._space(space), expression, among, template)

    def style_directions(
        self,
        subjects: Sequence[str] | None = None,
        styles: Sequence[str] | None = None,
        *,
        space: "Space | str | None" = None,
    ) -> "Styles":
        """What styles do to subjects, as directions: how alike over subjects, how alike to one another.

        styles: "a comic of {}", with braces where the subject stands, or words that are put behind it. None is the
            subjects and styles that the miniature knows, and a few usual ones for all other models.
        """
        from .embeddings.styles import styles_of

        return styles_of(self, self._space(space), subjects, styles)

    def styled(
        self, prompt: str, style: str, amount: float = 1.0, *, subjects: Sequence[str] | None = None, **settings: Any
    ) -> Trace:
        """Record a prompt with a style's direction added to what the denoiser is told, without a word of the style.

        style: as in `style_directions`. amount: 1 is as far as the style's own words go, 2 twice as far, below 0 away
            from it. subjects: over which the direction is averaged; None is as there.
        settings: of `record`, keep, tell.
        `settings.edit["constancy"]` of the trace tells how alike the direction is over the subjects, -1 to 1.
        """
        from .embeddings.styles import styled

        return styled(self, prompt, style, amount, subjects=subjects, **settings)

    def _space(self, given: "Space | str | None") -> "Space":
        return self.space(given) if given is None or isinstance(given, str | Path) else given
