"""``delegraph new-delegate`` writes a package that is whole, or none. tests/thirdparty installs some."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from delegraph import InputError, Plugins
from delegraph.cli import main
from delegraph.cli import new_delegate as scaffold

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # pytest needs it there, too

NAMES = ["npu", "my-npu", "npu2", "n", "a-1-b", "x86", "delegate", "no", "op-support", "match", "n" * 40]
WRONG = [
    "", "-", "-npu", "npu-", "my--npu", "my_npu", "my npu", "my.npu", "Npu", "NPU", "2npu", "nµ", "ñpu",
    "ｎpu", "нпу", "npu\n", "npu\x00", "np\u200bu", "../npu", "/npu", "a/b", "npu:2", "npu,x", "${name}",
    "$name", "'", '"', "#", "n" * 41, "n" * 5000, "class", "import", "lambda", "none-", "core", "delegraph",
    "opencl", "int16",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    before = set(sys.modules)
    yield
    for module in sys.modules.keys() - before:
        del sys.modules[module]


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["new-delegate", *arguments])
    assert isinstance(result.exception, (SystemExit, type(None))), result.exception
    return result.exit_code, result.output


def imported(folder: Path, name: str) -> ModuleType:
    """Return the module of a scaffold, without installing it."""
    module = f"delegraph_{name.replace('-', '_')}"
    place = folder / "src" / module / "__init__.py"
    spec = importlib.util.spec_from_file_location(
        module, place, submodule_search_locations=[str(place.parent)]
    )
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    sys.modules[module] = found
    spec.loader.exec_module(found)
    return found


@pytest.mark.parametrize("form", ["kernels", "engine"])
@pytest.mark.parametrize("name", NAMES)
def test_a_scaffold_is_a_plugin_without_problems(name: str, form: str) -> None:
    status, output = run(name, *(["--engine"] if form == "engine" else []))
    assert status == 0, output

    folder = Path(f"delegraph-{name}")
    plugins = Plugins()
    plugins.register(imported(folder, name), name)

    rows = plugins.load(name).table.rows
    assert plugins.problems == []
    assert {row.op for row in rows} == ({"ADD"} if form == "kernels" else {"ADD", "MUL", "LOGISTIC"})


@pytest.mark.parametrize("form", ["kernels", "engine"])
def test_everything_is_filled_in(form: str) -> None:
    run("my-npu", *(["--engine"] if form == "engine" else []))

    files = {p.relative_to("delegraph-my-npu").as_posix(): p for p in Path().rglob("*") if p.is_file()}

    wanted = scaffold.ENGINE if form == "engine" else scaffold.KERNELS
    assert sorted(files) == sorted(place.replace("$module", "delegraph_my_npu") for place in wanted)
    for place, path in files.items():
        text = path.read_text(encoding="utf-8")
        assert not re.findall(r"\$\w+|\$\{(?!\{ matrix\.)", text), place
        if path.suffix == ".py":
            compile(text, place, "exec")


@pytest.mark.parametrize("form", ["kernels", "engine"])
def test_what_it_says_to_pip_can_be_read(form: str) -> None:
    run("my-npu", *(["--engine"] if form == "engine" else []))

    project = tomllib.loads(Path("delegraph-my-npu/pyproject.toml").read_text())["project"]

    assert project["name"] == "delegraph-my-npu"
    assert project["entry-points"] == {"delegraph": {"my-npu": "delegraph_my_npu"}}
    assert "delegraph>=0.1.0,<0.2" in project["dependencies"]
    assert ("delegraph-reference>=0.1.0,<0.2" in project["dependencies"]) == (form == "engine")


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_name_is_an_error_and_nothing_is_written(name: str) -> None:
    status, output = run("--", name)

    assert status == 1
    assert re.match(r"error: (the name of a delegate needs|the name '.*' is taken: )", output), output
    assert list(Path().iterdir()) == []


def test_a_name_that_an_installed_plugin_has_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    run("my-npu")
    plugins = Plugins()
    plugins.register(imported(Path("delegraph-my-npu"), "my-npu"), "another-name")
    monkeypatch.setattr(Plugins, "installed", staticmethod(lambda: plugins))

    assert run("my-npu", "--output", "second")[1] == (
        "error: the name 'my-npu' is taken: "
        "plugin 'another-name' (delegraph_my_npu) offers a delegate of this name\n"
    )
    assert run("another-name", "--output", "second")[1].endswith("a plugin of this name is installed\n")


@pytest.mark.parametrize("kind", ["a folder", "a full folder", "a file", "a link to nothing"])
def test_what_is_there_already_stays_as_it_is(kind: str) -> None:
    place = Path("delegraph-npu")
    if "folder" in kind:
        place.mkdir()
    if kind == "a full folder":
        (place / "mine").write_text("all I have")
    if kind == "a file":
        place.write_text("all I have")
    if kind == "a link to nothing":
        place.symlink_to("nowhere")
    before = sorted(map(str, Path().rglob("*")))

    status, output = run("npu")

    assert (status, output) == (
        1,
        "error: 'delegraph-npu' is there already; --output FOLDER writes somewhere else\n",
    )
    assert sorted(map(str, Path().rglob("*"))) == before


def test_a_folder_that_cannot_be_made_is_named() -> None:
    Path("file").write_text("")
    code, said = run("npu", "--output", "file/above/npu")
    assert code == 1
    assert said.startswith("error: folder ")
    assert said.endswith("file/above' cannot be made: Not a directory\n")


@pytest.mark.parametrize(
    "failure", [OSError(28, "No space left on device"), KeyboardInterrupt(), RuntimeError()]
)
@pytest.mark.parametrize("after", range(len(scaffold.KERNELS)))
def test_nothing_half_written_is_left(
    failure: BaseException, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, write = [], Path.write_text

    def fail_after(path: Path, *args: object, **kwargs: object) -> int:
        if len(written) == after:
            raise failure
        written.append(path)
        return write(path, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", fail_after)
    with pytest.raises(InputError if isinstance(failure, OSError) else type(failure)):
        scaffold.write_scaffold(Path("npu"), "npu")

    assert len(written) == after
    assert list(Path().iterdir()) == []


def test_others_may_read_it_as_they_may_read_what_is_written_by_hand() -> None:
    run("npu")
    Path("by-hand").mkdir()

    assert os.stat("delegraph-npu").st_mode == os.stat("by-hand").st_mode


def test_a_package_of_core_is_enough() -> None:
    """The templates are in the package, whatever folder the command runs in."""
    assert {p.name for p in scaffold.TEMPLATES.iterdir()} == {
        f"{t}.tmpl" for t in (*scaffold.KERNELS.values(), *scaffold.ENGINE.values()) if t
    }
