"""What programs that run unchanged cannot say: which delegates run their models."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from ..plugins import Wanted, resolve_delegates
from ..values import define, field

DELEGATES = "DELEGRAPH_DELEGATES"  # names with commas between them


@define(slots=False)
class ProgramSettings:
    """What :func:`delegraph.compat.install` was given."""

    delegates: Sequence[Wanted] | None = None  # None: those of the environment, else the reference delegate
    options: Mapping[str, Mapping[str, Any]] = field(factory=dict)  # by label of the delegate
    keep_tensors: bool = False
    policy: str = "greedy"  # a key of POLICIES

    @cached_property
    def wanted(self) -> list[Wanted]:
        """The delegates for an interpreter: by name, or loaded where they have options."""
        names = self.delegates
        if names is None:
            names = [name.strip() for name in os.environ.get(DELEGATES, "").split(",") if name.strip()]
        return [*resolve_delegates(names, self.options)] if self.options else list(names)


now = ProgramSettings()


def use(settings: ProgramSettings) -> None:
    """Let interpreters that are made from now on have these settings."""
    global now
    now = settings
