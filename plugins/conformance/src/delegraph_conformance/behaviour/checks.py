"""All checks of behaviour, by name."""

from __future__ import annotations

from .costs import costs
from .dynamic import dynamic_shapes
from .instances import (
    destroyed_in_any_order,
    in_threads,
    made_often,
    prepared_twice,
    shared_in_threads,
    two_instances,
)
from .interrupted import interrupted
from .options import garbage_options
from .samples import Check
from .split import split_and_rejoined
from .state import state
from .values import inputs_stay, results_stay, runs_are_alike, strides_count

CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        inputs_stay,
        results_stay,
        runs_are_alike,
        strides_count,
        prepared_twice,
        two_instances,
        in_threads,
        shared_in_threads,
        interrupted,
        state,
        split_and_rejoined,
        dynamic_shapes,
        garbage_options,
        costs,
        destroyed_in_any_order,
        made_often,
    )
}
