"""Every float and 8-bit model of the collection, on real inputs: one partition, and LiteRT's numbers.

Float models give what BUILTIN_REF gives. Models in 8 bits are no further from it than XNNPACK is, which
LiteRT uses by default. So are dynamic-range models, whose weights are 8 bits and whose values are floats:
these are rounded to 8 bits while the model runs, as LiteRT does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import models
import pytest
import whole_models
from one_op_opencl import VARIANTS
from whole_models import Distance, distances

FLOAT = ("float32/", "float16/", "lstm/trained_lstm.tflite")
QUANTIZED = ("uint8/", "int8/", "lstm/")
RTOL = 1e-4  # of an output's largest value
# Stored as float16: of the largest value, the mean and the worst of all values.
HALF_MEAN, HALF_WORST = 1e-3, 2e-2
# Models in which a small difference grows: an index of a maximum decides where values go (LiteRT's own
# result changes by 13 % in 418 places when an input changes by 2e-7), masks have edges like steps, and a
# probability of 0.001 is measured by itself. The landmarks in numpy, each op's result rounded to a half:
# 4.1e-3 and 6.6e-3 for hands, 6.1e-4 and 0.2 for poses. Their inputs alone rounded to halves move LiteRT's
# results by 2.1e-3 and 2.7e-3, and by 1.0e-4 and 0.04.
UNSTABLE = {
    "float32/hair_segmentation.tflite": {"share": 0.01, "half": (5e-3, 0.5)},
    "float16/selfie_segmentation.tflite": {"half": (1e-3, 0.1)},
    "float16/hand_landmark_lite.tflite": {"half": (5e-3, HALF_WORST)},
    "float16/pose_landmark_lite.tflite": {"half": (HALF_MEAN, 0.2)},
}
# Stored as float16, float inputs of 8-bit models are rounded before QUANTIZE: that alone moves LiteRT's own
# result of face_detection_front 1.3 times as far as XNNPACK is from it (mean 0.0219 and 0.0169).
HALF_MORE = 1.5
HALF_ROUNDING = 2.0**-11  # of a float: an output may differ by this because it is stored, and be the same
# Dynamic-range models. The last bit of a float op moves a number to another of the steps that it is rounded
# to now and then, XNNPACK's and ours: means this small are chance. Halves move many numbers.
INPUTS, FEW_INPUTS = 20, {"dynamic_range/style_transfer_quantized_dynamic.tflite": 2}  # 10 s for each
OTHER_STEPS, HALF_OTHER_STEPS = 1e-5, 3e-3
# Ops that stay with the reference delegate or with core.
LEFT = {
    "uint8/ssd_mobilenet.tflite": {"TFLite_Detection_PostProcess"},
    "int8/yamnet.tflite": {"RFFT2D", "COMPLEX_ABS", "RESHAPE"},  # of complex numbers
    "int8/okay_nabu.tflite": {"ASSIGN_VARIABLE", "CALL_ONCE", "READ_VARIABLE", "VAR_HANDLE"},
}
# Models that BUILTIN_REF does not run: custom ops of the default resolver.
ONLY_DEFAULT = ("float32/hair_segmentation.tflite", "float16/selfie_segmentation.tflite")

Record = Callable[[str, Any], None]


def _named(*prefixes: str, without: Sequence[str] = ()) -> list[Any]:
    """Return pytest parameters: (model, variant); all variants but the default one are slow."""
    found = []
    for parameter in models.parameters(("float32", "float16", "uint8", "int8", "dynamic_range", "lstm")):
        name = str(parameter.values[0])
        if name and (not name.startswith(prefixes) or name.startswith(tuple(without))):
            continue
        for variant in VARIANTS:
            marks = [*parameter.marks, *([] if variant == "default" else [pytest.mark.slow])]
            found.append(pytest.param(name, variant, id=f"{parameter.id}-{variant}", marks=marks))
    return found


@pytest.mark.parametrize(("name", "variant"), _named(*FLOAT))
def test_a_float_model_is_one_partition_with_litert_s_numbers(
    name: str, variant: str, record_property: Record
) -> None:
    resolver = "BUILTIN" if name in ONLY_DEFAULT else "BUILTIN_REF"
    inputs = whole_models.batches(name, resolver, 2)
    ours = whole_models.ours(name, inputs, VARIANTS[variant])
    found = distances(ours.outputs, whole_models.theirs(models.path(name), resolver, inputs))
    record_property("opencl models", _row(name, variant, found))
    assert ours.partitions == ["opencl"]
    assert not ours.left
    limits = UNSTABLE.get(name, {})
    if variant == "float16":
        mean, worst = limits.get("half", (HALF_MEAN, HALF_WORST))
        assert all(d.mean <= mean and d.largest <= worst for d in found), found
    elif "share" in limits:
        assert all(d.mean <= RTOL and d.share_above(RTOL) <= limits["share"] for d in found), found
    else:
        assert all(d.largest <= RTOL for d in found), found


@pytest.mark.parametrize(("name", "variant"), _named(*QUANTIZED, without=FLOAT))
def test_an_8_bit_model_is_no_further_from_the_reference_than_xnnpack(
    name: str, variant: str, record_property: Record
) -> None:
    inputs = whole_models.batches(name, "BUILTIN_REF", 5)
    ours = whole_models.ours(name, inputs, VARIANTS[variant])
    reference = whole_models.theirs(models.path(name), "BUILTIN_REF", inputs)
    found = distances(ours.outputs, reference)
    xnnpack = distances(whole_models.theirs(models.path(name), "BUILTIN", inputs), reference)
    record_property("opencl models", _row(name, variant, found, xnnpack))
    assert ours.left == LEFT.get(name, set())
    assert name in LEFT or ours.partitions == ["opencl"]
    more, same = (HALF_MORE, HALF_ROUNDING) if variant == "float16" else (1.0, 0.0)
    assert all(
        a.mean <= more * b.mean and a.share_above(same) <= more * b.share
        for a, b in zip(found, xnnpack, strict=True)
    ), (found, xnnpack)


@pytest.mark.parametrize(("name", "variant"), _named("dynamic_range/"))
def test_a_dynamic_range_model_is_no_further_from_the_reference_than_xnnpack(
    name: str, variant: str, record_property: Record
) -> None:
    inputs = whole_models.batches(name, "BUILTIN_REF", FEW_INPUTS.get(name, INPUTS))
    ours = whole_models.ours(name, inputs, VARIANTS[variant])
    reference = whole_models.theirs(models.path(name), "BUILTIN_REF", inputs)
    found = distances(ours.outputs, reference)
    xnnpack = distances(whole_models.theirs(models.path(name), "BUILTIN", inputs), reference)
    record_property("opencl models", _row(name, variant, found, xnnpack))
    assert ours.partitions == ["opencl"]
    more, chance = (HALF_MORE, HALF_OTHER_STEPS) if variant == "float16" else (1.0, OTHER_STEPS)
    pairs = zip(found, xnnpack, strict=True)
    assert all(a.mean <= max(more * b.mean, chance) for a, b in pairs), (found, xnnpack)


def _row(
    name: str, variant: str, found: Sequence[Distance], xnnpack: Sequence[Distance] = ()
) -> Mapping[str, str]:
    return {
        "model": name.replace(".tflite", ""),
        "variant": variant,
        "mean": _text(d.mean for d in found),
        "largest": _text(d.largest for d in found),
        "XNNPACK mean": _text(d.mean for d in xnnpack),
        "XNNPACK largest": _text(d.largest for d in xnnpack),
    }


def _text(numbers: Any) -> str:
    listed = list(numbers)
    return f"{max(listed):.2g}" if listed else "-"
