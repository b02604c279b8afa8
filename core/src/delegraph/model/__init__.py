"""A model as values: graph, schema and types, tensors as bytes; and a builder of models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import later
from .dtypes import BY_CODE, DTYPES, HANDLES, DType, dtype_of
from .fingerprint import fingerprint
from .graph import (
    Blocks,
    Graph,
    Metadata,
    Model,
    Op,
    OperatorCode,
    Quantization,
    Record,
    Shape,
    Signature,
    Tensor,
    said_first,
    same_value,
)
from .op_codes import op_name, operator_code, options_record
from .part_of_model import part_of_model
from .schema import OPERATORS
from .subgraph_calls import (
    COMPOSITE,
    CORE_OPS,
    RANDOM_OPS,
    called_by_ops,
    called_fields,
    called_subgraphs,
    callers_first,
    changes_state,
    is_core_op,
)
from .tensor_bytes import check_stored, holds, is_view, stored_bytes, stored_values

if TYPE_CHECKING:
    from .builder import Builder

__all__ = [
    "BY_CODE",
    "COMPOSITE",
    "CORE_OPS",
    "DTYPES",
    "HANDLES",
    "OPERATORS",
    "RANDOM_OPS",
    "Blocks",
    "Builder",
    "DType",
    "Graph",
    "Metadata",
    "Model",
    "Op",
    "OperatorCode",
    "Quantization",
    "Record",
    "Shape",
    "Signature",
    "Tensor",
    "called_by_ops",
    "called_fields",
    "called_subgraphs",
    "callers_first",
    "changes_state",
    "check_stored",
    "dtype_of",
    "fingerprint",
    "holds",
    "is_core_op",
    "is_view",
    "op_name",
    "operator_code",
    "options_record",
    "part_of_model",
    "said_first",
    "same_value",
    "stored_bytes",
    "stored_values",
]

if not TYPE_CHECKING:  # what a run does not need
    __getattr__ = later.names(globals(), {"builder": "Builder"})
