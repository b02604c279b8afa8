"""What a plugin package may tell delegraph.

A plugin is a module published under the ``delegraph`` entry-point group::

    [project.entry-points.delegraph]
    mynpu = "delegraph_mynpu"

that says ``DELEGRAPH_API = 1`` and marks functions with ``@hookimpl``. An implementation names only the
arguments it wants, so a hook can gain an argument later without breaking anyone. Core asks each plugin
alone, in the order of their names: one that raises is reported by name and the others go on.

For one model the hooks run in the order they stand in this file: all delegates, all rows, a veto per
supported op, then one look at the finished plan.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    import click

    from ..model import Op
    from .delegate import Delegate
    from .plan import Plan
    from .support_row import OpSupport

API = 1  # a plugin's DELEGRAPH_API; raised when a hook changes in a way that breaks plugins

hookspec = pluggy.HookspecMarker("delegraph")
hookimpl = pluggy.HookimplMarker("delegraph")


@hookspec
def delegraph_delegates() -> Iterable[type[Delegate]]:  # type: ignore[empty-body]
    """Offer delegate classes.

    Called once, when delegates are first listed. Nothing may be opened here, nor in the constructor:
    devices are opened by :meth:`Delegate.prepare`.

    :return: classes, whose ``name`` is what users type. Of two classes of one name the first plugin's
        (by entry-point name) is used, and a warning names both.
    """


@hookspec
def delegraph_op_support(delegate: Delegate) -> Iterable[OpSupport]:  # type: ignore[empty-body]
    """Add rows to the support table of ``delegate``, your own or somebody else's.

    ``delegraph-int16`` gives the reference delegate its int16 rows this way. Called once per delegate
    instance, since rows may depend on its options.

    :param delegate: the configured instance: ``.name``, ``.options``. No device is open.
    :return: rows; none for delegates one has nothing to say about. Two packages may not both claim one
        (op, version, types): the delegate's own package serves, and a warning names both.
    """


@hookspec
def delegraph_veto(op: Op, delegate: Delegate) -> str | None:
    """Keep a supported ``op`` off ``delegate``, for a reason the report will print.

    Made for bisecting an accuracy loss ("which op goes wrong on the GPU?") and for policies such as "the
    head stays on the CPU". Called once per op that the delegate's table supports.

    :return: the reason, or None to have no opinion. Each plugin's reason is kept.
    """


@hookspec
def delegraph_partitioned(plan: Plan) -> None:
    """Look at the finished plan, before any delegate prepares its part.

    Called each time a model is partitioned (again after a resize). Read only; what it returns is not
    looked at. The plan holds every fallback with its reasons as values.
    """


@hookspec
def delegraph_commands(cli: click.Group) -> None:
    """Add commands to the command line: ``cli.add_command(...)``.

    Called once, when somebody asks for a command that core does not have, or for the list of commands;
    keep imports inside the commands. A command of core cannot be replaced.
    """


@hookspec
def delegraph_conformance_cases() -> Iterable[Any]:  # type: ignore[empty-body]
    """Offer conformance cases for one's own custom ops.

    Called by ``pytest --pyargs delegraph_conformance``.

    :return: cases: ``delegraph_conformance.OpCase``. Import it inside, since not everybody has the suite.
    """
