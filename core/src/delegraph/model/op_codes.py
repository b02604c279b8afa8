"""How a file says which op is meant: operator codes, names of custom ops and composites, tables of options.

Source: tflite/converter/schema/schema.fbs (``OperatorCode``); tflite/converter/schema/schema_utils.cc.
"""

from __future__ import annotations

import struct
from typing import Any

from ..errors import InputError
from ..text import did_you_mean, escaped
from . import schema
from .graph import NO_OPTIONS, OperatorCode, Record


def operator_code(name: str, version: int) -> OperatorCode:
    """Return the code with which a file says "this op, this version"; the opposite of :func:`op_name`."""
    kind, _, custom = name.partition(":")
    builtin = kind if kind == "STABLEHLO_COMPOSITE" else name
    if kind != "CUSTOM" and builtin in schema.OPERATORS:
        old = min(schema.OPERATORS.index(builtin), _PLACEHOLDER)
        return OperatorCode(builtin, version, None, old)
    code = custom if kind == "CUSTOM" else name
    return OperatorCode("CUSTOM", version, code, schema.OPERATORS.index("CUSTOM"))


def op_name(code: OperatorCode, options: Record) -> str:
    """Return the name an op goes by: its builtin's, its custom code, or that of its composite.

    A custom op that calls itself like a builtin is "CUSTOM:ADD", so that it never runs as the builtin.
    What cannot be seen in a name is escaped: the code itself has it as the file does.
    """
    if code.name == "STABLEHLO_COMPOSITE":
        return escaped(f"{code.name}:{options.get('name')}")
    if code.name != "CUSTOM":
        return code.name
    custom = escaped(code.custom_code or "")
    taken = custom in schema.OPERATORS or custom.startswith(("CUSTOM:", "STABLEHLO_COMPOSITE:"))
    return f"CUSTOM:{custom}" if taken else custom


def options_record(op: str, **given: Any) -> Record:
    """Return the options of a builtin op: the given ones checked, the others as the schema's defaults.

    :param op: its name; that of a composite, "STABLEHLO_COMPOSITE:norm", gives the option ``name``, too
    """
    kind, _, name = op.partition(":")
    if kind == "STABLEHLO_COMPOSITE":
        op, given = kind, ({"name": name} if name else {}) | given
    table = schema.options_of(op)
    if table == "NONE" and not given:
        return NO_OPTIONS
    fields = {f.name: f for f in schema.TABLES[table]}
    values = {name: f.default for name, f in fields.items()}
    for name, value in given.items():
        if name not in fields:
            known = f"it has: {', '.join(fields) or 'none'}"
            raise InputError(f"{op} has no option {name!r}{did_you_mean(name, fields)}; {known}")
        values[name] = _option(op, fields[name], value)
    return Record(table, values)


def _option(op: str, field: schema.Field, value: Any) -> Any:
    """Return an option's value as the reader would give it."""
    if field.kind != "vector":
        return _item(op, field, field.kind, value)
    if value is None and field.default is None:
        return None  # a vector that is absent, which is not the same as an empty one
    if field.type == "ubyte":
        return bytes(value)
    return tuple(_item(op, field, field.item, v) for v in value)


def _item(op: str, field: schema.Field, kind: str, value: Any) -> Any:
    if kind == "enum":
        names = schema.ENUMS[field.type].names
        if value not in names:
            one_of = f"needs one of {', '.join(names)}"
            raise InputError(f"{op}: option {field.name!r} {one_of}, found {value!r}")
        return value
    if kind == "string":
        return str(value)
    code = "<" + schema.SCALARS[field.type]
    try:
        return struct.unpack(code, struct.pack(code, value))[0]  # a float as the file keeps it
    except (struct.error, TypeError, OverflowError):
        wanted = f"needs a value of type {field.type}"
        raise InputError(f"{op}: option {field.name!r} {wanted}, found {value!r}") from None


_PLACEHOLDER = schema.OPERATORS.index("PLACEHOLDER_FOR_GREATER_OP_CODES")
