"""The cut against the real compiler's: which ops of seven models it mapped, and what crosses the edge.

Source: google-coral/test_data and google-coral/edgetpu, where each model stands beside what the Edge TPU
compiler made of it.
"""

from __future__ import annotations

from collections import Counter

import models
import pytest
from attrs import frozen
from delegraph import Interpreter, UnsupportedOps, plan_model, read_model


@frozen
class Pair:
    """A model and what the compiler made of it."""

    source: str  # as the manifest names it
    mapped: dict[str, int]  # ops by kind
    on_cpu: dict[str, int]
    first_on_cpu: tuple[int, ...]  # ops in the source's order, the first few
    inputs: tuple[str, ...]  # of the custom op: the first 40 letters of their names
    outputs: tuple[str, ...]  # sorted
    compiled: str = ""  # as the manifest names it, where it is among the models


PAIRS = [
    Pair(
        "uint8/deeplabv3_mnv2_dm05_pascal_quant.tflite",
        {"ADD": 10, "AVERAGE_POOL_2D": 1, "CONV_2D": 36, "DEPTHWISE_CONV_2D": 17},
        {"ARG_MAX": 1, "CONCATENATION": 1, "CONV_2D": 2, "QUANTIZE": 1, "RESIZE_BILINEAR": 3},
        (64, 65, 66, 67),
        ("MobilenetV2/MobilenetV2/input",),
        ("aspp0/Relu;aspp0/add_fold;concat_project", "image_pooling/Relu;image_pooling/add_fol"),
    ),
    Pair(
        "lstm/keras_lstm_mnist_ptq.tflite",
        {
            "FULLY_CONNECTED": 1,
            "QUANTIZE": 2,
            "RESHAPE": 1,
            "SOFTMAX": 1,
            "UNIDIRECTIONAL_SEQUENCE_LSTM": 1,
        },
        {},
        (),
        ("serving_default_x:0", "tfl.pseudo_qconst", "tfl.pseudo_qconst1"),
        ("StatefulPartitionedCall:0",),
        "edgetpu/keras_lstm_mnist_ptq_edgetpu.tflite",
    ),
    Pair(
        "uint8/mobilenet_v1_0.25_128_quant.tflite",
        {"AVERAGE_POOL_2D": 1, "CONV_2D": 15, "DEPTHWISE_CONV_2D": 13, "RESHAPE": 1, "SOFTMAX": 1},
        {},
        (),
        ("input",),
        ("MobilenetV1/Predictions/Reshape_1",),
        "edgetpu/mobilenet_v1_0.25_128_quant_edgetpu.tflite",
    ),
    Pair(
        "int8/movenet_single_pose_lightning_ptq.tflite",
        {
            "ADD": 13,
            "CONV_2D": 50,
            "DEPTHWISE_CONV_2D": 24,
            "LOGISTIC": 2,
            "MUL": 2,
            "QUANTIZE": 1,
            "RESHAPE": 1,
            "RESIZE_BILINEAR": 3,
            "SUB": 2,
        },
        {
            "ADD": 6,
            "ARG_MAX": 2,
            "CAST": 5,
            "CONCATENATION": 2,
            "DEQUANTIZE": 4,
            "DIV": 1,
            "FLOOR_DIV": 2,
            "GATHER_ND": 4,
            "MUL": 5,
            "PACK": 3,
            "QUANTIZE": 7,
            "RESHAPE": 11,
            "SQRT": 1,
            "SUB": 4,
            "UNPACK": 2,
        },
        (0, 1, 89, 90),
        ("tfl.quantize",),
        (
            "Reshape_2",
            "Sigmoid",
            "Sigmoid1",
            "kpt_offset_0/conv2d_7/BiasAdd;kpt_regres",
            "kpt_regress_0/conv2d_6/BiasAdd;kpt_regre",
        ),
    ),
    Pair(
        "int8/posenet_mobilenet_v1_075_353_481_16_quant_decoder.tflite",
        {"CONCATENATION": 1, "CONV_2D": 18, "DEPTHWISE_CONV_2D": 13, "PAD": 1, "QUANTIZE": 4},
        {"PosenetDecoderOp": 1},
        (37,),
        ("sub_2",),
        ("float_heatmaps", "float_mid_offsets", "float_short_offsets"),
    ),
    Pair(
        "edgetpu/split_concat.tflite",
        {"CONCATENATION": 2, "SPLIT": 1},
        {},
        (),
        ("input1", "inputs/rnn1", "inputs/rnn2"),
        ("concat/split0", "concat/split2", "concat/split4", "outputs/rnn1", "outputs/rnn2"),
        "edgetpu/split_concat_edgetpu.tflite",
    ),
    Pair(
        "uint8/mobilenet_v2_1.0_224_quant.tflite",
        {
            "ADD": 10,
            "AVERAGE_POOL_2D": 1,
            "CONV_2D": 36,
            "DEPTHWISE_CONV_2D": 17,
            "RESHAPE": 1,
            "SOFTMAX": 1,
        },
        {},
        (),
        ("input",),
        ("MobilenetV2/Predictions/Softmax",),
    ),
]
IDS = [pair.source.removesuffix(".tflite") for pair in PAIRS]
each_pair = pytest.mark.parametrize("pair", PAIRS, ids=IDS)
each_compiled = pytest.mark.parametrize(
    "pair", [p for p in PAIRS if p.compiled], ids=[i for p, i in zip(PAIRS, IDS, strict=True) if p.compiled]
)


@pytest.fixture(autouse=True)
def _models():
    if models.folder() is None:
        pytest.skip(models.NO_MODELS)


def planned(pair):
    """Return the mapped partition and the other ops in the file's order."""
    plan = plan_model(read_model(models.path(pair.source)), ["edgetpu"], warn=False)
    (mapped,) = [p for p in plan.partitions if p.label == "edgetpu"]
    inside = {op.index for op in mapped.ops}
    return mapped, [op for op in plan.subgraphs[0].graph.ops if op.index not in inside]


@each_pair
def test_the_mapped_ops_are_the_real_compilers(pair):
    mapped, rest = planned(pair)

    assert Counter(op.name for op in mapped.ops) == pair.mapped
    assert Counter(op.name for op in rest) == pair.on_cpu
    assert tuple(op.index for op in rest)[: len(pair.first_on_cpu)] == pair.first_on_cpu


@each_pair
def test_what_crosses_the_edge_is_the_real_compilers(pair):
    mapped, _ = planned(pair)

    assert tuple(t.name[:40] for t in mapped.inputs) == pair.inputs
    assert tuple(sorted(t.name[:40] for t in mapped.outputs)) == pair.outputs


@each_compiled
def test_the_custom_op_reads_and_writes_what_the_real_one_does(pair):
    mapped, rest = planned(pair)
    (op, *remainder) = read_model(models.path(pair.compiled)).subgraphs[0].ops

    def operands(tensors):
        return sorted((t.name, t.dtype, t.shape, t.is_variable) for t in tensors)

    assert operands(mapped.inputs) == operands(op.inputs)
    assert operands(mapped.outputs) == operands(op.outputs)
    assert [op.name for op in remainder] == [op.name for op in rest]


@each_compiled
def test_a_file_of_the_real_compiler_is_described_and_not_run(pair):
    interpreter = Interpreter(str(models.path(pair.compiled)), delegates=["edgetpu", "reference"])

    with pytest.raises(UnsupportedOps) as e:
        interpreter.allocate_tensors()

    text = str(e.value)
    assert "found a package of the Edge TPU compiler (" in text
    assert "executables EXECUTION_ONLY, PARAMETER_CACHING" in text
    assert "machine code that only the device runs" in text
