"""Every code block of the documentation runs as it is pasted, and prints what stands below it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from delegraph import Plugins
from delegraph.run import slow_runs

sys.path.insert(0, str(Path(__file__).parent))
import code_blocks
import page_delegates
from code_blocks import (
    NO_MODEL,
    SILENT,
    WIDTH,
    Page,
    blocks,
    differing,
    pages,
    provide,
    provide_models,
    with_models,
)

KINDS = {"python", "sh", "console", "toml", *SILENT}
SLOW = {  # what compiles many kernels, or searches: with DELEGRAPH_BLOCKS=all
    "docs/int16.md",
    "docs/opencl.md",
    "docs/opencl-advice.md",
    "docs/optimize-search.md",
}
RUN = [p for p in pages() if any(b.language not in SILENT and b.why_not_run is None for b in blocks(p))]


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install the pages' delegates, and take back what blocks put in place of the runtimes of programs."""
    page_delegates.install()
    monkeypatch.setattr(slow_runs, "SLOW", float("inf"))  # no word of a machine that does much else
    yield
    Plugins.forget()
    if compat := sys.modules.get("delegraph.compat"):
        compat.uninstall()


@pytest.mark.parametrize("page", RUN)
def test_the_blocks_of_a_page_run_in_order(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if page in SLOW and os.environ.get("DELEGRAPH_BLOCKS") != "all":
        pytest.skip("it takes long; DELEGRAPH_BLOCKS=all runs it")
    provide(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", WIDTH)
    monkeypatch.setenv("POCL_EXTRA_BUILD_FLAGS", "-cl-opt-disable")
    reader = Page()
    for block in blocks(page):
        try:
            reader.run(block)
        except BaseException as e:
            raise AssertionError(f"{block}: {type(e).__name__}: {e}") from e


WITH_MODELS = [p for p in pages() if any(b.why_not_run == NO_MODEL for b in blocks(p))]


@pytest.mark.skipif("DELEGRAPH_MODELS" not in os.environ, reason="it needs models of the real world")
@pytest.mark.parametrize("page", WITH_MODELS)
def test_blocks_that_need_models_run_where_they_are(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("soxr")
    provide(tmp_path)
    provide_models(tmp_path, Path(os.environ["DELEGRAPH_MODELS"]))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", WIDTH)
    reader = Page()
    for block in map(with_models, blocks(page)):
        reader.run(block)


def test_every_block_says_what_it_is() -> None:
    unknown = [str(b) for p in pages() for b in blocks(p) if b.language not in KINDS]
    assert unknown == []


def test_what_is_shown_and_not_printed_is_found() -> None:
    printed = ["load 114 ms · run 3.2 µs", "b  2.0 KiB", "a  1 B"]
    assert differing(["load 1 s · run 804 µs", "a 5 B", "b 17 B"], printed) is None
    assert differing(["a 5 B", "…"], printed) is None
    assert differing(["load … ms"], printed[:1]) is not None
    assert differing(["c 5 B", "…"], printed) == "not printed: 'c 5 B'"
    assert differing(["a 5 B", "b 17 B"], printed) == "printed besides: 'load 0 s · run 0 s'"


def test_a_block_that_fails_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for language, text in (
        ("python", "undefined"),
        ("sh", "delegraph run missing.tflite"),
        ("sh", "false | true; exit 3"),
        ("console", "$ delegraph --version\nanother program"),
    ):
        with pytest.raises((AssertionError, NameError)):
            Page().run(code_blocks.Block("page.md", 1, language, text))
    Page().run(code_blocks.Block("page.md", 1, "sh", "# not run in CI: it has no end\nfalse"))
