"""What is done with a broken model: it is read, run on a delegate, given to a command.

A target raises what went wrong. A broken model is answered with one of delegraph's errors; anything else
that leaves a target is a finding.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import zipfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

import attrs
import click
import numpy as np
from attrs import frozen
from click.testing import CliRunner, Result
from delegraph import DTYPES, DelegraphError, Interpreter, Model, load_delegate
from delegraph.cli import main
from delegraph.file import read_model, write_model

MAX_TENSOR_BYTES = 4 << 20
BUDGET = {"max_tensor_bytes": MAX_TENSOR_BYTES, "max_total_bytes": 64 << 20, "max_while_iterations": 1000}
FLOATS = {name: 4 * BUDGET[name] for name in ("max_tensor_bytes", "max_total_bytes")}  # of what had int8
LIMITS = [f"--{name.replace('_', '-')}={value}" for name, value in BUDGET.items()]
MAX_OUTPUT = 8 << 20  # bytes that a command may write, and MORE times the model's
MORE = 100
BYTES_A_SECOND = 100_000
LARGE = 100_000  # bytes: to quantize a larger file, or to prune it, takes the time of a hundred trials
MODEL = Path("model.tflite")
SMALL = "small.tflite"
QUANTIZED = (
    ["float16"],
    ["dynamic"],
    ["dynamic", "--weights", "int4"],
    ["dynamic", "--weights", "int4", "--block", "32"],
    ["weights"],
    ["int8"],
    ["int8", "--inputs", "uint8"],
    ["int8", "--effort", "best"],
    ["int16x8"],
    ["int8", "--target", "edgetpu"],
    ["int8", "--equalize", "--bias-correction"],
)
TASKS = ("classify", "detect", "segment", "pose", "keypoints", "audio")
NEED_DATA = ("int8", "int16x8")
PATTERNS = ("unstructured", "block:1x4", "block:4x4", "2:4")
RUNS = 2  # the second with what the first left


class Wrong(Exception):
    """A target's own finding; ``what`` is its kind."""

    def __init__(self, what: str, message: str) -> None:
        super().__init__(message)
        self.what = what


@frozen
class Target:
    """One way to use a model."""

    name: str
    command: str  # of the command line; "" for the library
    delegate: str  # "" where no delegate runs the model
    seconds: float  # of CPU time that it may take
    share: float  # of the mutants that it is tried with: less where a driver compiles for each
    use: Callable[[bytes, int], None]

    def seconds_for(self, file: bytes) -> float:
        """Return how much CPU time it may take with a file: a larger one has more to compute with."""
        return self.seconds + len(file) / BYTES_A_SECOND


def _library(name: str, share: float, use: Callable[[bytes, int], None]) -> Target:
    return Target(name, "", "", 20, share, use)


def read_write_read(file: bytes, seed: int) -> None:
    """What was read can be written, and is the same model when it is read again."""
    model = read_model(file)
    written = write_model(model)
    second = read_model(written)
    again = write_model(second)
    if again != written:
        raise Wrong("written otherwise", f"{len(written)} bytes, then {len(again)}")
    if not _is_same(model, second):
        raise Wrong("read otherwise", "the model that was written and read differs from the first")


def _is_same(a: Model, b: Model) -> bool:
    """Compare what models say; buffers may have other numbers and padding."""
    graphs = zip(a.subgraphs, b.subgraphs, strict=True)
    same = all(attrs.asdict(x, filter=_is_told) == attrs.asdict(y, filter=_is_told) for x, y in graphs)
    return same and a.signatures == b.signatures and a.trailer == b.trailer


def _is_told(attribute: Any, value: Any) -> bool:
    return isinstance(value, (str, int, tuple)) and attribute.name not in ("buffer", "_data", "code")


def _runs(label: str, options: dict[str, str]) -> Callable[[bytes, int], None]:
    def use(file: bytes, seed: int) -> None:
        run(
            read_model(file, max_tensor_bytes=MAX_TENSOR_BYTES), [(label, options), ("reference", {})], seed
        )

    return use


