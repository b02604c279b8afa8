"""Files that commands write: whole or not at all, and never over what was read."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from delegraph.errors import InputError
from delegraph.file import all_or_nothing, check_output, member_names, output_file, write_file


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    write_file(tmp_path / "a", b"one")
    write_file(tmp_path / "a", b"two")

    assert contents(tmp_path) == {"a": b"two"}


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_what_breaks_off_leaves_what_was_there(tmp_path: Path, error: type[BaseException]) -> None:
    write_file(tmp_path / "a", b"before")

    def break_off() -> None:
        with output_file(tmp_path / "a") as file:
            file.write(b"half")
            raise error

    with pytest.raises(error):
        break_off()

    assert contents(tmp_path) == {"a": b"before"}


def test_a_full_disk_leaves_what_was_there_and_names_the_file(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    write_file(tmp_path / "a", b"before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # a write beyond it fails, as on a full disk
    try:
        with pytest.raises(InputError, match=r"a' cannot be written: File too large"):
            write_file(tmp_path / "a", bytes(200_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert contents(tmp_path) == {"a": b"before"}


@pytest.mark.parametrize("link", [os.link, os.symlink, lambda model, name: os.symlink(model.name, name)])
def test_what_is_read_is_not_overwritten_by_whatever_name(tmp_path: Path, link) -> None:
    model, name = tmp_path / "model", tmp_path / "name"
    model.write_bytes(b"model")
    link(model, name)

    for output in (model, name):
        with pytest.raises(InputError, match=r"would be overwritten, and is read: .*model'"):
            write_file(output, b"output", read=[tmp_path / "none", model])

    assert model.read_bytes() == b"model"


def test_a_link_stays_one_and_its_file_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_bytes(b"before")
    os.symlink(Path("folder", "file"), tmp_path / "link")

    write_file(tmp_path / "link", b"after")

    assert (tmp_path / "link").is_symlink()
    assert contents(tmp_path / "folder") == {"file": b"after"}


def test_another_name_of_a_file_that_is_replaced_keeps_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"before")
    os.link(tmp_path / "a", tmp_path / "b")

    write_file(tmp_path / "a", b"after")

    assert contents(tmp_path) == {"a": b"after", "b": b"before"}


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"before")
    (tmp_path / "a").chmod(0o640)

    write_file(tmp_path / "a", b"after")

    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640


def test_what_is_no_regular_file_is_written_to() -> None:
    with pytest.raises(InputError, match="'/dev/full' cannot be written: No space left on device"):
        write_file("/dev/full", b"lost")
    write_file(os.devnull, b"lost")

    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("name", ["", "file/a", "file/none/a"])
def test_a_folder_and_a_file_in_no_folder_are_told_beforehand(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot be written: (it is|needs) a folder"):
        check_output(tmp_path / name)


def test_folders_that_are_missing_are_made(tmp_path: Path) -> None:
    check_output(tmp_path / "new" / "deep" / "a")
    assert contents(tmp_path) == {}

    write_file(tmp_path / "new" / "deep" / "a", b"a")
    assert (tmp_path / "new" / "deep" / "a").read_bytes() == b"a"


@pytest.mark.parametrize("keep", [False, True])
def test_what_fails_later_takes_its_new_files_and_folders_away(tmp_path: Path, keep: bool) -> None:
    write_file(tmp_path / "old" / "b", b"before")
    with pytest.raises(ValueError, match="later"), all_or_nothing():  # noqa: PT012  it fails at the end
        write_file(tmp_path / "new" / "deep" / "a", b"a", keep=keep)
        write_file(tmp_path / "old" / "b", b"after")
        write_file(tmp_path / "old" / "c", b"c")
        raise ValueError("later")
    found = {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")}
    assert found == {"old", "old/b", *(["new", "new/deep", "new/deep/a"] if keep else [])}


def test_long_names_have_room_for_the_file_in_the_making(tmp_path: Path) -> None:
    write_file(tmp_path / ("n" * 255), b"a")

    assert contents(tmp_path) == {"n" * 255: b"a"}


def test_a_name_with_a_null_character_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no name of a file has a null character"):
        check_output(str(tmp_path / "a\0b"))


def test_what_is_written_to_standard_output_goes_after_what_is_there(tmp_path: Path) -> None:
    code = "import os, delegraph.file as f; os.write(1, b'one '); f.write_file('/dev/stdout', b'two')"
    with open(tmp_path / "file", "wb") as file:
        subprocess.run([sys.executable, "-c", code], stdout=file, check=True)
    piped = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)

    assert (tmp_path / "file").read_bytes() == piped.stdout == b"one two"


def test_a_pipe_gets_what_is_written_and_stays(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)

    write_file(tmp_path / "pipe", b"through")

    assert os.read(reader, 100) == b"through"
    assert (tmp_path / "pipe").is_fifo()
    os.close(reader)


NAMES = (
    "a",
    "A",
    "model/a",
    "model_a",
    "../../x",
    "..",
    "",
    ".",
    "/etc/x",
    "C:\\x",
    "\0",
    "\x1b",
    "n" * 999,
)


def test_members_have_names_that_unpack_to_one_file_each_below_the_folder(tmp_path: Path) -> None:
    found = member_names(NAMES)

    assert len({name.casefold() for name in found.values()}) == len(NAMES)
    for name in found.values():
        (tmp_path / f"{name}.npy").write_bytes(b"")
    assert len(list(tmp_path.iterdir())) == len(NAMES)
    assert found["model/a"] == "model_a"
    assert found["model_a"] == "model_a_2"
    assert found["a"] == "a"
