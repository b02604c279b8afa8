"""The suite's options, the xfails and the summary. pytest loads this where the package is installed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

PACKAGE = __name__.rpartition(".")[0]
SEED, GRAPHS = 0, 20
CARDS = (".html", ".json", ".md")
_COUNTS = ("passed", "failed", "xfailed", "filtered", "skipped", "error")
_ALWAYS = _COUNTS[:4]
RESULT = "delegraph result"  # likewise: what came of a case
UNAVAILABLE = "delegraph unavailable"  # likewise: why the delegate cannot work on this machine
_MARK = ("suite", PACKAGE)  # among the properties of a test and of its reports


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup(PACKAGE, "conformance of a delegate (delegraph)")
    group.addoption("--delegate", metavar="NAME", help="the delegate to test")
    group.addoption(
        "--delegate-option",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="an option of the delegate; may be given several times",
    )
    group.addoption(
        "--xfails-file",
        type=Path,
        metavar="FILE",
        help="tests that are known to fail, one a line: the end of an id, * for anything, # comments",
    )
    group.addoption(
        "--require-available",
        action="store_true",
        help="fail where the delegate cannot work on this machine, instead of skipping all tests",
    )
    group.addoption("--report", type=_card_file, metavar="FILE", help="support card: .html, .json or .md")
    group.addoption("--seed", type=int, default=SEED, metavar="N", help="of everything that is random")
    group.addoption(
        "--graphs", type=int, default=GRAPHS, metavar="N", help=f"generated graphs; {GRAPHS} if not given"
    )
    group.addoption(
        "--cases",
        type=int,
        metavar="N",
        help="so many cases, drawn by the seed; else all of the ops in the table, and some of others",
    )


def _card_file(text: str) -> Path:
    file = Path(text)
    if file.suffix not in CARDS:
        raise pytest.UsageError(f"--report needs a name that ends in {', '.join(CARDS)}, found {text!r}")
    return file


def options_of(config: pytest.Config) -> dict[str, str]:
    """Return the delegate's options as they stand on the command line."""
    given = config.getoption("--delegate-option")
    wrong = [text for text in given if "=" not in text]
    if wrong:
        raise pytest.UsageError(f"--delegate-option needs KEY=VALUE, found {wrong[0]!r}")
    return dict(text.split("=", 1) for text in given)


def is_of_suite(item: pytest.Item) -> bool:
    return getattr(getattr(item, "module", None), "__name__", "").startswith(PACKAGE)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what the file of xfails names; a line that names nothing is an error: files stay short."""
    own = [item for item in items if is_of_suite(item)]
    for item in own:
        item.user_properties.append(_MARK)
    file = config.getoption("--xfails-file")
    if file is None:
        return
    for line in xfail_lines(file.read_text(encoding="utf-8")):
        found = [item for item in own if names(line, item.nodeid)]
        if not found and is_sought(line, own, config.getoption("--cases") is not None):
            raise pytest.UsageError(f"{file}: no test is called {line!r}")
        for item in found:
            item.add_marker(pytest.mark.xfail(reason=f"listed in {file.name}", strict=True))


def is_sought(line: str, own: Sequence[pytest.Item], is_part: bool) -> bool:
    """Say whether a test that a line names would be here: not if only others, or a part, were asked for."""
    function = line.partition("[")[0].rpartition("::")[2]
    if is_part and (function == "test_op" or not function.startswith("test_")):
        return False
    collected = {item.name.partition("[")[0] for item in own}
    modules = {item.path for item in own}
    return function in collected or len(modules) == len(list(Path(__file__).parent.glob("test_*.py")))


def xfail_lines(text: str) -> list[str]:
    """Return the names in a file of xfails, without comments and blank lines."""
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines())
    return [line for line in lines if line]


def names(line: str, test: str) -> bool:
    """Say whether a line of the file means a test: it is the end of its id, ``*`` standing for anything."""
    pattern = ".*".join(map(re.escape, line.split("*")))
    return re.search(rf"(^|[/:\[]){pattern}\]?$", test) is not None


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if config.getoption("--delegate") is None:
        return
    file = config.getoption("--report")
    if file is not None:
        write_report(file, config, terminalreporter.stats)
        terminalreporter.write_line(f"support card: {file}")
    counts = counted(terminalreporter.stats)
    if sum(counts.values()):
        words = ", ".join(f"{counts[name]} {name}" for name in _COUNTS if counts[name] or name in _ALWAYS)
        stats = terminalreporter.stats
        reasons = dict.fromkeys(why for name in _COUNTS for r in stats.get(name, ()) for why in _why(r))
        ends = "".join(f"; not available on this machine: {why}" for why in reasons)
        terminalreporter.write_line(f"conformance of {config.getoption('--delegate')}: {words}{ends}")


def write_report(file: Path, config: pytest.Config, stats: Mapping[str, Iterable[Any]]) -> None:
    """Write the support card of what ran."""
    from .card import card_of, write_card

    reports = [r for name in _COUNTS for r in stats.get(name, ()) if getattr(r, "when", "") == "call"]
    results = [value for r in reports for key, value in r.user_properties if key == RESULT]
    about = {
        "delegate": config.getoption("--delegate"),
        "options": options_of(config),
        "versions": {name: version(name) for name in ("delegraph", "delegraph-conformance")},
        "tests": {name: count for name, count in counted(stats).items() if count},
        "failures": [
            _failure(r) for name in ("failed", "error") for r in stats.get(name, ()) if _is_own(r)
        ],
    }
    write_card(file, card_of(about, results))


def _failure(report: Any) -> str:
    """Return which test failed, and what it said first."""
    crash = getattr(report.longrepr, "reprcrash", None)
    said = crash.message if crash else str(report.longrepr)
    return f"{report.nodeid.rpartition('::')[2]}: {said.strip().partition(chr(10))[0]}"


def counted(stats: Mapping[str, Iterable[Any]]) -> Counter[str]:
    """Return how many tests of the suite came out in each way."""
    counts: Counter[str] = Counter()
    for name in _COUNTS:
        counts[name] += sum(map(_is_own, stats.get(name, ())))
    counts["filtered"] += len(list(stats.get("deselected", ())))
    return counts


def _why(report: Any) -> list[str]:
    return [value for key, value in getattr(report, "user_properties", ()) if key == UNAVAILABLE]


def _is_own(report: Any) -> bool:
    return _MARK in getattr(report, "user_properties", ())
