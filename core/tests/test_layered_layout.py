"""Boxes stand in layers, below all that they read; no two overlap, and no edge passes a box."""

from __future__ import annotations

import itertools
import random

import pytest
from delegraph.report.layered_layout import FAR, GAP, LANE, NODE, layered

pytest.importorskip("igraph")


def graphs():
    """Yield random graphs: their size, and edges from lower to higher numbers."""
    for seed in range(60):
        r = random.Random(seed)
        n = r.choice([0, 1, 2, 5, 20, 60])
        reach = r.choice([2, 5, 60])
        pairs = {(max(0, b - r.randint(1, reach)), b) for b in range(1, n) for _ in range(r.randint(0, 3))}
        yield n, sorted(pairs)


def crossed(layout, edge, bends):
    """Return where an edge is in the layers between its ends."""
    points = [
        (layout.layers[edge[0]], layout.x[edge[0]]),
        *bends,
        (layout.layers[edge[1]], layout.x[edge[1]]),
    ]
    for (a, ax), (b, bx) in itertools.pairwise(points):
        for layer in range(a + 1 if (a, ax) == points[0] else a, b):
            yield layer, ax + (bx - ax) * (layer - a) / (b - a)


def test_boxes_are_below_what_they_read_and_apart():
    for n, edges in graphs():
        layout = layered(n, edges)
        assert all(layout.layers[a] < layout.layers[b] for a, b in edges)
        in_layer = {}
        for layer, x in zip(layout.layers, layout.x, strict=True):
            in_layer.setdefault(layer, []).append(x)
        for row in in_layer.values():
            row.sort()
            assert all(b - a >= NODE + GAP - 1 for a, b in itertools.pairwise(row))


def test_no_edge_passes_a_box():
    for n, edges in graphs():
        layout = layered(n, edges)
        boxes = {}
        for layer, x in zip(layout.layers, layout.x, strict=True):
            boxes.setdefault(layer, []).append(x)
        for i, edge in enumerate(edges):
            for layer, x in crossed(layout, edge, layout.bends[i]) if i not in layout.stubs else ():
                assert all(abs(x - box) >= (NODE + LANE) / 2 for box in boxes.get(layer, ())), (n, edge)


def test_what_comes_from_far_above_gets_a_stub_beside_its_reader():
    n = FAR + 10
    edges = [(i, i + 1) for i in range(n - 1)] + [(0, n - 1)]
    layout = layered(n, edges)
    assert list(layout.stubs) == [n - 1]
    assert layout.stubs[n - 1][0] == layout.layers[n - 1] - 1


def test_equal_graphs_are_drawn_alike():
    for n, edges in list(graphs())[:10]:
        assert layered(n, edges) == layered(n, edges)
