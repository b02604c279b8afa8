"""Classes of values do what those of attrs do: each is made by both, and asked the same."""

from __future__ import annotations

import copy
import pickle

import attrs
import numpy as np
import pytest
from attrs import cmp_using, field
from delegraph.values import frozen


def plain(made):
    @made
    class Value:
        x: object
        y: object = 2

    return Value


def unhashable(made):
    @made(hash=False)
    class Value:
        x: object
        y: object = field(default=3, repr=False)

    return Value


def by_identity(made):
    @made(eq=False)
    class Value:
        x: object

    return Value


def of_fields(made):
    @made
    class Value:
        x: object = field(repr=lambda x: f"<{x}>")
        _y: object = field(default=1, eq=False)
        z: object = field(default=(), hash=False)

    return Value


def of_arrays(made):
    @made(hash=False)
    class Value:
        x: object
        y: object = field(default=None, eq=cmp_using(eq=np.array_equal))

    return Value


def of_its_own(made):
    @made
    class Value:
        x: object

        def __eq__(self, other):
            return other == "anything"

        def __repr__(self):
            return "its own"

    return Value


def derived(made):
    @made
    class Value(plain(made)):
        z: object = 4

    return Value


def empty(made):
    return made(type("Value", (), {"__annotations__": {}}))


def said(act):
    try:
        return act()
    except Exception as e:
        return type(e)


def answers(cls, given):
    values = [cls(*a) for a in given]
    first, rest = values[0], [*values, *given, None, "anything"]
    return {
        "repr": said(lambda: repr(first)),
        "equal": [said(lambda other=other: first == other) for other in rest],
        "unequal": [said(lambda other=other: first != other) for other in rest],
        "same hash": [said(lambda v=v: hash(v) == hash(first)) for v in values],
        "copied": said(lambda: copy.copy(first) == first),
        "evolved": said(lambda: repr(attrs.evolve(first))),
        "changed": said(lambda: setattr(first, "x", 1)),
        "fields": [(a.name, a.alias, a.default) for a in attrs.fields(cls)],
        "places": (cls.__slots__, cls.__match_args__),
    }


ONE = [(1,), (1,), (2,), ([],)]
TWO = [(1, 2), (1, 3), (2, 2), (1, 2), (1, [])]
ARRAYS = [(1, np.arange(3)), (2, np.arange(3)), (1, np.arange(4)), (1, np.arange(3))]


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("given", [ONE, TWO], ids=["one", "two"])
@pytest.mark.parametrize(
    "make", [plain, unhashable, by_identity, of_fields, of_arrays, of_its_own, derived, empty]
)
def test_values_answer_as_those_of_attrs_do(make, given, first):
    given = ARRAYS if make is of_arrays else given
    given = [given[first], *given]
    if make is empty:
        given = [(), ()]
    if make in (by_identity, of_its_own):
        given = [a[:1] for a in given]
    assert repr(answers(make(frozen), given)) == repr(answers(make(attrs.frozen), given))


def test_a_value_that_holds_itself_is_shown():
    value = plain(frozen)([])
    value.x.append(value)
    assert repr(value).endswith("Value(x=[...], y=2)")


@frozen
class Known:
    x: int
    y: tuple[int, ...] = ()


def test_a_value_is_pickled():
    assert pickle.loads(pickle.dumps(Known(1, (2,)))) == Known(1, (2,))
