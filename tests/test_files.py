"""Files are written whole or not at all."""

import os
from pathlib import Path

import pytest

from cnndsl.files import atomic_path, write_whole


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    target = tmp_path / "net.py"
    write_whole(target, "one\n")
    write_whole(target, b"two\n")
    assert target.read_bytes() == b"two\n"
    assert os.listdir(tmp_path) == ["net.py"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "net.py"
    write_whole(target, "old")

    def fail_half_way() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_half_way()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["net.py"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "net.py", tmp_path / "link.py"
    target.write_text("old")
    link.symlink_to(target)
    write_whole(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_device_is_not_replaced() -> None:
    write_whole("/dev/null", "gone")
    assert not Path("/dev/null").is_file()


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path, "text")


def test_a_file_is_readable_as_any_new_file_is(tmp_path: Path) -> None:
    target, usual = tmp_path / "net.bin", tmp_path / "usual"
    usual.touch()
    with atomic_path(target) as temporary:
        temporary.unlink()
        os.close(os.open(temporary, os.O_CREAT | os.O_WRONLY, 0o600))
    assert target.stat().st_mode == usual.stat().st_mode
