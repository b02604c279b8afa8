"""Products whose weights keep 8 bits where 4 are asked for: 4 would lose much there, or save little.

The first reads what nothing before it can make up for and the last decides between the classes: published
figures for weights of 4 bits leave both 8. Of small ones, 4 bits save next to nothing of the file, and the
first blocks of a network for small devices, which have few weights, lose more by them than all others.
"""

from __future__ import annotations

from attrs import evolve
from delegraph import Graph

from .asked import Asked
from .improve import is_product
from .prepared import FloatModel
from .rules import Rule
from .spec import SPECS

SMALL = 0.02  # of all weights of products
_KIND = "int8"


def with_spared(settings: Asked, ready: FloatModel, is_wanted: bool) -> tuple[Asked, list[str]]:
    """Return settings in which some weights keep 8 bits, where no rule says another type, and a sentence
    that says which those are.
    """
    if settings.weights != "int4" or not is_wanted:
        return settings, []
    total = sum(sum(_sizes(graph).values()) for graph in ready.model.subgraphs)
    found = {
        subgraph: tuple(dict.fromkeys(ready.origins[subgraph, op] for op in _spared(graph, total)))
        for subgraph, graph in enumerate(ready.model.subgraphs)
    }
    rules = [Rule(index=ops, subgraph=subgraph, weights=_KIND) for subgraph, ops in found.items() if ops]
    told = ", ".join(str(op) for ops in found.values() for op in ops)
    notes = [f"weights spared, which stay {_KIND}: of ops {told}"] if told else []
    return evolve(settings, rules=(*rules, *settings.rules)), notes


def _spared(graph: Graph, total: int) -> list[int]:
    """Return the first op, the last one and the small ones."""
    sizes = _sizes(graph)
    ends = (min(sizes, default=-1), max(sizes, default=-1))
    return [op for op, size in sizes.items() if op in ends or size < SMALL * total]


def _sizes(graph: Graph) -> dict[int, int]:
    """Return how many weights each product has that could have 4 bits."""
    products = [op for op in graph.ops if is_product(op) and SPECS[op.name].int4]
    return {op.index: weights.size for op in products if (weights := op.inputs[1])}
