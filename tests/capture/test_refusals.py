"""Maps are never missing in silence: each way to lose some is an error that says what to change."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from diffusers.models.attention_processor import AttnProcessor2_0

import explorer
from explorer.capture import watch
from explorer.errors import CaptureError
from explorer.families import family_of
from tests.pipelines import stable_diffusion

PROMPT = "a red castle"


@pytest.fixture
def pipe() -> Any:
    return stable_diffusion()


class OwnKernel(AttnProcessor2_0):
    """Stands for a kernel that goes past the functions that are watched, such as xformers."""

    def __call__(self, attn: Any, hidden_states: Any, encoder_hidden_states: Any = None, **kwargs: Any) -> Any:
        text = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        q, k, v = attn.to_q(hidden_states), attn.to_k(text), attn.to_v(text)
        return attn.to_out[0]((q @ k.mT).softmax(-1) @ v)


class Twice(AttnProcessor2_0):
    """Stands for an adapter that attends to something else besides."""

    def __call__(self, attn: Any, hidden_states: Any, *args: Any, **kwargs: Any) -> Any:
        super().__call__(attn, hidden_states, *args, **kwargs)
        return super().__call__(attn, hidden_states, *args, **kwargs)


NAME = "mid_block.attentions.0.transformer_blocks.0.attn2"


def test_an_attention_that_was_not_seen_is_named(pipe: Any) -> None:
    pipe.unet.get_submodule(NAME).set_processor(OwnKernel())
    with pytest.raises(CaptureError, match=rf"{NAME} ran but .* OwnKernel does not call .*set_default_attn_processor"):
        explorer.wrap(pipe).record(PROMPT, steps=1)


def test_another_kernel_of_the_self_attention_does_not_matter(pipe: Any) -> None:
    pipe.unet.get_submodule(NAME.replace("attn2", "attn1")).set_processor(OwnKernel())
    assert len(explorer.wrap(pipe).record(PROMPT, steps=1).layers) == 7


def test_a_second_attention_in_one_module(pipe: Any) -> None:
    pipe.unet.get_submodule(NAME).set_processor(Twice())
    with pytest.raises(CaptureError, match=r"called scaled_dot_product_attention twice.*set_default_attn_processor"):
        explorer.wrap(pipe).record(PROMPT, steps=1)


def test_other_tokens_than_those_of_the_prompt(pipe: Any) -> None:
    pipe.maybe_convert_prompt = lambda prompt, tokenizer: [one + " bear" for one in prompt]
    with pytest.raises(CaptureError, match=r"fed other tokens .*unload_textual_inversion"):
        explorer.wrap(pipe).record(PROMPT, steps=1)


@pytest.mark.parametrize("options", [{"num_images_per_prompt": 2}, {"prompt": [PROMPT, PROMPT]}])
def test_another_number_of_pictures_than_announced(pipe: Any, options: dict[str, Any]) -> None:
    family = family_of(pipe)
    with (
        pytest.raises(CaptureError, match=r"expected 2: run the pipeline|fed other tokens"),
        watch(pipe, family, [family.encoding(pipe, PROMPT)]),
    ):
        pipe(**{"prompt": PROMPT, "num_inference_steps": 1} | options)


def test_other_keys_than_text(pipe: Any) -> None:
    pipe.text_encoder.register_forward_hook(lambda module, args, out: (out[0][:, :70],))
    with pytest.raises(CaptureError, match=r"64 queries and 70 keys, expected 8x8 queries and 77 keys"):
        explorer.wrap(pipe).record(PROMPT, steps=1)


def test_a_skipped_layer(pipe: Any) -> None:
    """Caches leave out parts of the model in some steps."""
    block = pipe.unet.mid_block
    forward, calls = block.forward, []

    def cached(hidden_states: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        return hidden_states if len(calls) == 2 else forward(hidden_states, *args, **kwargs)

    block.forward = cached
    with pytest.raises(CaptureError, match=rf"Not every step ran the same .*{NAME}.*switch it off"):
        explorer.wrap(pipe).record(PROMPT, steps=3)


def test_a_step_without_attention(pipe: Any) -> None:
    pipe.unet.forward = lambda sample, *args, **kwargs: (torch.zeros_like(sample),)
    with pytest.raises(CaptureError, match="ended without any attention to text"):
        explorer.wrap(pipe).record(PROMPT, steps=1)


def test_a_run_without_steps(pipe: Any) -> None:
    family = family_of(pipe)
    with watch(pipe, family, [family.encoding(pipe, PROMPT)]) as seen:
        pass
    with pytest.raises(CaptureError, match="ended before its first step"):
        seen.recordings()


def test_causal_attention_is_not_guessed(pipe: Any) -> None:
    class Causal(AttnProcessor2_0):
        def __call__(self, attn: Any, hidden_states: Any, text: Any = None, **kwargs: Any) -> Any:
            q = torch.zeros(2, 1, hidden_states.shape[1], 8)
            k = torch.zeros(2, 1, 77, 8)
            F.scaled_dot_product_attention(q, k, k, is_causal=True)
            return hidden_states

    pipe.unet.get_submodule(NAME).set_processor(Causal())
    with pytest.raises(CaptureError, match="causal or grouped"):
        explorer.wrap(pipe).record(PROMPT, steps=1)
