"""Measure quantized models, and write docs/quantized-models.json, of which docs/generate.py makes a page.

``python tests/benchmarks/quantized`` makes what is missing; ``--again`` all; ``--only ResNet-8`` some;
``--times`` measures the times alone. DELEGRAPH_MODELS names the folder of the models. Each row holds the
command that made it; the samples that calibrate are written beside the models that are made (``--work``).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "oracle"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import models
import numpy as np
from cases import CASES, Case
from delegraph import read_model
from latencies import ratios
from rows import Row, beside, read, write

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", help="a model's name")
    parser.add_argument("--again", action="store_true", help="what is there, too")
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
            _measure(case, row, asked.work, asked.again)
        write(RESULT, case.name, row, [c.name for c in CASES])


def _measure(case: Case, row: Row, work: Path, again: bool) -> None:
    """Fill in what a model's rows lack, but the times."""
    lacking = [s for s in SCHEMES if again or s not in row.get("schemes", {})]
    if not lacking:
        return
    samples, labels = case.judging()
    floats = case.run(models.path(case.file), samples)
    row |= {"file": case.file, "samples": case.told, "bytes": models.path(case.file).stat().st_size}
    row["float"] = case.measure(floats, floats, labels)
    schemes = row.setdefault("schemes", {})
    for scheme in lacking:
        command = _command(case, scheme)
        out = _made(case, scheme, command, work)
        measured = case.measure(floats, case.run(out, samples), labels)
        schemes[scheme] = {"command": command, "bytes": out.stat().st_size, **measured}
        print(case.name, scheme, measured, flush=True)
    row["schemes"] = {s: schemes[s] for s in SCHEMES if s in schemes}


def _command(case: Case, scheme: str) -> str:
    options = SCHEMES[scheme].format(data=_data(case))
    return f"delegraph quantize {Path(case.file).name} -o {_out(case, scheme)} {options}"


def _data(case: Case) -> str:
    return f"{Path(case.file).stem}.npz"


def _out(case: Case, scheme: str) -> str:
    return f"{Path(case.file).stem}_{scheme.replace(', ', '_').replace(' ', '_')}.tflite"


def _made(case: Case, scheme: str, command: str, work: Path) -> Path:
    """Run a command beside the model and its samples; return the model that it made."""
    given, data = beside(models.path(case.file), work), work / _data(case)
    if "--data" in command and not data.exists():
        names = [x.name for x in read_model(given).subgraphs[0].inputs]
        arrays = map(np.stack, zip(*case.calibrating(), strict=True))
        np.savez(data, **dict(zip(names, arrays, strict=True)))
    subprocess.run(command.split(), cwd=work, check=True, stdout=subprocess.DEVNULL)
    return work / _out(case, scheme)


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
