"""Modules at the addresses that LiteRT programs import, with specs, put there by a finder of imports."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import ModuleType, SimpleNamespace
from typing import Any

from ..errors import InputError
from ..kinds import check_flags, several
from ..plugins import Wanted
from ..values import frozen
from . import record, settings

LITERT_VERSION = "2.3.0"  # whose interface this is
INTERPRETER = f"{__package__}.interpreter"
COMPILED = f"{__package__}.compiled_model"
OPTIONS = "delegraph.compiled_model.options"


@frozen
class StandIn:
    """What stands at an address."""

    source: str  # the module of delegraph whose public names it has; "": a package
    version: str = ""  # of a package that is not installed
    lazy: tuple[str, ...] = ()  # submodules that are imported when they are asked for as attributes


STAND_INS = {
    "tflite_runtime": StandIn("", "2.14.0"),
    "tflite_runtime.interpreter": StandIn(INTERPRETER),
    "ai_edge_litert": StandIn("", LITERT_VERSION),
    "ai_edge_litert.interpreter": StandIn(INTERPRETER),
    "ai_edge_litert.compiled_model": StandIn(COMPILED),
    "ai_edge_litert.cpu_kernel_mode": StandIn(OPTIONS),
    "ai_edge_litert.cpu_options": StandIn(OPTIONS),
    "ai_edge_litert.environment": StandIn("delegraph.compiled_model.environment"),
    "ai_edge_litert.gpu_options": StandIn(OPTIONS),
    "ai_edge_litert.hardware_accelerator": StandIn(OPTIONS),
    "ai_edge_litert.intel_openvino_options": StandIn(OPTIONS),
    "ai_edge_litert.options": StandIn(OPTIONS),
    "ai_edge_litert.qualcomm_options": StandIn(OPTIONS),
    "ai_edge_litert.tensor_buffer": StandIn("delegraph.compiled_model.tensor_buffer"),
    "tensorflow": StandIn("", "2.20.0", lazy=("lite",)),
    "tensorflow.lite": StandIn("", lazy=("python",)),
    "tensorflow.lite.python": StandIn("", lazy=("interpreter",)),
    "tensorflow.lite.python.interpreter": StandIn(INTERPRETER),
}
# Modules that pass names on which they imported; they may have done so before install().
PASSED_ON = {
    "tensorflow.lite": ("Interpreter", "OpResolverType"),
    "tensorflow._api.v2.lite": ("Interpreter", "OpResolverType"),
    "tensorflow.lite.experimental": ("OpResolverType", "load_delegate"),
    "tensorflow._api.v2.lite.experimental": ("OpResolverType", "load_delegate"),
}


class StandInFinder(MetaPathFinder):
    """Finds what stands in, and lets installed packages be themselves."""

    left_out: frozenset[str] = frozenset()  # packages that nothing stands in for

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        stand_in = STAND_INS.get(name)
        if stand_in is None or name.partition(".")[0] in self.left_out:
            return None
        if not stand_in.source and self._is_installed(name, path):
            return None
        return spec_from_loader(
            name, StandInLoader(stand_in), origin="delegraph", is_package=not stand_in.source
        )

    def _is_installed(self, name: str, path: Sequence[str] | None) -> bool:
        others = [f for f in sys.meta_path if f is not self and hasattr(f, "find_spec")]
        return any(f.find_spec(name, path, None) is not None for f in others)


class StandInLoader(Loader):
    """Fills a module with the names of its source."""

    def __init__(self, stand_in: StandIn) -> None:
        self._stand_in = stand_in

    def exec_module(self, module: ModuleType) -> None:
        stand_in, values = self._stand_in, vars(module)
        if stand_in.source:
            source = import_module(stand_in.source)
            names = list(source.__all__)
            values.update({name: getattr(source, name) for name in names}, __all__=names)
            values["__doc__"] = source.__doc__
            return
        if stand_in.version:
            values["__version__"] = stand_in.version
        if module.__name__ == "tensorflow.lite":
            values.update(_lite())
        values["__getattr__"] = lambda name: _attribute(module.__name__, stand_in.lazy, name)


def install(
    delegates: Sequence[Wanted] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    keep_tensors: bool = False,
    leave_out: Sequence[str] = (),
    policy: str = "greedy",
) -> None:
    """Put delegraph's modules at the addresses of LiteRT's; call it before the program imports them.

    A module that imported a name from them before keeps what it has.

    :param delegates: who runs the models, in order of preference, after those that the program loads. None:
        the names in the environment variable ``DELEGRAPH_DELEGATES`` (``opencl,litert``), else the
        reference delegate.
    :param options: of delegates given by name, by label: ``{"opencl:2": {"device": "1"}}``.
    :param keep_tensors: keep every tensor of every model, for programs that read many of them.
    :param leave_out: packages that nothing is to stand in for: ``["tensorflow"]``, for a library that does
        more where it finds it.
    :param policy: how models are cut up, as for :class:`delegraph.Interpreter`.
    """
    check_flags(keep_tensors=keep_tensors)
    uninstall()
    _finder.left_out = _known_packages(leave_out)
    settings.use(settings.ProgramSettings(delegates, dict(options or {}), bool(keep_tensors), policy))
    replaced = [n for n, s in STAND_INS.items() if s.source and n.partition(".")[0] not in _finder.left_out]
    for name in [n for n in replaced if n in sys.modules]:
        _before[name] = sys.modules.pop(name)
        _unset(name)
    sys.meta_path.insert(0, _finder)
    source = import_module(INTERPRETER)
    for module, names in PASSED_ON.items():
        is_there = module in sys.modules and "tensorflow" not in _finder.left_out
        for name in names if is_there else ():
            _passed.append((module, name, getattr(sys.modules[module], name, None)))
            setattr(sys.modules[module], name, getattr(source, name))


def uninstall() -> None:
    """Put back what was at these addresses. Names that a program has imported stay as they are."""
    if not is_installed():
        return
    sys.meta_path.remove(_finder)
    for name in reversed(STAND_INS):
        module = sys.modules.get(name)
        if module is not None and isinstance(getattr(module, "__loader__", None), StandInLoader):
            del sys.modules[name]
            _unset(name)
    while _passed:
        module_name, name, value = _passed.pop()
        setattr(sys.modules[module_name], name, value)
    for name, module in _before.items():
        sys.modules[name] = module
        _set(name, module)
    _before.clear()
    settings.use(settings.ProgramSettings())
    record.forget()


def is_installed() -> bool:
    """Say whether delegraph's modules are at the addresses of LiteRT's."""
    return _finder in sys.meta_path


@contextmanager
def installed(
    delegates: Sequence[Wanted] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    keep_tensors: bool = False,
    leave_out: Sequence[str] = (),
    policy: str = "greedy",
) -> Iterator[None]:
    """Do as :func:`install`, for the length of a ``with`` block."""
    install(delegates, options, keep_tensors, leave_out, policy)
    try:
        yield
    finally:
        uninstall()


_finder = StandInFinder()
_before: dict[str, ModuleType] = {}  # modules that were there, by name
_passed: list[tuple[str, str, Any]] = []  # module, name and value before


def _known_packages(names: Sequence[str]) -> frozenset[str]:
    known = {name.partition(".")[0] for name in STAND_INS}
    found = several("leave_out", names, str, "names of packages")
    if unknown := [name for name in found if name not in known]:
        raise InputError(f"leave_out needs names among {', '.join(sorted(known))}, found {unknown[0]!r}")
    return frozenset(found)


def _lite() -> dict[str, Any]:
    """Return what ``tf.lite`` has here."""
    source = import_module(INTERPRETER)
    experimental = SimpleNamespace(OpResolverType=source.OpResolverType, load_delegate=source.load_delegate)
    return {
        "Interpreter": source.Interpreter,
        "OpResolverType": source.OpResolverType,
        "experimental": experimental,
    }


def _attribute(module: str, lazy: Sequence[str], name: str) -> Any:
    if name in lazy:
        return import_module(f"{module}.{name}")
    package = module.partition(".")[0]
    raise AttributeError(
        f"module {module!r} has no attribute {name!r}: {package} is not installed, and delegraph stands in "
        "for its interpreter alone"
    )


def _set(name: str, module: ModuleType) -> None:
    parent, _, child = name.rpartition(".")
    if parent in sys.modules:
        setattr(sys.modules[parent], child, module)


def _unset(name: str) -> None:
    parent, _, child = name.rpartition(".")
    if parent in sys.modules:
        vars(sys.modules[parent]).pop(child, None)
