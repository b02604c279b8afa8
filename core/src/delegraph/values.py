"""Classes of values as attrs makes them, without attrs: a first run defines a hundred of them.

attrs takes 15 ms to be imported, and compiles the methods of each class where it is defined. Here all
classes have the same ones, but for ``__init__``, which is compiled when there are some values: of most
classes a first run makes a few, in less time than that takes. Who looks at such a class with attrs
(``attrs.fields``, ``attrs.evolve``, ``attrs.asdict``) sees one of attrs: it is asked then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from functools import cache, cached_property, partial
from operator import attrgetter, eq, methodcaller
from reprlib import recursive_repr
from types import MemberDescriptorType, MethodType
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")


class _Nothing:
    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Any = _Nothing()  # the default of a field without one


class Made:
    """A default that is made for each value, with ``takes_self`` of the fields before it."""

    def __init__(self, factory: Callable[..., Any], takes_self: bool = False) -> None:
        self.factory, self.takes_self = factory, takes_self


if not TYPE_CHECKING:

    def Factory(factory: Callable[..., Any], takes_self: bool = False) -> Any:
        """Do what ``attrs.Factory`` does."""
        return Made(factory, takes_self)

    def field(*, factory: Callable[[], Any] | None = None, **how: Any) -> Any:
        """Do what ``attrs.field`` does.

        Known are ``default``, ``factory``, ``validator``, ``converter``, ``repr``, ``eq``, ``hash``,
        ``init`` and ``kw_only``.
        """
        return _Field(**how) if factory is None else _Field(Made(factory), **how)

    def frozen(cls: type | None = None, **how: Any) -> Any:
        """Do what ``attrs.frozen`` does, in a fraction of the time: where a package defines many classes.

        The class is one of attrs for all that look at it, type checkers included.
        """
        return partial(_made, True, **how) if cls is None else _made(True, cls, **how)

    def define(cls: type | None = None, **how: Any) -> Any:
        """Do what ``attrs.define`` does, as :func:`frozen` does what ``attrs.frozen`` does."""
        return partial(_made, False, **how) if cls is None else _made(False, cls, **how)

else:
    from attrs import Factory as Factory
    from attrs import define as define
    from attrs import field as field
    from attrs import frozen as frozen


def fields(cls: type) -> tuple[Any, ...]:
    """Return the fields of a class that was made here, or by attrs; their names are those of attrs."""
    for base in cls.__mro__:
        own: tuple[Any, ...] | None = base.__dict__.get(_OWN)
        if own is not None:
            return own
        if _OF_ATTRS in base.__dict__:
            return _fields_of_attrs(base)
    raise TypeError(f"{cls.__name__} is no class of values")


def has_fields(cls: Any) -> bool:
    """Say whether a class is one of values, made here or by attrs."""
    return isinstance(cls, type) and any(_OWN in vars(b) or _OF_ATTRS in vars(b) for b in cls.__mro__)


def evolve(value: T, /, **changes: Any) -> T:
    """Do what ``attrs.evolve`` does: return a value with some fields changed."""
    for f in fields(type(value)):
        if f.init and f.alias not in changes:
            changes[f.alias] = getattr(value, f.name)
    return type(value)(**changes)


def at_least(least: float) -> Callable[[Any, Any, Any], None]:
    """Return a validator for ``field``: None, or a number that is no less."""

    def check(_: Any, field: Any, value: Any) -> None:
        if value is not None and not value >= least:
            raise ValueError(f"{field.name!r} must be >= {least}: {value}")

    return check


_AFTER = "__attrs_post_init__"
_UNCOMPILED = 24  # values of a class that come first; 40 take as long as to compile its __init__
_OWN, _OF_ATTRS = "__delegraph_fields__", "__attrs_attrs__"
_KNOWN = {"eq", "hash", "repr", "slots"}  # of what a decorator may be told; the rest is for attrs


class _Field:
    """A field, under the names of ``attrs.Attribute``."""

    name = alias = ""
    type: Any = None

    def __init__(
        self,
        default: Any = NOTHING,
        validator: Callable[[Any, Any, Any], object] | None = None,
        repr: bool | Callable[[Any], str] = True,
        eq: bool | Callable[[Any], Any] = True,
        hash: bool | None = None,
        init: bool = True,
        converter: Callable[[Any], Any] | None = None,
        kw_only: bool = False,
    ) -> None:
        self.default, self.validator, self.repr, self.converter = default, validator, repr, converter
        self.eq, self.eq_key = bool(eq), eq if callable(eq) else None
        self.hash, self.init, self.kw_only = hash, init, kw_only

    def of_attrs(self) -> Any:
        import attrs

        default: Any = attrs.NOTHING if self.default is NOTHING else self.default
        if isinstance(default, Made):
            default = attrs.Factory(default.factory, default.takes_self)  # type: ignore[call-overload]
        names = ("validator", "repr", "hash", "init", "converter", "kw_only")
        how = {name: getattr(self, name) for name in names}
        return attrs.field(default=default, eq=self.eq_key or self.eq, **how)


@cache
def _fields_of_attrs(cls: type) -> tuple[_Field, ...]:
    import attrs

    found = []
    for a in attrs.fields(cls):
        default: Any = NOTHING if a.default is attrs.NOTHING else a.default
        if isinstance(default, attrs.Factory):  # type: ignore[arg-type]
            default = Made(default.factory, default.takes_self)
        found.append(_Field(default, init=a.init))
        found[-1].name, found[-1].alias, found[-1].type = a.name, a.alias or a.name, a.type
    return tuple(found)


class _WhenAsked:
    """An attribute of a class that is made when it is first asked for."""

    def __init__(self, cls: type, name: str, make: Callable[[type], Any]) -> None:
        self._cls, self._name, self._make = cls, name, make

    def __get__(self, value: Any, cls: type) -> Any:
        setattr(self._cls, self._name, self._make(self._cls))
        return getattr(cls if value is None else value, self._name)


class _Init:
    """The ``__init__`` of a class: a loop over its fields for the first values, then a compiled one."""

    def __init__(self, cls: type) -> None:
        self._cls = cls
        self._left = _UNCOMPILED

    def __get__(self, value: Any, cls: type) -> Any:
        self._left -= 1
        if self._left >= 0 and isinstance(value, self._cls):
            return partial(_begin, self, value)
        init = self.compiled()
        return init if value is None else MethodType(init, value)

    def compiled(self) -> Callable[..., None]:
        init = _init(self._cls)
        self._cls.__init__ = init  # type: ignore[misc]
        return init

    @cached_property
    def arguments(self) -> tuple[list[str], Set[str], Set[str]]:
        """Names of arguments: by position, those without a default, all."""
        own = [f for f in fields(self._cls) if f.init]
        needed = {f.alias for f in own if f.default is NOTHING}
        return [f.alias for f in own if not f.kw_only], needed, {f.alias for f in own}

    @cached_property
    def steps(self) -> list[tuple[str, Any, Callable[..., Any] | None, Callable[[Any, Any], object]]]:
        """Of each field the argument ("": none), the default, the converter, and what sets it."""
        own = [f for f in fields(self._cls) if f.init or f.default is not NOTHING]
        return [(f.alias * f.init, f.default, f.converter, _setter(self._cls, f.name)) for f in own]

    @cached_property
    def checks(self) -> list[Callable[[Any], object]]:
        """What is called with a value that has its fields."""
        own = [f for f in fields(self._cls) if f.validator and (f.init or f.default is not NOTHING)]
        found: list[Callable[[Any], object]] = [partial(_check, f) for f in own]
        return [*found, methodcaller(_AFTER)] if hasattr(self._cls, _AFTER) else found


def _begin(init: _Init, value: Any, /, *args: Any, **named: Any) -> None:
    """Set the fields of a new value."""
    positional, needed, known = init.arguments
    given = {**dict(zip(positional, args, strict=False)), **named}
    if len(given) < len(args) + len(named) or not needed <= given.keys() <= known:
        init.compiled()(value, *args, **named)  # it says what is wrong
        return
    for alias, default, converter, put in init.steps:
        found = given.get(alias, default)
        if isinstance(default, Made) and (found is default or found is NOTHING):
            found = default.factory(value) if default.takes_self else default.factory()
        put(value, found if converter is None else converter(found))
    for check in init.checks:
        check(value)


def _check(f: _Field, value: Any) -> None:
    assert f.validator is not None
    f.validator(value, f, getattr(value, f.name))


def _setter(cls: type, name: str) -> Callable[[Any, Any], object]:
    slot = getattr(cls, name, None)
    if isinstance(slot, MemberDescriptorType) and cls.__setattr__ in (_refuse, object.__setattr__):
        return slot.__set__
    if cls.__setattr__ is _refuse:
        return lambda value, found: vars(value).__setitem__(name, found)
    return lambda value, found: setattr(value, name, found)


def _made(is_frozen: bool, cls: type, **how: Any) -> type:
    own = _own_fields(cls)
    kept = {name: vars(cls)[name] for name in own if name in vars(cls)}
    needs_attrs = (
        not how.keys() <= _KNOWN
        or any(type(value).__module__.startswith("attr.") for value in kept.values())
        or any(_OF_ATTRS in vars(b) and _OWN not in vars(b) for b in cls.__mro__)
        or not (is_frozen or all(f.validator is None and f.converter is None for f in own.values()))
    )
    if needs_attrs:
        return _by_attrs(cls, own, is_frozen, how)
    base = next((vars(b)[_OWN] for b in cls.__mro__[1:] if _OWN in vars(b)), ())
    known = (*(f for f in base if f.name not in own), *own.values())
    is_frozen = is_frozen or cls.__setattr__ is _refuse
    methods = {n: m for n, m in _methods(is_frozen, **how).items() if n not in vars(cls)}
    match = tuple(f.name for f in known if f.init and not f.kw_only)
    body = {**methods, "__match_args__": match, _OWN: known}
    if how.get("slots", True):
        made = _with_slots(cls, [f.name for f in known], kept, body)
    else:
        made = cls
        for name in kept:
            delattr(cls, name)
        for name, value in body.items():
            setattr(cls, name, value)
    setattr(made, _OF_ATTRS, _WhenAsked(made, _OF_ATTRS, partial(_attributes, own)))
    if "__init__" not in vars(made):
        made.__init__ = _Init(made)  # type: ignore[misc]
    return made


def _own_fields(cls: type) -> dict[str, _Field]:
    found = {}
    for name, annotation in cls.__annotations__.items():
        if str(annotation).startswith(("ClassVar", "typing.ClassVar")):
            continue
        default = vars(cls).get(name, NOTHING)
        found[name] = made = default if isinstance(default, _Field) else _Field(default)
        made.name, made.alias, made.type = name, name.lstrip("_"), annotation
    return found


def _methods(
    is_frozen: bool, eq: bool = True, hash: bool | None = None, repr: bool = True, slots: bool = True
) -> dict[str, Any]:
    found: dict[str, Any] = {"__repr__": _repr} if repr else {}
    if eq:
        found |= {"__eq__": _equal, "__hash__": _hash if is_frozen and hash is not False else None}
    if is_frozen:
        found |= {"__setattr__": _refuse, "__delattr__": _refuse}
    if slots:
        found |= {"__getstate__": _state, "__setstate__": _set_state}
    return found


def _with_slots(cls: type, names: list[str], left: Any, body: dict[str, Any]) -> type:
    """Return the class once more: slots are laid out where a class is made."""
    bases = cls.__mro__[1:-1]
    taken = {name for b in bases for name in getattr(b, "__slots__", ())}
    if not any("__weakref__" in vars(b) for b in bases):
        names = [*names, "__weakref__"]
    kept = {n: v for n, v in vars(cls).items() if n not in left and n not in ("__dict__", "__weakref__")}
    slots = tuple(name for name in names if name not in taken)
    names_it = {"__qualname__": cls.__qualname__, "__slots__": slots}
    made: type = type(cls)(cls.__name__, cls.__bases__, {**kept, **body, **names_it})
    for cell in _cells(kept.values()):  # what super() and __class__ in its methods mean
        if cell.cell_contents is cls:
            cell.cell_contents = made
    return made


def _cells(methods: Iterable[Any]) -> Iterator[Any]:
    for value in methods:
        function = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
        for cell in getattr(function, "__closure__", None) or ():
            try:
                _ = cell.cell_contents
            except ValueError:  # it is empty
                continue
            yield cell


def _by_attrs(cls: type, own: dict[str, _Field], is_frozen: bool, how: dict[str, Any]) -> type:
    import attrs

    for name, f in own.items():
        if vars(cls).get(name) is f:
            setattr(cls, name, f.of_attrs())
    return (attrs.frozen if is_frozen else attrs.define)(cls, **how)


def _attributes(own: dict[str, _Field], cls: type) -> Any:
    """Return what attrs knows of the class: of one that has the same fields."""
    import attrs

    body = {"__annotations__": {n: f.type for n, f in own.items()}, "__module__": cls.__module__}
    bases = tuple(b for b in cls.__bases__ if hasattr(b, _OF_ATTRS))
    twin = type(cls.__name__, bases, {**body, **{n: f.of_attrs() for n, f in own.items()}})
    return vars(attrs.define(twin, slots=False, eq=False, repr=False, init=False))[_OF_ATTRS]


def _init(cls: type) -> Callable[..., None]:
    """Compile the ``__init__`` of a class."""
    known: dict[str, Any] = {"NOTHING": NOTHING}
    given: dict[bool, list[str]] = {False: ["self"], True: []}
    sets, checks = [], []
    for f in fields(cls):
        name, value = f.name, f.alias
        is_made = isinstance(f.default, Made)
        if is_made:
            known[f"make_{name}"] = f.default.factory
            made = f"make_{name}({'self' if f.default.takes_self else ''})"
            value = f"{made} if {value} is NOTHING else {value}" if f.init else made
        elif f.default is not NOTHING:
            known[f"default_{name}"] = f.default
            value = value if f.init else f"default_{name}"
        elif not f.init:
            continue
        if f.init:
            otherwise = "" if f.default is NOTHING else "=NOTHING" if is_made else f"=default_{name}"
            given[f.kw_only].append(f.alias + otherwise)
        if f.converter is not None:
            known[f"convert_{name}"] = f.converter
            value = f"convert_{name}({value})"
        sets.append(_setting(cls, name, value, known))
        if f.validator is not None:
            known |= {f"check_{name}": f.validator, f"field_{name}": f}
            checks.append(f"check_{name}(self, field_{name}, self.{name})")
    if hasattr(cls, _AFTER):
        checks.append(f"self.{_AFTER}()")
    arguments = ", ".join([*given[False], *(["*", *given[True]] if given[True] else [])])
    body = "\n    ".join([*sets, *checks] or ["pass"])
    exec(compile(f"def __init__({arguments}):\n    {body}", f"<values {cls.__qualname__}>", "exec"), known)
    init: Callable[..., None] = known["__init__"]
    init.__qualname__, init.__module__ = f"{cls.__qualname__}.__init__", cls.__module__
    typed = {f.alias: f.type for f in fields(cls) if f.init and f.converter is None}
    init.__annotations__ = {**typed, "return": None}
    return init


def _setting(cls: type, name: str, value: str, known: dict[str, Any]) -> str:
    if cls.__setattr__ is not _refuse:
        return f"self.{name} = {value}"
    slot = getattr(cls, name, None)
    if not isinstance(slot, MemberDescriptorType):
        return f"self.__dict__[{name!r}] = {value}"
    known[f"set_{name}"] = slot.__set__
    return f"set_{name}(self, {value})"


def _refuse(self: Any, *_: Any) -> None:
    from attrs.exceptions import FrozenInstanceError

    raise FrozenInstanceError


def _state(self: Any) -> dict[str, Any]:
    return {f.name: getattr(self, f.name) for f in fields(type(self))}


def _set_state(self: Any, state: dict[str, Any]) -> None:
    for name, value in state.items():
        object.__setattr__(self, name, value)


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    compared = _compared(self.__class__)
    return all(map(eq, compared(self), compared(other)))


def _hash(self: Any) -> int:
    return hash((self.__class__, _hashed(self.__class__)(self)))


@recursive_repr()
def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={show(getattr(self, name))}" for name, show in _shown(self.__class__))
    return f"{self.__class__.__qualname__.rsplit('>.', 1)[-1]}({shown})"


@cache
def _compared(cls: type) -> Callable[[Any], tuple[Any, ...]]:
    found = [f for f in fields(cls) if f.eq]
    if not any(f.eq_key for f in found):
        return _reading([f.name for f in found])
    return lambda value: tuple((f.eq_key or _itself)(getattr(value, f.name)) for f in found)


@cache
def _hashed(cls: type) -> Callable[[Any], tuple[Any, ...]]:
    return _reading([f.name for f in fields(cls) if (f.eq if f.hash is None else f.hash)])


@cache
def _shown(cls: type) -> list[tuple[str, Callable[[Any], str]]]:
    return [(f.name, f.repr if callable(f.repr) else repr) for f in fields(cls) if f.repr]


def _itself(value: Any) -> Any:
    return value


def _reading(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda value: tuple(getattr(value, name) for name in names)
