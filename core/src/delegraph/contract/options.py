"""Options of a delegate: typed fields of an attrs class, given as Python values or as strings.

``{"num_threads": "4", "quantized": "false"}`` and ``{"num_threads": 4, "quantized": False}`` are the same;
strings come from the command line and from programs written for LiteRT, whose options are strings.
"""

from __future__ import annotations

import os
import types
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ..errors import OptionError
from ..text import did_you_mean
from ..values import NOTHING, Made, fields

T = TypeVar("T")
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def read_options(cls: type[T], given: Mapping[str, Any], owner: str) -> T:
    """Return ``cls`` with the given options, converted to the types of its fields.

    Fields are ``bool``, ``int``, ``float``, ``str``, ``Path``, ``Literal[...]``, a tuple of these
    (``tuple[int, ...]``: "1,2" as text), or any of them ``| None`` ("none" as text).

    :param owner: whose options they are, for the message: ``"delegate 'opencl'"``.
    :raises OptionError: an option is unknown, or its value does not fit; the message lists what is valid.
    """
    known, hints = option_fields(cls), get_type_hints(cls)
    kinds = {name: hints[f.name] for name, f in known.items()}
    valid = "; ".join(describe_options(cls))
    valid = f"valid options: {valid}" if valid else "it has none"
    values = {}
    for name, value in given.items():
        if name not in known:
            raise OptionError(f"{owner} has no option {name!r}{did_you_mean(name, known)}; {valid}")
        try:
            values[name] = _convert(value, kinds[name])
        except ValueError:
            needed = _type_text(kinds[name])
            raise OptionError(
                f"option {name!r} of {owner} needs {needed}, found {value!r}; {valid}"
            ) from None
    if missing := [n for n, f in known.items() if f.default is NOTHING and n not in values]:
        raise OptionError(f"{owner} needs option {missing[0]!r}; {valid}")
    try:
        return cls(**values)
    except (ValueError, TypeError) as e:  # a validator of the class
        raise OptionError(f"options of {owner}: {e}; {valid}") from e


def describe_options(cls: type) -> list[str]:
    """Return a line for each option: ``"num_threads: int | None = None"``."""
    hints = get_type_hints(cls)
    return [f"{name}: {_type_text(hints[f.name])}{_default(f)}" for name, f in option_fields(cls).items()]


def option_fields(cls: type) -> dict[str, Any]:
    return {f.alias: f for f in fields(cls) if f.init}


def _default(field: Any) -> str:
    default: Any = field.default
    if default is NOTHING:
        return " (required)"
    if isinstance(default, Made):
        return "" if default.takes_self else f" = {default.factory()!r}"
    return f" = {default!r}"


def _convert(value: Any, kind: Any) -> Any:
    """Return ``value`` as a ``kind``; ValueError if it is none."""
    origin = get_origin(kind)
    if origin is Literal:
        return _convert_literal(value, get_args(kind))
    if origin in (Union, types.UnionType):
        return _convert_union(value, get_args(kind))
    if origin is tuple:
        return _convert_tuple(value, get_args(kind)[0])
    if kind is Any:
        return value
    if issubclass(kind, os.PathLike) and isinstance(value, (str, os.PathLike)):
        return kind(value)
    if isinstance(value, str) and kind is not str:
        return _from_text(value, kind)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(value)
    return value


def _convert_literal(value: Any, choices: tuple[Any, ...]) -> Any:
    for choice in choices:
        same_type = type(value) is type(choice) and value == choice
        if same_type or (isinstance(value, str) and value == str(choice)):
            return choice
    raise ValueError(value)


def _convert_union(value: Any, kinds: tuple[Any, ...]) -> Any:
    if type(None) in kinds and (value is None or value == "none"):
        return None
    for kind in (k for k in kinds if k is not type(None)):
        try:
            return _convert(value, kind)
        except ValueError:
            continue
    raise ValueError(value)


def _convert_tuple(value: Any, kind: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",")] if value else []
    if not isinstance(value, (list, tuple)):
        raise ValueError(value)
    return tuple(_convert(part, kind) for part in value)


def _from_text(text: str, kind: Any) -> Any:
    if kind is bool:
        if text.lower() not in _TRUE + _FALSE:
            raise ValueError(text)
        return text.lower() in _TRUE
    if kind in (int, float):
        return kind(text)
    raise ValueError(text)


def _type_text(kind: Any) -> str:
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " | ".join(map(repr, args))
    if origin in (Union, types.UnionType):
        return " | ".join("None" if k is type(None) else _type_text(k) for k in args)
    if origin is tuple:
        return f"tuple of {_type_text(args[0])}"
    return getattr(kind, "__name__", str(kind))
