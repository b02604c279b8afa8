"""What a compilation says: in the form of the Edge TPU compiler, and then why ops stay on the CPU.

Source: the logs of compiler 16, as its users post them in github.com/google-coral/edgetpu/issues.
"""

from __future__ import annotations

from pathlib import Path

from delegraph import escaped

from .compiler import CompiledFile
from .cut import CompilationFailed
from .mapping import table, why

_PARTLY = (
    "Model successfully compiled but not all operations are supported by the Edge TPU. A percentage of "
    "the model will instead run on the CPU, which is slower. If possible, consider updating your model to "
    "use only operations supported by the Edge TPU. For details, visit g.co/coral/model-reqs."
)


def head(made_by: str) -> str:
    return f"{made_by}, in the form of the Edge TPU Compiler; memory and time are estimates"


def summary(found: CompiledFile, output: Path, log: Path) -> str:
    """Return what the compiler prints of a model: sizes, memory, how many ops are mapped."""
    mapped = sum(o.is_mapped for o in found.operations)
    on_cpu = len(found.operations) - mapped
    cached = sum(e.cached_bytes for e in found.estimates)
    streamed = sum(e.streamed_bytes for e in found.estimates)
    remaining = min(e.cache_remaining for e in found.estimates)
    cycles = sum(e.cycles for e in found.estimates)
    milliseconds = 1000 * sum(e.seconds for e in found.estimates)
    lines = [
        f"Model compiled successfully in {1000 * found.seconds:.0f} ms.",
        "",
        f"Input model: {escaped(found.source)}",
        f"Input size: {size(found.source.stat().st_size)}",
        f"Output model: {escaped(output)}",
        f"Output size: {size(len(found.data))}",
        f"On-chip memory used for caching model parameters: {size(cached)}",
        f"On-chip memory remaining for caching model parameters: {size(remaining)}",
        f"Off-chip memory used for streaming uncached model parameters: {size(streamed)}",
        f"Number of Edge TPU subgraphs: {len(found.estimates)}",
        f"Total number of operations: {len(found.operations)}",
        f"Operation log: {escaped(log)}",
        "",
        f"Estimated time on the Edge TPU: {milliseconds:.3g} ms per inference ({cycles:,} cycles)",
    ]
    if found.folded:
        lines.append(f"Operations of constants, computed while compiling: {found.folded}")
    if on_cpu:
        lines += [
            "",
            _PARTLY,
            f"Number of operations that will run on Edge TPU: {mapped}",
            f"Number of operations that will run on CPU: {on_cpu}",
        ]
    return "\n".join(lines)


def log_text(found: CompiledFile, output: Path, log: Path, made_by: str) -> str:
    """Return the content of the log file of a model."""
    parts = [head(made_by), summary(found, output, log), table(found.operations), why(found.operations)]
    return "\n\n".join(filter(None, parts)) + "\n"


def failure_text(failed: CompilationFailed, made_by: str) -> str:
    """Return the content of the log file of a model that cannot be compiled."""
    parts = [head(made_by), failed.log, str(failed)]
    if failed.operations:
        parts += [table(failed.operations), why(failed.operations)]
    return "\n\n".join(parts) + "\n"


def size(nbytes: int) -> str:
    """Write a number of bytes as the compiler does: ``5.49MiB``."""
    value, units = float(nbytes), ["B", "KiB", "MiB", "GiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.2f}{units[0]}"
