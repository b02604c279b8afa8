"""Options that are wrong are refused when the delegate is loaded, with the option's name."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType
from typing import Any, get_args, get_type_hints

import attrs
from delegraph import OptionError

from ..subject import Subject

UNKNOWN = "no_such_option"
# What no option of a type may be; of other types than these, nothing in particular.
GARBAGE: dict[type, tuple[object, ...]] = {
    bool: ("maybe", 2.5, [], b"\0"),
    int: ("many", "1.5", [], float("nan"), object()),
    float: ("wide", [], object()),
    str: (object(), [], 3.5),
}
OTHER = (object(),)


def garbage_options(subject: Subject) -> Iterator[str]:
    """An unknown option, and values that are none of an option's type."""
    yield from _tried(subject, UNKNOWN, "1")
    options = type(subject.delegate).Options
    hints = get_type_hints(options)
    for field in attrs.fields(options):
        kinds = [
            kind for kind in get_args(hints[field.name]) or (hints[field.name],) if kind is not NoneType
        ]
        if Any not in kinds:
            for value in GARBAGE.get(kinds[0], OTHER) if len(kinds) == 1 else OTHER:
                yield from _tried(subject, field.alias or field.name, value)


def _tried(subject: Subject, name: str, value: object) -> Iterator[str]:
    given: Any = {**subject.options, name: value}
    wrong = attrs.evolve(subject, options=given)
    try:
        wrong.load().close()
    except OptionError as e:
        if name not in str(e):
            yield f"option {name}={value!r} is refused without its name: {e}"
    except Exception as e:
        yield f"option {name}={value!r} raises a bare {type(e).__name__} instead of OptionError: {e}"
    else:
        yield f"option {name}={value!r} is taken"