def run(
    model: Model, delegates: Sequence[tuple[str, dict[str, str]]], seed: int, **budget: int
) -> list[np.ndarray]:
    """Return the outputs of some runs.

    :param budget: other limits than those of most trials
    """
    found = []
    with ExitStack() as stack:
        loaded = [stack.enter_context(load_delegate(name, options)) for name, options in delegates]
        i = stack.enter_context(Interpreter(model=model, delegates=loaded, **BUDGET | budget))
        i.allocate_tensors()
        details = i.get_input_details()
        for detail, array in zip(details, inputs_of(details, seed), strict=True):
            i.set_tensor(detail["index"], array)
        for _ in range(RUNS):
            i.invoke()
            found += [i.get_tensor(d["index"]) for d in i.get_output_details()]
    return found


def inputs_of(details: Sequence[dict[str, Any]], seed: int) -> list[np.ndarray]:
    """Return small numbers, 0 to 15, for most seeds; for others any that the type has."""
    bits = np.random.PCG64(seed)
    return [
        _values(tuple(map(int, d["shape"])), np.dtype(d["dtype"]), bits, seed % 3 == 0) for d in details
    ]


def _values(shape: tuple[int, ...], dtype: np.dtype, bits: np.random.PCG64, wild: bool) -> np.ndarray:
    if dtype.kind in "OSU":
        return np.full(shape, b"text", object)
    raw = bits.random_raw(int(np.prod(shape, dtype=np.int64)))
    if not wild:
        return (raw % 16).reshape(shape).astype(dtype)
    if dtype.kind == "f":
        edges = np.array([0.0, -0.0, 1.5, -3e38, 1e-45, np.inf, -np.inf, np.nan], np.float64)
        with np.errstate(over="ignore"):
            return edges[raw % 8].astype(dtype).reshape(shape)
    return raw.astype(dtype).reshape(shape)


def _command(
    name: str, *arguments: Callable[[int], list[str]], **about: Any
) -> Callable[[bytes, int], None]:
    """Return a target that calls a command in one of some ways, by the seed."""

    def use(file: bytes, seed: int) -> None:
        MODEL.write_bytes(file)
        said = called([name, *arguments[seed % len(arguments)](seed)])
        check_written(file, said.output)

    return use


def called(arguments: Sequence[str]) -> Result:
    """Return what a command said; raise what it ended with, though it has shown that as a message."""
    ends: list[Exception] = []
    plain = click.Group.invoke

    def invoke(self: click.Group, ctx: click.Context) -> Any:
        try:
            return plain(self, ctx)
        except (click.ClickException, click.exceptions.Exit, OSError):
            raise
        except Exception as e:
            ends.append(e)
            raise

    with patch.object(click.Group, "invoke", invoke):
        result = CliRunner().invoke(main, list(arguments))
    if ends:
        raise ends[0]
    return result


def check_written(file: bytes, text: str) -> None:
    """Raise :class:`Wrong` where a command printed control characters, or wrote much more than it read."""
    odd = sorted({c for c in text if not c.isprintable() and c not in "\n\u3000\xa0"})
    if odd:
        raise Wrong("control characters", repr("".join(odd)[:40]))
    sizes = [len(text)] + [f.stat().st_size for f in Path().rglob("*") if f != MODEL]
    if max(sizes) > MAX_OUTPUT + MORE * len(file):
        raise Wrong("too much written", f"{max(sizes):,} bytes")


def compare(kernels: str) -> Callable[[bytes, int], None]:
    """Return a target that fails where OpenCL and the reference differ by more than the rows claim."""

    def use(file: bytes, seed: int) -> None:
        MODEL.write_bytes(file)
        given = ["-d", "opencl", "-o", f"opencl.kernels={kernels}", "--json", *LIMITS]
        said = called(["compare", str(MODEL), *given])
        check_written(file, said.output)
        found = json.loads(said.stdout or "{}")
        beyond = found.get("first_beyond")
        if beyond is not None:
            raise Wrong("differs", f"{beyond}")
        if found.get("exit_code") == 1:
            raise Wrong("differs", f"outputs: {found['outputs']}")

    return use


def beside_litert(file: bytes, seed: int) -> None:
    """What LiteRT runs, too, gives the same."""
    import trial
    from worker import inputs_of as small

    model = _read(file)
    if _has_blocks(model):
        return  # BUILTIN_REF gives the bias alone
    with Interpreter(model=model, delegates=["reference"], **BUDGET) as i:
        i.allocate_tensors()
        details = i.get_input_details()
        for detail, array in zip(details, small(details), strict=True):
            i.set_tensor(detail["index"], array)
        i.invoke()
        outputs = tuple(i.get_tensor(d["index"]) for d in i.get_output_details())
    found = trial.beside_litert(file, trial.Outcome("ran", "run", outputs=outputs))
    if found.is_wrong:
        raise Wrong("differs from LiteRT", found.message)


