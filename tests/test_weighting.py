"""Prompts with brackets: what they say, and one sentence for each that says nothing. No torch."""

import subprocess
import sys

import pytest

from explorer.errors import InvalidSetting
from explorer.weighting import Weight, Weighted, Window, parse, when


def weights(text: str) -> list[tuple[str, float]]:
    found = parse(text)
    return [(found.prompt[w.start : w.end], round(w.factor, 6)) for w in found.weights]


def test_no_torch() -> None:
    code = "import sys, explorer.weighting; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("text", ["", "a red castle", "a castle: ruined, 3.5 | m", r"c\o", "  two  spaces "])
def test_without_brackets_nothing_changes(text: str) -> None:
    assert parse(text) == Weighted(text)
    assert parse(text).plain


@pytest.mark.parametrize(
    ("text", "prompt", "expected"),
    [
        ("a (red) castle", "a red castle", [("red", 1.1)]),
        ("a ((red)) castle", "a red castle", [("red", 1.21)]),
        ("a [red] castle", "a red castle", [("red", 0.909091)]),
        ("a (red:1.3) castle", "a red castle", [("red", 1.3)]),
        ("a (red : .5) castle", "a red  castle", [("red ", 0.5)]),
        ("(a red castle:0)", "a red castle", [("a red castle", 0.0)]),
        ("a (red:-1) castle", "a red castle", [("red", -1.0)]),
        ("((red:1.5) castle:2)", "red castle", [("red castle", 2.0), ("red", 1.5)]),
        ("a (red:1) castle", "a red castle", []),
        ("a ([red]) castle", "a red castle", []),
        ("a () castle", "a  castle", []),
        (r"a castle \(ruined\)", "a castle (ruined)", []),
        (r"(a\:b:2)", "a:b", [("a:b", 2.0)]),
    ],
)
def test_weights(text: str, prompt: str, expected: list[tuple[str, float]]) -> None:
    assert parse(text).prompt == prompt
    assert weights(text) == expected


@pytest.mark.parametrize(
    ("text", "whole", "phases"),
    [
        ("a [cat:dog:0.4] in rain", "a cat dog in rain", [(0, "a cat in rain"), (4, "a dog in rain")]),
        ("a [dog:0.4] in rain", "a dog in rain", [(0, "a in rain"), (4, "a dog in rain")]),
        ("a [cat::0.4] in rain", "a cat in rain", [(0, "a cat in rain"), (4, "a in rain")]),
        ("a [cat:dog:7]", "a cat dog", [(0, "a cat"), (7, "a dog")]),
        ("[cat:dog:0]", "cat dog", [(0, "dog")]),
        ("[cat:dog:1.0]", "cat dog", [(0, "cat")]),
        ("[cat:dog:0.5]s", "cat dogs", [(0, "cats"), (5, "dogs")]),
        ("[(cat:1.2):dog:0.5]", "cat dog", [(0, "cat"), (5, "dog")]),
        (
            "a [red:blue:0.2] [cat:dog:0.6]",
            "a red blue cat dog",
            [(0, "a red cat"), (2, "a blue cat"), (6, "a blue dog")],
        ),
    ],
)
def test_times(text: str, whole: str, phases: list[tuple[int, str]]) -> None:
    found = parse(text)
    assert found.prompt == whole
    assert [(first, one) for first, one, _ in found.phases(10)] == phases
    for _, one, stretches in found.phases(10):
        assert "".join(whole[start:end] for start, end in stretches) == one


def test_it_tells_what_it_does() -> None:
    assert parse("a [cat:dog:0.4] in [(deep:1.3) snow::12]").told() == [
        "'deep' counts 1.3 times",
        "'cat' is read until 40% of the steps",
        "'dog' is read from 40% of the steps",
        "'deep snow' is read until step 12",
    ]


