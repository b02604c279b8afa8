"""What delegraph raises, all of it under one class.

Each error also is what LiteRT's Python API raises in the same place, so that programs written for
``ai_edge_litert`` catch what they always caught. The message says what was needed, what was found,
where, and the way out.
"""

from __future__ import annotations


class DelegraphError(Exception):
    """Anything that delegraph reports."""


class ModelError(DelegraphError, ValueError):
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
    """No loaded delegate takes these ops; the message lists them with every reason."""


class UnknownDelegate(DelegraphError, ValueError):
    """No installed package offers a delegate of this name."""


class DelegateUnavailable(DelegraphError, ValueError):
    """The delegate is installed but cannot work here: no device, no driver, a failed import."""


class OptionError(DelegraphError, ValueError):
    """A delegate does not have this option, or not with a value of this type."""


class PluginError(DelegraphError):
    """A plugin breaks the contract of a hook."""


class SupportConflict(PluginError):
    """Two packages claim the same op, version and types of one delegate."""


class DelegateFailed(DelegraphError, RuntimeError):
    """A delegate raised while it prepared or ran its part of the model.

    The original exception is ``__cause__``.
    """


class ModelNotFound(ModelError, FileNotFoundError):
    """There is no file of this name."""