def _has_blocks(model: Model) -> bool:
    stored = [t.quantization for graph in model.subgraphs for t in graph.tensors]
    return any(q is not None and q.blocks is not None for q in stored)


def edgetpu_compile(file: bytes, seed: int) -> None:
    """What the Edge TPU command writes is read back, and gives what the source gives."""
    MODEL.write_bytes(file)
    several = ["-a"] if seed % 2 else []
    said = called(["edgetpu", "compile", str(MODEL), "-o", "out.tflite", *several])
    check_written(file, said.output)
    compiled = Path("out.tflite")
    if not compiled.exists():
        return
    try:
        wanted = run(_read(file), [("reference", {})], seed)
    except DelegraphError:
        return
    try:
        found = run(_read(compiled.read_bytes()), [("edgetpu", {}), ("reference", {})], seed)
    except DelegraphError as e:
        raise Wrong("compiled does not run", f"{type(e).__name__}: {e}") from e
    if [a.tobytes() for a in found] != [a.tobytes() for a in wanted]:
        raise Wrong("compiled differs", "from what the source gives")


def quantize(file: bytes, seed: int) -> None:
    """What quantize writes is read, and runs where its source does, in LiteRT, too."""
    if len(file) > LARGE:
        return
    MODEL.write_bytes(file)
    draw = random.Random(seed)
    options = ["--scheme", *draw.choice(QUANTIZED), *LIMITS]
    model = _read(file)
    if options[1] in NEED_DATA:
        options += ["--data", _samples(model, seed)]
    said = called(["quantize", str(MODEL), "-o", SMALL, *options])
    check_written(file, said.output)
    _check_made(model, file, " ".join(options), seed)


def dequantize(file: bytes, seed: int) -> None:
    """What dequantize writes is read, and runs where its source does."""
    MODEL.write_bytes(file)
    check_written(file, called(["dequantize", str(MODEL), "-o", SMALL, *LIMITS]).output)
    _check_made(_read(file), file, "dequantize", seed)


def prune(file: bytes, seed: int) -> None:
    """What prune writes is read, and runs where its source does."""
    if len(file) > LARGE:
        return
    MODEL.write_bytes(file)
    draw, model = random.Random(seed), _read(file)
    options = ["--pattern", draw.choice(PATTERNS), *draw.choice(([], ["--sparse"]))]
    options = draw.choice((options, ["--structured"]))
    if draw.random() < 0.5:
        options += ["--data", _samples(model, seed)]
    check_written(file, called(["prune", str(MODEL), "-o", SMALL, *options, *LIMITS]).output)
    _check_made(model, file, " ".join(["prune", *options]), seed)


def cluster(file: bytes, seed: int) -> None:
    """What cluster writes is read, and runs where its source does."""
    if len(file) > LARGE:
        return
    MODEL.write_bytes(file)
    draw, model = random.Random(seed), _read(file)
    options = ["--clusters", draw.choice(("2", "16")), "--per", draw.choice(("tensor", "channel"))]
    if draw.random() < 0.5:
        options += ["--data", _samples(model, seed)]
    check_written(file, called(["cluster", str(MODEL), "-o", SMALL, *options, *LIMITS]).output)
    _check_made(model, file, " ".join(["cluster", *options]), seed)


def _check_made(model: Model, file: bytes, how: str, seed: int) -> None:
    """Raise :class:`Wrong` where a model was made that does not run as its source does."""
    if not Path(SMALL).exists():
        return
    made = Path(SMALL).read_bytes()
    try:
        run(model, [("reference", {})], seed)
    except DelegraphError:
        return
    try:
        run(read_model(made), [("reference", {})], seed, **FLOATS)
    except DelegraphError as e:
        raise Wrong("made does not run", f"{how}: {type(e).__name__}: {e}") from e
    if _litert_says(file) is None and (refusal := _litert_says(made)) is not None:
        raise Wrong("LiteRT refuses what was made", f"{how}: {refusal}")


