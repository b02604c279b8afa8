"""Run one signature of a model: named arrays in, named arrays out.

Source: tflite/python/interpreter.py (SignatureRunner).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..kinds import check_kind
from ..model import Model
from ..text import did_you_mean, escaped, few, shortened
from ..values import evolve
from .litert_details import Details

if TYPE_CHECKING:
    from .interpreter import Interpreter


class SignatureRunner:
    """What ``Interpreter.get_signature_runner`` returns."""

    def __init__(self, interpreter: Interpreter | None = None, signature_key: str | None = None) -> None:
        check_kind("interpreter", getattr(interpreter, "model", None), Model, "an Interpreter")
        check_kind("signature_key", signature_key, str, "the name of a signature")
        assert interpreter is not None
        found = {s.key: s for s in interpreter.model.signatures}
        if signature_key not in found:
            close = did_you_mean(signature_key, found)
            known = ", ".join(found) or "none"
            raise InputError(f"no signature {signature_key!r}{close}; the model has: {known}")
        self._interpreter = interpreter
        signature = found[str(signature_key)]
        self._signature = evolve(  # names are sorted, as in LiteRT
            signature,
            inputs=dict(sorted(signature.inputs.items())),
            outputs=dict(sorted(signature.outputs.items())),
        )

    def __repr__(self) -> str:
        names = f"{few(list(self._signature.inputs))} -> {few(list(self._signature.outputs))}"
        return f"<SignatureRunner {shortened(escaped(self._signature.key), 40)!r}: {names}>"

    def __call__(self, **inputs: Any) -> dict[str, Any]:
        """Run the signature, resizing its inputs to what is given.

        :param inputs: an array for each input, by the signature's names.
        :return: arrays by the signature's names; a numpy scalar where the rank is 0.
        """
        signature = self._signature
        if unknown := [name for name in inputs if name not in signature.inputs]:
            raise InputError(
                f"signature {signature.key!r} has no input {unknown[0]!r}"
                f"{did_you_mean(unknown[0], signature.inputs)}; {self._inputs_text}"
            )
        if missing := [name for name in signature.inputs if name not in inputs]:
            raise InputError(
                f"signature {signature.key!r} needs a value for {missing[0]!r}; {self._inputs_text}"
            )
        values = {signature.inputs[name]: value for name, value in inputs.items()}
        results = self._interpreter._run_signature(signature.subgraph, values, signature.outputs.values())
        return dict(zip(signature.outputs, results, strict=True))

    def get_input_details(self) -> dict[str, Details]:
        """Return the details of each input, by name; see ``Interpreter.get_input_details``."""
        return self._details(self._signature.inputs)

    def get_output_details(self) -> dict[str, Details]:
        """Return the details of each output, by name."""
        return self._details(self._signature.outputs)

    @property
    def _inputs_text(self) -> str:
        return f"its inputs: {', '.join(self._signature.inputs) or 'none'}"

    def _details(self, tensors: dict[str, int]) -> dict[str, Details]:
        subgraph = self._signature.subgraph
        return {name: self._interpreter._get_tensor_details(i, subgraph) for name, i in tensors.items()}
