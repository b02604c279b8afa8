"""``delegraph edgetpu``: compile models as the Edge TPU compiler does, and look into compiled ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from delegraph import echo, echo_csv, echo_json, escaped, form_options

if TYPE_CHECKING:
    from .compiler import CompiledFile
    from .cut import Settings
    from .status import Operation

LOG_BEGINS = b"delegraph-edgetpu "
MODEL = click.Path(exists=True, dir_okay=False, path_type=Path)
# --min_runtime_version is --min-runtime-version: the compiler writes its options with underscores.
UNDERSCORES = {"token_normalize_func": lambda token: token.replace("_", "-")}


@click.group()
def edgetpu() -> None:
    """Compile models as the Edge TPU compiler does, and look into compiled ones."""


@edgetpu.command("compile", context_settings=UNDERSCORES, short_help="Compile models for the Edge TPU.")
@click.argument("models", metavar="MODEL...", type=MODEL, nargs=-1, required=True)
@click.option(
    "-o",
    "--out-dir",
    "--out",
    "out",
    metavar="DIR-or-FILE",
    type=click.Path(path_type=Path),
    default=".",
    show_default="the current directory",
    help="Where to write; a name that ends in .tflite is a file.",
)
@click.option(
    "-m",
    "--min-runtime-version",
    "runtime_version",
    type=click.IntRange(10, 14),
    default=14,
    show_default=True,
    help="The runtime version of the device: which ops it has.",
)
@click.option("-s", "--show-operations", is_flag=True, help="Print the table of the log file.")
@click.option(
    "-a",
    "--multiple-subgraphs",
    "--enable-multiple-subgraphs",
    is_flag=True,
    help="Map every supported subset, not only the first.",
)
@click.option(
    "-d", "--search-delegate", "search", is_flag=True, help="Where compiling fails, retry with fewer ops."
)
@click.option(
    "-k",
    "--delegate-search-step",
    "search_step",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many ops fewer in each try.",
)
@click.option(
    "-n",
    "--num-segments",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Cut the model into files for as many Edge TPUs, of about equal estimated time.",
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page with a bar for each op: estimated time and memory.",
)
@form_options(json="Print what became of each op as JSON.", csv="Print a line for each op as CSV.")
def compile_command(
    models: tuple[Path, ...],
    out: Path,
    show_operations: bool,
    report: Path | None,
    as_json: bool,
    as_csv: bool,
    **options: Any,
) -> None:
    """Compile MODEL for the Edge TPU: NAME_edgetpu.tflite with one custom op, and NAME_edgetpu.log.

    The compiled file runs in delegraph, bit for bit as the source; not on the device. Several models are
    compiled together: their parameters share the cache of one Edge TPU in the order of the arguments.
    """
    from . import __version__, log, mapping
    from .cut import CompilationFailed, Settings

    made_by = f"delegraph-edgetpu {__version__}"
    settings = Settings(made_by=made_by, **options)
    _check_options(models, out, settings)
    _check_outputs(models, out, settings, report)
    for_people = not (as_json or as_csv)
    if for_people:
        echo(log.head(made_by))
    written = []
    try:
        for found in _with_progress(models, settings, partial(echo, err=not for_people)):
            output, log_file = _places(out, found.name)
            _write(output, found.data, models)
            _write(log_file, log.log_text(found, output, log_file, made_by).encode(), models)
            written.append(found)
            if not for_people:
                continue
            echo("\n" + log.summary(found, output, log_file) + "\n")
            if show_operations:
                echo(mapping.table(found.operations) + "\n")
            echo(mapping.why(found.operations) or mapping.ALL_MAPPED)
    except CompilationFailed as e:
        _write(_places(out, e.path.stem)[1], log.failure_text(e, made_by).encode(), models, keep=True)
        raise
    if report is not None:
        _write(report, _report(written).encode(), models)
        echo(f"{escaped(report)} written", err=True)
    if as_json:
        echo_json([_as_json(found, *_places(out, found.name)) for found in written])
    if as_csv:
        columns = ("model", "index", "op", "version", "status", "why", "way_out")
        echo_csv(columns, (_operation_json(found, o) for found in written for o in found.operations))


@edgetpu.command(short_help="Say what the custom ops of a compiled model hold.")
@click.argument("model", type=MODEL)
@form_options(json="Print it as JSON.")
def show(model: Path, as_json: bool) -> None:
    """Say what the custom ops of a compiled MODEL hold, delegraph's or the Edge TPU compiler's."""
    from delegraph import InputError, read_model

    from .custom_op import CUSTOM_OP
    from .payload import described

    found = [op for graph in read_model(model).subgraphs for op in graph.ops if op.name == CUSTOM_OP]
    if not found:
        raise InputError(f"{escaped(model)} needs an {CUSTOM_OP}, found none: it is not compiled")
    if as_json:
        echo_json([{"index": op.index, "holds": described(op.custom_options)} for op in found])
        return
    for op in found:
        echo(f"{op}: {described(op.custom_options)}")


def _check_options(models: tuple[Path, ...], out: Path, settings: Settings) -> None:
    several = len(models) > 1 or settings.num_segments > 1
    if _is_file(out) and several:
        raise click.UsageError(f"several files are written, so -o needs a directory, found {escaped(out)}")
    if settings.num_segments > 1 and (len(models) > 1 or settings.multiple_subgraphs):
        raise click.UsageError("--num-segments needs one model, and goes without --multiple-subgraphs")
    names = [path.stem for path in models]
    if len(set(names)) < len(names):
        raise click.UsageError(f"models need different names, found {escaped(', '.join(names))}")


def _check_outputs(models: tuple[Path, ...], out: Path, settings: Settings, report: Path | None) -> None:
    """Find out before compiling that a file could not be written, or would take another's place."""
    from delegraph import is_same_file

    from .compiler import segment_names

    count = settings.num_segments
    names = segment_names(models[0], count) if count > 1 else [path.stem for path in models]
    outputs = [path for name in names for path in _places(out, name)] + ([report] if report else [])
    for i, path in enumerate(outputs):
        if any(is_same_file(path, model) for model in models):
            raise click.UsageError(
                f"needs another file to write than the model itself, found {escaped(path)}"
            )
        if path.resolve() in {other.resolve() for other in outputs[:i]}:
            raise click.UsageError(f"needs a file of its own for the report, found {escaped(path)}")
        if path.suffix == ".log" and not _is_log(path):
            raise click.UsageError(f"{escaped(path)} would be overwritten, and is no log of a compilation")


