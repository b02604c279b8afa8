"""What commands write: folders are made as needed, and a command that fails leaves nothing behind.

Each command that writes × each of its writes failing, in each way a write can fail.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from called_commands import ROOT, called

MODELS = ROOT / "docs" / "models"
# OUT is in folders that do not exist. F is a model of floats, I of integers.
CALLS = {
    "compare": "compare F -d edgetpu --bisect new/deep/parts",
    "dequantize": "dequantize I -o new/deep/out.tflite",
    "edgetpu": "edgetpu compile I -o new/deep --report new/report.html",
    "edgetpu several": "edgetpu compile I F -o new/deep",
    "extract": "extract F --partition 0 -o new/deep/out.tflite",
    "new-delegate": "new-delegate my-npu --output new/deep/npu",
    "partition": "partition F --html new/deep/page.html",
    "predict": "predict F photos -o new/deep/out.csv",
    "quantize": "quantize F --scheme int8 --data photos -o new/q.tflite --save-calibration new/deep/c.npz",
    "quantize search": "quantize F --scheme int8 --data photos --max-drop 99 -o q --plot new/deep/p",
    "report": "report F I --runs 1 --html new/deep/page.html --overlays new/nodes",
    "run": "run F -i photos/7.png --output new/deep/out.npz --draw new/other/7.png",
}
MOST = 12  # writes of a command that are made to fail


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(MODELS / "digits_float32.tflite", tmp_path / "f.tflite")
    shutil.copy(MODELS / "digits_int8.tflite", tmp_path / "i.tflite")
    shutil.copytree(MODELS / "digits", tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(name: str) -> Any:
    words = {"F": "f.tflite", "I": "i.tflite"}
    return called([words.get(word, word) for word in CALLS[name].split()], is_terminal=False)


def everything() -> list[str]:
    kept = "search.json"  # where the next run of a search goes on
    return sorted(str(p) for p in Path().rglob("*") if not p.name.endswith(kept))


@pytest.mark.parametrize("name", CALLS)
def test_folders_are_made_as_needed(name: str) -> None:
    printed = run(name)
    if "needs the package" in printed.err:
        pytest.skip(printed.err)
    assert printed.code == 0 or name in ("compare", "edgetpu several"), printed.err
    assert "cannot be" not in printed.err


class Fails:
    """A function of the system that fails at one of its calls."""

    def __init__(self, function: Callable[..., Any], at: int) -> None:
        self.function, self.left, self.failed = function, at, False

    def __call__(self, *args: Any, **settings: Any) -> Any:
        self.left -= 1
        if self.left == 0:
            self.failed = True
            raise OSError(28, "No space left on device")
        return self.function(*args, **settings)


@pytest.mark.parametrize("what", ["replace", "fsync"])
@pytest.mark.parametrize("name", CALLS)
def test_a_command_whose_write_fails_leaves_nothing_behind(
    name: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything()
    for at in range(1, MOST):
        fails = Fails(getattr(os, what), at)
        with monkeypatch.context() as patched:
            patched.setattr(os, what, fails)
            printed = run(name)
        if not fails.failed:
            return
        assert printed.code == 1, printed.err
        assert "No space left on device" in printed.err
        assert everything() == before, f"write {at}"
