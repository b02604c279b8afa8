"""Which op quantizes how: a row for each op, and the version that an op's types ask for."""

from __future__ import annotations

from .inside import CELL, HIDDEN, gate_name
from .op_spec import Operand, OpSpec
from .table import SPECS
from .versions import OpTypes, version

__all__ = ["CELL", "HIDDEN", "SPECS", "OpSpec", "OpTypes", "Operand", "gate_name", "version"]
