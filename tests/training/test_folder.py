"""Folders of images by class."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnndsl.training import DataError, DataMismatch, load

SHAPE = (3, 4, 6)


def picture(
    path: Path, size: tuple[int, int] = (6, 4), mode: str = "RGB", color: object = (255, 0, 51)
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path)  # type: ignore[arg-type]
    return path


def animals(root: Path, count: int = 2) -> Path:
    for kind in ("cat", "dog"):
        for number in range(count):
            picture(root / kind / f"{number}.png")
    return root


def test_a_folder_a_class(tmp_path: Path) -> None:
    data = load(animals(tmp_path / "animals"), SHAPE)
    assert data.images.shape == (4, 3, 4, 6)
    assert data.images[0, :, 0, 0].tolist() == pytest.approx([1, 0, 0.2])
    assert data.labels.tolist() == [0, 0, 1, 1]
    assert data.classes == ("cat", "dog")
    assert data.mapping == {"cat": 0, "dog": 1}
    assert data.val is None


def test_parts_in_folders(tmp_path: Path) -> None:
    for part, count in (("train", 3), ("val", 2), ("test", 1)):
        animals(tmp_path / part, count)
    data = load(tmp_path, SHAPE)
    assert data.val is not None
    assert data.test is not None
    assert [len(part) for part in (data.train, data.val, data.test)] == [6, 4, 2]


def test_grey_colour_and_transparency_are_brought_together_and_said(tmp_path: Path) -> None:
    animals(tmp_path)
    picture(tmp_path / "cat" / "grey.png", mode="L", color=51)
    picture(tmp_path / "dog" / "clear.png", mode="RGBA", color=(0, 0, 0, 0))
    Image.fromarray(np.full((4, 6), 13107, np.uint16)).save(tmp_path / "dog" / "deep.png")
    (tmp_path / "dog" / "notes.txt").write_text("not an image")
    (tmp_path / "dog" / ".hidden").write_text("not an image")
    data = load(tmp_path, SHAPE)
    assert data.images[2, :, 0, 0].tolist() == pytest.approx([0.2] * 3)
    assert data.images[-1, :, 0, 0].tolist() == pytest.approx([0.2] * 3)
    assert "1 image in the mode L brought to colour" in data.notes
    assert "1 image in the mode RGBA, transparent in parts, brought to colour, laid over white" in data.notes
    assert data.images[5].min() == 1
    assert "1 file that is no image left out: dog/notes.txt" in data.notes
    assert load(tmp_path, (1, 4, 6)).images.shape == (7, 1, 4, 6)
    assert load(tmp_path, (4, 4, 6)).images[-1, 3].min() == 1


def test_a_broken_image_is_named(tmp_path: Path) -> None:
    animals(tmp_path)
    whole = (tmp_path / "cat" / "0.png").read_bytes()
    for content in (b"", b"hello", whole[:40], whole[:-30], whole[:45] + bytes(8) + whole[53:]):
        (tmp_path / "dog" / "broken.png").write_bytes(content)
        with pytest.raises(DataError, match=r"dog.broken\.png is (no image|a broken image)"):
            load(tmp_path, SHAPE)


def test_bad_folders(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected a folder of images for each class, found no folder"):
        load(tmp_path, SHAPE)
    animals(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty: the folder of this class holds no image"):
        load(tmp_path, SHAPE)
    (tmp_path / "empty").rmdir()
    with pytest.raises(
        DataMismatch, match=r"0\.png: the image is 6x4 \(width x height\), the network takes 9x8"
    ):
        load(tmp_path, (3, 8, 9))
    with pytest.raises(DataMismatch, match="this one takes 784"):
        load(tmp_path, (784,))
    other = animals(tmp_path / "other" / "train").parent
    picture(other / "val" / "cow" / "0.png")
    with pytest.raises(DataError, match=r"cow: no training images of a class `cow`"):
        load(other, SHAPE)


def test_large_photographs_are_decoded_small_and_look_the_same(tmp_path: Path) -> None:
    scene = Image.fromarray(np.random.default_rng(0).integers(0, 255, (6, 8, 3), np.uint8))
    photo = scene.resize((640, 480), Image.Resampling.BICUBIC)
    lying = Image.Exif()
    lying[0x0112] = 6
    for kind in ("a", "b"):
        (tmp_path / kind).mkdir()
        photo.save(tmp_path / kind / "1.jpg", quality=95)
        photo.save(tmp_path / kind / "2.png")
        photo.save(tmp_path / kind / "3.jpg", quality=95, exif=lying)
    data = load(tmp_path, (3, 24, 32), resize="crop")
    small, whole, turned = data.images[:3]
    assert (small - whole).abs().max() < 0.05
    upright = photo.transpose(Image.Transpose.ROTATE_270)
    upright.save(tmp_path / "a" / "3.png")
    upright.save(tmp_path / "b" / "3.png")
    assert (turned - load(tmp_path, (3, 24, 32), resize="crop").images[3]).abs().max() < 0.05
    assert "6 images of 480x640 to 640x480 (width x height) brought to 32x24" in data.notes
    assert "2 images turned upright" in data.notes
