"""What stands at ``tflite_runtime.interpreter`` and the other addresses of LiteRT's interpreter."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..contract import Delegate as _Delegate
from ..interpreter import Interpreter as _Interpreter
from ..interpreter import OpResolverType, SignatureRunner, load_delegate
from ..run.interpreter import check_no_registerers
from . import record, settings

__all__ = [
    "Delegate",
    "Interpreter",
    "InterpreterWithCustomOps",
    "OpResolverType",
    "SignatureRunner",
    "load_delegate",
]


class ProgramInterpreter(_Interpreter):
    """LiteRT's interpreter, with the delegates that :func:`delegraph.compat.install` was given.

    Those that the program loads come first. A delegate that fails gives its ops to the next one, as in
    LiteRT, and a tensor that was freed and that the program reads is kept from then on.
    """

    def __init__(
        self,
        model_path: str | os.PathLike[str] | None = None,
        model_content: bytes | bytearray | memoryview | None = None,
        experimental_delegates: Sequence[_Delegate] | None = None,
        num_threads: int | None = None,
        experimental_op_resolver_type: OpResolverType = OpResolverType.AUTO,
        experimental_preserve_all_tensors: bool = False,
        experimental_disable_delegate_clustering: bool = False,
        experimental_default_delegate_latest_features: bool = False,
        experimental_compress_quantization_zero_points: bool = False,
        experimental_disable_delegate_node_fusion: bool = False,
        experimental_force_delegate_node_profiling: bool = False,
    ) -> None:
        chosen = settings.now
        super().__init__(
            model_path,
            model_content,
            experimental_delegates,
            num_threads,
            experimental_op_resolver_type,
            bool(experimental_preserve_all_tensors) or chosen.keep_tensors,
            bool(experimental_disable_delegate_clustering),
            bool(experimental_default_delegate_latest_features),
            experimental_compress_quantization_zero_points,
            bool(experimental_disable_delegate_node_fusion),
            bool(experimental_force_delegate_node_profiling),
            delegates=chosen.wanted,
            policy=chosen.policy,
            on_failure="fallback",
            keep_read_tensors=True,
        )
        self._record = record.note(model_path or None, model_content)

    def _invoke(self, subgraph: int) -> None:
        super()._invoke(subgraph)
        self._record.planned(self._session.plan)
        self._record.runs += 1


class CustomOpsInterpreter(ProgramInterpreter):
    """LiteRT's class for custom ops in native code; here they are support rows of a plugin."""

    def __init__(self, custom_op_registerers: Sequence[Any] | None = None, **kwargs: Any) -> None:
        check_no_registerers(custom_op_registerers)
        super().__init__(**kwargs)


class LibraryDelegate(_Delegate):
    """LiteRT's class of delegates from libraries: calling it is ``load_delegate``."""

    def __new__(  # type: ignore[misc]
        cls, library: str | os.PathLike[str], options: Mapping[str, Any] | None = None
    ) -> _Delegate:
        return load_delegate(library, options)


Interpreter = ProgramInterpreter
InterpreterWithCustomOps = CustomOpsInterpreter
Delegate = LibraryDelegate
