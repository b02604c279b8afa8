"""Find the ops of a model that differ from LiteRT: each is given LiteRT's own inputs.

In a shell::

    python tests/oracle/bisect_model.py MODEL.tflite …         # the first ops that differ
    python tests/oracle/bisect_model.py --limit 0 --times M…   # every op that differs; the slowest ops
    python tests/oracle/bisect_model.py --rtol 0 MODEL.tflite  # floats bit for bit, too

A model of the collection (DELEGRAPH_MODELS) may be named as in its manifest, "int8/yamnet.tflite", and
gets real inputs; any other gets random ones.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import attrs
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

import litert
import models
from delegraph.model import Graph, Op, Tensor
from inputs import SOURCES, inputs_of
from one_op import FLOAT_RTOL, difference, inputs_for, prepared, refusals_of

REFUSED = "refused: "


@attrs.frozen
class Finding:
    """What came of one op."""

    op: Op
    types: str
    problem: str | None  # None: it agrees with LiteRT
    seconds: float = 0.0  # of one run on the reference kernels


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="+", help="files, or names of the collection")
    parser.add_argument("--limit", type=int, default=5, help="ops to print per model; 0 for all")
    parser.add_argument("--resolver", default="BUILTIN_REF")
    parser.add_argument("--rtol", type=float, default=FLOAT_RTOL, help="for floats, of the largest value")
    parser.add_argument("--times", action="store_true", help="also print the five slowest ops")
    chosen = parser.parse_args(arguments)
    wrong = 0
    for name in chosen.models:
        try:
            found = list(findings(name, chosen.resolver, chosen.rtol))
        except (litert.LiteRTError, ValueError) as e:
            print(f"{name}: {type(e).__name__}: {str(e).splitlines()[0][:200]}")
            continue
        wrong += _report(name, found, chosen.limit or len(found), chosen.times)
    return 1 if wrong else 0


def findings(name: str, resolver: str = "BUILTIN_REF", rtol: float = FLOAT_RTOL) -> Iterator[Finding]:
    """Yield what came of each op of the main subgraph of a model."""
    from delegraph.file import read_model

    path = models.path(name) if name in models.manifest() else Path(name)
    graph = read_model(path).subgraphs[0]
    values = litert_values(path, name, graph, resolver)
    for op in graph.ops:
        yield finding(op, graph, values, rtol)


def litert_values(path: Path, name: str, graph: Graph, resolver: str) -> dict[int, np.ndarray]:
    """Return LiteRT's value of every tensor that has one, from one run on real inputs."""
    with litert.loaded(path, resolver, preserve=True) as theirs:
        details = theirs.details()["inputs"]
        theirs.run(_inputs(name, details, graph))
        return theirs.tensors([t.index for t in graph.tensors])


def finding(op: Op, graph: Graph, values: dict[int, np.ndarray], rtol: float = FLOAT_RTOL) -> Finding:
    """Run one op on LiteRT's inputs and compare its outputs with LiteRT's."""

    def known(t: Tensor | None) -> Tensor | None:
        return t if t is None or t.is_constant else attrs.evolve(t, shape=_value(t, values).shape)

    types = " ".join("-" if t is None else t.dtype for t in op.inputs)
    types += " -> " + " ".join(t.dtype for t in op.outputs)
    try:
        shaped = attrs.evolve(
            op, inputs=tuple(map(known, op.inputs)), outputs=tuple(map(known, op.outputs))
        )
        if why := refusals_of(shaped, graph):
            return Finding(op, types, REFUSED + "; ".join(why))
        kernel = prepared(shaped, graph)
        arrays = [None if t is None else _value(t, values) for t in op.inputs]
        results = kernel(*arrays)
        start = perf_counter()
        kernel(*arrays)
        seconds = perf_counter() - start
    except Exception as e:
        return Finding(op, types, f"{type(e).__name__}: {e}")
    problems = [
        difference(r, values[t.index], rtol=rtol) for t, r in zip(op.outputs, results, strict=False)
    ]
    return Finding(op, types, "; ".join(filter(None, problems)) or None, seconds)


def _inputs(name: str, details: Sequence[dict[str, Any]], graph: Graph) -> list[np.ndarray]:
    if name.removesuffix(".tflite") in SOURCES:
        return inputs_of(name, details)
    by_index = {t.index: t for t in graph.inputs}
    print(f"{name}: no real inputs known, random ones it is", file=sys.stderr)
    return [inputs_for(by_index[d["index"]], seed=1) for d in details]


def _value(tensor: Tensor, values: dict[int, np.ndarray]) -> np.ndarray:
    if tensor.data is not None:
        return tensor.data
    return values[tensor.index]


def _report(name: str, found: Sequence[Finding], limit: int, times: bool) -> int:
    wrong = [f for f in found if f.problem]
    print(f"{name}: {len(found)} ops, {len(wrong)} differ")
    alike: dict[tuple[str, int, str, str], list[Finding]] = {}
    for f in wrong:  # ops that are refused for one reason stand on one line
        reason = f.problem if f.problem and f.problem.startswith(REFUSED) else str(f.op.index)
        alike.setdefault((f.op.name, f.op.version, f.types, reason), []).append(f)
    for same in list(alike.values())[:limit]:
        more = f" and {len(same) - 1} more" if len(same) > 1 else ""
        print(f"  {same[0].op}{more} ({same[0].types}): {same[0].problem}")
    for f in sorted(found, key=lambda f: -f.seconds)[: 5 if times else 0]:
        print(f"  {f.seconds * 1e3:8.2f} ms  {f.op} ({f.types}) -> {f.op.outputs[0].shape}")
    return len(wrong)


if __name__ == "__main__":
    sys.exit(main())
