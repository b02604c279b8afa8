"""Model Explorer's own package finds each op that node data of this project names.

In an environment of its own: ``tox run -e browser``.
"""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest
from click.testing import CliRunner
from delegraph.cli import main
from delegraph.file import read_model, write_model
from delegraph.model import Builder, Model

pytestmark = pytest.mark.filterwarnings("ignore")
adapter = pytest.importorskip("model_explorer.builtin_tflite_flatbuffer_adapter")
builder = pytest.importorskip("model_explorer.node_data_builder")
ROOT = Path(__file__).parents[2]


def chain() -> Model:
    g = Builder()
    t = g.input((1, 4), "float32", name="x")
    for name in ("NEG", "ABS", "EXP"):
        t = g.op(name, [t], [g.tensor((1, 4), "float32")])
    return g.model(outputs=[t])


def branching() -> Model:
    g = Builder()
    condition, x = g.input((), "bool", name="condition"), g.input((1, 4), "float32", name="x")
    branches = []
    for name in ("ABS", "NEG"):
        branch = g.subgraph(name)
        y = branch.input((1, 4), "float32")
        branch.returns(branch.op(name, [y], [branch.tensor((1, 4), "float32")]))
        branches.append(branch)
    out = g.tensor((1, 4), "float32")
    g.op("IF", [condition, x], [out], then_subgraph_index=1, else_subgraph_index=2)
    return g.model(outputs=[out])


def nameless() -> Model:
    """Return a model whose subgraph has no name, but a signature."""
    whole = MODELS["digits"]()
    return attrs.evolve(whole, subgraphs=(attrs.evolve(whole.subgraphs[0], name=""),))


def twice() -> Model:
    """Return a model of which two subgraphs have one name."""
    whole = branching()
    main, *bodies = whole.subgraphs
    return attrs.evolve(whole, subgraphs=(main, *(attrs.evolve(g, name="body") for g in bodies)))


MODELS = {
    "nameless": nameless,
    "twice": twice,
    "chain": chain,
    "branching": branching,
    "digits": lambda: read_model(ROOT / "docs" / "models" / "digits_int8.tflite"),
}
COMMANDS = (
    "partition M -d edgetpu",
    "benchmark M --runs 1 --warmup 0",
    "compare M -d opencl",
)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("name", MODELS)
def test_each_op_that_node_data_names_is_there(name: str, command: str, tmp_path: Path) -> None:
    file = tmp_path / "m.tflite"
    file.write_bytes(write_model(MODELS[name]()))
    words = [str(file) if word == "M" else word for word in command.split()]
    result = CliRunner().invoke(main, [*words, "--model-explorer", str(tmp_path / "nodes")])
    assert result.exit_code in (0, 2), result.output

    shown = graphs(file)
    found = sorted((tmp_path / "nodes").iterdir())
    assert found
    for path in found:
        for graph, content in loaded(path).graphsData.items():
            assert graph in shown
            assert set(content.results) <= shown[graph]


def graphs(file: Path) -> dict[str, set[str]]:
    """Return the ids of nodes by the id of their graph, as Model Explorer reads a model."""
    (collection,) = adapter.BuiltinTfliteFlatbufferAdapter().convert(str(file), {})["graphCollections"]
    return {graph["id"]: {node["id"] for node in graph["nodes"]} for graph in collection.graphs}


def loaded(path: Path) -> builder.ModelNodeData:
    """Read node data into the classes that Model Explorer has for it; a key that it does not know fails."""
    found = {}
    for name, graph in json.loads(path.read_text()).items():
        results = {key: builder.NodeDataResult(**value) for key, value in graph.pop("results").items()}
        items = [builder.GradientItem(**item) for item in graph.pop("gradient", [])]
        found[name] = builder.GraphNodeData(results=results, gradient=items, **graph)
    return builder.ModelNodeData(graphsData=found)


def test_values_are_numbers_with_colors_between_or_texts_with_their_own(tmp_path: Path) -> None:
    file = tmp_path / "m.tflite"
    file.write_bytes(write_model(chain()))
    for words in (["partition"], ["benchmark", "--runs", "1"]):
        CliRunner().invoke(main, [*words, str(file), "--model-explorer", str(tmp_path / "nodes")])
    who, times = (
        json.loads((tmp_path / "nodes" / f"m_{name}.json").read_text())["main"]
        for name in ("delegate", "milliseconds")
    )
    assert {r["value"] for r in who["results"].values()} == {"reference"}
    assert all(r["bgColor"] for r in who["results"].values())
    assert all(r["value"] > 0 for r in times["results"].values())
    assert [g["stop"] for g in times["gradient"]][:: len(times["gradient"]) - 1] == [0, 1]
