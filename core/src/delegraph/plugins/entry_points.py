"""What installed distributions publish, read from their folders as importlib.metadata reads it.

That imports parsers of mail, of archives and of URLs for it, which takes longer than most models run. So it
is asked only where something else than a folder is on the path, or another finder knows distributions.

Source: the Python Packaging User Guide, "Entry points specification".
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator
from functools import reduce
from importlib import import_module
from typing import Any

from ..values import frozen

_INFO = re.compile(r"([^-]+)(-.*)?\.(dist|egg)-info")  # a folder that says what is installed
_VALUE = re.compile(r"(?P<module>[\w.]+)\s*(:\s*(?P<attribute>[\w.]+)\s*)?(\[.*\]\s*)?$")


@frozen
class EntryPoint:
    """A name that a distribution gives to something of its own."""

    name: str
    value: str  # "package.module" or "package.module:attribute"
    distribution: str  # "" where it does not say its name
    version: str

    def load(self) -> Any:
        """Import it.

        :raises ValueError: the value is no module.
        """
        found = _VALUE.match(self.value)
        if found is None:
            raise ValueError(f"{self.value!r} is no module")
        names = filter(None, (found["attribute"] or "").split("."))
        return reduce(getattr, names, import_module(found["module"]))


def entry_points(group: str) -> list[EntryPoint]:
    """Return the entry points of a group; where a distribution is there twice, those of the first."""
    places = [place or "." for place in sys.path]
    if all(map(_is_plain, places)) and not any(map(_knows_distributions, sys.meta_path)):
        return [found for folder in _infos(places) for found in _of(folder, group)]
    return list(_of_metadata(group))


def _is_plain(place: str) -> bool:
    return not place.endswith(".egg") and (os.path.isdir(place) or not os.path.exists(place))


def _knows_distributions(finder: Any) -> bool:
    return hasattr(finder, "find_distributions") and finder.__module__ != "_frozen_importlib_external"


def _infos(places: Iterable[str]) -> Iterator[str]:
    """Yield the folder of each distribution, by its normalized name the first on the path."""
    seen = set()
    for place in places:
        for name in _listed(place):
            if (found := _INFO.fullmatch(name)) and (key := _normalized(found[1])) not in seen:
                seen.add(key)
                yield os.path.join(place, name)


def _listed(place: str) -> list[str]:
    try:
        return os.listdir(place)
    except OSError:
        return []


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _of(folder: str, group: str) -> Iterator[EntryPoint]:
    text = _text(folder, "entry_points.txt")
    if f"[{group}]" in text and (pairs := list(_pairs(text, group))):
        head = _head(_text(folder, "METADATA") or _text(folder, "PKG-INFO"))
        name, version = head.get("name", ""), head.get("version", "")
        yield from (EntryPoint(*pair, name, version) for pair in pairs)


def _text(folder: str, name: str) -> str:
    try:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return ""


def _pairs(text: str, group: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of the lines in a group's section."""
    section = None
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif section == group and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield name.strip(), value.strip()


def _head(text: str) -> dict[str, str]:
    """Return the fields before the description, by their names in small letters."""
    lines = text.partition("\n\n")[0].splitlines()
    pairs = [line.partition(":") for line in lines if not line.startswith((" ", "\t"))]
    return {name.lower(): value.strip() for name, _, value in reversed(pairs)}


def _of_metadata(group: str) -> Iterator[EntryPoint]:
    from importlib import metadata

    for found in metadata.entry_points(group=group):
        dist = found.dist
        about = (dist.name, dist.version) if dist else ("", "")
        yield EntryPoint(found.name, found.value, *about)
