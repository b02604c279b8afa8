"""Write the pages and pictures that are made from the code, or check that they are up to date.

``python docs/generate.py`` writes them, ``--check`` fails if one differs from what the code says.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import sys
from collections.abc import Callable
from inspect import getdoc, isfunction, signature
from pathlib import Path

import compressed_models
import page_delegates
import peer_training
import quantized_models
from click.testing import CliRunner
from delegraph import (
    Constraint,
    Plugins,
    load_delegate,
    read_model,
    rules,
)
from delegraph.cli import main as main_command
from delegraph.cli.support import support_markdown
from delegraph.model import schema
from delegraph.partition import partition, specialize
from delegraph.report.plan_text import render
from delegraph_optimize.advise import markdown, summary
from rich.console import Console

DOCS = Path(__file__).resolve().parent

INTRODUCTION = """# What the reference delegate supports

Made by `delegraph support reference --format markdown`: the rows that the partitioner consults. One row is
one claim: the op, its versions, the types of its operands in schema order (`x?` may be absent, `x*`
repeats), and what else must hold.
"""


def ops_page() -> str:
    return f"{INTRODUCTION}\n{support_markdown(load_delegate('reference').table)}\n"


EDGETPU_INTRODUCTION = """# What the Edge TPU delegate supports

Made by `delegraph support edgetpu --format markdown`. One row is one op that the Edge TPU compiler maps:
its versions, the types of its operands in schema order (`x?` may be absent, `x*` repeats), and what else
must hold. [The Edge TPU](edgetpu.md) says where the limits come from.
"""


def edgetpu_page() -> str:
    return f"{EDGETPU_INTRODUCTION}\n{support_markdown(load_delegate('edgetpu').table)}\n"


OPENCL_INTRODUCTION = """# What the OpenCL delegate supports

Made by `delegraph support opencl --format markdown`, with the default options. One row is one claim: the
op, its versions, the types of its operands in schema order (`x?` may be absent, `x*` repeats), and what
else must hold. With the option `quantized=false` only the first versions and the floating-point types are
left.
"""


def opencl_page() -> str:
    return f"{OPENCL_INTRODUCTION}\n{support_markdown(load_delegate('opencl').table)}\n"


def partition_picture() -> str:
    """The report of a model that two delegates share, as a picture of a terminal."""
    page_delegates.install()
    delegates = [load_delegate("npu"), load_delegate("reference")]
    Plugins.forget()
    model = specialize(read_model(DOCS / "models" / "digits_int8.tflite"), delegates=delegates)
    console = Console(record=True, width=108, file=io.StringIO(), force_terminal=True)
    console.print(render(partition(model, delegates)))
    return console.export_svg(
        title="delegraph partition digits_int8.tflite --delegates npu,reference", unique_id="partition"
    )


def terminal_picture(command: str, lines: int | None = None) -> str:
    """What a command prints, as a picture of a terminal.

    :param lines: leave out what comes after so many, since times differ from run to run; None: all.
    """
    os.environ["COLUMNS"] = "100"
    printed = CliRunner().invoke(main_command, command.split()[1:], catch_exceptions=False).output
    console = Console(record=True, width=100, file=io.StringIO(), force_terminal=True, highlight=False)
    shown = "\n".join(printed.splitlines()[:lines])
    console.print(f"$ {command}", style="bold", markup=False)
    console.print(shown, markup=False)
    return console.export_svg(title="delegraph", unique_id=command.split()[1])


def run_picture() -> str:
    command = "delegraph run docs/models/digits_int8.tflite --input docs/models/digits/7.png"
    return terminal_picture(command, lines=-1)


def inspect_picture() -> str:
    return terminal_picture("delegraph inspect docs/models/digits_int8.tflite")


RULES_INTRODUCTION = """# Constraints that rows share

What `delegraph.rules` exports, for the `constraints` of a row ([rows](hooks.md)). A constraint stands there
as it is; a function of this page that returns one is called there with what it needs to know.
"""


def rules_page() -> str:
    """Every name of ``delegraph.rules``: constraints with their rules, functions with what they return."""
    found = {name: getattr(rules, name) for name in rules.__all__}
    constraints = [f"| `{n}` | {v.rule} |" for n, v in found.items() if isinstance(v, Constraint)]
    functions = [f"| `{n}{signature(v)}` | {_first_line(v)} |" for n, v in found.items() if isfunction(v)]
    return "\n".join(
        [
            RULES_INTRODUCTION,
            *("| constraint | an op needs |", "|---|---|", *constraints, ""),
            *("| function | |", "|---|---|", *(f.replace("'", "") for f in functions), ""),
        ]
    )


def _first_line(function: Callable[..., object]) -> str:
    return (getdoc(function) or "").partition("\n\n")[0].replace("\n", " ").replace("|", "\\|")


OPTIONS_INTRODUCTION = """# The ops and their options

