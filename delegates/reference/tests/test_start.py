"""What a first run loads: nothing that it does not use, whatever else is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from delegraph import Builder, Model, write_model
from delegraph_reference import kernels
from delegraph_reference.blas import libraries
from delegraph_reference.kernels import _formulas

LIBRARIES = "import sys, numpy, pluggy\n"
RUN = """
from delegraph import Interpreter
interpreter = Interpreter(sys.argv[1])
interpreter.allocate_tensors()
interpreter.invoke()
interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
"""
# What takes milliseconds each: parsers of mail, archives, tables and URLs, connections, processes, digests.
UNUSED = frozenset(
    "argparse asyncio attr calendar concurrent csv difflib email hashlib html http importlib.metadata "
    "importlib.resources ipaddress logging multiprocessing pathlib random secrets shutil socket ssl "
    "subprocess tempfile unittest urllib xml zipfile".split()
)


def modules(program: str, *arguments: str) -> set[str]:
    """Return the modules that a process has in the end."""
    command = [sys.executable, "-c", f"{LIBRARIES}{program}\nprint(*sys.modules)", *arguments]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def floats() -> Model:
    g = Builder()
    x = g.input((1, 4, 4, 3), "float32")
    filters, bias = g.constant(np.ones((6, 3, 3, 3), np.float32)), g.constant(np.ones(6, np.float32))
    y = g.op("CONV_2D", [x, filters, bias], [g.tensor((1, 4, 4, 6), "float32")], **WINDOW)
    return g.model([g.op("SOFTMAX", [y], [g.tensor((1, 4, 4, 6), "float32")], beta=1.0)])


def integers() -> Model:
    g = Builder()
    x = g.input((1, 4, 4, 3), "int8", scale=0.5)
    filters = g.constant(np.ones((1, 3, 3, 3), np.int8), scale=[0.1] * 3, axis=3)
    bias = g.constant(np.ones(3, np.int32), scale=[0.05] * 3, axis=0)
    y = g.op("DEPTHWISE_CONV_2D", [x, filters, bias], [g.tensor((1, 4, 4, 3), "int8", scale=1.0)], **WINDOW)
    return g.model([g.op("ADD", [x, y], [g.tensor((1, 4, 4, 3), "int8", scale=1.0)])])


WINDOW = {"padding": "SAME", "stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}


@pytest.mark.parametrize("make", [floats, integers])
def test_a_first_run_loads_what_it_uses(make, tmp_path: Path):
    (tmp_path / "model.tflite").write_bytes(write_model(make()))
    loaded = modules(RUN, str(tmp_path / "model.tflite")) - modules("")

    assert "delegraph_reference" in loaded
    assert not loaded & UNUSED
    others = {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names
    assert {name for name in others if not name.startswith("delegraph")} <= {"numpy"}


def test_a_module_that_is_not_used_is_seen():
    assert modules("import zipfile") - modules("") & UNUSED


def test_the_ops_of_the_table_of_formulas_are_named_beside_it():
    assert set(kernels.FORMULAS.split()) == {row.op for row in _formulas.ROWS}


def test_blas_is_the_one_that_threadpoolctl_finds():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    found = threadpoolctl.ThreadpoolController().select(user_api="blas").lib_controllers
    counts = {blas: blas.get_num_threads() for blas in libraries()}
    for blas in counts:
        blas.set_num_threads(1)
    changed = [blas.get_num_threads() for blas in found]
    for blas, count in counts.items():
        blas.set_num_threads(count)

    assert counts
    assert changed.count(1) >= len(counts)
    assert set(counts.values()) <= {blas.get_num_threads() for blas in found}
