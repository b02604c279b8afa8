"""What stands at ``ai_edge_litert.compiled_model``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import compiled_model as _own
from ..compiled_model import Environment, HardwareAccelerator, Options
from ..model import Signature
from ..plugins import Wanted
from . import record, settings

__all__ = [name for name in _own.__all__ if name != "CompiledModelError"]  # which is no name of LiteRT's


def __getattr__(name: str) -> Any:
    """Return what stands here as it is in :mod:`delegraph.compiled_model`."""
    if name in __all__:
        return getattr(_own, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class ProgramCompiledModel(_own.CompiledModel):
    """A compiled model on the delegates that :func:`delegraph.compat.install` was given, if it was.

    Else those that stand for the hardware that the program asks for.
    """

    _record: record.Ran

    @classmethod
    def _made(
        cls,
        source: dict[str, Any],
        hardware: HardwareAccelerator | None,
        environment: Environment | None,
        options: Options | None,
        delegates: Sequence[Wanted] | None,
    ) -> ProgramCompiledModel:
        wanted = delegates if delegates is not None else settings.now.wanted or None
        made = super()._made(source, hardware, environment, options, wanted)
        assert isinstance(made, ProgramCompiledModel)
        made._record = record.note(source.get("model_path"), source.get("model_content"))
        made._record.planned(made.plan)
        return made

    def _run(self, signature: Signature, given: Mapping[int, Any], results: Sequence[Any]) -> None:
        super()._run(signature, given, results)
        self._record.planned(self.plan)
        self._record.runs += 1


CompiledModel = ProgramCompiledModel