The names of all builtin ops, and the fields of `op.options`, with what they are where a file says nothing.
An enum's value is its name: `op.options.padding == "SAME"`. `delegraph.options_record("CONV_2D",
padding="VALID")` makes such options.
"""


def options_page() -> str:
    """Every op of the schema with the fields of its options, and the names of the enums among them."""
    fields = {op: schema.TABLES.get(schema.options_of(op), ()) for op in schema.OPERATORS}
    ops = [f"| {op} | {', '.join(map(_field_text, found))} |" for op, found in fields.items()]
    used = sorted({f.type for found in fields.values() for f in found} & schema.ENUMS.keys())
    enums = [f"| {name} | {' '.join(f'`{n}`' for n in schema.ENUMS[name].names)} |" for name in used]
    return "\n".join(
        [
            OPTIONS_INTRODUCTION,
            *("| op | options |", "|---|---|", *ops, ""),
            *("| enum | its names |", "|---|---|", *enums, ""),
        ]
    )


def _field_text(field: schema.Field) -> str:
    kind = f"[{field.type}]" if field.kind == "vector" else field.type
    return f"`{field.name}: {kind} = {field.default!r}`"


ADVICE_INTRODUCTION = """# Which scheme?

`delegraph advise MODEL` asks three questions (which hardware, what data, which loss is allowed), or takes
the answers as options, and prints the command to run:

```sh
delegraph advise model.tflite --hardware cpu --data photos/ --labels classes.txt --max-drop 0.5
```

| hardware | samples | loss | scheme |
|---|---|---|---|
| CPU | | none | `float16` |
| CPU | none | some | `dynamic` |
| CPU | there are | some | `int8` with `--max-drop`: [ops go back](optimize-search.md) until that is met |
| GPU | | | `float16`; GPUs compute in floats |
| Edge TPU | needed | | `int8 --target edgetpu`, with integers at the border |
| microcontroller | needed | | `int8 --inputs int8` |
| NNAPI, Hexagon | | | not covered |

Measured over [these models](quantized-models.md): the smallest and the largest of each number.
"""
MEASURED = "../plugins/optimize/src/delegraph_optimize/advise/measured.json"


def measured_schemes() -> str:
    """Return what the optimizer tells of each scheme: ranges over the measured models."""
    models = json.loads((DOCS / "quantized-models.json").read_text("utf-8"))
    return f"{json.dumps(summary(models), indent=1)}\n"


def advice_page() -> str:
    return f"{ADVICE_INTRODUCTION}\n{markdown()}\n"


def quantized_page() -> str:
    return quantized_models.page(DOCS / "quantized-models.json")


def compressed_page() -> str:
    return compressed_models.page(DOCS / "compressed-models.json")


def peer_page() -> str:
    return peer_training.page(DOCS / "peer-training.json")


PAGES: dict[str, Callable[[], str]] = {
    "ops.md": ops_page,
    "edgetpu-ops.md": edgetpu_page,
    "opencl-ops.md": opencl_page,
    "op-options.md": options_page,
    "rules.md": rules_page,
    "quantized-models.md": quantized_page,
    "peer-training.md": peer_page,
    "compressed-models.md": compressed_page,
    "images/inspect.svg": inspect_picture,
    "images/partition.svg": partition_picture,
    "images/run.svg": run_picture,
    MEASURED: measured_schemes,
    "quantize-advice.md": advice_page,
}


def main() -> int:
    """Write or check every page; the exit status says whether all was up to date."""
    logging.getLogger("delegraph").setLevel(logging.ERROR)  # the picture's fallbacks are meant
    os.chdir(DOCS.parent)
    stale = []
    for name, page in PAGES.items():
        text, path = page(), DOCS / name
        if "--check" not in sys.argv:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        elif not path.exists() or _words(path.read_text()) != _words(text):
            stale.append(name)
    if stale:
        print(f"out of date: {', '.join(stale)}; run python docs/generate.py")
    return bool(stale)


def _words(text: str) -> list[str]:
    """What a page says: a picture's colors and coordinates may change with the version of rich."""
    return re.findall(r">([^<>]+)</text>", text) if text.startswith("<svg") else [text]


if __name__ == "__main__":
    sys.exit(main())