def _litert_says(file: bytes) -> str | None:
    """Return why LiteRT does not run a file; None where it does, or is not there."""
    import litert
    from worker import inputs_of as small

    if litert.version() is None:
        return None
    try:
        with litert.loaded(file, "BUILTIN") as model:
            model.run(small(model.details()["inputs"]))
    except litert.LiteRTError as e:
        return str(e)
    return None


def _samples(model: Model, seed: int) -> str:
    """Write two samples of each input of the main subgraph; return the name of the file."""
    graph = model.subgraphs[0]
    details = [
        {"shape": [abs(n) for n in t.shape or ()], "dtype": DTYPES[t.dtype].numpy_class}
        for t in graph.inputs
    ]
    calm = 3 * seed + 1  # of values from 0 to 15
    arrays = [np.stack([a, a]) for a in inputs_of(details, calm)]
    with zipfile.ZipFile("data.npz", "w") as written:
        for tensor, array in zip(graph.inputs, arrays, strict=True):
            with written.open(f"{tensor.name}.npy", "w") as entry:
                np.lib.format.write_array(entry, array, allow_pickle=True)
    return "data.npz"


def _read(file: bytes) -> Model:
    return read_model(file, max_tensor_bytes=MAX_TENSOR_BYTES)


def _partition(seed: int) -> list[str]:
    everywhere = ["-d", random.Random(seed).choice(("opencl", "edgetpu", "reference", "edgetpu,opencl"))]
    return [str(MODEL), *everywhere, *LIMITS, *["--advise"] * (seed % 5 == 0)]


def _why(seed: int) -> list[str]:
    return [str(MODEL), str(seed % 3), "-d", "opencl" if seed % 2 else "edgetpu", *LIMITS]


def _run(seed: int) -> list[str]:
    return [str(MODEL), "--input", f"random:{seed % 7}", *LIMITS, *["--output", "out.npz"] * (seed % 2)]


def _report(seed: int) -> list[str]:
    return [
        str(MODEL),
        str(MODEL),
        "--runs",
        "1",
        *LIMITS,
        *[["--json"], ["--html", "out.html"], []][seed % 3],
    ]


def _benchmark(seed: int) -> list[str]:
    where = ["-d", random.Random(seed).choice(("opencl", "reference"))]
    return [str(MODEL), *where, "--runs", "1", "--warmup", str(seed % 2), *LIMITS]


def _answers(seed: int) -> list[str]:
    """Return arguments for a picture and what is made of the outputs."""
    _picture(Path("picture.png"), seed)
    Path("labels.txt").write_text("cat\ndog\nowl\n")
    drawn = ["--draw", "drawn.png"] if seed % 3 == 0 else [["--json"], ["--csv"]][seed % 2]
    return [str(MODEL), "--input", "picture.png", *_task(seed), *LIMITS, *drawn]


def _task(seed: int) -> list[str]:
    labels = ["--labels", "labels.txt"] if seed % 4 else []
    return ["--task", random.Random(seed).choice(TASKS), *labels]


