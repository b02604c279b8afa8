"""What delegraph raises, all of it under one class::

    DelegraphError                 anything that delegraph reports
        ModelError                 the file is broken
            ModelNotFound          there is no such file
        InputError                 a value, shape, dtype, name or index that a caller gave
            ShapeError             a shape that does not fit the model
            ArgumentTypeError      an index, a name or a size of another type
            InputNotFound          there is no file or folder to read from
        StateError                 a call at the wrong time
        UnsupportedOps             no delegate takes some ops: .fallbacks
        UnknownDelegate            no installed package offers it: .name, .installed
        DelegateUnavailable        it is installed, but cannot work here
        DelegateFailed             it raised while it prepared or ran its part: .partition
        OptionError                a delegate has no such option, or not of this value
        PluginError                a plugin breaks the contract of a hook

Each error also is what LiteRT's Python API raises in the same place, so that programs written for
``ai_edge_litert`` catch what they always caught. The message says what was needed, what was found,
where, and the way out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .text import escaped_lines

if TYPE_CHECKING:
    from .contract import Fallback, Partition


class DelegraphError(Exception):
    """Anything that delegraph reports.

    Names from models and plugins stand in messages: characters that a terminal would obey are escaped.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(escaped_lines(a) if isinstance(a, str) else a for a in args))


class ModelError(DelegraphError, ValueError, RuntimeError):
    """The model file is broken: the message names the table, the index and what was found."""


class InputError(DelegraphError, ValueError):
    """A value, shape, dtype, name or index that a caller gave does not fit."""


class ShapeError(InputError, RuntimeError):
    """A shape that a caller asked for does not fit the model."""


class ArgumentTypeError(InputError, TypeError):
    """An index, a name or a size that a caller gave is not of the type needed."""


class StateError(DelegraphError, RuntimeError, ValueError):
    """A call came at the wrong time: before ``allocate_tensors``, after ``close``, from two threads."""


class UnsupportedOps(DelegraphError, ValueError, RuntimeError):
    """No loaded delegate takes these ops; the message lists them with every reason.

    :ivar fallbacks: the same as values: for each op, each delegate that refused it, and why.
    """

    def __init__(self, message: str, fallbacks: Iterable[Fallback] = ()) -> None:
        super().__init__(message)
        self.fallbacks = tuple(fallbacks)


class UnknownDelegate(DelegraphError, ValueError, OSError):
    """No installed package offers a delegate of this name."""

    def __init__(self, message: str, name: str = "", installed: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.name = name
        self.installed = tuple(installed)


class DelegateUnavailable(DelegraphError, ValueError):
    """The delegate is installed but cannot work here: no device, no driver, a failed import."""


class OptionError(DelegraphError, ValueError):
    """A delegate does not have this option, or not with a value of this type."""


class PluginError(DelegraphError):
    """A plugin breaks the contract of a hook."""


class DelegateFailed(DelegraphError, RuntimeError):
    """A delegate raised while it prepared or ran its part of the model.

    The original exception is ``__cause__``.

    :ivar partition: the ops that it was to prepare or run; None where that is not known.
    """

    def __init__(self, message: str, partition: Partition | None = None) -> None:
        super().__init__(message)
        self.partition = partition


class InputNotFound(InputError, FileNotFoundError):
    """There is no file or folder of the name that a caller gave, to read from."""


class ModelNotFound(ModelError, FileNotFoundError):
    """There is no file of this name."""
