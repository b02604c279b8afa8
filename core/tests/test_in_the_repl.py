"""What a person sees in a shell or a notebook: names to complete, and values on one short line."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import attrs
import delegraph
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from api_record import MODULES
from delegraph import Builder, Delegate, InputError, Interpreter, Model, OpSupport, Plan, SupportTable
from delegraph.answers import Said
from delegraph.batch import Finished, Result
from delegraph.partition import MemoryEstimate
from delegraph.partition.plan_model import plan_model
from delegraph.profile import Event
from delegraph.report.benchmark import Measured, Profile, Timing
from delegraph.report.compare import Claim, Compared, Comparison, Difference, Output
from delegraph.report.layout import WIDTH
from delegraph.report.plan_text import report

WIDEST = 400  # characters of a repr, whatever the model is
HOSTILE = ["", "a" * 5000, "line\nbreak", "\x1b[31mred", "\u202eturned", "<b>bold</b>", "[bold]", "é×漢字"]


class OnlyAdds(Delegate):
    """Refuses most of what it is asked for, at length."""

    name = "adds"

    def __init__(self) -> None:
        super().__init__()
        self.table = SupportTable(self.name, [OpSupport("ADD", (1, 1), "float32 float32 -> float32")])

    def prepare(self, partition: Any) -> Any:
        raise NotImplementedError("it only claims")


def generated(seed: int) -> Model:
    """Return a model with up to hundreds of inputs, long shapes and names from anywhere."""
    chance = random.Random(seed)

    def name() -> str:
        return chance.choice(HOSTILE) + str(chance.random())

    g = Builder()
    shape = tuple(chance.choice([1, 2, 3]) for _ in range(chance.randint(1, 8)))
    inputs = [
        g.input(shape, "float32", name=name(), scale=chance.choice([None, 0.5]))
        for _ in range(chance.choice([1, 2, 40]))
    ]
    channels = chance.choice([2, 600])
    scales = [0.5] * channels
    weights = g.constant(np.ones((channels, 4), np.int8), name=name(), scale=scales)
    made = g.op("ADD", [inputs[0], inputs[-1]], [g.tensor(shape, "float32", name=name())])
    made = g.op("CONCATENATION", [made] * chance.choice([1, 50]), [g.tensor(shape, "float32")], axis=0)
    given = [made, *[None] * chance.choice([0, 30]), weights]
    own = g.op(name() or "Own", given, [g.tensor(shape, "float32")], custom_options=b"x" * 4000)
    return g.model(outputs=[own, *inputs], signature=name(), description=name(), metadata={name(): b"1"})


def inside(value: Any, seen: set[int]) -> Iterator[Any]:
    """Yield a value and all that its fields hold, each once."""
    if id(value) in seen or isinstance(value, np.ndarray):
        return
    seen.add(id(value))
    if isinstance(value, (tuple, list)):
        for one in value:
            yield from inside(one, seen)
    elif isinstance(value, dict):
        yield from inside(list(value.values()), seen)
    elif attrs.has(type(value)):
        yield value
        for f in attrs.fields(type(value)):
            yield from inside(getattr(value, f.name), seen)


def test_dir_has_the_public_names_and_nothing_else():
    modules = [m.removeprefix("delegraph.") for m in MODULES if m != "delegraph"]
    assert sorted(dir(delegraph)) == sorted({*delegraph.__all__, *modules})


def test_every_name_of_dir_is_there_when_nothing_else_was_imported():
    program = "import delegraph as d; print(len([getattr(d, name) for name in dir(d)]))"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(found.stdout) == len(dir(delegraph))


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_in_a_model_its_values_are_one_short_line(seed: int):
    plan = plan_model(generated(seed), [OnlyAdds()])
    values = [*inside(plan, set()), *plan.fallbacks]
    assert {"Model", "Graph", "Op", "Tensor", "Plan"} <= {type(v).__name__ for v in values}
    for value in values:
        said = repr(value)
        assert len(said) <= WIDEST, said
        assert said.isprintable(), said


def test_what_is_asked_for_values_is_short_too():
    g = Builder()
    x = g.input((2,), "float32", name="x")
    y = g.op("ADD", [x, x], [g.tensor((2,), "float32", name="y")])
    interpreter = Interpreter(model=g.model(outputs=[y], signature="serve"), delegates=[OnlyAdds()])
    assert repr(interpreter).startswith("<Interpreter of '<memory>' on adds")
    assert repr(interpreter.get_signature_runner()) == "<SignatureRunner 'serve': x -> y>"
    assert repr(interpreter.plan.delegates[0].table) == "<SupportTable of adds>"
    assert len(repr(Timing(0.1, 0.2, (0.3,) * 1000))) < WIDEST


class Tags(HTMLParser):
    """Counts what is open, and collects the text."""

    KNOWN: tuple[str, ...] = ("pre", "span")

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        assert tag in self.KNOWN, tag
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("seed", range(4))
def test_a_notebook_shows_plans_and_models_as_the_terminal_does(seed: int):
    model = generated(seed)
    plan = plan_model(model, [OnlyAdds()])
    for value in (plan, model):
        page = Tags()
        page.feed(value._repr_html_())
        assert page.open == []
        assert all(c.isprintable() or c in "\n\t" for c in page.text)
    said = [line.rstrip() for line in shown(plan).splitlines()]
    assert said == report(plan, WIDTH).rstrip().splitlines()


def shown(plan: Plan) -> str:
    page = Tags()
    page.feed(plan._repr_html_())
    return page.text.rstrip()


class Cells(Tags):
    """Collects the rows of tables, and what stands outside of them, as (paragraph,)."""

    KNOWN = ("table", "thead", "tbody", "tr", "th", "td", "p", "b")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.feed(text)
        self.close()
        assert self.open == []
        assert all(c.isprintable() or c in "\n\t" for c in self.text)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        super().handle_starttag(tag, attributes)
        if tag in ("tr", "p"):
            self.rows.append([])
        if tag in ("th", "td", "p"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        super().handle_data(data)
        self.rows[-1][-1] += data


def results(seed: int) -> Iterator[Any]:
    """Yield what benchmark, compare, answers and batches give, with names from anywhere."""
    chance = random.Random(seed)
    graph = generated(seed).subgraphs[0]
    far = Difference(0.25, 0.125, chance.choice([None, 3]))

    def name() -> str:
        return chance.choice(HOSTILE) + str(chance.random())

    timing = Timing(0.1, 0.2, tuple(chance.random() for _ in range(30)))
    profile = Profile(3, 1.5, tuple(Event(op.name, 0.25, op.index, delegate=name()) for op in graph.ops))
    yield timing
    yield profile
    yield Measured(timing, MemoryEstimate(10, 20, 30, graph.ops[0], 1), 7, profile, {name(): {name(): 5}})
    compared = tuple(
        Compared(t, op, (name(), name()), far, far, Claim(1, chance.choice([0.0, 1.0])))
        for op in graph.ops
        for t in op.outputs
    )
    outputs = {name(): Output(t, far, far, Claim(0, 0.0)) for t in graph.outputs[:3]}
    yield Comparison(outputs, compared)
    yield Comparison({}, (), nothing=name())
    records = tuple({"class": i, "score": chance.random(), "label": name()} for i in range(60))
    yield Said("classify", records, name())
    found = (
        Result(0, name(), "classify", records),
        Result(1, name(), "values", ({"output": name(), "index": 0, "value": 0.5},)),
        Result(2, name(), outputs={name(): np.zeros((2, 3), np.int8)}),
        Result(3, name(), judged={name(): [0.25]}),
        Result(4, name(), error=name()),
    )
    yield from found
    yield Finished(lambda: iter(found * 20))


@pytest.mark.parametrize("seed", range(8))
def test_a_notebook_shows_results_as_tables_whatever_names_there_are(seed: int):
    for value in results(seed):
        assert len(repr(value)) <= WIDEST
        assert repr(value).isprintable()
        page = Cells(value._repr_html_())
        widths = [len(row) for row in page.rows]
        assert set(widths) - {1} or widths == [1]  # a table, or that there is nothing


def test_results_have_the_numbers_of_the_terminal():
    timing = Timing(0.1, 0.2, (0.5, 0.25, 0.75))
    profile = Profile(1, 1.0, (Event("ADD", 0.25, 0, delegate="ours"),))
    measured = Measured(timing, MemoryEstimate(0, 0, 2048, None, 0), None, profile)
    rows = Cells(measured._repr_html_()).rows
    assert ["prepare", "100 ms"] in [row[:2] for row in rows]
    assert ["run", "500 ms"] in [row[:2] for row in rows]
    assert ["tensors", "2.0 KiB"] in [row[:2] for row in rows]
    assert ["#0 ADD", "ours", "1", "250 ms", "25.0 %"] in rows
    words = " ".join(str(measured).split())
    assert all(" ".join(" ".join(row).split()) in words for row in rows)


def test_a_model_with_other_fields_is_made_by_replace():
    model = generated(1)
    other = model.replace(description="other")
    assert (other.description, other.subgraphs) == ("other", model.subgraphs)
    graph = model.subgraphs[0]
    assert graph.replace(name="g").name == "g"
    assert graph.ops[0].replace(version=2).version == 2
    assert graph.tensors[0].replace(dtype="int8").dtype == "int8"


@pytest.mark.parametrize("kind", ["model", "graph", "op", "tensor"])
def test_replace_names_the_fields_there_are(kind: str):
    model = generated(2)
    graph = model.subgraphs[0]
    value = {"model": model, "graph": graph, "op": graph.ops[0], "tensor": graph.tensors[0]}[kind]
    with pytest.raises(InputError, match="no field 'colour'; it has: "):
        value.replace(colour=1)
