"""Pages in a real browser: nothing is clipped or missing, and what can be done there can be done.

In an environment of its own, with the system's chromium: ``tox run -e browser``. DELEGRAPH_SHOTS=FOLDER
leaves pictures there; DELEGRAPH_MODELS adds pages of real models.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from delegraph.file import read_model, write_model
from delegraph.model import Builder, Model

playwright = pytest.importorskip("playwright.sync_api")
pytest.importorskip("dash_cytoscape")
CHROMIUM = (
    os.environ.get("DELEGRAPH_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
if CHROMIUM is None:
    pytest.skip("no chromium is installed", allow_module_level=True)

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "hostile"))
from hostile_names import mixed, models  # noqa: E402

SHOTS = os.environ.get("DELEGRAPH_SHOTS")
EVIL = '</script><script>window.evil = 1</script><img src=x onerror="window.evil = 1"><b>&@DETAILS@'
SIZES = {"wide": (1400, 900), "phone": (400, 800)}


def transformer(layers: int) -> Model:
    """Return a model of 26 ops a layer, each of which reads a mask that comes from above."""
    g = Builder()
    x, mask = g.input((1, 4, 8), "float32", name="tokens"), g.input((1, 4, 8), "float32", name="mask")

    def op(name: str, *operands: Any) -> Any:
        return g.op(name, list(operands), [g.tensor((1, 4, 8), "float32")])

    weights = g.constant(np.ones((8,), np.float32))
    for _ in range(layers):
        heads = []
        for _ in range(3):
            y = op("MUL", x, weights)
            for name in ("NEG", "ABS", "EXP"):
                y = op(name, y)
            heads.append(op("ADD", y, weights))
        score = op("ADD", op("MUL", heads[0], heads[1]), mask)
        score = op("MUL", op("LOGISTIC", score), heads[2])
        x = op("ADD", x, score)
        y = x
        for name in ("NEG", "ABS", "EXP", "NEG", "ABS"):
            y = op(name, y)
        x = op("ADD", x, y)
    return g.model(outputs=[x])


def hostile() -> Model:
    g = Builder()
    t = g.input((1, 4), "float32", name=EVIL * 2000)
    for _ in range(3):
        t = g.op("NEG", [t], [g.tensor((1, 4), "float32", name=EVIL)])
    t = g.op(EVIL, [t], [g.tensor((1, 4), "float32", name=EVIL)])
    body = g.subgraph(EVIL)
    body.returns()
    return g.model(outputs=[t])


def branching() -> Model:
    g = Builder()
    condition, x = g.input((), "bool", name="condition"), g.input((1, 4), "float32", name="x")
    for name in ("ABS", "NEG"):
        branch = g.subgraph(f"branch {name}")
        y = branch.input((1, 4), "float32")
        branch.returns(branch.op(name, [y], [branch.tensor((1, 4), "float32")]))
    out = g.tensor((1, 4), "float32")
    g.op("IF", [condition, x], [out], then_subgraph_index=1, else_subgraph_index=2)
    return g.model(outputs=[out])


MODELS: dict[str, Callable[[], Model]] = {
    "digits": lambda: read_model(ROOT / "docs" / "models" / "digits_int8.tflite"),
    "transformer": lambda: transformer(12),
    "branching": branching,
    "hostile": hostile,
}
REAL = {
    "ssd": "uint8/ssd_mobilenet.tflite",
    "mobilenet": "uint8/mobilenet_v2_1.0_224_quant.tflite",
    "gru": "converted/gru200x1_fp32.tflite",
    "unet": "converted/unet_fp32.tflite",
}
if folder := os.environ.get("DELEGRAPH_MODELS"):
    MODELS |= {
        name: (lambda path=Path(folder) / path: read_model(path))
        for name, path in REAL.items()
        if (Path(folder) / path).exists()
    }
PAGES = {
    **{name: f"partition M -d edgetpu,opencl --html OUT:{name}" for name in MODELS},
    "benchmark": "benchmark M --runs 5 --warmup 0 --html OUT:digits",
    "benchmark-hostile": "benchmark M --runs 2 --warmup 0 --html OUT:negated",
    "compare": "compare M -d opencl --html OUT:floats",
}


def negated() -> Model:
    g = Builder()
    x = g.input((1, 4), "float32", name=EVIL)
    return g.model([g.op("NEG", [x], [g.tensor((1, 4), "float32", name=EVIL)])])


MODELS["negated"] = negated
MODELS["floats"] = lambda: read_model(ROOT / "docs" / "models" / "digits_float32.tflite")
MODELS["large"] = lambda: transformer(77)
PAGES["large"] = "partition M -d opencl --html OUT:large"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        opened = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that gives the page of a name."""
    made: dict[str, Path] = {}

    def page(name: str) -> Path:
        if name not in made:
            made[name] = _written(tmp_path_factory.mktemp("page"), PAGES[name])
        return made[name]

    return page


