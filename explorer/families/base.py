"""The questions that capture asks about a pipeline, and that its family answers."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import lcm
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ..errors import CaptureError, UnsupportedPipeline
from ..prompt import Tokens

if TYPE_CHECKING:
    import torch
    from torch import nn

Order = Literal["text", "text image", "image text", "image"]


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """An attention module of the denoiser whose keys hold text."""

    name: str
    """Its name in the denoiser."""
    module: "nn.Module"
    grid: "nn.Module"
    """The module whose call tells the size of the queries' grid: see `Family.grid`."""
    order: Order = "text"
    """What its keys hold: text alone (cross-attention), text and image in one softmax (joint attention), or the image
    alone (self-attention)."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """A prompt as the text encoders are expected to read it."""

    tokens: Tokens
    ids: tuple[int, ...]
    """One id for each row of the first encoder's sequence; compared with those that it is fed."""
    others: tuple[tuple[int, ...], ...] = ()
    """The same for each further encoder."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Which rows of a call carry the prompt, and which the negative one, each in the order of the pictures."""

    prompt: slice | None
    negative: slice | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where, in an attention call, a picture's image stands among the queries, and its text among the keys."""

    queries: int
    text: int


class Family(ABC):
    """A model family: where it reads text, and which of its calls carry the prompt."""

    name: ClassVar[str]
    pipelines: ClassVar[tuple[str, ...]]
    """The diffusers classes that belong to it."""
    guidance: ClassVar[float]
    """What its models are usually run with."""
    parts: ClassVar[tuple[str, ...]] = ("transformer", "vae", "text_encoder", "tokenizer", "scheduler")
    """What a pipeline has to have; the first is the denoiser."""
    guides: ClassVar[Literal["rows", "rows, prompt first", "calls"]] = "rows"
    """How guidance gets the prediction without the prompt: `[uncond, cond]` rows of one call, `[cond, uncond]`, or a
    second call."""

    text_has_order: ClassVar[bool] = True
    """Whether the denoiser tells the rows of the text by where they stand, as with rotary positions."""

    reads: ClassVar[Literal["denoiser", "run", None]] = None
    """How a picture that is given is read: by calling `denoise`, by running the pipeline on noised latents, or not."""

    aligned: ClassVar[bool] = False
    """Whether the family finds each piece's characters by itself, since its tokenizer tells no offsets."""

    def matches(self, pipe: Any) -> bool:
        """Whether `pipe` is one of `pipelines`, or derived from one without a `__call__` of its own.

        A derived pipeline that runs differently may order its rows differently, as PAG and InstructPix2Pix do.
        """
        for kind in type(pipe).__mro__:
            if kind.__module__.startswith("diffusers.") and kind.__name__ in self.pipelines:
                return type(pipe).__call__ is vars(kind).get("__call__")
        return False

    def check(self, pipe: Any) -> None:
        """Raise UnsupportedPipeline if this pipeline of the family is in a state that can't be watched."""
        self.check_parts(pipe, {})

    def check_parts(self, pipe: Any, instead: Mapping[str, Any]) -> None:
        """Raise UnsupportedPipeline for a missing part or a slow tokenizer; instead: parts that stand elsewhere."""
        for name in self.parts:
            part = instead.get(name, getattr(pipe, name, None))
            if part is None:
                raise UnsupportedPipeline(f"This pipeline has no {name}: load it with all of its parts.")
            if name.startswith("tokenizer") and not self.aligned and not getattr(part, "is_fast", False):
                raise UnsupportedPipeline(
                    f"This pipeline's {name} tells no character offsets: use a fast one, such as "
                    f"{type(part).__name__.removesuffix('Fast')}Fast."
                )
        self.readers(pipe)

    def check_options(self, pipe: Any, options: Mapping[str, Any]) -> None:  # noqa: B027 most families have none
        """Raise InvalidSetting for options with which the pipeline, as it is now, would not run."""

    def device(self, pipe: Any) -> Any:
        """Where the pipeline's parts run: with CPU offload, not where they lie."""
        return pipe._execution_device

    def denoiser(self, pipe: Any) -> "nn.Module":
        """The network that is called at each step, also where `torch.compile` has wrapped it."""
        denoiser: nn.Module = bare(getattr(pipe, self.parts[0]))
        return denoiser

    def encoders(self, pipe: Any) -> Sequence["nn.Module"]:
        """The text encoders, in the order of `Encoding.ids` and `Encoding.others`; the first time each runs, it reads
        the prompts, the second time the negative ones."""
        names = [part for part in self.parts if part.startswith("text_encoder")]
        return [bare(getattr(pipe, name)) for name in names if getattr(pipe, name) is not None]

    @abstractmethod
    def readers(self, pipe: Any) -> Sequence[Reader]:
        """The attention modules of the denoiser that read text, told by module and never by shape."""

    def lookers(self, pipe: Any) -> Sequence[Reader]:
        """The attention modules in which the image reads itself: joint ones, or `attn1` beside each reader's `attn2`.

        Empty where there is none with a softmax.
        """
        found, modules = [], dict(self.denoiser(pipe).named_modules())
        own = {clean(name): module for name, module in modules.items()}
        for reader in self.readers(pipe):
            beside = reader.name.removesuffix("attn2") + "attn1"
            if reader.order != "text":
                found.append(reader)
            elif reader.name.endswith("attn2") and not getattr(own.get(beside), "is_cross_attention", True):
                found.append(Reader(beside, own[beside], reader.grid, "image"))
        return found

    def grid(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[int, int]:
        """Height and width of the queries, from the arguments of a `Reader.grid` module's call."""
        feature_map = args[0] if args else kwargs["hidden_states"]
        return int(feature_map.shape[-2]), int(feature_map.shape[-1])

    def places(
        self, reader: Reader, queries: int, keys: int, grid: tuple[int, int], limits: Sequence[int]
    ) -> Sequence[Place]:
        """Where image and text stand in a call of `reader` with so many queries and keys: one for each picture.

        limits: rows of text of each picture. Raises CaptureError if anything else stands there as well.
        """
        image, limit = grid[0] * grid[1], max(limits)
        if reader.order == "text":
            expected, place = (image, limit), Place(0, 0)
        else:
            # Where the text asks too, it stands among the queries as it does among the keys.
            expected = (image if queries == image else image + limit, image + limit)
            first = reader.order == "text image"
            place = Place(limit if first and queries != image else 0, 0 if first else image)
        if (queries, keys) != expected:
            raise CaptureError(
                f"The attention module {reader.name} has {queries} queries and {keys} keys, expected "
                f"{grid[0]}x{grid[1]} queries and {limit} keys{' of text' if reader.order != 'text' else ''}: "
                "it reads something else than the prompt's text."
            )
        return [place] * len(limits)

    def sides(self, pipe: Any, rows: int, pictures: int, call: int) -> Sides:
        """Which of the denoiser's `rows` are conditional; call: its number within the step, from 0."""
        if self.guides == "calls":
            if rows != pictures or call > 1:
                raise CaptureError(
                    f"The denoiser's call {call + 1} of a step has {rows} rows for {pictures} pictures, expected at "
                    f"most two calls with {pictures}: run the pipeline with the prompts and images that were announced."
                )
            return Sides(slice(0, rows)) if call == 0 else Sides(None, slice(0, rows))
        own = self.conditional(pipe, rows, pictures)
        if rows == pictures:
            return Sides(own)
        return Sides(own, slice(0, pictures) if own.start else slice(pictures, rows))

    def conditional(self, pipe: Any, rows: int, pictures: int) -> slice:
        """Which of a call's `rows` carry the prompt, in the order of the pictures; as many as `pictures`."""
        guided = getattr(pipe, "do_classifier_free_guidance", rows != pictures)
        expected = pictures * (1 + bool(guided))
        if rows != expected:
            raise CaptureError(
                f"The denoiser was called with {rows} rows for {pictures} pictures, expected {expected}: "
                "run the pipeline with the prompts and images that were announced."
            )
        return slice(0, pictures) if self.guides == "rows, prompt first" else slice(rows - pictures, rows)

    @abstractmethod
    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """The prompt's pieces, with those that were cut off, and the ids that the encoders should be fed."""

    def encodings(self, pipe: Any, prompts: Sequence[str], negative: bool = False) -> list[Encoding]:
        """`encoding` of prompts, or negative prompts, that run as one batch: some are padded to the longest of them."""
        return [self.encoding(pipe, prompt) for prompt in prompts]

    def tokens(self, pipe: Any, prompt: str) -> Tokens:
        """The prompt's pieces and words."""
        return self.encoding(pipe, prompt).tokens

    def arguments(self, pipe: Any, *, negative: list[str], guidance: float) -> dict[str, Any]:
        """What the pipeline is called with for this guidance; `negative` has one text for each prompt."""
        return {"negative_prompt": negative, "guidance_scale": guidance}

    def output(self, pipe: Any, values: "torch.Tensor") -> "torch.Tensor":
        """What the denoiser returned as the scheduler gets it: some pipelines turn its sign."""
        return values

    def unpacked(self, pipe: Any, latents: "torch.Tensor", grid: tuple[int, int]) -> "torch.Tensor":
        """Latents as the scheduler gets them, as (picture, channel, y, x); grid: height and width of the queries."""
        return latents

    def patch(self, pipe: Any) -> int:
        """Width and height in pixels of a position of the largest grid."""
        return int(pipe.vae_scale_factor) * int(getattr(self.denoiser(pipe).config, "patch_size", None) or 1)

    def multiple(self, pipe: Any) -> int:
        """Width and height in pixels are multiples of this."""
        return lcm(8, self.patch(pipe))

    def grid_for(self, pipe: Any, reader: Reader, height: int, width: int) -> tuple[int, int]:
        """The grid of a reader's queries in a picture of height x width pixels, before it runs."""
        patch = self.patch(pipe)
        return -(-height // patch), -(-width // patch)

    def heads(self, reader: Reader) -> int:
        """How many heads a reader has."""
        return int(getattr(reader.module, "heads", 1))

    def size(self, pipe: Any) -> tuple[int, int]:
        """The usual height and width in pixels: what the denoiser was trained at, or 64 positions if it names none."""
        sample: Any = self.denoiser(pipe).config.sample_size or 64  # type: ignore[union-attr]
        height, width = (sample, sample) if isinstance(sample, int) else sample
        return int(height) * int(pipe.vae_scale_factor), int(width) * int(pipe.vae_scale_factor)

    def latents(self, pipe: Any, picture: Any) -> "torch.Tensor":
        """A PIL picture as latents (1, channel, y, x), scaled as the denoiser expects them: the encoder's mean."""
        pixels = pipe.image_processor.preprocess(picture).to(device=self.device(pipe), dtype=pipe.vae.dtype)
        made = pipe.vae.encode(pixels)
        encoded: torch.Tensor = made.latent if hasattr(made, "latent") else made.latent_dist.mode()
        shift = float(getattr(pipe.vae.config, "shift_factor", None) or 0)
        return (encoded - shift) * float(pipe.vae.config.scaling_factor)

    def packed(self, pipe: Any, latents: "torch.Tensor") -> "torch.Tensor":
        """Latents (picture, channel, y, x) as the pipeline takes them and the scheduler gets them."""
        return latents

    def unguided(self, pipe: Any) -> dict[str, Any]:
        """What the pipeline is called with where a given picture is read: no guidance by a second prediction."""
        return self.arguments(pipe, negative=[""], guidance=1.0)

    def denoise(
        self, pipe: Any, prompt: str, noisy: Sequence["torch.Tensor"], timesteps: Sequence[int]
    ) -> Iterator["torch.Tensor"]:
        """Call the denoiser on each of `noisy` (1, channel, y, x), conditional only; yields what it predicts.

        For families that read pictures by "denoiser".
        """
        raise NotImplementedError


def attention_in(denoiser: "nn.Module", blocks: Sequence[str], end: str, order: Order) -> list[Reader]:
    """The modules named `end` in these lists of blocks of a transformer, in the order they run."""
    found = []
    for name, module in denoiser.named_modules():
        own = clean(name)
        if own.split(".")[0] in blocks and own.endswith(f".{end}"):
            found.append(Reader(own, module, denoiser, order))
    if not found:
        raise UnsupportedPipeline(
            f"The transformer has no attention in {', '.join(blocks)}: use a checkpoint as diffusers saves it."
        )
    return found


def in_patches(args: tuple[Any, ...], kwargs: Mapping[str, Any], patch: int) -> tuple[int, int]:
    """The grid of latents (..., y, x) that are read in square patches."""
    latents = args[0] if args else kwargs["hidden_states"]
    return int(latents.shape[-2]) // patch, int(latents.shape[-1]) // patch


def unpack(latents: "torch.Tensor", grid: tuple[int, int]) -> "torch.Tensor":
    """Latents that were packed two by two: (picture, h * w, channel * 2 * 2) to (picture, channel, 2h, 2w)."""
    parts = latents.unflatten(1, grid).unflatten(3, (-1, 2, 2))
    whole: torch.Tensor = parts.permute(0, 3, 1, 4, 2, 5).flatten(4, 5).flatten(2, 3)
    return whole


def pack(latents: "torch.Tensor") -> "torch.Tensor":
    """The inverse of `unpack`: (picture, channel, 2h, 2w) to (picture, h * w, channel * 2 * 2)."""
    parts = latents.unflatten(3, (-1, 2)).unflatten(2, (-1, 2))
    packed: torch.Tensor = parts.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)
    return packed


def bare(module: Any) -> Any:
    """A module without the wrapper of `torch.compile`."""
    return getattr(module, "_orig_mod", module)


def clean(name: str) -> str:
    """A module's name without the marks of `torch.compile`."""
    return ".".join(part for part in name.split(".") if part != "_orig_mod")
