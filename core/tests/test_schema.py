"""The schema as data: how its rows are read, and that they agree with each other."""

from __future__ import annotations

import pytest
from delegraph.model import DTYPES, schema

OPTIONS = [t for union in ("BuiltinOptions", "BuiltinOptions2") for t in schema.UNIONS[union][1:]]


def test_a_field_stands_in_the_slot_of_its_position():
    fields = {f.name: f for f in schema.TABLES["Conv2DOptions"]}
    assert [f.slot for f in fields.values()] == list(range(7))
    assert fields["dilation_w_factor"].default == 1
    assert fields["padding"].default == "SAME"
    assert fields["stride_w"].storage == "int"
    assert fields["padding"].storage == "byte"


def test_a_union_takes_two_slots():
    slots = {f.name: f.slot for f in schema.TABLES["Operator"]}
    assert slots["outputs"] == 2
    assert slots["builtin_options"] == 4  # its kind is slot 3
    assert slots["custom_options"] == 5
    assert schema.slot_count("Operator") == 14


def test_a_slot_no_longer_used_is_left_out_but_counted():
    fields = schema.TABLES["ResizeBilinearOptions"]
    assert [(f.name, f.slot) for f in fields] == [("align_corners", 2), ("half_pixel_centers", 3)]
    assert schema.slot_count("ResizeBilinearOptions") == 4


def test_a_vector_that_may_be_absent_has_no_value_by_default():
    defaults = {
        f.name: f.default for t in ("SparsityParameters", "ReshapeOptions") for f in schema.TABLES[t]
    }
    assert defaults["block_map"] is None
    assert defaults["new_shape"] == ()


def test_every_type_of_a_field_is_known():
    known = {*schema.SCALARS, *schema.ENUMS, *schema.TABLES, *schema.UNIONS, "string"}
    assert {f.type for fields in schema.TABLES.values() for f in fields} <= known


def test_every_table_of_a_union_is_known():
    assert {t for tables in schema.UNIONS.values() for t in tables} <= {"NONE", *schema.TABLES}


def test_every_tensor_type_has_a_dtype():
    assert {n.lower(): v for n, v in schema.ENUMS["TensorType"].values.items()} == {
        d.name: d.code for d in DTYPES.values()
    }


def test_each_table_of_options_is_some_ops():
    used = {schema.options_of(op) for op in schema.OPERATORS}
    assert used == {"NONE", *OPTIONS}


@pytest.mark.parametrize(
    ("op", "table"),
    [
        ("CONV_2D", "Conv2DOptions"),
        ("L2_POOL_2D", "Pool2DOptions"),
        ("REDUCE_ALL", "ReducerOptions"),
        ("MINIMUM", "MaximumMinimumOptions"),
        ("CONV_3D_TRANSPOSE", "Conv3DOptions"),
        ("MULTINOMIAL", "RandomOptions"),
        ("STABLEHLO_COMPOSITE", "StableHLOCompositeOptions"),
        ("RELU", "NONE"),
        ("CUSTOM", "NONE"),
        ("no builtin op", "NONE"),
    ],
)
def test_an_op_has_its_table_of_options(op, table):
    assert schema.options_of(op) == table