def _written(folder: Path, call: str) -> Path:
    words, _, model = call.partition(" OUT:")
    (folder / "m.tflite").write_bytes(write_model(MODELS[model]()))
    return _called(folder, words)


def _called(folder: Path, words: str) -> Path:
    from click.testing import CliRunner
    from delegraph.cli import main

    files = {"M": str(folder / "m.tflite"), "IN": str(folder / "in.npy")}
    given = [files.get(word, word) for word in words.split()]
    result = CliRunner().invoke(main, [*given, str(folder / "page.html")])
    assert result.exit_code in (0, 2), result.output
    return folder / "page.html"


class Opened:
    """A page in the browser, and what went wrong there."""

    def __init__(self, browser: Any, file: Path, size: str, dark: bool = False) -> None:
        width, height = SIZES[size]
        scheme = "dark" if dark else "light"
        for earlier in browser.contexts:  # each is a process that goes on drawing
            earlier.close()
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.page = context.new_page()
        self.problems: list[str] = []
        self.page.on("pageerror", lambda e: self.problems.append(str(e)))
        self.page.on("console", lambda m: m.type == "error" and self.problems.append(m.text))
        self.page.on("request", lambda r: r.url.startswith("file:") or self.problems.append(r.url))
        self.page.goto(file.as_uri())
        if self.page.locator("#graph").count():
            self.wait("() => window.cy && cy.nodes().length > 0")
        elif self.page.locator("#chart0").count():
            self.page.wait_for_selector(".main-svg", timeout=120_000)

    def run(self, script: str) -> Any:
        return self.page.evaluate(script)

    def wait(self, script: str) -> None:
        """Wait until a function gives true; the page's policy keeps the browser's own waiting from it."""
        for _ in range(1200):
            if self.run(script):
                return
            self.page.wait_for_timeout(100)
        raise AssertionError(f"never true: {script}")


