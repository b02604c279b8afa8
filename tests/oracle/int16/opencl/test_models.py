"""The 16x8 models on OpenCL, each as one partition: LiteRT's bits."""

from __future__ import annotations

from collections.abc import Mapping

import litert
import models
import numpy as np
import one_op_opencl
import pytest
from delegraph import Interpreter
from inputs import inputs_of

VARIANTS = 2  # photographs or samples per model


@pytest.mark.parametrize("options", [{}, {"kernels": "gpu"}], ids=["default", "gpu"])
@pytest.mark.parametrize("name", models.parameters(["int16x8"]))
def test_a_model_is_one_partition_and_gives_what_litert_gives(
    name: str, options: Mapping[str, str]
) -> None:
    path = models.path(name)
    delegate = one_op_opencl.loaded(tuple(options.items()))
    with Interpreter(str(path), delegates=[delegate], require_full_delegation=True) as ours:
        ours.allocate_tensors()
        assert [p.label for p in ours.plan.partitions] == ["opencl"]
        with litert.loaded(path, "BUILTIN_REF") as theirs:
            for variant in range(VARIANTS):
                inputs = inputs_of(name, litert.details(path)["inputs"], variant)
                for expected, found in zip(theirs.run(inputs), _run(ours, inputs), strict=True):
                    np.testing.assert_array_equal(found, expected)


def _run(interpreter: Interpreter, inputs: list[np.ndarray]) -> list[np.ndarray]:
    for detail, array in zip(interpreter.get_input_details(), inputs, strict=True):
        interpreter.set_tensor(detail["index"], array)
    interpreter.invoke()
    return [interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()]
