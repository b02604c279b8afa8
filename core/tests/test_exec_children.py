"""Processes that a program under ``delegraph exec`` starts have delegraph in LiteRT's place, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from delegraph.compat.children import SETTINGS, STARTUP, passed_on
from delegraph.file import write_model
from delegraph.model import Builder

WORK = """
import sys

def work(path):
    import numpy as np
    import tflite_runtime.interpreter as tflite
    i = tflite.Interpreter(path)
    i.allocate_tensors()
    i.set_tensor(i.get_input_details()[0]["index"], np.ones((1, 3), np.float32))
    i.invoke()
    return i.__class__.__module__, float(i.get_tensor(i.get_output_details()[0]["index"]).sum())
"""
SPAWNING = """
import multiprocessing
from work import work

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(*pool.map(work, sys.argv[1:] * 2))
        pool.close()
        pool.join()
"""
CALLING = """
import subprocess, sys
options, path = sys.argv[1].split(), sys.argv[2]
done = subprocess.run([sys.executable, *options, "-c", f"import sys; sys.path.insert(0, '.'); "
                       f"from work import work; print(work({path!r}))"], capture_output=True, text=True)
print(done.stdout, done.stderr)
"""


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    g = Builder()
    x = g.input((1, 3), "float32", name="x")
    y = g.op("NEG", [x], [g.tensor((1, 3), "float32", name="y")])
    (tmp_path / "m.tflite").write_bytes(write_model(g.model(outputs=[y])))
    (tmp_path / "work.py").write_text(WORK)
    monkeypatch.chdir(tmp_path)
    assert np.float32(-3).sum() == -3  # what work() returns, of ones
    return str(tmp_path / "m.tflite")


def executed(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    Path("program.py").write_text("import sys\n" + program)
    command = [sys.executable, "-m", "delegraph", "exec", "program.py", *arguments]
    environment = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


def test_spawned_workers_run_models_on_delegraph(model: str) -> None:
    pytest.importorskip("delegraph_reference")
    done = executed(SPAWNING, model)
    assert done.stdout.count("delegraph") == 2, done.stderr
    assert done.stdout.count("-3.0") == 2
    assert "delegraph: process " in done.stderr


def test_a_python_that_the_program_calls_runs_models_on_delegraph(model: str) -> None:
    pytest.importorskip("delegraph_reference")
    done = executed(CALLING, "", model)
    assert "delegraph" in done.stdout, done.stderr
    assert "-3.0" in done.stdout
    assert "m.tflite: ops: 1 on reference; 1 run" in done.stdout


def test_one_without_the_environment_is_as_it_is(model: str) -> None:
    done = executed(CALLING, "-I", model)
    assert "('delegraph" not in done.stdout
    assert "process" not in done.stdout


def test_a_python_that_imports_none_of_it_imports_nothing_of_delegraph(model: str) -> None:
    program = """
import subprocess
subprocess.run([sys.executable, "-c", "import sys; print([m for m in sys.modules if 'delegraph' in m])"])
"""
    assert executed(program).stdout.strip() == "[]"


def test_the_sitecustomize_that_was_there_runs_too(model: str) -> None:
    Path("own").mkdir()
    Path("own/sitecustomize.py").write_text("import builtins; builtins.own = 'mine'")
    program = """
import subprocess
code = "print(own); import tflite_runtime; print(tflite_runtime.__spec__.origin)"
subprocess.run([sys.executable, "-c", code])
"""
    path = os.pathsep.join(["own", os.environ.get("PYTHONPATH", "")])
    assert executed(program, PYTHONPATH=path).stdout.split() == ["mine", "delegraph"]


def test_the_environment_is_as_before_when_the_program_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "mine")
    with passed_on(["reference"], {}, False, [], "cost"):
        assert os.environ["PYTHONPATH"].split(os.pathsep) == [str(STARTUP), "mine"]
        with passed_on(None, {}, True, []):  # a program that is started by one
            assert os.environ["PYTHONPATH"].split(os.pathsep) == [str(STARTUP), "mine"]
    assert os.environ["PYTHONPATH"] == "mine"
    assert SETTINGS not in os.environ
