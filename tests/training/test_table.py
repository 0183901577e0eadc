"""CSV files: read fast, read whatever is in them, and the place of what is wrong."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from cnndsl.training import DataError, load
from cnndsl.training.data import table

from .conftest import bars, write_csv

SHAPE = (1, 1, 2)


def write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_csv_gives_its_images_in_order(tmp_path: Path) -> None:
    images, labels = bars(50)
    data = load(write_csv(tmp_path / "bars.csv", images, labels), (1, 6, 6))
    assert data.labels.tolist() == labels.tolist()
    assert np.allclose(data.images[:, 0].numpy() * 255, images)
    assert data.notes == ("values 0..255 brought to 0..1", "flat rows of 36 numbers reshaped to 1x6x6")
    assert data.classes == ("0", "1")
    assert data.mapping is None


def test_gzip_is_recognised_by_its_content(tmp_path: Path) -> None:
    plain = write_csv(tmp_path / "a.csv", *bars(10))
    packed = write(tmp_path / "b.csv.gz", gzip.compress(plain.read_bytes()))
    misnamed = write(tmp_path / "c.csv", packed.read_bytes())
    prints = {load(path, (1, 6, 6)).fingerprint() for path in (plain, packed, misnamed)}
    assert len(prints) == 1


@pytest.mark.parametrize(
    "text",
    [
        "label,a,b\n0,0,255\n1,255,128\n",
        "label,a,b\r\n0,0,255\r\n1,255,128\r\n",
        "a,b,label\n0,255,0\n255,128,1",
        "\ufefflabel,a,b\n0,0,255\n\n1,255,128\n\n",
        'label,a,b\n"0","0",255.0\n1,2.55e2,128\n',
        "Label, a, b\n0, 0, 255\n1, 255, 128\n",
    ],
)
def test_the_fast_and_the_slow_way_agree(tmp_path: Path, text: str) -> None:
    data = load(write(tmp_path / "x.csv", text), SHAPE)
    assert data.labels.tolist() == [0, 1]
    assert np.allclose(data.images.flatten().numpy() * 255, [0, 255, 255, 128])


def test_whole_numbers_take_the_fast_way_over_many_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)
    rows = random.integers(0, 10 ** random.integers(1, 7, (300, 5)))
    body = "\n".join(",".join(map(str, row)) for row in rows.tolist()).encode()
    monkeypatch.setattr(table, "CHUNK", 100)
    found = table._whole_numbers(body, 5)
    assert found is not None
    assert np.array_equal(found, rows)
    for broken in (b"1,2,,4,5", b"1,2,3,4", b"1,2,3,4,-5", b"1,2,3,4,1234567", b"1,2\n3,4,5", b"1,2,3,4,x"):
        assert table._whole_numbers(broken, 5) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "x.csv: the file is empty"),
        ("\n\n", "x.csv: the file is empty"),
        ("label,a,b\n", "x.csv: there are no rows after the line of column names"),
        ("digit,a,b\n1,0,0\n", "x.csv:1: no column is called `label`; the 3 columns are digit, a, b"),
        ("lable,a,b\n1,0,0\n", "did you mean `lable`?"),
        ("5,0,0\n1,0,0\n", "x.csv:1: expected column names, one of them `label`; found numbers"),
        ("label,a,label\n1,0,0\n", "x.csv:1: 2 columns are called `label`, expected one"),
        ("label\n1\n", "x.csv:1: expected pixel columns beside `label`, found none"),
        ("label,a,b\n0,1,2\n1,2\n", "x.csv:3: expected 3 columns, as in line 1, found 2"),
        ("label,a,b\n0,1,2\n1,2,3,4\n", "x.csv:3: expected 3 columns, as in line 1, found 4"),
        ("label,a,b\n0,1,2\n1,2,abc\n", "x.csv:3: column `b`: expected a number, found `abc`"),
        ("label,a,b\n0,,2\n1,2,3\n", "x.csv:2: column `a`: expected a number, found nothing"),
        ("a,label,b\n0,0,2\n1,1,oops\n", "x.csv:3: column `b`: expected a number, found `oops`"),
        ("label,a,b\n0,1,nan\n1,2,3\n", "x.csv:2: column `b`: expected a finite number, found `nan`"),
        ("label,a,b\n0,1,2\n1,inf,3\n", "x.csv:3: column `a`: expected a finite number, found `inf`"),
        ("label,a,b\n0,1,2\n1,1e99,3\n", "x.csv:3: column `a`: expected a finite number, found `1e99`"),
        ("label,a,b\n0,1,2\n,2,3\n", "x.csv:3: column `label` is empty"),
        ("label,a,b\n3,1,2\n3,2,3\n", "all 2 labels are 3: there is nothing to tell apart"),
        ("label,a,b\n0,1,2\n1,\x00,3\n", "x.csv:3:"),
        ('label,a,b\n0,1,2\n1,"2,3\n', "x.csv:3: not readable as CSV"),
        (b"label,a,b\n0,1,2\n1,\xff,3\n", "x.csv: expected text in UTF-8, found the byte 0xff"),
        (b"\x1f\x8bnot really", "the gzip file is damaged or cut short"),
        (gzip.compress(b"label,a,b\n0,1,2\n1,2,3\n", mtime=0)[:-9], "the gzip file is damaged or cut short"),
        ("label,a,b,c\n0,1,2,3\n1,2,3,4\n", "a row has 3 pixels, the network takes 1x1x2 = 2"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str | bytes, expected: str) -> None:
    path = write(tmp_path / "x.csv", text)
    with pytest.raises(DataError) as caught:
        load(path, SHAPE)
    assert expected in str(caught.value)


def test_a_csv_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    for name in ("nowhere.csv", "nowhere.npz", "nowhere"):
        with pytest.raises(FileNotFoundError):
            load(tmp_path / name, SHAPE)
    with pytest.raises(DataError, match=r"expected a \.csv"):
        load(write(tmp_path / "x.txt", "label,a\n"), SHAPE)
