"""PyTorch, which only this room needs: an extra. Without it, the modules are imported all the same, and
what is asked of it names the extra.
"""

from __future__ import annotations

from typing import Any

from delegraph import InputError


def _missing() -> InputError:
    return InputError(
        "training needs PyTorch, which is not installed; it is in the extra: "
        'pip install "delegraph-optimize[train]"'
    )


def check_torch() -> None:
    """:raises InputError: it is not installed"""
    if isinstance(torch, _NoTorch):
        raise _missing()


class _NoTorch:
    """Stands where torch would; what somebody asks of it says what is missing."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args: Any, **options: Any) -> Any:
        raise _missing()


torch: Any
F: Any
Module: Any
Function: Any
try:
    import torch as _torch
    import torch.nn.functional as _functional
except ImportError:
    torch = F = _NoTorch()
    Module = Function = object
    HAS_TORCH = False
else:
    torch, F, Module, Function = _torch, _functional, _torch.nn.Module, _torch.autograd.Function
    HAS_TORCH = True


def need_torch() -> None:
    """:raises InputError: PyTorch is not installed"""
    if not HAS_TORCH:
        raise _missing()
