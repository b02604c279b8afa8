"""The Edge-TPU-shaped delegate: accepts, cuts and estimates as the Edge TPU compiler does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from delegraph import Delegate, OpSupport, hookimpl

from .delegate import EdgeTpu

if TYPE_CHECKING:
    import click
    from delegraph_conformance import OpCase

DELEGRAPH_API = 1
__version__ = "0.1.0"
__all__ = ["EdgeTpu"]


@hookimpl
def delegraph_delegates() -> Iterable[type[Delegate]]:
    return [EdgeTpu]


@hookimpl
def delegraph_op_support(delegate: Delegate) -> Iterable[OpSupport]:
    if not isinstance(delegate, EdgeTpu):
        return []
    from .ops import rows

    return rows(delegate.options.runtime_version)


@hookimpl
def delegraph_conformance_cases() -> Iterable[OpCase]:
    from .cases import cases

    return list(cases())


@hookimpl
def delegraph_commands(cli: click.Group) -> None:
    from .command import edgetpu

    cli.add_command(edgetpu)
