"""``delegraph exec`` runs a program as Python does, with delegraph in LiteRT's place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

DIGITS = Path(__file__).parents[2] / "docs" / "models" / "digits_int8.tflite"
CLASSIFY = """
import sys
import numpy as np
{imported}

interpreter = tflite.Interpreter(model_path=sys.argv[1], num_threads=1)
interpreter.allocate_tensors()
entry, exit = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
interpreter.set_tensor(entry["index"], np.arange(64, dtype=np.int8).reshape(entry["shape"]))
interpreter.invoke()
print(interpreter.get_tensor(exit["index"]).tolist())
"""
ASKS = """
import sys
print(sys.argv[1:], sys.path[0], __name__, __file__)
if "raise" in sys.argv:
    raise ValueError("of the program")
sys.exit(int(sys.argv[-1]))
"""


def ran(*arguments: object, **settings: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **settings)  # type: ignore[call-overload, no-any-return]


def delegraph(*arguments: object, **settings: object) -> subprocess.CompletedProcess[str]:
    return ran("-m", "delegraph", "exec", *arguments, **settings)


def test_a_program_has_the_results_of_litert_on_each_delegate(tmp_path: Path) -> None:
    script = tmp_path / "classify.py"
    script.write_text(CLASSIFY.format(imported="from ai_edge_litert import interpreter as tflite"))
    expected = np.array(json.loads(ran(script, DIGITS).stdout))
    for delegate, steps in (("litert", 0), ("reference", 1)):  # LiteRT runs XNNPACK here
        found = delegraph("-d", delegate, script, DIGITS)
        assert np.abs(np.array(json.loads(found.stdout)) - expected).max() <= steps, found.stderr
        assert f"delegraph: digits_int8.tflite: ops: 10 on {delegate}; 1 run\n" in found.stderr


def test_options_reach_the_delegate_of_their_label(tmp_path: Path) -> None:
    script = tmp_path / "threads.py"
    script.write_text(
        "import tflite_runtime.interpreter as tflite, sys\n"
        "found = tflite.Interpreter(sys.argv[1]).delegates\n"
        "print([(d.label, d.options.num_threads) for d in found])\n"
    )
    found = delegraph("-d", "litert,litert", "-o", "litert:2.num_threads=3", script, DIGITS)
    assert "('litert', None), ('litert:2', 3)" in found.stdout, found.stderr


def test_arguments_and_exit_codes_are_the_programs(tmp_path: Path) -> None:
    script = tmp_path / "asks.py"
    script.write_text(ASKS)
    found = delegraph(script, "-d", "x", "--help", "7")
    assert found.returncode == 7
    assert found.stdout == f"['-d', 'x', '--help', '7'] {tmp_path} __main__ {script}\n"
    assert found.stderr == "delegraph: the program opened no model\n"


def test_what_a_program_writes_stays_however_it_ends(tmp_path: Path) -> None:
    script = tmp_path / "writes.py"
    script.write_text("import delegraph, sys\ndelegraph.write_file(sys.argv[1], b'kept')\nsys.exit(3)\n")
    assert delegraph(script, tmp_path / "written").returncode == 3
    assert (tmp_path / "written").read_bytes() == b"kept"


def test_a_traceback_begins_in_the_program(tmp_path: Path) -> None:
    script = tmp_path / "asks.py"
    script.write_text(ASKS)
    found = delegraph(script, "raise")
    assert found.returncode == 1
    assert found.stderr.splitlines()[:2] == [
        "Traceback (most recent call last):",
        f'  File "{script}", line 5, in <module>',
    ]
    assert "ValueError: of the program\n" in found.stderr


def test_a_module_is_found_from_the_folder_that_one_is_in(tmp_path: Path) -> None:
    (tmp_path / "asks.py").write_text(ASKS)
    found = delegraph("-m", "asks", "-m", "3", cwd=tmp_path)
    assert (found.returncode, found.stdout.split()[:3]) == (3, ["['-m',", "'3']", str(tmp_path)])


def test_a_delegate_that_is_not_there_is_named_before_the_program_begins(tmp_path: Path) -> None:
    script = tmp_path / "asks.py"
    script.write_text(ASKS)
    found = delegraph("-d", "npu", script, "0")
    assert (found.returncode, found.stdout) == (1, "")
    assert "no delegate 'npu'" in found.stderr


def test_a_script_that_is_not_there_is_a_wrong_call() -> None:
    found = delegraph("nowhere.py")
    assert found.returncode == 2
    assert "no file 'nowhere.py'; a module needs -m" in found.stderr
