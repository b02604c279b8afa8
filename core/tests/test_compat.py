"""Programs find delegraph at the addresses of LiteRT's modules, and only while it is installed there."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from delegraph import InputError, OptionError, StateError, compat
from delegraph.compat.modules import STAND_INS
from delegraph.file import write_model
from delegraph.model import Builder

ADDRESSES = sorted(name for name, stand_in in STAND_INS.items() if stand_in.source)
INTERPRETERS = sorted(name for name in ADDRESSES if name.endswith(".interpreter"))


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A model file: y = (-x) * 2, with the embedding idiom's tensor before the last."""
    g = Builder()
    x = g.input((1, 3), "float32", name="x")
    middle = g.op("NEG", [x], [g.tensor((1, 3), "float32", name="middle")])
    y = g.op("ADD", [middle, middle], [g.tensor((1, 3), "float32", name="y")])
    file = tmp_path / "model.tflite"
    file.write_bytes(write_model(g.model(outputs=[y], signature="serving_default")))
    return str(file)


@pytest.fixture
def program(toy, path):
    """Return a function that opens the model as a program does."""
    with compat.installed([toy()]):
        import tflite_runtime.interpreter as tflite

        yield lambda **settings: opened(tflite.Interpreter(path, **settings))


def opened(interpreter):
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.ones((1, 3), np.float32))
    interpreter.invoke()
    return interpreter


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of packages that are installed as far as Python can tell."""

    def write(name: str, source: str) -> None:
        file = tmp_path.joinpath("site", *name.split("/"))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source)
        importlib.invalidate_caches()

    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    before = set(sys.modules)
    yield write
    for name in set(sys.modules) - before:
        if name.startswith(("tensorflow", "tflite_runtime")):
            del sys.modules[name]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_has_a_module_with_a_spec(address):
    before = sys.modules.get(address)
    with compat.installed():
        spec = importlib.util.find_spec(address)
        assert spec is not None
        assert spec.name == address
        module = importlib.import_module(address)
        assert module.__spec__.name == module.__name__ == address
        names: dict[str, object] = {}
        exec(f"from {address} import *", names)
        assert set(module.__all__) <= set(names)
        assert all(hasattr(module, name) for name in module.__all__)
    assert sys.modules.get(address) is before


def test_one_interpreter_stands_at_all_addresses():
    with compat.installed():
        classes = {getattr(importlib.import_module(name), "Interpreter") for name in INTERPRETERS}  # noqa: B009
        import tensorflow as tf
        import tflite_runtime

        assert {tf.lite.Interpreter} == classes
        assert tf.lite.experimental.load_delegate is sys.modules[INTERPRETERS[0]].load_delegate
        assert isinstance(tflite_runtime.__version__, str)
        assert isinstance(tf.__version__, str)


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is not None, reason="TensorFlow is installed")
def test_what_is_not_installed_is_not_pretended():
    with compat.installed():
        import tensorflow as tf

        with pytest.raises(AttributeError, match="not installed"):
            _ = tf.keras
        with pytest.raises(ImportError, match="keras"):
            importlib.import_module("tensorflow.keras")
    assert importlib.util.find_spec("tensorflow") is None


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is not None, reason="TensorFlow is installed")
def test_a_package_can_be_left_out():
    with compat.installed(leave_out=["tensorflow"]):
        assert importlib.util.find_spec("tensorflow") is None
        assert importlib.util.find_spec("tflite_runtime") is not None
    with pytest.raises(InputError, match="ai_edge_litert, tensorflow, tflite_runtime"):
        compat.install(leave_out=["torch"])
    assert not compat.is_installed()


def test_the_rest_of_an_installed_package_stays_its_own(folder):
    folder("tensorflow/__init__.py", "__version__ = '9.9'\nfrom tensorflow._api.v2 import lite\n")
    folder("tensorflow/_api/__init__.py", "")
    folder("tensorflow/_api/v2/__init__.py", "")
    folder("tensorflow/_api/v2/lite.py", "from tensorflow.lite.python.interpreter import Interpreter\n")
    folder("tensorflow/lite/__init__.py", "theirs = True\n")
    folder("tensorflow/lite/python/__init__.py", "")
    folder("tensorflow/lite/python/interpreter.py", "class Interpreter: pass\n")
    folder("tensorflow/keras.py", "layers = 1\n")
    with compat.installed():
        import tensorflow as tf
        from tensorflow.lite.python import interpreter as ours

        assert tf.__version__ == "9.9"
        assert tf.lite.Interpreter is ours.Interpreter
        assert ours.Interpreter.__module__ == "delegraph.compat.interpreter"
        assert importlib.import_module("tensorflow.keras").layers == 1
        assert importlib.import_module("tensorflow.lite").theirs


def test_a_package_that_was_imported_before_is_replaced_and_put_back(folder):
    folder("tensorflow/__init__.py", "from tensorflow._api.v2 import lite\n")
    folder("tensorflow/_api/__init__.py", "")
    folder("tensorflow/_api/v2/__init__.py", "")
    folder("tensorflow/_api/v2/lite.py", "from tensorflow.lite.python.interpreter import Interpreter\n")
    folder("tensorflow/lite/__init__.py", "")
    folder("tensorflow/lite/python/__init__.py", "")
    folder("tensorflow/lite/python/interpreter.py", "class Interpreter: pass\n")
    tf = importlib.import_module("tensorflow")
    before = tf.lite.Interpreter
    with compat.installed():
        assert tf.lite.Interpreter is not before
        from tensorflow.lite.python import interpreter as ours

        assert tf.lite.Interpreter is ours.Interpreter
    assert tf.lite.Interpreter is before
    again = importlib.import_module("tensorflow.lite.python.interpreter")
    assert again.Interpreter is before


def test_a_program_runs_on_what_install_was_given(program):
    interpreter = program(num_threads=2)
    assert interpreter.delegates[0].name == "toy"
    output = interpreter.get_output_details()[0]["index"]
    assert interpreter.get_tensor(output).tolist() == [[-2, -2, -2]]


def test_names_in_the_environment_choose_delegates(monkeypatch):
    from delegraph.compat.settings import ProgramSettings

    monkeypatch.setenv("DELEGRAPH_DELEGATES", "opencl, litert")
    assert ProgramSettings().wanted == ["opencl", "litert"]
    assert ProgramSettings(["reference"]).wanted == ["reference"]
    monkeypatch.delenv("DELEGRAPH_DELEGATES")
    assert ProgramSettings().wanted == []


def test_a_program_plans_by_the_policy_that_install_was_given(toy, path):
    with compat.installed([toy()], policy="fastest"):
        program = importlib.import_module("tflite_runtime.interpreter").Interpreter
        with pytest.raises(
            OptionError, match="no policy 'fastest' for partitioning; there is: greedy, cost"
        ):
            program(path).allocate_tensors()


def test_what_ran_is_told(program, path):
    interpreter = program()
    interpreter.invoke()
    program()
    (found,) = compat.ran()
    assert (found.model, dict(found.ops)) == ("model.tflite", {"toy": 2})
    assert (found.runs, found.interpreters) == (3, 2)
    assert str(found) == "model.tflite: ops: 2 on toy; 3 runs of 2 interpreters"


def test_the_tensor_before_the_last_has_its_values_from_the_first_time_on(program, caplog):
    interpreter = program()
    index = interpreter.get_output_details()[0]["index"] - 1
    assert interpreter.get_tensor(index).tolist() == [[-1, -1, -1]]
    assert len([r for r in caplog.records if "kept from now on" in r.getMessage()]) == 1
    interpreter.set_tensor(0, np.full((1, 3), 5, np.float32))
    interpreter.invoke()
    assert interpreter.get_tensor(index).tolist() == [[-5, -5, -5]]
    assert len([r for r in caplog.records if "kept from now on" in r.getMessage()]) == 1
    assert len(interpreter.get_output_details()) == 1


@pytest.mark.parametrize("how", ["set_tensor", "view", "signature"])
def test_a_run_is_not_repeated_on_other_inputs(program, how):
    interpreter = program()
    x = np.full((1, 3), 7, np.float32)
    if how == "set_tensor":
        interpreter.set_tensor(0, x)
    elif how == "view":
        interpreter.tensor(0)()[:] = x
    else:
        interpreter.get_signature_runner()(x=x)
        assert interpreter.get_tensor(1).tolist() == [[-7, -7, -7]]  # on the inputs of the last run
        return
    with pytest.raises(StateError, match="next run"):
        interpreter.get_tensor(1)
    interpreter.invoke()
    assert interpreter.get_tensor(1).tolist() == [[-7, -7, -7]]


def test_a_run_that_changes_state_is_not_repeated(interpret):
    g = Builder()
    x, total = g.input((1,), "float32"), g.variable((1,), "float32")
    middle = g.op("NEG", [x], [g.tensor((1,), "float32")])
    y = g.op("Sum", [middle, total], [g.tensor((1,), "float32")])
    interpreter = interpret(g.model(outputs=[y]), keep_read_tensors=True)
    interpreter.allocate_tensors()
    interpreter.set_tensor(x.index, np.float32([1]))
    interpreter.invoke()
    with pytest.raises(StateError, match="next run"):
        interpreter.get_tensor(middle.index)
    interpreter.invoke()
    assert interpreter.get_tensor(middle.index).tolist() == [-1]
    assert interpreter.get_tensor(y.index).tolist() == [-2]  # of two runs, not three


def test_tensors_can_be_kept_from_the_start(toy, path, caplog):
    with compat.installed([toy()], keep_tensors=True):
        import ai_edge_litert.interpreter as litert

        interpreter = opened(litert.Interpreter(model_path=path))
        assert interpreter.get_tensor(1).tolist() == [[-1, -1, -1]]
    assert "kept from now on" not in caplog.text


def test_native_code_is_named_with_the_way_out(program):
    interpreter = program()
    with pytest.raises(InputError, match="set_tensor"):
        interpreter._native_handle()
    with pytest.raises(AttributeError, match="Answered are: AllocateTensors"):
        interpreter._interpreter.ModifyGraphWithDelegate(1)
    assert interpreter._interpreter.NumNodes() == 2
    assert interpreter._interpreter.TensorName(0, 0) == "x"


def test_custom_ops_in_native_code_are_refused(program, path):
    import tflite_runtime.interpreter as tflite

    with pytest.raises(InputError, match="delegraph_op_support"):
        tflite.InterpreterWithCustomOps(["Register"], model_path=path)
    assert isinstance(
        tflite.InterpreterWithCustomOps(custom_op_registerers=[], model_path=path), tflite.Interpreter
    )
