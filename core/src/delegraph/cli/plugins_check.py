"""``delegraph plugins --check``: every hook is called, and what of a delegate opens no device."""

from __future__ import annotations

from collections.abc import Iterable

import click

from ..contract import Delegate
from ..contract.asking import ask_or, tell
from ..contract.guard import anything, byte_counts
from ..errors import DelegraphError
from ..model import Builder, Model
from ..partition import adapted, partition, specialize
from ..plugins import Plugins


def call_hooks(installed: Plugins, delegates: Iterable[Delegate]) -> None:
    """Call what listing the plugins does not; what goes wrong is remembered where the problems are."""
    installed.add_commands(click.Group())
    installed.conformance_cases()
    model, veto = _small_model(), installed.veto()
    for delegate in delegates:
        if veto is not None:
            veto(model.subgraphs[0].ops[0], delegate)
        try:
            ready = specialize(adapted(model, [delegate]), delegates=[delegate])
            partition(ready, [delegate], plugins=installed)
        except DelegraphError as e:
            tell(delegate, f"delegate {delegate.label!r} cannot plan a small model: {e}")
        nothing: dict[str, int] = {}
        ask_or(delegate, "device_bytes", byte_counts, nothing)
        ask_or(delegate, "close", anything, None)


def _small_model() -> Model:
    """Return a model of an op that many tables have, and of one that none has."""
    g = Builder()
    x = g.input((2,), "float32")
    y = g.op("ADD", [x, x], [g.tensor((2,), "float32")])
    return g.model(outputs=[g.op("an op of nobody", [y], [g.tensor((2,), "float32")])])
