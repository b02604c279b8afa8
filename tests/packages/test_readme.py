"""The README keeps its word: its commands are the ones that CI and these tests run."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def commands() -> list[str]:
    """The one-line shell blocks of the README, in order."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.S)
    return [re.sub("^#.*\n", "", block).strip() for block in blocks]


def the_test_command() -> str:
    (found,) = (c for c in commands() if "tox run" in c)
    return found


def test_two_commands_do_the_setting_up_each_on_one_line() -> None:
    main, test = commands()[0], the_test_command()
    assert "\n" not in main + test
    assert "delegraph run docs/models/" in main
    assert "tox run -m ci" in test


def test_ci_runs_the_readmes_test_command() -> None:
    assert the_test_command() in (ROOT / ".ci/run").read_text()


def test_the_files_that_the_readme_names_exist() -> None:
    named = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)|(?<= )(docs/models/\S+\.(?:tflite|png))", README)
    assert [n for pair in named for n in pair if n and not (ROOT / n).exists()] == []
