"""Classes of values do what those of attrs do: each is made by both, and asked the same."""

from __future__ import annotations

import copy
import inspect
import pickle
from functools import cached_property
from typing import ClassVar

import attrs
import numpy as np
import pytest
from attrs import cmp_using
from delegraph import values
from delegraph.values import at_least, evolve, fields, frozen


def plain(made, field=None):
    @made
    class Value:
        x: object
        y: object = 2

    return Value


def unhashable(made, field):
    @made(hash=False)
    class Value:
        x: object
        y: object = field(default=3, repr=False)

    return Value


def by_identity(made, field):
    @made(eq=False)
    class Value:
        x: object

    return Value


def of_fields(made, field):
    @made
    class Value:
        x: object = field(repr=lambda x: f"<{x}>")
        _y: object = field(default=1, eq=False)
        z: object = field(default=(), hash=False)

    return Value


def of_arrays(made, field):
    @made(hash=False)
    class Value:
        x: object
        y: object = field(default=None, eq=cmp_using(eq=np.array_equal))

    return Value


def of_its_own(made, field):
    @made
    class Value:
        x: object

        def __eq__(self, other):
            return other == "anything"

        def __repr__(self):
            return "its own"

    return Value


def derived(made, field):
    @made
    class Value(plain(made, field)):
        z: object = 4

    return Value


def empty(made, field):
    return made(type("Value", (), {"__annotations__": {}}))


def made_later(made, field):
    @made
    class Value:
        x: tuple = field(converter=lambda x: (x,))
        y: object = field(default=2, validator=at_least(2))
        z: list = field(factory=list, init=False)
        _kind: str = field(default="any", kw_only=True)
        count: ClassVar[int] = 0

        def __attrs_post_init__(self):
            self.z.append(len(self.x))

    return Value


def with_a_dictionary(made, field):
    @made(slots=False)
    class Value:
        x: object
        y: object = field(default=3)

        @cached_property
        def both(self):
            return self.x, self.y

        def __repr__(self):
            return f"{super().__repr__().partition('.')[0]} {self.both}"

    return Value


def with_a_name(made, field):
    @made
    class Value:
        x: object
        y: object = 2

        @property
        def place(self):
            return __class__

        def __repr__(self):
            return f"{self.place is type(self)} {super().__hash__() > 0}"

    return Value


def said(act):
    try:
        return act()
    except Exception as e:
        return type(e)


def answers(cls, given):
    found = [cls(*a) for a in given]
    first, rest = found[0], [*found, *given, None, "anything"]
    return {
        "repr": said(lambda: repr(first)),
        "equal": [said(lambda other=other: first == other) for other in rest],
        "unequal": [said(lambda other=other: first != other) for other in rest],
        "same hash": [said(lambda v=v: hash(v) == hash(first)) for v in found],
        "copied": said(lambda: copy.copy(first) == first),
        "evolved": said(lambda: repr(attrs.evolve(first))),
        "changed": said(lambda: setattr(first, "x", 1)),
        "fields": [[str(getattr(a, name)) for name in FIELD] for a in attrs.fields(cls)],
        "places": (getattr(cls, "__slots__", None), cls.__match_args__),
        "signature": str(inspect.signature(cls)),
        "state": said(lambda: first.__getstate__()),
    }


FIELD = "name alias init eq hash kw_only type inherited".split()
ONE = [(1,), (1,), (2,), ([],)]
TWO = [(1, 2), (1, 3), (2, 2), (1, 2), (1, [])]
MADE = [plain, unhashable, by_identity, of_fields, of_arrays, of_its_own, derived, empty]
MADE += [made_later, with_a_dictionary, with_a_name]
ARRAYS = [(1, np.arange(3)), (2, np.arange(3)), (1, np.arange(4)), (1, np.arange(3))]


@pytest.mark.parametrize("first", [0, 3])
@pytest.mark.parametrize("given", [ONE, TWO], ids=["one", "two"])
@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize("field", [values.field, attrs.field], ids=["ours", "of attrs"])
@pytest.mark.parametrize("kind", ["frozen", "define"])
def test_values_answer_as_those_of_attrs_do(kind, field, make, given, first):
    given = ARRAYS if make is of_arrays else given
    given = [given[first], *given]
    if make is empty:
        given = [(), ()]
    if make in (by_identity, of_its_own):
        given = [a[:1] for a in given]
    if make is made_later:
        given = [(x[0], 2 + n) for n, x in enumerate(given)]
    ours = make(getattr(values, kind), field)
    assert repr(answers(ours, given)) == repr(answers(make(getattr(attrs, kind), attrs.field), given))


GIVEN = [
    *[(ONE[0], {}), (TWO[0], {}), ((1, None), {}), ((), {"x": 1}), ((1,), {"y": 3})],
    *[((), {}), ((1,), {"x": 2}), ((1, 2, 3, 4), {}), ((1,), {"z": 5}), ((1,), {"kind": "k"})],
    *[((1,), {"_y": 1}), ((1,), {"nothing": 1}), ((1, 1), {}), ((1, values.NOTHING), {}), (("self",), {})],
]


@pytest.mark.parametrize("make", MADE)
@pytest.mark.parametrize("kind", ["frozen", "define"])
def test_the_first_values_of_a_class_are_like_the_later_ones(kind, make):
    early, late = (make(getattr(values, kind), values.field) for _ in range(2))
    assert late.__init__  # who looks at it has it compiled

    def made(cls, args, named):
        try:
            value = cls(*args, **named)
        except Exception as e:
            return repr(e)
        return [getattr(value, f.name, "none") for f in fields(cls)]

    for args, named in GIVEN:
        first = made(make(getattr(values, kind), values.field), args, named)
        assert repr(first) == repr(made(late, args, named))
    for args, named in GIVEN * values._UNCOMPILED:
        assert repr(made(early, args, named)) == repr(made(late, args, named))
    assert type(vars(early)["__init__"]) is type(made)  # it has been compiled


def test_a_class_that_is_no_value_s_own_begins_as_its_base_does():
    class Derived(plain(frozen)):
        def __init__(self, x):
            super().__init__(x, 5)

    assert [(v.x, v.y) for v in map(Derived, range(30))] == [(n, 5) for n in range(30)]


def test_attrs_derives_from_a_class_made_here():
    @attrs.frozen
    class Value(plain(frozen)):
        z: object = 3

    assert repr(Value(1)).endswith("Value(x=1, y=2, z=3)")
    assert [f.name for f in fields(Value)] == ["x", "y", "z"]


def test_a_class_made_here_derives_from_one_of_attrs():
    @frozen
    class Value(plain(attrs.frozen)):
        z: object = 3

    assert evolve(Value(1), z=4) == Value(1, 2, 4)


def test_a_value_that_is_no_good_is_refused():
    value = made_later(frozen, values.field)
    with pytest.raises(ValueError, match="'y' must be >= 2: 1"):
        value(0, 1)
    with pytest.raises(TypeError, match=r"Value.__init__\(\) missing 1 required positional argument: 'x'"):
        value()
    assert value(0, None).y is None


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
