"""Measure quantized models, and write docs/quantized-models.json, of which docs/generate.py makes a page.

``python tests/benchmarks/quantized`` makes what is missing; ``--again`` all; ``--only ResNet-8`` some;
``--times`` measures the times alone. DELEGRAPH_MODELS names the folder of the models. Each row holds the
command that made it; the samples that calibrate are written beside the models that are made (``--work``).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "oracle"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import models
import numpy as np
from cases import CASES, Case
from delegraph import read_model
from latencies import ratios
from measures import Outputs
from rows import Row, beside, read, write
from runs import Samples

RESULT = "quantized-models.json"
SCHEMES = {
    "float16": "--scheme float16",
    "dynamic": "--scheme dynamic",
    "dynamic, int4": "--scheme dynamic --weights int4",
    "dynamic, int4, samples": "--scheme dynamic --weights int4 --data {data} --engine litert",
    "weights": "--scheme weights",
    "int8": "--scheme int8 --data {data} --engine litert",
    "int8, best effort": "--scheme int8 --effort best --data {data} --engine litert",
    "int16x8": "--scheme int16x8 --data {data} --engine litert",
}
LEARNED = {
    "dynamic, int4, best effort": "--scheme dynamic --weights int4 --effort best",
    "int8, int4 weights, best effort": "--scheme int8 --weights int4 --effort best",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", help="a model's name")
    parser.add_argument("--again", action="store_true", help="what is there, too")
    parser.add_argument("--scheme", action="append", help="a row's name")
    parser.add_argument("--times", action="store_true", help="measure the times alone")
    parser.add_argument("--delegates", default="reference,opencl,litert", help="whose times")
    parser.add_argument("--work", type=Path, default=Path("quantized"), help="folder for what is made")
    asked = parser.parse_args()
    asked.work.mkdir(exist_ok=True)
    for case in CASES:
        if asked.only and case.name not in asked.only:
            continue
        row = read(RESULT).get(case.name, {})
        if asked.times:
            _time(case, row, asked.work, asked.delegates.split(","))
        else:
            _measure(case, row, asked.work, asked.again, asked.scheme)
        write(RESULT, case.name, row, [c.name for c in CASES])


def _measure(case: Case, row: Row, work: Path, again: bool, only: Sequence[str] | None) -> None:
    """Fill in what a model's rows lack, but the times: those of an older row stay, of the same ops."""
    known = (*SCHEMES, *(LEARNED if case.learned is not None else ()))
    lacking = [s for s in only or known if s in known and (again or s not in row.get("schemes", {}))]
    if not lacking:
        return
    samples, labels = case.judging()
    floats = case.run(models.path(case.file), samples)
    row |= {"file": case.file, "samples": case.told, "bytes": models.path(case.file).stat().st_size}
    row["float"] = case.measure(floats, floats, labels)
    schemes = row.setdefault("schemes", {})
    for scheme in lacking:
        command = _command(case, scheme)
        if scheme in LEARNED and case.in_halves:
            outputs = _of_halves(case, scheme, samples, work)
        else:
            _make(case, command, work, case.calibrating)
            outputs = case.run(work / _out(case, scheme), samples)
        nbytes = (work / _out(case, scheme)).stat().st_size
        measured = case.measure(floats, outputs, labels)
        times = {k: v for k, v in schemes.get(scheme, {}).items() if k == "times"}
        schemes[scheme] = {"command": command, "bytes": nbytes, **measured, **times}
        print(case.name, scheme, measured, flush=True)
    row["schemes"] = {s: schemes[s] for s in known if s in schemes}


def _of_halves(case: Case, scheme: str, samples: Samples, work: Path) -> Outputs:
    """Return the outputs of each half, of the model that learned from the other half."""
    middle, found = len(samples) // 2, []
    for half, judged in (("_half", samples[middle:]), ("_other_half", samples[:middle])):
        learned = samples[:middle] if half == "_half" else samples[middle:]
        _make(case, _command(case, scheme, half), work, partial(list, learned), half)
        found.append(case.run(work / _out(case, scheme, half), judged))
    return [*found[1], *found[0]]


def _command(case: Case, scheme: str, half: str = "") -> str:
    half = half or ("_half" if scheme in LEARNED and case.in_halves else "")
    learned = f"{LEARNED.get(scheme)}{case.learned or ''} --data {{data}} --engine litert"
    options = SCHEMES.get(scheme, learned).format(data=_data(case, half))
    return f"delegraph quantize {Path(case.file).name} -o {_out(case, scheme, half)} {options}"


def _data(case: Case, half: str = "") -> str:
    return f"{Path(case.file).stem}{half}.npz"


def _out(case: Case, scheme: str, half: str = "") -> str:
    other = half if half == "_other_half" else ""
    return f"{Path(case.file).stem}_{scheme.replace(', ', '_').replace(' ', '_')}{other}.tflite"


def _make(case: Case, command: str, work: Path, calibrating: Callable[[], Samples], half: str = "") -> None:
    """Run a command beside the model and its samples."""
    given, data = beside(models.path(case.file), work), work / _data(case, half)
    if "--data" in command and not data.exists():
        names = [x.name for x in read_model(given).subgraphs[0].inputs]
        arrays = map(np.stack, zip(*calibrating(), strict=True))
        np.savez(data, **dict(zip(names, arrays, strict=True)))
    subprocess.run(command.split(), cwd=work, check=True, stdout=subprocess.DEVNULL)


def _time(case: Case, row: Row, work: Path, delegates: list[str]) -> None:
    """Measure how long each scheme's model takes on each delegate, beside the float model."""
    made = {s: work / _out(case, s) for s in row["schemes"]}
    for delegate in delegates:
        found = ratios(models.path(case.file), made, delegate, case.calibrating()[0])
        row.setdefault("milliseconds", {})[delegate] = found.pop("float")
        for scheme, ratio in found.items():
            row["schemes"][scheme].setdefault("times", {})[delegate] = ratio
        print(case.name, delegate, row["milliseconds"][delegate], found, flush=True)


if __name__ == "__main__":
    main()