def _is_log(path: Path) -> bool:
    """Say whether a log may be written there: a new one, or one in the place of an older."""
    if not path.is_file():
        return True
    with path.open("rb") as file:
        return file.read(len(LOG_BEGINS)) == LOG_BEGINS


def _as_json(found: CompiledFile, output: Path, log_file: Path) -> dict[str, Any]:
    """Return a compiled file for programs: its ops, and what each Edge TPU subgraph holds."""
    subgraphs = [
        {
            "ops": len(estimate.rows),
            "parameter_bytes": estimate.parameter_bytes,
            "cached_bytes": estimate.cached_bytes,
            "streamed_bytes": estimate.streamed_bytes,
        }
        for estimate in found.estimates
    ]
    return {
        "model": str(found.source),
        "output": str(output),
        "log": str(log_file),
        "seconds": found.seconds,
        "folded": found.folded,
        "subgraphs": subgraphs,
        "operations": [_operation_json(found, o) for o in found.operations],
    }


def _operation_json(found: CompiledFile, o: Operation) -> dict[str, Any]:
    about = {"model": str(found.source), "index": o.op.index, "op": o.op.name, "version": o.op.version}
    return {**about, "mapped": o.is_mapped, "status": o.status, "why": o.why, "way_out": o.way_out}


def _with_progress(
    models: tuple[Path, ...], settings: Settings, say: Callable[[str], None]
) -> Iterator[CompiledFile]:
    """Compile one file after another, with a bar on the standard error stream while it takes long."""
    from rich.console import Console
    from rich.progress import Progress

    from .compiler import compiled_in_segments, compiled_together

    total = settings.num_segments if settings.num_segments > 1 else len(models)
    screen = Console(stderr=True)
    progress = Progress(console=screen, transient=True)
    # Of one that is off, rich 13.0 still prints an empty line.
    with progress if screen.is_terminal else nullcontext():
        task = progress.add_task("compiling", total=total)
        if settings.num_segments > 1:
            files = compiled_in_segments(models[0], settings, say)
        else:
            files = compiled_together(models, settings, say)
        for found in files:
            progress.advance(task)
            yield found


def _places(out: Path, name: str) -> tuple[Path, Path]:
    """Return where a compiled model and its log go."""
    output = out if _is_file(out) else out / f"{name}_edgetpu.tflite"
    return output, output.with_suffix(".log")


def _is_file(out: Path) -> bool:
    return out.suffix == ".tflite"


def _write(path: Path, data: bytes, models: tuple[Path, ...], keep: bool = False) -> None:
    from delegraph import write_file

    write_file(path, data, models, keep)


def _report(written: list[CompiledFile]) -> str:
    from .chart import page

    estimates = [(_name(found, i), e) for found in written for i, e in enumerate(found.estimates)]
    refused = [
        (str(o.op), o.why, o.way_out) for found in written for o in found.operations if not o.is_mapped
    ]
    title = ", ".join(dict.fromkeys(found.source.name for found in written))
    return page(title, estimates, refused)


def _name(found: CompiledFile, subgraph: int) -> str:
    return found.name if len(found.estimates) == 1 else f"{found.name}, subgraph {subgraph}"
