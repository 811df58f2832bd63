"""Kolors' tokenizer tells no offsets: its pieces are laid along the prompt, or the prompt is refused."""

from typing import Any

import pytest

import explorer
from explorer.errors import InvalidSetting
from explorer.families import family_of
from tests.families.test_contract import pipeline

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:FutureWarning")

PROMPTS = {
    "plain": "a red castle",
    "empty": "",
    "blanks": "  a   red\tcastle\n ",
    "letters": "zebra's Castle, 1997!",
    "bytes": "un café à Zürich 青いクマ 🧸 red",
    "long": "red castle " * 200 + "zebra",
}


@pytest.fixture
def pipe() -> Any:
    return pipeline("kolors")


@pytest.mark.parametrize("prompt", PROMPTS.values(), ids=PROMPTS.keys())
def test_pieces_stand_where_they_are_spelt(pipe: Any, prompt: str) -> None:
    encoding = family_of(pipe).encoding(pipe, prompt)
    tokens = encoding.tokens
    spelt = pipe.tokenizer.tokenize(prompt)
    assert len(tokens.pieces) == len(spelt)
    for piece, token in zip(tokens.pieces, spelt, strict=True):
        assert prompt[piece.start : piece.end] == piece.text
        if token.startswith("<0x"):
            assert len(piece.text) == 1
            assert int(token[3:5], 16) in piece.text.encode()
        else:
            assert piece.text.strip() == token.replace("▁", " ").strip()
    visible = {i for i, character in enumerate(prompt) if character.strip()}
    assert visible <= {i for piece in tokens.pieces for i in range(piece.start, piece.end)}
    ids = pipe.tokenizer(prompt, padding="max_length", max_length=256, truncation=True).input_ids
    assert list(encoding.ids) == ids
    for piece, token in zip(tokens.pieces[: tokens.read], spelt, strict=False):
        assert ids[piece.position] == pipe.tokenizer.convert_tokens_to_ids(token)
    if prompt:
        assert tokens.pieces[tokens.read - 1].position == 255
    assert all(word.pieces for word in tokens.words)


@pytest.mark.parametrize("spelt", [["▁a", "▁red"], ["▁a", "▁red", "▁castles"], ["▁castle", "▁a", "▁red"], ["<0xE9>"]])
def test_what_is_spelt_otherwise_is_refused(pipe: Any, spelt: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipe.tokenizer, "tokenize", lambda text, **options: spelt)
    with pytest.raises(InvalidSetting, match="Kolors rewrites the prompt 'a red castle', which hides its words: write"):
        explorer.wrap(pipe).record("a red castle", steps=1)
