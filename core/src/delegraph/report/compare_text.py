"""How far two runs are apart, as tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from .compare import Claim, Compared, Comparison, Difference
from .terminal import report_table

SHOWN = 20  # tensors in the table; --json has all


def parts(found: Comparison, sides: Sequence[str] = ()) -> Iterator[RenderableType]:
    """Yield who was compared with whom, tables of outputs and of tensors, and the verdict."""
    if sides:
        yield " against ".join(sides)
    yield _outputs_table(found)
    differing = [c for c in found.tensors if not c.apart.is_none or c.is_beyond]
    if differing:
        yield _tensors_table(differing)
    yield _verdict(found)
    yield from _about_outputs(found)
    if found.nothing is not None:
        yield Text(f"There is nothing to compare: {found.nothing}.", "bold red")


def _outputs_table(found: Comparison) -> Table:
    shown = report_table("output", "type", "max abs>", "max rel>", "steps>", "")
    for name, output in found.outputs.items():
        flag, style = ("off", "bold red") if output.is_off else ("", "")
        shown.add_row(name, output.tensor.dtype, *_apart(output.real), flag, style=style)
    return shown


def _about_outputs(found: Comparison) -> Iterator[Text]:
    """Say which outputs are off when the model is really run, and how far they are where it is not."""
    for name, output in found.off.items():
        text = Text("As the model is really run, ")
        text.append(f"output {name!r} is off", "bold red")
        far = "NaN or infinity on one side alone" if not output.real.is_finite else _judged(output.real)
        yield text.append(f": {far}; where every tensor is kept, {_judged(output.kept)}.")


def _tensors_table(differing: Sequence[Compared]) -> Table:
    several = len({c.labels[0] for c in differing}) > 1
    who = ["runs on"] if several else []
    shown = report_table("op", *who, "max abs>", "max rel>", "steps>", "op alone>", "claim>", "")
    for c in differing[:SHOWN]:
        label = [c.labels[0]] if several else []
        alone = "?" if c.alone is None else _judged(c.alone)
        claim = "none" if c.claim is None else _allowed(c.claim, c.apart)
        flag, style = ("beyond", "bold red") if c.is_beyond else ("", "")
        op = f"{c.subgraph}:{c.op.index} {c.op.name}" if c.subgraph else f"#{c.op.index} {c.op.name}"
        shown.add_row(op, *label, *_apart(c.apart), alone, claim, flag, style=style)
    if len(differing) > SHOWN:
        shown.caption = f"and {len(differing) - SHOWN} more; --json has all"
        shown.caption_justify = "left"
    return shown


def _verdict(found: Comparison) -> Text:
    same = sum(c.apart.is_none for c in found.tensors)
    text = Text(f"{len(found.tensors)} tensors compared, {same} of them equal bit for bit. ")
    first = found.first_beyond
    if first is None:
        text.append("Every op is within what its rows claim.")
    else:
        assert first.alone is not None
        assert first.claim is not None
        apart, claimed = _judged(first.alone), _allowed(first.claim, first.alone)
        text.append("The first op beyond its claim is ")
        text.append(f"{first.op} on {first.labels[0]}", "bold red")
        text.append(f": on equal inputs {apart} from {first.labels[1]}, where its rows claim {claimed}.")
    if found.unjudged:
        text.append(f" {len(found.unjudged)} ops could not be run alone and are not judged.")
    return text


def _apart(d: Difference) -> tuple[str, str, str]:
    if d.is_none:
        return "0", "0", "" if d.steps is None else "0"
    return f"{d.max_abs:.3g}", f"{d.max_rel:.3g}", "" if d.steps is None else str(d.steps)


def _judged(d: Difference) -> str:
    return f"{d.max_rel:.3g}" if d.steps is None else _steps(d.steps)


def _allowed(claim: Claim, found: Difference) -> str:
    return f"{claim.rtol:.3g}" if found.steps is None else _steps(claim.steps)


def _steps(n: int) -> str:
    return "1 step" if n == 1 else f"{n} steps"
