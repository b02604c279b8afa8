"""Every converted model is compiled and gives what LiteRT gives, or is refused for the right reason."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import litert
import models
import numpy as np
import pytest
from delegraph import InputError, Interpreter, Model, Op, read_model
from delegraph_edgetpu.compiler import compiled_together
from delegraph_edgetpu.custom_op import CUSTOM_OP
from delegraph_edgetpu.cut import CompilationFailed, Settings
from delegraph_edgetpu.payload import decoded
from one_op import random_array

RUNS = 2  # with the state of the first carried on
RTOL = 1e-4  # of an output's largest value, in float32 behind the mapped ops
COMPILED = """
    aeq_k2_lstm_fused_a8w8 aeq_sig_encdec_a8w8 aeq_text_embed_a8w8 aeq_unet_a8w8 conv3d_int8
    dyn_conv1d_audio_int8 dyn_image_int8 efficientnet_se_int8 fc_rank3_add_int8 k2_bilstm_fused_int8
    k2_lstm_fused_int8 mixed_rank_bcast_int8 resize_bicubic_int8 split_concat text_embed_int8
    topk_gather_nd_int8 uint8_image_pre_int8 unet_int8
""".split()
# Ops of these files that came with later versions of TensorFlow than 2.6.
LATER = {
    ("ATAN2", 1),
    ("CONV_2D", 6),
    ("EXP", 2),
    ("FULLY_CONNECTED", 12),
    ("GELU", 1),
    ("GELU", 2),
    ("LOG", 2),
    ("TILE", 3),
}
# BUILTIN_REF has no ROUND; the default resolver rounds CONV_2D of 8 bits in another way, by a step at most.
NOT_REF = {"uint8_image_pre_int8"}
OTHERWISE = "this model is (float32|int16); quantize it first|depends on the values it reads|none of the"


def parameters(wanted: Any = lambda name: True) -> list[Any]:
    where = models.folder()
    if where is None:
        return [pytest.param(Path(), marks=pytest.mark.skip(reason=models.NO_MODELS), id="no models")]
    files = sorted(f for kind in ("converted", "edgetpu") for f in (where / kind).glob("*.tflite"))
    return [pytest.param(f, id=f.stem) for f in files if wanted(f.stem)]


compiled_files = pytest.mark.parametrize("path", parameters(lambda name: name in COMPILED))


@pytest.fixture(autouse=True)
def _no_word_of_fallbacks(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, logger="delegraph")


def reason(model: Model) -> str:
    """Return what a refusal of the model has to say, read off the file."""
    ops = [op for graph in model.subgraphs for op in graph.ops]
    types = {t.dtype for graph in model.subgraphs for t in graph.tensors}
    later = sorted({(op.name, op.version) for op in ops} & LATER)
    if later:
        name, version = later[0]
        return f"cannot load .*{name} in version {version}"
    if types & {"int2", "int4"}:
        return "cannot load .*tensors of int[24]"
    if any(op.name.startswith("Flex") for op in ops):
        return "is a TensorFlow op, .* convert without SELECT_TF_OPS"
    return "is compiled already" if any(op.name == CUSTOM_OP for op in ops) else OTHERWISE


@pytest.mark.parametrize("path", parameters(lambda name: name not in COMPILED))
def test_what_is_not_compiled_is_refused_for_the_right_reason(path: Path) -> None:
    with pytest.raises((CompilationFailed, InputError), match=reason(read_model(path))):
        list(compiled_together([path], Settings(), print))


def batches(model: Model) -> list[list[np.ndarray]]:
    limits = {"float32": (-1, 1), "int32": (0, 8), "int64": (0, 8)}
    return [
        [
            random_array(t.dtype, t.shape, seed, *limits.get(t.dtype, (None, None)))
            for t in model.subgraphs[0].inputs
        ]
        for seed in range(RUNS)
    ]


def ours(model: Model, delegates: list[str], given: list[list[np.ndarray]]) -> list[list[np.ndarray]]:
    found = []
    with Interpreter(model=model, delegates=delegates) as interpreter:
        interpreter.allocate_tensors()
        for batch in given:
            for d, array in zip(interpreter.get_input_details(), batch, strict=True):
                interpreter.set_tensor(d["index"], array)
            interpreter.invoke()
            found.append([interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()])
    return found


def assert_close(found: list[list[np.ndarray]], wanted: list[list[np.ndarray]], steps: int = 0) -> None:
    for run, (one, other) in enumerate(zip(found, wanted, strict=True)):
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            largest = float(np.abs(b).max(initial=0)) if b.dtype.kind == "f" else 0.0
            atol = RTOL * largest if b.dtype.kind == "f" else steps
            x, y = a.astype(np.float64), b.astype(np.float64)  # so that differences of bytes do not wrap
            np.testing.assert_allclose(x, y, rtol=0, atol=atol, err_msg=f"output {i} of run {run}")


@compiled_files
@pytest.mark.parametrize("multiple_subgraphs", [False, True], ids=["first", "all"])
def test_a_compiled_file_gives_what_the_source_gives_in_litert(
    path: Path, multiple_subgraphs: bool
) -> None:
    source = read_model(path)
    (file,) = compiled_together([path], Settings(multiple_subgraphs=multiple_subgraphs), print)
    resolver = "BUILTIN_WITHOUT_DEFAULT_DELEGATES" if path.stem in NOT_REF else "BUILTIN_REF"
    with litert.loaded(path, resolver) as loaded:
        wanted = [loaded.run(batch) for batch in batches(source)]

    out = read_model(file.data)
    found = ours(out, ["edgetpu", "reference"], batches(source))

    assert_close(found, wanted, steps=path.stem in NOT_REF)
    assert sum(op.name == CUSTOM_OP for op in out.subgraphs[0].ops) == len(file.estimates)


@compiled_files
def test_litert_runs_what_is_in_the_custom_op(path: Path) -> None:
    (file,) = compiled_together([path], Settings(), print)
    ops: list[Op] = [op for op in read_model(file.data).subgraphs[0].ops if op.name == CUSTOM_OP]
    for op in ops:
        inner = decoded(op.custom_options).model
        given = batches(read_model(inner))
        with litert.loaded(inner, "BUILTIN_REF") as loaded:
            wanted = [loaded.run(batch) for batch in given]
        assert_close(ours(read_model(inner), ["reference"], given), wanted)
