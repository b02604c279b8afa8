"""What plans by cost take: estimated and measured, beside ``greedy`` and each delegate before all others.

``python tests/benchmarks/cost_policy.py OUT.json [PART OF A MODEL'S NAME ...]`` measures all models of
DELEGRAPH_MODELS with all sets of delegates, the plans of a model in turn, and keeps each model as it goes:
a later call measures what is not in OUT.json. ``--table`` prints what is in it. It needs what ``delegraph
calibrate-costs -d opencl,litert,reference,edgetpu`` has measured.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from delegraph import DelegraphError, Interpreter, Plan, load_delegate, read_model
from delegraph.partition.cost_model import cost_models
from delegraph.partition.estimate import estimate
from delegraph.partition.measured_choice import fastest
from delegraph.report.measure_plans import times_in_turn

SETS = (("opencl", "reference"), ("opencl", "litert"), ("edgetpu", "litert"))
SECONDS = 0.5  # of runs, per plan; longer where it is not sure which is the fastest
LEAST = 20  # runs of a plan: half of them choose, half judge
SLOW = 4.0  # seconds: what takes longer for a run is not measured


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--table", action="store_true")
    given = parser.parse_args()
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)
    found = json.loads(given.out.read_text()) if given.out.exists() else {}
    if not given.table:
        for path, names in ((path, names) for path in _models(given.names) for names in SETS):
            key = f"{path.parent.name}/{path.stem} {'+'.join(names)}"
            if key not in found:
                found[key] = _measured(path, names)
                given.out.write_text(json.dumps(found, indent=1))
                print(key, _line(found[key]), flush=True)
    print(table(found))


def _models(names: Sequence[str]) -> list[Path]:
    folder = Path(os.environ["DELEGRAPH_MODELS"])
    found = [p for p in folder.glob("*/*.tflite") if not names or any(name in str(p) for name in names)]
    return sorted(found, key=lambda p: (p.parent.name == "converted", p.stat().st_size))


def _measured(path: Path, names: Sequence[str]) -> dict[str, Any]:
    """Return estimated and measured seconds of each plan, by its name; what went wrong, where it did."""
    try:
        with ExitStack() as stack:
            return _of_plans(path, names, stack)
    except (DelegraphError, ValueError) as e:
        return {"error": f"{type(e).__name__}: {str(e).splitlines()[0]:.120}"}


def _of_plans(path: Path, names: Sequence[str], stack: ExitStack) -> dict[str, Any]:
    model = read_model(str(path))
    found: dict[str, Any] = {}
    runs: dict[str, Any] = {}
    order = [stack.enter_context(load_delegate(n)) for n in (*names, "reference")]
    models = {d.name: found for d, found in cost_models(order).items()}
    for name, order, policy in (
        ("greedy", names, "greedy"),
        *((n, [n, *(m for m in names if m != n)], "greedy") for n in names[1:]),
        ("cost", names, "cost"),
    ):
        loaded = [stack.enter_context(load_delegate(n)) for n in order]
        interpreter = stack.enter_context(Interpreter(model=model, delegates=loaded, policy=policy))
        plan = interpreter.plan
        same = next((n for n in found if found[n]["plan"] == _text(plan)), None)
        found[name] = {
            "estimate": estimate(plan, {d: models[d.name] for d in plan.delegates}).seconds,
            "partitions": sum(len(s.partitions) for s in plan.reached),
            "plan": _text(plan),
            "same": same,
        }
        if same is None:
            interpreter.allocate_tensors()
            _fill(interpreter)
            runs[name] = interpreter.invoke
    tried, seconds = _in_turn(runs)
    for name in runs:
        found[name]["seconds"] = seconds[name]
    for one in found.values():
        if one["same"] is not None:
            one["seconds"] = found[one["same"]]["seconds"]
        one["plan"] = one["plan"][:200]
    found["auto"] = found[fastest(tried)]  # chosen by some runs, judged by others
    return found


def _text(plan: Plan) -> str:
    """Return who runs what, as text: equal for plans that do the same."""
    return "; ".join(
        f"{p.label} {','.join(str(op.index) for op in p.ops)}" for s in plan.reached for p in s.partitions
    )


def _fill(interpreter: Interpreter) -> None:
    bits = np.random.PCG64(5)
    for d in interpreter.get_input_details():
        shape, dtype = tuple(d["shape"]), np.dtype(d["dtype"])
        values = bits.random_raw(int(np.prod(shape))).reshape(shape) % 200
        if dtype.kind == "f":
            interpreter.set_tensor(d["index"], (values / 200).astype(dtype))
        elif dtype.itemsize == 1 and dtype.kind in "iu":
            interpreter.set_tensor(d["index"], values.astype(dtype))


def _in_turn(runs: Mapping[str, Any]) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Return what each took in every second round, and the median of the rounds between."""
    for run in runs.values():
        run()
        start = perf_counter()
        run()
        if perf_counter() - start > SLOW:
            raise ValueError("a run takes seconds")
    times = times_in_turn(runs, SECONDS, LEAST) if runs else {}
    return {n: t[::2] for n, t in times.items()}, {n: median(t[1::2]) for n, t in times.items()}


