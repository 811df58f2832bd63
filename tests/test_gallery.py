"""The article's examples, recorded when they are opened; one scene in every style."""

import re

import numpy as np
import pytest

import explorer
from explorer.errors import InvalidSetting
from explorer.gallery import EXAMPLES, IN_STYLES, STYLES, THINGS, WORDS, Gallery, styled
from explorer.miniature.world import STYLES as DRAWN
from explorer.miniature.world import VOCABULARY
from tests.pipelines import stable_diffusion
from tests.synthetic import synthetic_trace


@pytest.fixture
def gallery() -> Gallery:
    return Gallery(EXAMPLES, synthetic_trace)


def test_every_example_of_the_article_is_there_and_says_its_word() -> None:
    names = {group: [one.name for one in EXAMPLES if one.group == group] for group in (WORDS, THINGS, STYLES)}
    assert names == {
        WORDS: ["the colour blue", "a teddy bear", "rainy weather", "a cute narwhal", "a countryside landscape"],
        THINGS: ["castle", "dog", "pen", "pair of sunglasses"],
        STYLES: ["watercolour", "fine art illustration", "professional photograph", "painted onto canvas"],
    }
    for one in EXAMPLES:
        assert one.word in one.prompt
        assert set(re.findall(r"[a-z]+", one.prompt)) <= set(VOCABULARY), one.name


def test_an_example_is_recorded_when_it_is_opened_and_once(gallery: Gallery) -> None:
    assert repr(gallery) == "<Gallery of 13 examples, 0 of them recorded>"
    trace = gallery["castle"]
    assert trace.settings.prompt == gallery.example("castle").prompt
    assert gallery["castle"] is trace
    assert list(gallery.traces) == ["castle"]
    assert gallery.example("castle").word in [word.text for word in trace.tokens.words]
    assert [*gallery] == [one.name for one in EXAMPLES]
    with pytest.raises(
        InvalidSetting, match="The gallery has no 'unicorn': choose one of the colour blue, a teddy bear"
    ):
        gallery["unicorn"]


def test_all_of_them_and_what_is_done_when_it_is_interrupted(gallery: Gallery) -> None:
    seen: list[str] = []

    def interrupt(name: str, trace: explorer.Trace) -> None:
        seen.append(name)
        if len(seen) == 3:
            raise KeyboardInterrupt

    gallery.open_all(interrupt)
    assert list(gallery.traces) == seen == list(gallery.names[:3])
    grid = gallery.grid()
    assert not grid.complete
    assert len(grid.cells) == 3
    assert gallery.open_all().grid().complete
    assert len(gallery.grid(THINGS).cells) == 4
    assert gallery.picture().size == (13 * 132 - 4, 128)
    with pytest.raises(InvalidSetting, match="no group 'colours': choose one of what words mean, things, styles"):
        gallery.grid("colours")


def test_it_lists_itself_and_text_is_never_html() -> None:
    from explorer.gallery import Example

    odd = Gallery((Example("<b>", "x", "a <script> castle", "castle"),), synthetic_trace)
    text = odd._repr_html_()
    assert "<script>" not in text
    assert "&lt;script&gt;" in text
    assert "(not recorded yet)" in text
    odd["<b>"]
    assert "(not recorded yet)" not in odd._repr_html_()


def test_an_explorer_has_a_gallery_and_styles() -> None:
    ex = explorer.wrap(stable_diffusion())
    trace = ex.gallery(steps=2)["pen"]
    assert (trace.settings.seed, trace.settings.prompt) == (7, "a green pen on a plain background")
    assert np.array_equal(trace.image.values, ex.record(trace.settings.prompt, seed=7, steps=2).image.values)
    assert ex.gallery(steps=1, seed=3)["pen"].settings.seed == 3
    row = ex.styles("a castle in the snow", seed=4, steps=1)
    assert [column["prompt"] for column in row.columns] == list(styled("a castle in the snow").values())
    assert {trace.settings.seed for trace in row.cells.values()} == {4}
    drawn = ex.styles("a castle", steps=1)
    assert len({trace.settings.seed for trace in drawn.cells.values()}) == 1


def test_the_styles_are_those_of_the_drawn_world() -> None:
    assert len(IN_STYLES) == len(DRAWN)
    assert all(name in DRAWN or f"picture {name}" in DRAWN for name in IN_STYLES)
    for prompt in styled("a red dog").values():
        assert set(re.findall(r"[a-z]+", prompt)) <= set(VOCABULARY)
        assert "a red dog" in prompt
    with pytest.raises(InvalidSetting, match="what is '  ', expected what is to be seen"):
        styled("  ")
