"""Which delegate is tested, and with which options."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import attrs
from delegraph import Delegate, load_delegate


@attrs.define(frozen=True, slots=False)
class Subject:
    """The delegate under test, as the command line names it."""

    name: str
    options: Mapping[str, str]
    seed: int = 0

    @cached_property
    def delegate(self) -> Delegate:
        """The delegate, loaded once in a process."""
        return self.load()

    def load(self) -> Delegate:
        """Return another instance of the delegate."""
        return load_delegate(self.name, dict(self.options))

    def __getstate__(self) -> dict[str, object]:
        """Leave out what is loaded: it belongs to its process."""
        return {"name": self.name, "options": dict(self.options), "seed": self.seed}
