"""Plan a model without running it: which delegate would run which ops, and why not another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any

from ..contract import Delegate, Plan
from ..log import fallbacks_unsaid
from ..model import Model
from ..plugins import Wanted, resolve_delegates
from .partition import partition
from .specialize import specialize


def plan_model(
    model: Model, delegates: Wanted | Sequence[Wanted], *, warn: bool = True, **limits: Any
) -> Plan:
    """Return the plan an interpreter would make; no device is opened, and ops may be left to nobody.

    :param delegates: names or loaded delegates in order of preference; what they leave over goes to the
        reference delegate where that is installed.
    :param warn: log a warning for each op that a delegate was asked for and does not take.
    :param limits: for :func:`delegraph.partition.partition`.
    """
    loaded = resolve_delegates(delegates)
    with nullcontext() if warn else fallbacks_unsaid():
        return partition(specialize(adapted(model, loaded), delegates=loaded), loaded, **limits)


def adapted(model: Model, delegates: Iterable[Delegate]) -> Model:
    """Return the model in the form that the options of its delegates ask for."""
    for delegate in delegates:
        model = delegate.adapted(model)
    return model
