"""What programs that run unchanged cannot say: which delegates run their models."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from attrs import define, field

from ..contract import Delegate
from ..plugins import Plugins, Wanted

DELEGATES = "DELEGRAPH_DELEGATES"  # names with commas between them


@define(slots=False)
class ProgramSettings:
    """What :func:`delegraph.compat.install` was given."""

    delegates: Sequence[Wanted] | None = None  # None: those of the environment, else the reference delegate
    options: Mapping[str, Mapping[str, Any]] = field(factory=dict)  # by name of the delegate
    keep_tensors: bool = False

    @cached_property
    def wanted(self) -> list[Wanted]:
        """The delegates for an interpreter: by name, or loaded where they have options."""
        names = self.delegates
        if names is None:
            names = [name.strip() for name in os.environ.get(DELEGATES, "").split(",") if name.strip()]
        return [self._loaded(name) for name in names]

    def _loaded(self, wanted: Wanted) -> Wanted:
        if isinstance(wanted, Delegate) or wanted not in self.options:
            return wanted
        return Plugins.installed().load(wanted, self.options[str(wanted)])


now = ProgramSettings()


def use(settings: ProgramSettings) -> None:
    """Let interpreters that are made from now on have these settings."""
    global now
    now = settings
