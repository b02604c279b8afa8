"""A model with one input of each type goes through the commands that make up its values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from delegraph import DTYPES, Builder, Model, write_model
from delegraph.cli import main

HANDLES = ("resource", "variant")
NOTHING_TO_COMPARE = 2  # with itself
REFUSED = ("has no values that could be drawn", "no delegate takes 1 of the model's ops")
COMMANDS = {"run": ("-i", "random:1"), "benchmark": ("--runs", "1", "--warmup", "0"), "compare": ()}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_random_inputs_of_every_type(dtype: str, command: str, tmp_path: Path) -> None:
    for shape in ((2, 3), (), (0, 2)):
        file = tmp_path / "model.tflite"
        file.write_bytes(write_model(passing_on(shape, dtype)))
        result = CliRunner().invoke(main, [command, str(file), *COMMANDS[command]])
        if dtype in HANDLES:
            assert result.exit_code == 1
            assert any(why in result.output for why in REFUSED), result.output
        else:
            assert result.exit_code in (0, NOTHING_TO_COMPARE), result.output


def passing_on(shape: tuple[int, ...], dtype: str) -> Model:
    g = Builder()
    x, same = g.input(shape, dtype), g.constant(np.array(shape, np.int32))
    return g.model([g.op("RESHAPE", [x, same], [g.tensor(shape, dtype)])])
