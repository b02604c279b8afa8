"""One line for a model that takes long on the reference delegate, where a faster one is installed."""

from __future__ import annotations

from ..contract import CORE, Plan
from ..log import fallbacks_unsaid, logger
from ..model import Model
from ..partition import plan_model
from ..plugins import Plugins, fastest_first
from ..text import time_text

SLOW = 0.05  # seconds of a run
_told: set[str] = set()  # of which models


class SlowRuns:
    """Looks at the times of runs until it has seen a slow one, after the first: that prepares things."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._runs = 0

    def is_done(self, seconds: float) -> bool:
        """Take the seconds of a run; return whether no more are wanted."""
        self._runs += 1
        if self._runs == 1 or seconds < SLOW:
            return False
        if self._model.source not in _told:
            _told.add(self._model.source)
            self._tell(seconds)
        return True

    def _tell(self, seconds: float) -> None:
        for delegate in fastest_first(Plugins.installed(), {}):
            with fallbacks_unsaid():
                plan = plan_model(self._model, [delegate])
            if _takes_most(plan, delegate.label):
                logger.warning(
                    "this model takes %s a run on reference; delegates=%r is installed and faster",
                    time_text(seconds),
                    delegate.name,
                )
                return


def _takes_most(plan: Plan, label: str) -> bool:
    labels = [p.label for sub in plan.reached for p in sub.partitions for _ in p.ops if p.label != CORE]
    return 2 * labels.count(label) > len(labels)
