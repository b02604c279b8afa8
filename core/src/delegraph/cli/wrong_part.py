"""What ``delegraph compare --bisect`` writes and says: the part that is wrong, and its inputs."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from ..file import check_output, make_folder, read_model, write_file, write_model
from ..report.compare import difference_json
from ..report.first_wrong import WrongPart
from ..run import interface_of
from ..text import escaped, plural
from ..values import evolve, frozen
from .run import save
from .sides import ComparedRun, Side, Sides

MODEL, INPUTS = "part.tflite", "inputs.npz"


def check_folder(folder: str, read: Sequence[str]) -> None:
    """Find out before the work is done that nothing could be written there."""
    if os.path.isdir(folder):
        for name in (MODEL, INPUTS):
            check_output(os.path.join(folder, name), read)


@frozen
class WrittenPart:
    """A part and where it is written."""

    part: WrongPart
    folder: str
    sides: Sides
    is_off_alone: bool  # whether the file shows what is wrong

    @property
    def model(self) -> str:
        return os.path.join(self.folder, MODEL)

    @property
    def inputs(self) -> str:
        return os.path.join(self.folder, INPUTS)

    def json(self) -> dict[str, Any]:
        """Return it as values that ``json.dumps`` takes."""
        part = self.part.partition
        return {
            "subgraph": part.subgraph,
            "partition": self.part.number,
            "delegate": part.label,
            "op": {"index": self.part.op.index, "name": self.part.op.name},
            "ops": [{"index": op.index, "name": op.name} for op in part.ops],
            "off": [
                {"tensor": t.index, "name": t.name, "apart": difference_json(d)} for t, d in self.part.off
            ],
            "model": self.model,
            "inputs": self.inputs,
            "off_alone": self.is_off_alone,
            "again": self.again(),
        }

    def lines(self) -> Iterator[str]:
        """Say it for people."""
        part, whole = self.part.partition, self.part.whole
        place = f"{part.subgraph}:{self.part.number}" if part.subgraph else str(self.part.number)
        first = f"Partition {place} on {part.label} is the first that is wrong by itself"
        others = [f"#{op.index} {op.name}" for op in part.ops if op is not self.part.op]
        together = f", run together with {', '.join(others)}" if others else ""
        yield f"{first}: of its {plural(len(whole.ops), 'op')}, with {self.part.op}{together}."
        for path in (self.model, self.inputs):
            yield f"{escaped(path)} written"
        if self.is_off_alone:
            yield f"It is off alone, too: {self.again()}"
        else:
            yield "Alone, from its file, it is right: where it stands in the model matters, too."

    def again(self) -> str:
        """Return the command that shows it on the file."""
        words = ["delegraph", "compare", self.model]
        if self.part.inputs:
            words += ["-i", self.inputs]
        words += ["-d", ",".join(self.sides.first[0]), "--against", ",".join(self.sides.second[0])]
        given = _options(self.sides.first) | _options(self.sides.second)
        return shlex.join([*words, *(w for text in given for w in ("-o", text))])


def written(part: WrongPart, folder: str, sides: Sides, read: Sequence[str]) -> WrittenPart:
    """Write a part to a folder, and run it from there."""
    make_folder(folder)
    found = WrittenPart(part, folder, sides, is_off_alone=False)
    write_file(found.model, write_model(part.partition.as_model()), read)
    model = read_model(found.model)
    interface = interface_of(model)
    inputs = {a.name: part.inputs[a.tensor.index] for a in interface.inputs}
    save(inputs, found.inputs, read)
    with sides.compared(ComparedRun(model, interface, inputs)) as run:
        return evolve(found, is_off_alone=run.found.exit_code == 1)


def _options(side: Side) -> dict[str, None]:
    """Return the options of a side as the command line takes them."""
    return {f"{label}.{o}={value}": None for label, given in side[1].items() for o, value in given.items()}
