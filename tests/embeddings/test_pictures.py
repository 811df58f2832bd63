"""Pictures of all kinds: the right pixels, or one sentence."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explorer.embeddings import pictures
from explorer.embeddings.pictures import picture, thumb
from explorer.errors import InvalidSetting

COLOURS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [250, 240, 10]]], np.uint8)


def test_an_rgb_file_is_read_to_the_bit(tmp_path: Path) -> None:
    Image.fromarray(COLOURS).save(tmp_path / "a.png")
    for source in (tmp_path / "a.png", str(tmp_path / "a.png"), Image.fromarray(COLOURS), COLOURS):
        found = picture(source)
        assert found.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(found), COLOURS)


def test_what_is_transparent_is_white(tmp_path: Path) -> None:
    clear = np.dstack([COLOURS, np.array([[255, 0], [0, 255]], np.uint8)])
    Image.fromarray(clear).save(tmp_path / "a.png")
    expected = COLOURS.copy()
    expected[0, 1] = expected[1, 0] = 255
    for source in (tmp_path / "a.png", clear):
        np.testing.assert_array_equal(np.asarray(picture(source)), expected)
    palette = Image.fromarray(COLOURS).quantize(4)
    palette.info["transparency"] = palette.getpixel((1, 0))
    palette.save(tmp_path / "p.png")
    assert np.asarray(picture(tmp_path / "p.png"))[0, 1].tolist() == [255, 255, 255]


def test_an_animation_is_its_first_frame(tmp_path: Path) -> None:
    first, second = (Image.new("RGB", (8, 8), colour) for colour in ("red", "blue"))
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    assert np.asarray(picture(tmp_path / "a.gif"))[0, 0].tolist() == [255, 0, 0]


def test_cmyk(tmp_path: Path) -> None:
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    red = np.asarray(picture(tmp_path / "a.jpg"))[4, 4]
    assert red[0] > 240
    assert red[1] < 15
    assert red[2] < 15


def test_16_bits(tmp_path: Path) -> None:
    grey = np.array([[0, 65535], [32896, 257]], np.uint16)
    Image.fromarray(grey).save(tmp_path / "a.png")
    for source in (tmp_path / "a.png", grey, Image.fromarray(grey.astype(np.int32)), grey / 65535):
        np.testing.assert_array_equal(np.asarray(picture(source))[..., 0], [[0, 255], [128, 1]])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "YCbCr", "HSV"])
def test_other_modes_are_rgb(mode: str) -> None:
    found = picture(Image.fromarray(COLOURS).convert(mode))
    assert found.mode == "RGB"
    assert found.size == (2, 2)


def test_a_picture_on_its_side_is_turned_upright(tmp_path: Path) -> None:
    image = Image.new("RGB", (20, 10))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.jpg", exif=exif)
    assert picture(tmp_path / "a.jpg").size == (10, 20)


def test_what_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no picture at all")
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(tmp_path / "b.png")
    whole = (tmp_path / "b.png").read_bytes()
    (tmp_path / "b.png").write_bytes(whole[: len(whole) // 2])
    for name, told in (
        ("a.png", "is no picture that can be read"),
        ("b.png", "is damaged"),
        ("c.png", "no file 'c.png'"),
    ):
        with pytest.raises(InvalidSetting, match=told):
            picture(tmp_path / name)
    with pytest.raises(InvalidSetting, match="int is no picture"):
        picture(7)
    with pytest.raises(InvalidSetting, match=r"shape \(2, 2, 5\) is no picture"):
        picture(np.zeros((2, 2, 5), np.uint8))
    with pytest.raises(InvalidSetting, match="goes from -1 to 1"):
        picture(np.array([[-1.0, 1.0]]))
    with pytest.raises(InvalidSetting, match="holds what is no number"):
        picture(np.array([[np.nan, 1.0]]))


def test_a_huge_picture_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("1", (30_000, 30_000)).save(tmp_path / "bomb.png")  # a small file, 2.7 GB as RGB
    with pytest.raises(InvalidSetting, match="'bomb.png' has more than 120 million pixels"):
        picture(tmp_path / "bomb.png")
    monkeypatch.setattr(pictures, "LARGEST", 3)
    with pytest.raises(InvalidSetting, match="which would fill the memory"):
        picture(COLOURS)


def test_a_thumbnail_keeps_its_proportions() -> None:
    assert thumb(Image.new("RGB", (400, 100))).shape == (16, 64, 3)
    assert thumb(Image.new("RGB", (10, 20))).shape == (20, 10, 3)
