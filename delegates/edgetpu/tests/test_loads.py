"""Files that the compiler's own TFLite cannot load are refused as a whole, in its words, with a way out."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest
from delegraph import load_delegate, plan_model, read_model
from delegraph.model import operator_code, schema
from delegraph_edgetpu.cut import CompilationFailed, Settings, cut
from delegraph_edgetpu.loads import FIRST, LAST, unloadable
from delegraph_edgetpu.ops import NEWEST, rows

PAGE = Path(__file__).parents[3] / "docs/edgetpu.md"
NOT_FOUND = (
    "ERROR: Didn't find op for builtin opcode '{}' version '{}'. An older version of this builtin might be "
    "supported. Are you using an old TFLite binary with a newer model?\n\nERROR: Registration failed.\n\n"
    "Invalid model: {}\nModel could not be parsed"
)
OUT_OF_RANGE = (
    "ERROR: Op builtin_code out of range: {}. Are you using old TFLite binary with newer model?\n"
    "ERROR: Registration failed.\n\nInvalid model: {}\nModel could not be parsed"
)


def with_code(net, name, version):
    """Return a model of one op that is mapped, and an operator code that no op uses."""
    n = net()
    n.op("RELU", [n.input(1, 8)], 1, 8)
    model = n.model()
    return attrs.evolve(model, operator_codes=(operator_code("RELU", 1), operator_code(name, version)))


def failure(path, **settings):
    with pytest.raises(CompilationFailed) as e:
        cut(path, Settings(**settings), print)
    return e.value


# By compiler 16: github.com/google-coral/edgetpu/issues 631, 845, 879; google-coral/libedgetpu/issues/71.
@pytest.mark.parametrize(
    ("name", "version"), [("CONV_2D", 6), ("TRANSPOSE_CONV", 4), ("QUANTIZE", 3), ("EXP", 2)]
)
def test_versions_that_users_saw_refused_are(net, saved, name, version):
    path = saved(with_code(net, name, version))

    failed = failure(path)

    assert failed.log == NOT_FOUND.format(name, version, path)
    assert f"{name} in version {version}, known from 1 to {version - 1}" in str(failed)
    assert "convert with TensorFlow 2.6 or older" in str(failed)


# The same, issue 862: DYNAMIC_UPDATE_SLICE has the code 151.
def test_a_code_that_a_user_saw_out_of_range_is(net, saved):
    path = saved(with_code(net, "DYNAMIC_UPDATE_SLICE", 1))

    failed = failure(path)

    assert failed.log == OUT_OF_RANGE.format(151, path)
    assert "DYNAMIC_UPDATE_SLICE in version 1, which it does not know" in str(failed)


# The same, issues 384 and 464: compiler 15 refused them, 16 does not.
@pytest.mark.parametrize(("name", "version"), [("RSQRT", 2), ("REVERSE_V2", 3)])
def test_versions_that_users_saw_loaded_are(net, saved, name, version):
    assert cut(saved(with_code(net, name, version)), Settings(), print).mapped


@pytest.mark.parametrize("name", [n for n in schema.OPERATORS if n != "CUSTOM"])
def test_every_op_is_loaded_in_the_versions_of_the_table_and_in_no_other(net, saved, name):
    last = LAST.get(name, 0)
    for version in range(1, last + 3):
        found = unloadable(read_model(saved(with_code(net, name, version))))
        assert [u.found.split(" in ")[0] for u in found] == (
            [] if FIRST.get(name, 1) <= version <= last else [name]
        )


def test_what_is_mapped_can_be_loaded():
    builtin = [row for row in rows(NEWEST) if row.op in schema.OPERATORS]

    assert [row.op for row in builtin if row.versions[1] > LAST[row.op]] == []


def test_tensors_of_types_that_came_later_keep_a_file_from_being_loaded(net, saved):
    n = net()
    x = n.op("RELU", [n.input(1, 8)], 1, 8)
    n.g.op(
        "CAST",
        [
            n.constant([[1] * 8], "int4"),
        ],
        [n.g.tensor((1, 8), "int32")],
    )
    path = saved(n.model(x))

    failed = failure(path)

    assert failed.log == (
        f"ERROR: Unsupported data type 17 in tensor\nInvalid model: {path}\nModel could not be parsed"
    )
    assert "tensors of int4, a type which it does not know (quantize to int8" in str(failed)


def test_a_search_for_fewer_ops_does_not_help_a_file_that_cannot_be_loaded(net, saved):
    assert "refuses this file as a whole" in str(failure(saved(with_code(net, "GELU", 1)), search=True))


def test_custom_ops_of_any_name_are_loaded(net, saved):
    assert cut(saved(with_code(net, "TFLite_Detection_PostProcess", 1)), Settings(), print).mapped


# The same, issues 479, 553 and 718: "Node number 13 (FlexSplitV) failed to prepare".
def test_an_op_of_tensorflow_fails_in_the_compilers_words(net, saved):
    n = net()
    x = n.op("RELU", [n.input(1, 8)], 1, 8)
    n.op("FlexSplitV", [x], 1, 8)

    failed = failure(saved(n))

    assert failed.log == (
        "ERROR: Regular TensorFlow ops are not supported by this interpreter. Make sure you apply/link the "
        "Flex delegate before inference.\nERROR: Node number 1 (FlexSplitV) failed to prepare.\n\n"
        "Compilation failed: Model failed in Tflite interpreter. Please ensure model can be loaded/run in "
        "Tflite interpreter."
    )
    assert "op #1 FlexSplitV v1 is a TensorFlow op" in str(failed)
    assert "convert without SELECT_TF_OPS" in str(failed)


def test_a_plan_is_advised_about_a_file_that_cannot_be_loaded(net, saved):
    plan = plan_model(read_model(saved(with_code(net, "GELU", 1))), [load_delegate("edgetpu")], warn=False)

    (line,) = plan.delegates[0].advise(plan)

    assert (
        "cannot load GELU in version 1, which it does not know (use RELU, RELU6 or PRELU, or convert"
        in line
    )


def test_the_page_lists_what_is_loaded():
    rows = re.findall(r"^\| (\d+) \| ([A-Z][A-Z0-9_, ]+) \|$", PAGE.read_text(), re.M)

    assert {op: int(version) for version, ops in rows for op in ops.split(", ")} == LAST
