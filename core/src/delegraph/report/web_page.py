"""A page that needs nothing else: no network, no other file.

Scripts of libraries are written into it, packed: a browser unpacks them and runs them.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from string import Template
from typing import Any

from ..errors import InputError
from ..text import html_text

OWN = Path(__file__).parent / "web"  # styles and scripts of this project


def missing(package: str) -> InputError:
    """Return the error of a page whose library is not installed."""
    return InputError(f"a page needs the package {package}: pip install 'delegraph[html]'")


def page(
    title: str,
    body: str,
    styles: Sequence[str],
    libraries: Sequence[str],
    script: str,
    data: Mapping[str, Any],
) -> str:
    """Return a page.

    :param title: as text.
    :param body: as HTML: names in it are escaped.
    :param styles: names of files of this project; ``page.css`` comes before them.
    :param libraries: texts of scripts, in the order in which they run.
    :param script: the name of a file of this project, which draws with ``unpacked.then``.
    :param data: what the scripts find in the element ``data``.
    """
    return _PAGE.substitute(  # in one pass: what names bring in is not looked at again
        title=html_text(title),
        styles="\n".join(own(name) for name in ("page.css", *styles)),
        body=body,
        data=json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
        libraries="\n".join(map(_packed, libraries)),
        scripts="\n".join(f"<script>{_inside(own(s))}</script>" for s in ("page.js", script)),
    )


def header(name: str) -> str:
    """Return the top of a page, with the name of what it is about."""
    theme = '<button type="button" id="theme" title="light or dark">◐ theme</button>'
    return f"<header><h1>{html_text(name)}</h1>{theme}</header>"


def own(name: str) -> str:
    """Return a style or a script of this project."""
    return (OWN / name).read_text(encoding="utf-8")


def of_package(package: str, pattern: str) -> str:
    """Return a script that an installed package brings; of several, that of the highest version.

    :raises InputError: the package is not installed, or has no such file.
    """
    found = find_spec(package)
    folders = [] if found is None else found.submodule_search_locations or []
    files = [file for folder in folders for file in Path(folder).glob(pattern)]
    if not files:
        raise missing(package.replace("_", "-"))
    return max(files, key=_version).read_text(encoding="utf-8")


def _version(file: Path) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", file.name)))


def _inside(script: str) -> str:
    """Return a script as it stands between tags: nothing in it ends it."""
    return script.replace("</script", r"<\/script").replace("<!--", r"<\!--")


def _packed(script: str) -> str:
    """Return a script that ``page.js`` unpacks: less than half its size, and with no odd character."""
    packed = b64encode(zlib.compress(script.encode(), 9)).decode()
    return f'<script type="text/plain" class="packed">{packed}</script>'


_PAGE = Template("""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:">
<title>$title</title>
<style>
$styles
</style>
</head>
<body>
$body
<script type="application/json" id="data">$data</script>
$libraries
$scripts
</body>
</html>
""")