WRONG = {
    "a (red castle": r"The bracket \( at character 3 is never closed: close it, or write \\\( for the bracket itself",
    "a [red": r"The bracket \[ at character 3 is never closed",
    "a (red:1.3": r"The bracket \( at character 3 is never closed",
    "a red) castle": r"The bracket \) at character 6 was never opened: remove it, or write \\\)",
    "a red] castle": r"The bracket \] at character 6 was never opened",
    "(a red:high)": r"The weight 'high' at character 8 is no number: write it as in \(word:1.3\)",
    "(red:)": r"The weight '' at character 6 is no number",
    "[cat:dog]": r"The bracket \[ at character 1 has no time: write \[a:b:0.4\]",
    "[cat:dog:soon]": r"The time 'soon' at character 10 is no number: write it as in \[a:b:0.4\]",
    "[cat:dog:-1]": "The time '-1' at character 10 is no number",
    "[cat:dog:1.5]": "The time is 1.5, expected a share from 0.0 to 1.0: write 1 for a step",
    "[cat|dog]": r"take turns, \[a\|b\], at character 5 are not known here: use \[a:b:0.5\]",
    "a cat <lora:fur:1>": "<lora:...> at character 7 is not part of a prompt here: load it with",
}


@pytest.mark.parametrize(("text", "message"), WRONG.items(), ids=WRONG.keys())
def test_what_is_wrong_is_one_sentence(text: str, message: str) -> None:
    with pytest.raises(InvalidSetting, match=message) as caught:
        parse(text)
    assert "\n" not in str(caught.value)


def test_words_are_replaced_and_weights_stay_with_theirs() -> None:
    prompt = parse("a (red:1.3) castle in (rainy:1.2) weather")
    assert prompt.replaced([(2, 5, "blue")]) == Weighted(
        "a blue castle in rainy weather", (Weight(2, 6, 1.3), Weight(17, 22, 1.2))
    )
    assert prompt.replaced([(2, 5, "")]) == Weighted("a castle in rainy weather", (Weight(12, 17, 1.2),))
    assert prompt.replaced([(0, 0, "see ")]).weights == (Weight(6, 9, 1.3), Weight(20, 25, 1.2))
    assert prompt.replaced([]) == prompt


@pytest.mark.parametrize(
    ("text", "start", "end", "left"),
    [
        ("a red castle", 2, 5, "a castle"),
        ("red castle", 0, 3, "castle"),
        ("a castle", 2, 8, "a"),
        ("a castle, rainy", 10, 15, "a castle,"),
        ("a castle, rainy, old", 10, 15, "a castle,, old"),
        ("castle", 0, 6, ""),
    ],
)
def test_a_word_is_left_out_with_its_space(text: str, start: int, end: int, left: str) -> None:
    assert Weighted(text).replaced([(start, end, "")]).prompt == left


def test_nothing_changes_by_a_factor_of_one_or_the_whole_run() -> None:
    prompt = Weighted("a red castle")
    assert prompt.weighted([(2, 5)], 1) == prompt
    for begin, until in ((None, None), (0, None), (0.0, 1.0), (0, 1.0)):
        assert prompt.timed([(2, 5)], begin, until) == prompt
    assert prompt.timed([(2, 5)], 0, 1).windows == (Window(2, 5, 0, 1),)  # the first step alone


def test_it_survives_json() -> None:
    import json

    prompt = parse("a [cat:dog:0.4] in (rain:1.3)")
    assert Weighted.from_dict(json.loads(json.dumps(prompt.to_dict()))) == prompt


def test_times_are_checked() -> None:
    import numpy as np

    assert when("x", np.float32(0.5)) == 0.5
    assert when("x", np.int64(3)) == 3
    for wrong in (-1, "0.5", True, float("nan"), float("inf")):
        with pytest.raises(
            InvalidSetting, match="x is .* expected a step, a share of the run from 0.0 to 1.0, or None"
        ):
            when("x", wrong)
    with pytest.raises(InvalidSetting, match="x is 3.0, expected a share from 0.0 to 1.0: write 3 for a step"):
        when("x", 3.0)
