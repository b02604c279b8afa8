"""Which of the quantized ops have scales that no kernel holds: LiteRT would refuse the model, or die of it.

A range from samples may be anything: a difference of equals, a channel without weights. What scales ask of
an integer kernel is what the reference delegate's rows ask, since their arithmetic is LiteRT's; XNNPACK,
which LiteRT uses where nobody says otherwise, asks more of sums of products.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from delegraph import DTYPES, Delegate, Graph, Op, UnknownDelegate, load_delegate

from .schemes import Verdict
from .spec import SPECS
from .writer import EditedOp, GraphEdit, ModelEdit

Place = tuple[int, int]
_MOST_RESCALED = 256.0  # XNNPACK, operators/convolution-nhwc.c and its siblings: requantization_scale
_MOST_OF_A_PRODUCT = 2.0**13  # it is shifted right by 15 bits less those of the factor
_ENDS = {"RELU6": 6.0, "RELU": 0.0, "RELU_N1_TO_1": 1.0}  # of what a fused activation lets through


def unheld(edit: ModelEdit, verdicts: Mapping[Place, Verdict]) -> dict[Place, str]:
    """Return the quantized ops whose scales no kernel holds, by their place before, with the reason.

    What is wrong with a QUANTIZE is the reason for those that read it.
    """
    found: dict[Place, str] = {}
    reference = _reference()
    for place, graph in enumerate(edit.model().subgraphs):
        edited = edit.graphs[place]
        for op, node in zip(graph.ops, edited.nodes, strict=True):
            if not _has_integers(op) or not (why := _why_not(op, graph, reference)):
                continue
            for source in _blamed(edited, node):
                if verdicts.get((place, source), Verdict(False)).done:
                    found[place, source] = f"no kernel holds its scales: {why}"
    return found


def _reference() -> Delegate | None:
    try:
        return load_delegate("reference")
    except UnknownDelegate:
        return None


def _has_integers(op: Op) -> bool:
    return any(t is not None and not t.is_constant and t.scale for t in (*op.inputs, *op.outputs))


def _blamed(graph: GraphEdit, node: EditedOp) -> Iterable[int]:
    """Return the ops of the model before that an op stands for, or is there for."""
    if node.source is not None:
        return [node.source.index]
    written = set(node.outputs)
    readers = [n for n in graph.nodes if not written.isdisjoint(n.reads)]
    return [n.source.index for n in readers if n.source is not None]


def _why_not(op: Op, graph: Graph, reference: Delegate | None) -> str:
    refused = () if reference is None else reference.table.refusals(op, graph)
    told = [str(r) for r in refused if r.kind == "constraint"]
    return "; ".join(told) or _unheld_sum(op) or _unheld_product(op) or _unheld_end(op)


def _unheld_sum(op: Op) -> str:
    """Return why XNNPACK does not rescale an op's sums; "" if it does."""
    spec = SPECS.get(op.name)
    places = () if spec is None or spec.recurrent else spec.weights()
    x = None if spec is None else next((i for i, o in enumerate(spec.inputs) if o.role == "x"), None)
    if x is None or op.outputs[0].dtype != "int8" or not op.outputs[0].scale:
        return ""
    for weights in (op.inputs[place] for place in places):
        quantization, given = None if weights is None else weights.quantization, op.inputs[x]
        if quantization is not None and given is not None and len(quantization.scale):
            factor = given.scale * float(quantization.scale.max()) / op.outputs[0].scale
            if factor >= _MOST_RESCALED:
                return f"needs a rescaling factor below {_MOST_RESCALED:g}, found {factor:.3g}"
    return ""


def _unheld_product(op: Op) -> str:
    """Return why a product of values may not be rescaled, however many there are; "" if it is.

    Source: tflite/kernels/reduce.cc (GetQuantProdScaling): scale_in / scale_out ** (1 / n).
    """
    if op.name != "REDUCE_PROD" or op.inputs[0] is None or not op.outputs[0].scale:
        return ""
    factor = op.inputs[0].scale / min(op.outputs[0].scale, 1.0)
    return (
        "" if factor < _MOST_OF_A_PRODUCT else f"needs a rescaling factor below 2**13, found {factor:.3g}"
    )


def _unheld_end(op: Op) -> str:
    """Return why the end of a fused activation is no integer; "" if it is, or there is none.

    Source: tflite/kernels/kernel_util.cc (Quantize).
    """
    end = _ENDS.get(op.options.get("fused_activation_function", "NONE"), 0.0)
    if not end or not op.outputs[0].scale:
        return ""
    stored = np.float32(end) / np.float32(op.outputs[0].scale)
    if stored <= DTYPES["int32"].limits[1]:
        return ""
    return f"needs an activation whose end {end:g} is an int32, found {stored:.3g} steps"
