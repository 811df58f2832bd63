import re

import pytest

from explorer.errors import UnknownWord
from explorer.prompt import Tokens


def tokens(prompt: str, spans: list[tuple[int, int]], read: int = 75) -> Tokens:
    return Tokens.build(prompt, spans, limit=77, read=read)


def test_pieces_make_words() -> None:
    one = tokens("a blue narwhal, please", [(0, 1), (2, 6), (7, 10), (10, 14), (14, 15), (16, 22)])
    assert [w.text for w in one.words] == ["a", "blue", "narwhal", ",", "please"]
    assert one.words[2].pieces == (2, 3)
    assert [p.text for p in one.pieces] == ["a", "blue", "nar", "whal", ",", "please"]
    assert one.pieces[0].position == 1


def test_a_space_counted_with_its_piece_does_not_move_it_to_the_word_before() -> None:
    one = tokens("red dog", [(0, 3), (3, 7)])
    assert one.words[0].pieces == (0,)
    assert one.words[1].pieces == (1,)


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("the bear's blue-green hat", ["the", "bear's", "blue-green", "hat"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("👩‍🔬 works!", ["👩‍🔬", "works", "!"]),
        ("<b>bold</b>", ["<", "b", ">", "bold", "</", "b", ">"]),
        ("", []),
        ("   ", []),
    ],
)
def test_words_of_any_script(prompt: str, words: list[str]) -> None:
    assert [w.text for w in tokens(prompt, []).words] == words


def test_find_words_phrases_and_repeats() -> None:
    one = tokens(
        "a red dog and a red Teddy bear", [(0, 1), (2, 5), (6, 9), (10, 13), (14, 15), (16, 19), (20, 25), (26, 30)]
    )
    assert one.find("red") == (1, 5)
    assert one.find("teddy BEAR") == (6, 7)
    assert one.find(-1) == (7,)
    assert one.find(["dog", 0]) == (2, 0)


def test_unknown_words_name_the_known_ones() -> None:
    one = tokens("a red dog", [(0, 1), (2, 5), (6, 9)])
    with pytest.raises(UnknownWord, match=r"^The prompt does not hold 'cat'\. Its words are: a, red, dog\.$"):
        one.find("cat")
    with pytest.raises(UnknownWord, match=r"There is no word 7: the prompt has 3 words"):
        one.find(7)
    with pytest.raises(UnknownWord, match=r"The prompt has no words"):
        tokens("", []).find("cat")
    with pytest.raises(UnknownWord):
        one.find("")


def test_words_beyond_the_limit_are_marked_and_refused() -> None:
    one = tokens("a red dog", [(0, 1), (2, 5), (6, 7), (7, 9)], read=3)
    assert [w.cut for w in one.words] == [False, False, True]
    assert one.positions(2) == (2,)
    cut = tokens("a red dog", [(0, 1), (2, 5), (6, 9)], read=2)
    with pytest.raises(UnknownWord, match=r"'dog' was cut off: the text encoder reads 77 tokens"):
        cut.find("dog")


def test_a_word_inside_another_words_token_is_refused() -> None:
    one = tokens("a <|endoftext|> dog", [(0, 1), (2, 15), (16, 19)])
    with pytest.raises(UnknownWord, match=r"'endoftext' has no token that begins in it"):
        one.find("endoftext")


def test_round_trip() -> None:
    one = tokens("a \ud800 red <b>dog</b>", [(0, 1), (2, 3), (4, 7), (8, 9), (9, 10)], read=4)
    assert Tokens.from_dict(one.to_dict()) == one


def test_words_outside_a_closed_language_are_marked_and_kept() -> None:
    prompt = "a blue-green Dragon, 7 castles"
    tokens = Tokens.build(prompt, [m.span() for m in re.finditer(r"\w+|[^\w\s]", prompt)], limit=77, read=75)
    assert tokens.unknown == tokens.known_by(None).unknown == ()
    marked = tokens.known_by(frozenset({"a", "blue", "green", "castles"}))
    assert [marked.words[i].text for i in marked.unknown] == ["Dragon", "7"]
    assert Tokens.from_dict(marked.to_dict()) == marked
    assert "unknown" not in tokens.to_dict()