def _predict(seed: int) -> list[str]:
    Path("files").mkdir()
    for i in range(2):
        _picture(Path("files", f"{i}.png"), seed + i)
    Path("labels.txt").write_text("cat\ndog\nowl\n")
    task = _task(seed) if seed % 2 else []
    return [str(MODEL), "files", "-o", ("out.csv", "out.npz")[seed // 2 % 2], *task, *LIMITS]


def _evaluate(seed: int) -> list[str]:
    for name in ("0", "1"):
        Path("files", name).mkdir(parents=True)
        _picture(Path("files", name, "a.png"), seed)
    metric = random.Random(seed).choice(("top1", "top1,top5", "agreement", "iou"))
    against = ["--against", str(MODEL)] if metric == "agreement" else []
    return [str(MODEL), "files", "--metric", metric, *against, *LIMITS, *["--json"] * (seed % 2)]


def _picture(path: Path, seed: int) -> None:
    from PIL import Image

    Image.fromarray(_values((7, 9, 3), np.dtype(np.uint8), np.random.PCG64(seed), True)).save(path)


def extract(file: bytes, seed: int) -> None:
    """A partition that is written is read again."""
    MODEL.write_bytes(file)
    where = ["-d", random.Random(seed).choice(("reference", "edgetpu", "opencl"))]
    which = ["--partition", str(seed % 3), "-o", SMALL] if seed % 4 else []
    check_written(file, called(["extract", str(MODEL), *where, *which, *LIMITS]).output)
    if Path(SMALL).exists():
        read_model(SMALL)


def _compare(seed: int) -> list[str]:
    form = (["--json"], ["--csv"], ["--bisect", "parts"], ["--model-explorer", "nodes"], [])[seed % 5]
    return [str(MODEL), "-d", "edgetpu,reference", "--against", "reference", *form, *LIMITS]


def replaced(file: bytes, seed: int) -> None:
    """What is replaced in a model gives a model that is sound, or an error."""
    model = _read(file)
    graph = random.Random(seed).choice(model.subgraphs)
    fewer = graph.replace(ops=graph.ops[: seed % 3], outputs=graph.outputs[: seed % 2])
    model.replace(subgraphs=(fewer, *model.subgraphs[1:]), description="less")
    for tensor in graph.tensors[seed % 5 :: 5]:
        made = model.replace(subgraphs=tuple(g.replace(tensors=g.tensors) for g in model.subgraphs))
        write_model(made.replace(description=tensor.name))
        break


TARGETS = {
    target.name: target
    for target in (
        _library("read-write-read", 1.0, read_write_read),
        Target("run on reference", "", "reference", 20, 0.6, _runs("reference", {})),
        Target("run beside LiteRT", "", "reference", 30, 0.1, beside_litert),
        Target("run on opencl", "", "opencl", 60, 0.03, _runs("opencl", {"kernels": "cpu"})),
        Target("run on opencl, GPU kernels", "", "opencl", 60, 0.03, _runs("opencl", {"kernels": "gpu"})),
        Target("compare opencl", "compare", "opencl", 90, 0.02, compare("cpu")),
        Target("compare opencl, GPU kernels", "compare", "opencl", 90, 0.02, compare("gpu")),
        Target(
            "inspect", "inspect", "", 20, 0.12,
            _command(
                "inspect",
                lambda s: [str(MODEL), "--ops", "--tensors"],
                lambda s: [str(MODEL), "--json"],
            ),
        ),
        Target(
            "partition", "partition", "", 20, 0.15,
            _command(
                "partition",
                _partition,
                lambda s: [*_partition(s), "--json"],
                lambda s: [*_partition(s), "--html", "out.html"],
                lambda s: [*_partition(s), "--model-explorer", "nodes"],
                lambda s: [*_partition(s), "--csv", "--policy", ("greedy", "cost")[s % 2]],
            ),
        ),
        Target("why", "why", "", 20, 0.1, _command("why", _why)),
        Target("run", "run", "reference", 20, 0.15, _command("run", _run)),
        Target(
            "benchmark", "benchmark", "", 60, 0.03,
            _command(
                "benchmark",
                _benchmark,
                lambda s: [*_benchmark(s), "--profile"],
                lambda s: [*_benchmark(s), "--json"],
            ),
        ),
        Target("quantize", "quantize", "reference", 40, 0.15, quantize),
        Target("dequantize", "dequantize", "reference", 40, 0.1, dequantize),
        Target("prune", "prune", "reference", 40, 0.1, prune),
        Target("cluster", "cluster", "reference", 40, 0.1, cluster),
        Target("report", "report", "reference", 40, 0.08, _command("report", _report)),
        Target(
            "advise", "advise", "", 20, 0.08,
            _command(
                "advise",
                lambda s: [str(MODEL), "--hardware", ("cpu", "gpu", "edgetpu")[s % 3]],
                lambda s: [str(MODEL)],
            ),
        ),
        Target("run answers", "run", "reference", 30, 0.06, _command("run", _answers)),
        Target("predict", "predict", "reference", 40, 0.03, _command("predict", _predict)),
        Target("evaluate", "evaluate", "reference", 40, 0.03, _command("evaluate", _evaluate)),
        Target("extract", "extract", "", 30, 0.08, extract),
        Target("compare in forms", "compare", "reference", 40, 0.05, _command("compare", _compare)),
        _library("replaced", 0.05, replaced),
        Target("edgetpu compile", "edgetpu", "edgetpu", 30, 0.2, edgetpu_compile),
    )
}  # fmt: skip


def clean() -> None:
    """Remove what earlier targets left in the folder."""
    for name in os.listdir():
        if os.path.isdir(name):
            shutil.rmtree(name)
        else:
            os.remove(name)