def _line(found: Mapping[str, Any]) -> str:
    if "error" in found:
        return str(found["error"])
    return ", ".join(f"{name} {_cell(one)}" for name, one in found.items())


def table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the tables of the documentation, and what they come to."""
    lines: list[str] = []
    for names in SETS:
        rows = {k.split(" ")[0]: f for k, f in found.items() if k.endswith(" " + "+".join(names))}
        good = {k: f for k, f in rows.items() if "error" not in f}
        if good:
            lines += _section(names, good)
            lines += [f"- not measured: {k}: {f['error']}" for k, f in rows.items() if "error" in f]
    return "\n".join(lines)


def _section(names: Sequence[str], good: Mapping[str, Mapping[str, Any]]) -> list[str]:
    heads = ("greedy", *names[1:], "cost", "auto")
    lines = ["", f"### {' + '.join(names)}", ""]
    lines += [f"| model | {' | '.join(heads)} | cost / best | auto / best |"]
    lines += ["|---" + "|---:" * (len(heads) + 2) + "|"]
    ratios: dict[str, list[float]] = {"cost": [], "auto": []}
    gains: dict[str, list[float]] = {"cost": [], "auto": []}
    for model, f in good.items():
        best = min(f[h]["seconds"] for h in heads if h not in ratios)
        for policy in ratios:
            ratios[policy].append(f[policy]["seconds"] / best)
            gains[policy].append(f["greedy"]["seconds"] / f[policy]["seconds"])
        cells = [_cell(f[h]) for h in heads] + [f"{ratios[policy][-1]:.2f}" for policy in ratios]
        lines.append(f"| {model} | {' | '.join(cells)} |")
    lines.append("")
    for policy in ratios:
        over, won = sum(r > 1.03 for r in ratios[policy]), sum(g >= 1.2 for g in gains[policy])
        lost = sum(g < 0.97 for g in gains[policy])
        text = f"- {policy}: of {len(good)} models, {over} above 1.03 of the best"
        text += f", at most {max(ratios[policy]):.2f}"
        lines.append(f"{text}; 20 % faster than greedy or more: {won}, slower by 3 % or more: {lost}")
    plans = [f[h] for f in good.values() for h in heads[:-1]]
    return [*lines, _errors([plan for plan in plans if plan["same"] is None])]


def _errors(plans: Sequence[Mapping[str, Any]]) -> str:
    found = sorted(p["estimate"] / p["seconds"] for p in plans)
    low, middle, high = (found[int(len(found) * q)] for q in (0.1, 0.5, 0.9))
    return f"- estimate / measured: median {middle:.2f}, 80 % between {low:.2f} and {high:.2f}"


def _cell(plan: Mapping[str, Any]) -> str:
    """Return what was measured, the estimate in brackets, and in how many partitions."""
    parts = "" if plan["partitions"] == 1 else f" in {plan['partitions']}"
    return f"{1e3 * plan['seconds']:.3g} ({1e3 * plan['estimate']:.3g}){parts}"


if __name__ == "__main__":
    sys.exit(main())
