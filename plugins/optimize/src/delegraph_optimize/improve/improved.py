"""A quantized model made better on samples, as far as somebody wishes."""

from __future__ import annotations

from delegraph import Model

from ..writer import ModelEdit
from .engines import Engines
from .kept_samples import KeptSamples
from .reached import looked_at, reached
from .stored_product import StoredProduct
from .weights import Told, improve_weights
from .wishes import Wishes


def improve(
    model: Model,
    edit: ModelEdit,
    kept: KeptSamples,
    wishes: Wishes,
    engines: Engines,
    told: Told = lambda done, of: None,
) -> str:
    """Make the weights and biases of a quantized model better; return a sentence that says what was done.

    :param model: the model of floats that it was made of.
    """
    done = lstms = 0
    of = sum(StoredProduct.of(graph, node) is not None for graph in edit.graphs for node in graph.nodes)
    run = looked_at(model, kept)
    for one in reached(model, edit, run, engines, wishes.seed):
        floats, graph = model.subgraphs[one.place], edit.graphs[one.place]
        better, _, rounded = improve_weights(floats, graph, one.samples, wishes, engines, told, one.called)
        done, lstms = done + better, lstms + rounded
    ways = [f"rounded by {wishes.rounding}"] if wishes.rounding != "nearest" else []
    ways += ["with corrected biases"] if wishes.bias_correction else []
    found = [f"weights {' and '.join(ways)}: {done} of {of} ops"] if ways else []
    found += [f"gates of {lstms} LSTMs rounded by gptq"] if lstms else []
    return f"{'; '.join(found) or 'nothing improved'}, on {sum(map(len, run.values()))} samples"
