"""The schema, row by row, against the classes that LiteRT generates from schema.fbs."""

from __future__ import annotations

import types

import pytest
from delegraph.model import schema

fb = pytest.importorskip("ai_edge_litert.schema_py_generated", reason="ai-edge-litert is not installed")

FLATBUFFERS_NAMES = {
    "Bool": "bool",
    "Int8": "byte",
    "Uint8": "ubyte",
    "Int16": "short",
    "Uint16": "ushort",
    "Int32": "int",
    "Uint32": "uint",
    "Int64": "long",
    "Uint64": "ulong",
    "Float32": "float",
    "Float64": "double",
    "UOffsetTRelative": "offset",
}
SIZES = {
    "bool": 1,
    "byte": 1,
    "ubyte": 1,
    "short": 2,
    "ushort": 2,
    "int": 4,
    "uint": 4,
    "long": 8,
    "float": 4,
}
LITERT_TABLES = sorted(n for n, c in vars(fb).items() if isinstance(c, type) and hasattr(c, "GetRootAs"))
LITERT_ENUMS = sorted(
    n
    for n, c in vars(fb).items()
    if isinstance(c, type) and not hasattr(c, "GetRootAs") and not n.endswith("T") and "_" not in n
)


class Recorder:
    """Stands in for a flatbuffers.Builder and keeps what a generated function asks of it."""

    def __getattr__(self, name):
        return lambda *args: setattr(self, "asked", (name, args))


def asked(function, *args):
    recorder = Recorder()
    function(recorder, *args)
    return recorder.asked


def camel(name):
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def slot_of(table, name):
    """Return the type, slot and default with which LiteRT writes a field."""
    call, (slot, _, default) = asked(getattr(fb, f"{table}Add{name}"), 1)
    return FLATBUFFERS_NAMES[call.removeprefix("Prepend").removesuffix("Slot")], slot, default


def stored_default(field):
    if field.kind == "enum":
        return schema.ENUMS[field.type].values[field.default]
    return field.default if field.kind == "scalar" else 0


@pytest.mark.parametrize("table", LITERT_TABLES)
def test_a_table_has_the_slots_types_and_defaults_of_litert(table):
    assert asked(getattr(fb, f"{table}Start")) == ("StartObject", (schema.slot_count(table),))
    added = {n.removeprefix(f"{table}Add") for n in vars(fb) if n.startswith(f"{table}Add")}
    expected = set()
    for field in schema.TABLES[table]:
        name = camel(field.name)
        expected.add(name)
        scalar = field.kind in ("scalar", "enum")
        type_ = field.storage if scalar else "offset"
        assert slot_of(table, name) == (type_, field.slot, stored_default(field)), field
        if field.kind == "union":
            expected.add(name + "Type")
            assert slot_of(table, name + "Type") == ("ubyte", field.slot - 1, 0), field
        if field.kind == "vector":
            size = SIZES.get(field.storage, 4)
            call, (found, _, _) = asked(getattr(fb, f"{table}Start{name}Vector"), 0)
            assert (call, found) == ("StartVector", size), field
    assert added == expected


def test_no_table_is_missing_and_none_is_invented():
    assert sorted(schema.TABLES.keys() - {"NONE"}) == LITERT_TABLES


@pytest.mark.parametrize("enum", LITERT_ENUMS)
def test_an_enum_or_union_has_the_names_and_values_of_litert(enum):
    members = vars(getattr(fb, enum)).items()
    theirs = {n: v for n, v in members if not n.startswith("__") and not isinstance(v, types.FunctionType)}
    if enum in schema.UNIONS:
        assert {n: i for i, n in enumerate(schema.UNIONS[enum])} == theirs
    else:
        assert dict(schema.ENUMS[enum].values) == theirs


def test_no_enum_is_missing_and_none_is_invented():
    assert sorted([*schema.ENUMS, *schema.UNIONS]) == LITERT_ENUMS


def test_all_210_builtin_operators_are_there():
    assert len(schema.OPERATORS) == 210
    assert schema.OPERATORS[209] == "STABLEHLO_CASE"