CLIPPED = """() => {
  const tags = "h1,h2,h3,p,li,td,th,button,select,input,summary";
  return [...document.querySelectorAll(tags)].filter((e) => {
    const box = e.getBoundingClientRect();
    const cut = e.tagName !== "INPUT" && e.scrollWidth > e.clientWidth + 2;
    return box.width && (box.right > innerWidth + 1 || box.left < -1 || cut);
  }).map((e) => e.tagName + " " + e.textContent.slice(0, 40));
}"""
OUTSIDE = """() => {
  const box = cy.elements().renderedBoundingBox({ includeLabels: false });
  return [box.x1, box.y1, cy.width() - box.x2, cy.height() - box.y2].filter((n) => n < -1);
}"""
# Boxes that an edge passes which are not its ends.
PASSED = """() => {
  const boxes = cy.nodes().map((n) => ({ id: n.id(), ...n.position() }));
  const found = [];
  cy.edges().forEach((e) => {
    const points = [e.sourceEndpoint(), ...(e.segmentPoints() ?? []), e.targetEndpoint()];
    for (let i = 0; i + 1 < points.length; i++) for (let t = 0; t <= 1; t += 0.02) {
      const x = points[i].x + t * (points[i + 1].x - points[i].x);
      const y = points[i].y + t * (points[i + 1].y - points[i].y);
      for (const b of boxes) {
        if (b.id === e.source().id() || b.id === e.target().id()) continue;
        if (Math.abs(b.x - x) < 93 && Math.abs(b.y - y) < 13) found.push(`${e.id()} ${b.id}`);
      }
    }
  });
  return [...new Set(found)];
}"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [name for name in PAGES if name != "large"])
def test_nothing_is_clipped_or_goes_wrong(
    name: str, size: str, dark: bool, browser: Any, written: Callable[[str], Path]
) -> None:
    opened = Opened(browser, written(name), size, dark)
    if SHOTS:
        Path(SHOTS).mkdir(exist_ok=True)
        path = f"{SHOTS}/{name}-{size}-{'dark' if dark else 'light'}.png"
        opened.page.screenshot(path=path, full_page=True)
    assert opened.problems == []
    assert opened.run("document.documentElement.scrollWidth <= innerWidth")
    assert opened.run(CLIPPED) == []
    assert not opened.run("window.evil")
    background = opened.run("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(13, 17, 23)" if dark else "rgb(255, 255, 255)")
    if opened.page.locator("#graph").count():
        assert opened.run(OUTSIDE) == []
        assert opened.run("cy.zoom() * thickness > 0.2 || thickness === 3")  # edges can be seen


HOSTILE = {
    "partition": "partition M -d edgetpu --html",
    "benchmark": "benchmark M --runs 2 --warmup 0 --html",
    "compare": "compare M -d litert --html",
    "report": "report M M --data IN --runs 1 --html",
}


@pytest.mark.parametrize("seed", [3, 5, 7, 20])  # 3 and 7: of ten thousand characters
@pytest.mark.parametrize("command", HOSTILE)
def test_names_do_nothing_and_fit(command: str, seed: int, browser: Any, tmp_path: Path) -> None:
    np.save(tmp_path / "in.npy", np.eye(4, dtype=np.float32)[:, None])
    (tmp_path / "m.tflite").write_bytes(dict(models(mixed(seed)))["runs"])
    opened = Opened(browser, _called(tmp_path, HOSTILE[command]), "phone")
    if SHOTS:
        opened.page.screenshot(path=f"{SHOTS}/mixed-{command}-{seed}.png", full_page=True)
    assert opened.problems == []
    assert not opened.run("window.evil")
    assert opened.run("document.documentElement.scrollWidth <= innerWidth")
    if command != "report":  # its tables are moved sideways
        assert opened.run(CLIPPED) == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", [n for n in PAGES if n in MODELS and n != "large"])
def test_no_edge_passes_a_box(name: str, size: str, browser: Any, written: Callable[[str], Path]) -> None:
    assert Opened(browser, written(name), size).run(PASSED) == []


def test_the_search_finds_ops_tensors_and_reasons(browser: Any, written: Callable[[str], Path]) -> None:
    opened = Opened(browser, written("digits"), "wide")
    page, status = opened.page, opened.page.locator("#status")
    page.keyboard.press("/")
    page.keyboard.type("conv_2d")
    assert page.locator("#found li").count() >= 3
    assert "ops" in status.inner_text()
    page.keyboard.press("Enter")
    assert "CONV_2D" in page.locator("#panel h2").inner_text()
    page.wait_for_timeout(400)
    assert opened.run("cy.nodes('.picked').length") == 1
    assert opened.run("cy.nodes('.faint').length") > 0
    page.keyboard.press("Escape")
    assert opened.run("cy.nodes('.faint').length") == 0
    assert opened.problems == []


def test_the_keyboard_walks_along_the_graph(browser: Any, written: Callable[[str], Path]) -> None:
    opened = Opened(browser, written("digits"), "wide")
    opened.page.locator("#in").focus()
    opened.page.keyboard.press("Tab")
    assert opened.run("getComputedStyle(document.getElementById('graph')).outlineStyle") == "solid"
    seen = []
    for key in ("ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "End"):
        opened.page.keyboard.press(key)
        seen.append(opened.page.locator("#panel h2").inner_text())
    assert "input" in seen[0]
    assert "#0" in seen[1]
    assert "#1" in seen[2]
    assert seen[3] == seen[1]
    assert "output" in seen[4]
    before = opened.run("cy.zoom()")
    opened.page.wait_for_timeout(300)
    opened.page.keyboard.press("-")
    assert opened.run("cy.zoom()") != before
    opened.page.keyboard.press("0")
    assert opened.run(OUTSIDE) == []


def test_pointing_at_an_edge_shows_type_and_shape(browser: Any, written: Callable[[str], Path]) -> None:
    opened = Opened(browser, written("branching"), "wide")
    x, y = opened.run("""() => { const e = cy.edges()[0], a = e.sourceEndpoint(), b = e.targetEndpoint();
      document.getElementById("graph").scrollIntoView();
      const box = document.getElementById("graph").getBoundingClientRect(), z = cy.zoom(), p = cy.pan();
      return [box.left + ((a.x + b.x) / 2) * z + p.x, box.top + ((a.y + b.y) / 2) * z + p.y]; }""")
    opened.page.mouse.move(x - 3, y - 3)
    opened.page.mouse.move(x, y)
    assert "bool" in opened.page.locator("#tip").inner_text()


def test_a_rule_a_delegate_and_a_subgraph_can_be_chosen(
    browser: Any, written: Callable[[str], Path]
) -> None:
    opened = Opened(browser, written("branching"), "wide")
    button = opened.page.locator("button[data-marks]").first
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    opened.page.locator("#subgraph").select_option("2")
    assert "NEG #0" in opened.run("cy.nodes().map((n) => n.data('label'))")
    assert opened.problems == []


def test_the_theme_can_be_changed(browser: Any, written: Callable[[str], Path]) -> None:
    for name in ("digits", "benchmark"):
        opened = Opened(browser, written(name), "wide")
        opened.page.locator("#theme").click()
        assert opened.run("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
        assert opened.problems == []


def test_two_thousand_ops_are_drawn_and_searched(browser: Any, written: Callable[[str], Path]) -> None:
    opened = Opened(browser, written("large"), "wide")
    assert opened.run("data.ops") > 2000
    assert opened.run(OUTSIDE) == []
    seconds = opened.run("""() => { const t = performance.now(); search("logistic"); search("");
      return (performance.now() - t) / 1000; }""")
    assert seconds < 5  # 0.1 on a machine that does nothing else
    for text, faint in (("logistic", True), ("", False)):  # what stands out follows when typing stops
        opened.page.locator("#search").fill(text)
        opened.wait(f"() => (cy.nodes('.faint').length > 0) === {str(faint).lower()}")
    assert opened.problems == []


# Times between frames, and tasks that took longer than 50 ms.
WATCH = """() => {
  window.frames_ = []; window.tasks_ = [];
  new PerformanceObserver((list) => tasks_.push(...list.getEntries().map((e) => e.duration)))
    .observe({ entryTypes: ["longtask"] });
  let last = performance.now();
  (function frame() {
    const now = performance.now();
    frames_.push(now - last);
    last = now;
    requestAnimationFrame(frame);
  })();
}"""


def test_frames_of_two_thousand_ops_are_counted(
    browser: Any, written: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Print a table; what else the machine does decides the times, so that none is asked for."""
    opened = Opened(browser, written("large"), "wide")
    opened.run("document.getElementById('graph-section').scrollIntoView()")
    opened.run(WATCH)
    rows = [_frames(opened, name, act) for name, act in _moves(opened.page).items()]
    with capsys.disabled():
        print(f"\n{'2,000 ops':16} frames  median    95 %  longest ms  over 50 ms  long tasks")
        print("\n".join(rows))
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    assert opened.problems == []


