"""Where the ops of a graph are drawn: in layers, each below all that it reads, with few crossings.

The library igraph orders the layers and places what is in them (Sugiyama's method). An edge over several
layers has a place of its own in each between, so that it passes no box; columns are then drawn together,
since such a place is narrow. One over very many layers would push all else aside: where it ends, a stub
stands for where it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ..values import frozen
from .web_page import missing

Edge = tuple[int, int]  # the numbers of two nodes; what is read comes first
Bend = tuple[int, float]  # layer and horizontal place

NODE, LANE, GAP = 190.0, 10.0, 18.0  # widths, and what is left free between two, in pixels
FAR = 48  # layers: what comes from further above gets a stub
PLACES = 16  # of edges between layers, for each node and edge: where they are used up, what is longer, too


@frozen
class LayeredLayout:
    """Layers and horizontal places."""

    layers: tuple[int, ...]  # by node
    x: tuple[float, ...]  # of its middle, by node
    bends: tuple[tuple[Bend, ...], ...]  # by edge: where it changes its direction
    stubs: dict[int, Bend]  # by edge: where the stub is that it begins at, instead of its node


def layered(count: int, edges: Sequence[Edge]) -> LayeredLayout:
    """Place nodes 0, 1, … and the edges between them.

    :param edges: from lower to higher numbers.
    """
    layers = _layers(count, edges)
    chains = _chains(layers, edges)
    all_layers = [*layers, *(0 for chain in chains for _ in chain.between)]
    for chain in chains:
        for node, layer in zip(chain.between, chain.layers, strict=True):
            all_layers[node] = layer
    x = _places(count, all_layers, [pair for chain in chains for pair in pairwise(chain.nodes)], chains)
    places = list(zip(all_layers, x, strict=True))
    return LayeredLayout(
        tuple(layers),
        tuple(x[:count]),
        tuple(() if c.is_stub else tuple(_turns([places[n] for n in c.nodes])) for c in chains),
        {i: places[c.between[0]] for i, c in enumerate(chains) if c.is_stub},
    )


@frozen
class EdgeChain:
    """An edge as it is placed: from node to node, one layer further each."""

    nodes: tuple[int, ...]  # those between are numbered after the nodes of the graph
    layers: range  # of those between
    is_stub: bool = False  # the first node is the stub

    @property
    def between(self) -> tuple[int, ...]:
        return self.nodes[:-1] if self.is_stub else self.nodes[1:-1]


def _layers(count: int, edges: Sequence[Edge]) -> list[int]:
    """Return the layer of each node: below what it reads; one that reads nothing, above what reads it."""
    layers = [0] * count
    reads: list[list[int]] = [[] for _ in range(count)]
    read_by: list[list[int]] = [[] for _ in range(count)]
    for a, b in edges:
        reads[b].append(a)
        read_by[a].append(b)
    for node in range(count):
        layers[node] = max((layers[r] + 1 for r in reads[node]), default=0)
    for node in range(count):
        if not reads[node] and read_by[node]:
            layers[node] = max(min(layers[r] for r in read_by[node]) - 1, 0)
    return layers


def _chains(layers: Sequence[int], edges: Sequence[Edge]) -> list[EdgeChain]:
    """Return how each edge is placed; the shortest are the first to get places."""
    left, number = PLACES * (len(layers) + len(edges)), len(layers)
    found: dict[int, EdgeChain] = {}
    for i in sorted(range(len(edges)), key=lambda i: layers[edges[i][1]] - layers[edges[i][0]]):
        a, b = edges[i]
        between = range(layers[a] + 1, layers[b])
        if len(between) >= FAR or len(between) > left:
            found[i] = EdgeChain((number, b), range(layers[b] - 1, layers[b]), is_stub=True)
        else:
            found[i] = EdgeChain((a, *range(number, number + len(between)), b), between)
            left -= len(between)
        number += len(found[i].between)
    return [found[i] for i in range(len(edges))]


def _places(
    count: int, layers: list[int], edges: Sequence[Edge], chains: Sequence[EdgeChain]
) -> list[float]:
    """Return the horizontal places of nodes, then of what is between."""
    try:
        import igraph
    except ImportError as e:
        raise missing("igraph") from e
    graph = igraph.Graph(n=len(layers), edges=edges, directed=True)
    placed = graph.layout_sugiyama(layers=layers, hgap=1, maxiter=50)
    x = [round(point[0], 3) for point in placed.coords[: len(layers)]]
    wide = {*range(count), *(c.nodes[0] for c in chains if c.is_stub)}
    return _together(wide, layers, x)


def _together(wide: set[int], layers: Sequence[int], x: Sequence[float]) -> list[float]:
    """Draw columns as near to each other as what is in them allows; what stood in a line still does."""
    by_layer: dict[int, list[int]] = {}
    for node in sorted(range(len(x)), key=lambda n: x[n]):
        by_layer.setdefault(layers[node], []).append(node)
    x = list(x)
    for nodes in by_layer.values():
        for a, b in pairwise(nodes):
            x[b] = max(x[b], x[a] + 1)  # igraph may place two on top of each other
    before: dict[float, list[tuple[float, float]]] = {}  # by column: columns to its left, how far away
    for nodes in by_layer.values():
        for a, b in pairwise(nodes):
            apart = sum(NODE if n in wide else LANE for n in (a, b)) / 2 + GAP
            before.setdefault(x[b], []).append((x[a], apart))
    found: dict[float, float] = {}
    last = 0.0
    for column in sorted(set(x)):
        last = max([last, *(found.get(left, 0.0) + apart for left, apart in before.get(column, ()))])
        found[column] = last
    return [found[column] for column in x]


def _turns(points: Sequence[Bend]) -> list[Bend]:
    """Return the points between the ends at which the direction changes."""
    return [
        here
        for before, here, after in zip(points, points[1:], points[2:], strict=False)
        if abs((here[1] - before[1]) - (after[1] - here[1])) > 0.5
    ]
