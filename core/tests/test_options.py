"""Options of delegates, as Python values and as text."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import attrs
import pytest
from attrs import field, frozen
from delegraph.contract import describe_options
from delegraph.contract.options import read_options
from delegraph.errors import OptionError


@frozen
class Options:
    fast: bool = False
    threads: int | None = None
    scale: float = 1.0
    name: str = "x"
    precision: Literal["float32", "float16"] = "float32"
    level: Literal[0, 1, 2] = 0
    cache: Path | None = None
    devices: tuple[int, ...] = ()
    hook: Any = None


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("fast", True, True),
        ("fast", "yes", True),
        ("fast", "OFF", False),
        ("threads", 4, 4),
        ("threads", "4", 4),
        ("threads", None, None),
        ("threads", "none", None),
        ("scale", 2, 2.0),
        ("scale", "2.5e-1", 0.25),
        ("name", "4", "4"),
        ("precision", "float16", "float16"),
        ("level", "2", 2),
        ("level", 1, 1),
        ("cache", "/tmp/c", Path("/tmp/c")),
        ("cache", Path("c"), Path("c")),
        ("devices", "0, 2", (0, 2)),
        ("devices", "", ()),
        ("devices", [1], (1,)),
        ("hook", print, print),
    ],
)
def test_a_value_or_its_text_becomes_the_type_of_the_option(name, given, value):
    found = getattr(read_options(Options, {name: given}, "it"), name)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "given", "needs"),
    [
        ("fast", "maybe", "bool"),
        ("fast", 1, "bool"),
        ("threads", "four", r"int \| None"),
        ("threads", 4.5, r"int \| None"),
        ("threads", True, r"int \| None"),
        ("scale", "wide", "float"),
        ("name", 4, "str"),
        ("precision", "int8", "'float32' | 'float16'"),
        ("level", "3", r"0 \| 1 \| 2"),
        ("level", True, r"0 \| 1 \| 2"),
        ("devices", "0,x", "tuple of int"),
        ("devices", 3, "tuple of int"),
    ],
)
def test_a_value_of_another_type_is_an_error_that_says_what_is_needed(name, given, needs):
    with pytest.raises(OptionError, match=f"option '{name}' of it needs {needs}, found "):
        read_options(Options, {name: given}, "it")


def test_an_unknown_option_is_an_error_that_lists_the_valid_ones():
    @frozen
    class Two:
        a: int = 1
        b: str | None = None

    with pytest.raises(OptionError) as e:
        read_options(Two, {"c": 1}, "delegate 'x'")

    assert str(e.value) == (
        "delegate 'x' has no option 'c'; valid options: a: int = 1; b: str | None = None"
    )


def test_a_delegate_without_options_says_so():
    with pytest.raises(OptionError, match="has no option 'c'; it has none"):
        read_options(frozen(type("Nothing", (), {})), {"c": 1}, "it")


def test_an_option_without_default_is_required():
    @frozen
    class Required:
        path: str

    with pytest.raises(OptionError, match=r"it needs option 'path'; valid options: path: str \(required\)"):
        read_options(Required, {}, "it")
    assert read_options(Required, {"path": "x"}, "it").path == "x"


def test_what_a_validator_says_reaches_the_user():
    @frozen
    class Positive:
        n: int = field(default=1, validator=attrs.validators.ge(1))

    with pytest.raises(OptionError, match=r"options of it: 'n' must be >= 1: 0; valid options: n: int = 1"):
        read_options(Positive, {"n": "0"}, "it")


def test_defaults_made_by_a_factory_are_described():
    @frozen
    class Made:
        names: tuple[str, ...] = field(factory=tuple)

    assert describe_options(Made) == ["names: tuple of str = ()"]