def _frames(opened: Opened, name: str, act: Callable[[], Any]) -> str:
    opened.page.wait_for_timeout(600)
    opened.run("() => { frames_.length = tasks_.length = 0; }")
    act()
    opened.page.wait_for_timeout(300)
    frames, tasks = opened.run("[frames_, tasks_]")
    median, late, longest = np.quantile(frames, [0.5, 0.95, 1])
    over = sum(ms > 50 for ms in frames)
    return f"{name:16} {len(frames):6} {median:7.1f} {late:7.1f} {longest:11.1f} {over:11} {len(tasks):11}"


def _moves(page: Any) -> dict[str, Callable[[], Any]]:
    """Return what a person does with a graph, by name, in its order."""
    box = page.locator("#graph").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    def wheel(by: int) -> None:
        page.mouse.move(x, y)
        for _ in range(15):
            page.mouse.wheel(0, by)
            page.wait_for_timeout(30)

    def move() -> None:
        for i in range(30):
            page.mouse.move(x + 8 * i, y + 5 * i)
            page.wait_for_timeout(20)

    def drag() -> None:
        page.mouse.move(x, y)
        page.mouse.down()
        move()
        page.mouse.up()

    def press(key: str, times: int) -> None:
        for _ in range(times):
            page.keyboard.press(key)
            page.wait_for_timeout(250)

    def search() -> None:
        page.keyboard.press("/")
        page.keyboard.type("logistic", delay=60)

    return {
        "nothing": lambda: page.wait_for_timeout(1000),
        "pan, all of it": drag,
        "zoom in": lambda: wheel(-120),
        "pan, a part": drag,
        "point": move,
        "zoom out": lambda: wheel(120),
        "search": search,
        "next found": lambda: press("Enter", 6),
        "search no more": lambda: page.keyboard.press("Escape"),
    }
