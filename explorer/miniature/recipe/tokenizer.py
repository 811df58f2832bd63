"""The tokenizer: byte-level BPE with CLIP's normalisation and pre-tokenization (Radford et al. 2021), learned from
the captions.

Its ids are laid out as in CLIP: 256 byte symbols, the same with `</w>`, the learned merges, then `<|startoftext|>`
and `<|endoftext|>`, the highest id, which is what "argmax" pooling looks for. Every byte is a token, so every Unicode
text can be encoded.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, models, trainers
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTokenizer

LENGTH = 77
START, END = "<|startoftext|>", "<|endoftext|>"
MERGES = 800
LONG = (
    "narwhal sunglasses watercolour watercolor automobile parasol fortress moonlight sailboat illustration sunshine "
    "thunderstorm lighthouse locomotive toadstool"
)
PIECES = frozenset(LONG.split())
"""Long words that are never one token, as they are not in CLIP: the merge that would complete them is left out."""


def learn(captions: Iterable[str], merges: int = MERGES) -> CLIPTokenizer:
    """Learn up to `merges` merges; fewer if the captions run out of pairs."""
    model = CLIPTokenizer().backend_tokenizer  # so that learning splits a text as encoding will
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.normalizer, learner.pre_tokenizer = model.normalizer, model.pre_tokenizer
    symbols = sorted(ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=2 * len(symbols) + merges,
        initial_alphabet=symbols,
        end_of_word_suffix="</w>",
        show_progress=False,
        min_frequency=2,
    )
    learner.train_from_iterator(captions, trainer)
    pairs = [(left, right) for left, right in json.loads(learner.to_str())["model"]["merges"]][:merges]
    learned = [(left, right) for left, right in pairs if (left + right).removesuffix("</w>") not in PIECES]
    return assemble(symbols, learned)


def assemble(symbols: list[str], merges: list[tuple[str, str]]) -> CLIPTokenizer:
    """A tokenizer from its byte symbols and merges, ids laid out as in CLIP."""
    tokens = [*symbols, *(s + "</w>" for s in symbols), *dict.fromkeys(a + b for a, b in merges), START, END]
    return CLIPTokenizer(
        vocab={token: i for i, token in enumerate(tokens)},
        merges=merges,
        bos_token=START,
        eos_token=END,
        unk_token=END,
        pad_token=END,  # as in Stable Diffusion
        model_max_length=LENGTH,
    )


def save(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Write the tokenizer as transformers and open_clip read it, with CLIP's own two files beside them."""
    tokenizer.save_pretrained(str(folder))
    model = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    vocabulary = {**model["vocab"], START: tokenizer.bos_token_id, END: tokenizer.eos_token_id}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in model["merges"])]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
