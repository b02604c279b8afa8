"""Options that are wrong are refused when the delegate is loaded, with the option's name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
from delegraph import OptionError

from ..subject import Subject

UNKNOWN = "no_such_option"
# What no option of a type may be.
GARBAGE: dict[type, tuple[object, ...]] = {
    bool: ("maybe", 2.5, [], b"\0"),
    int: ("many", "1.5", [], float("nan"), object()),
    float: ("wide", [], object()),
    str: (object(), [], 3.5),
}


def garbage_options(subject: Subject) -> Iterator[str]:
    """An unknown option, and values that are none of an option's type."""
    yield from _tried(subject, UNKNOWN, "1")
    for field in attrs.fields(subject.delegate.Options):
        kinds = [kind for kind in GARBAGE if kind.__name__ in str(field.type)] or [str]
        for value in GARBAGE[kinds[0]] if len(kinds) == 1 else (object(),):
            yield from _tried(subject, field.name, value)


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
