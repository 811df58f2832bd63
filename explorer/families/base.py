"""The questions that capture asks about a pipeline, and that its family answers."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ..prompt import Tokens

if TYPE_CHECKING:
    import torch
    from torch import nn


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """An attention module of the denoiser whose keys are text."""

    name: str
    """Its name in the denoiser."""
    module: "nn.Module"
    grid: "nn.Module"
    """The module whose input is still a feature map, before it is flattened into the queries."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """A prompt as the text encoder is expected to read it."""

    tokens: Tokens
    ids: tuple[int, ...]
    """One id for each row of the encoder's sequence; compared with those that it was fed."""


class Family(ABC):
    """A model family: where it reads text, and which of its calls carry the prompt."""

    name: ClassVar[str]
    pipelines: ClassVar[tuple[str, ...]]
    """The diffusers classes that belong to it."""
    guidance: ClassVar[float]
    """What its models are usually run with."""

    def matches(self, pipe: Any) -> bool:
        """Whether `pipe` is one of `pipelines`, or derived from one without a `__call__` of its own.

        A derived pipeline that runs differently may order its rows differently, as PAG and InstructPix2Pix do.
        """
        for kind in type(pipe).__mro__:
            if kind.__module__.startswith("diffusers.") and kind.__name__ in self.pipelines:
                return type(pipe).__call__ is vars(kind).get("__call__")
        return False

    @abstractmethod
    def check(self, pipe: Any) -> None:
        """Raise UnsupportedPipeline if this pipeline of the family is in a state that can't be watched."""

    @abstractmethod
    def denoiser(self, pipe: Any) -> "nn.Module":
        """The network that is called at each step."""

    @abstractmethod
    def encoder(self, pipe: Any) -> "nn.Module":
        """The text encoder; the first time it runs, it reads the prompts."""

    @abstractmethod
    def readers(self, pipe: Any) -> Sequence[Reader]:
        """The attention modules of the denoiser that read text, told by module and never by shape."""

    def grid(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[int, int]:
        """Height and width of the queries, from the arguments of a `Reader.grid` module's call."""
        feature_map = args[0] if args else kwargs["hidden_states"]
        return int(feature_map.shape[-2]), int(feature_map.shape[-1])

    @abstractmethod
    def conditional(self, pipe: Any, rows: int, pictures: int) -> slice:
        """Which of a call's `rows` carry the prompt, in the order of the pictures; as many as `pictures`, or none."""

    @abstractmethod
    def encoding(self, pipe: Any, prompt: str) -> Encoding:
        """The prompt's pieces, with those that were cut off, and the ids that the encoder should be fed."""

    def tokens(self, pipe: Any, prompt: str) -> Tokens:
        """The prompt's pieces and words."""
        return self.encoding(pipe, prompt).tokens

    @abstractmethod
    def multiple(self, pipe: Any) -> int:
        """Width and height in pixels are multiples of this."""

    @abstractmethod
    def size(self, pipe: Any) -> tuple[int, int]:
        """The usual height and width in pixels."""

    @abstractmethod
    def latents(self, pipe: Any, picture: Any) -> "torch.Tensor":
        """A PIL picture as latents (1, channel, y, x), scaled as the denoiser expects them."""

    @abstractmethod
    def denoise(
        self, pipe: Any, prompt: str, noisy: Sequence["torch.Tensor"], timesteps: Sequence[int]
    ) -> Iterator["torch.Tensor"]:
        """Call the denoiser on each of `noisy` (1, channel, y, x), conditional only; yields what it predicts."""
