"""A name that is almost right is answered with the right one: every kind of name, mistyped in every way."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import pytest
from delegraph import Plugins

sys.path.insert(0, str(Path(__file__).parent))
from called_commands import ROOT, called

DIGITS = str(ROOT / "docs/models/digits_int8.tflite")
# What is typed, and a call with it as NAME.
KINDS = {
    "command": (["partition", "benchmark", "inspect", "quantize", "edgetpu"], "NAME"),
    "option": (["--delegates", "--min-ops", "--require-full-delegation"], f"partition {DIGITS} NAME=1"),
    "delegate": (["reference", "opencl", "edgetpu", "litert"], f"partition {DIGITS} -d NAME"),
    "supported": (["reference", "edgetpu"], "support NAME"),
    "delegate option": (["num_threads"], f"run {DIGITS} -i random -o reference.NAME=1"),
    "op": (["CONV_2D", "DEPTHWISE_CONV_2D", "SOFTMAX"], f"why {DIGITS} NAME"),
    "signature": (["serving_default"], f"run {DIGITS} -i random --signature NAME"),
    "input": (["image", "serving_default_image:0"], f"run {DIGITS} -i NAME=random"),
    "plugin": (["reference", "optimize"], "-p no:NAME plugins"),
}


def mistyped(name: str, chance: random.Random) -> str:
    """Return a name with a letter lost, doubled, changed or swapped; not the last, which may be all."""
    i = chance.randrange(name.startswith("--") * 3, len(name) - 1)
    ways = [
        name[:i] + name[i + 1 :],
        name[: i + 1] + name[i:],
        name[:i] + "x" + name[i + 1 :],
        name[:i] + name[i + 1] + name[i] + name[i + 2 :],
    ]
    return chance.choice([way for way in ways if way != name])


CASES = [
    (kind, name, mistyped(name, random.Random(f"{kind} {name} {seed}")))
    for kind, (names, _) in KINDS.items()
    for name in names
    for seed in range(3)
]


@pytest.mark.parametrize(("kind", "name", "typed"), CASES)
def test_a_mistyped_name_is_answered_with_the_right_one(kind: str, name: str, typed: str) -> None:
    call = KINDS[kind][1].replace("NAME", typed)
    printed = called(call.split(), is_terminal=False)
    assert printed.code in (1, 2), call
    assert name.lower() in printed.err.lower().partition("did you mean")[2], printed.err


def test_a_name_that_is_like_none_gets_no_guess() -> None:
    for call in (f"partition {DIGITS} -d zzzzzz", "support 12345", f"why {DIGITS} QQQQQ", "zzzzzz"):
        assert "did you mean" not in called(call.split(), is_terminal=False).err.lower()
    assert "reference" in Plugins.installed().delegates()
