"""Smaller and faster .tflite models, from the .tflite file alone.

``quantize(model, "int8", data=samples)`` gives a model, and a report of what became of each op;
``dequantize(model)`` the float view of one that is quantized; ``search_schemes`` chooses a scheme for each
op, so that no more is lost than is allowed; ``prune(model, 0.5)`` makes weights zero, and
``cluster(model, 16)`` lets them share values; ``measure`` says what was lost. On the command line:
``delegraph quantize``, ``dequantize``, ``prune``, ``cluster``, ``report``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from delegraph import hookimpl

if TYPE_CHECKING:
    import click

    from .bounds import bounded
    from .calibrate import Calibration
    from .clustering import ClusteringConstraint, cluster, clustering_constraints
    from .compress import CompressedModel, CompressionReport, LayerRule, WeightOutcome
    from .pipeline import Quantized, dequantize, quantize
    from .pruning import PruningConstraint, PruningScan, prune, pruning_constraints, scan
    from .report import Outcome, Report
    from .report.measure import Measurement, measure
    from .rules import Rule
    from .search import SearchResult, search_schemes

DELEGRAPH_API = 1
__version__ = "0.1.0"
__all__ = [
    "Calibration",
    "ClusteringConstraint",
    "CompressedModel",
    "CompressionReport",
    "LayerRule",
    "Measurement",
    "Outcome",
    "PruningConstraint",
    "PruningScan",
    "Quantized",
    "Report",
    "Rule",
    "SearchResult",
    "WeightOutcome",
    "bounded",
    "cluster",
    "clustering_constraints",
    "dequantize",
    "measure",
    "prune",
    "pruning_constraints",
    "quantize",
    "scan",
    "search_schemes",
]

# Imported when first asked for: a list of plugins does without.
_LATER = {
    "Calibration": "calibrate",
    "CompressedModel": "compress",
    "CompressionReport": "compress",
    "LayerRule": "compress",
    "SearchResult": "search",
    "Measurement": "report.measure",
    "Outcome": "report",
    "PruningScan": "pruning",
    "Quantized": "pipeline",
    "Report": "report",
    "Rule": "rules",
    "WeightOutcome": "compress",
    "bounded": "bounds",
    "ClusteringConstraint": "clustering",
    "PruningConstraint": "pruning",
    "cluster": "clustering",
    "clustering_constraints": "clustering",
    "pruning_constraints": "pruning",
    "dequantize": "pipeline",
    "measure": "report.measure",
    "prune": "pruning",
    "quantize": "pipeline",
    "scan": "pruning",
    "search_schemes": "search",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_LATER[name]}", __name__), name)


@hookimpl
def delegraph_commands(cli: click.Group) -> None:
    from .commands import COMMANDS

    for command in COMMANDS:
        cli.add_command(command)
