"""The matrix's models of an op that the OpenCL delegate takes."""

from __future__ import annotations

import misshapen_cases
from delegraph_conformance.draft import Draft
from one_op_opencl import loaded


def taken(op: str, types: str) -> Draft | None:
    """Return the model of these types in the last version that OpenCL takes; None where it takes none."""
    return misshapen_cases.taken(loaded().table, op, types)
