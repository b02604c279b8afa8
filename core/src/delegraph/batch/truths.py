"""What is true of files: class folders, lists with classes, COCO's annotations, masks beside pictures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import InputError
from ..file import Labels
from ..text import plural, shortened
from .files import files_below, listed_files, rows_of
from .job import Item

Tell = Callable[[str], None]


def classes(data: str, labels: Labels | None, tell: Tell) -> list[Item]:
    """Return files with their class: of a folder of class folders, or a .csv of file and class.

    A class is a number, or a label. Without labels, names of folders are counted in their order, which is
    told.
    """
    path = Path(data)
    if path.is_dir():
        folders = sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
        pairs = [(str(f), p.name) for p in folders for f in files_below(str(p))]
        if not pairs:
            raise InputError(f"folder {data!r} needs a folder for each class, with files")
    else:
        pairs = [(row[0], _second(row, data)) for row in rows_of(path)]
    number = _numbers([name for _, name in pairs], labels, tell)
    return [Item(i, file, number(name)) for i, (file, name) in enumerate(pairs)]


def masks(data: str, labels: Labels | None, tell: Tell) -> list[Item]:
    """Return files with the picture of their mask: of a folder of images/ and masks/, or a .csv of both."""
    path = Path(data)
    if not path.is_dir():
        rows = rows_of(path)
        pairs = [(row[0], str(path.parent / _second(row, data))) for row in rows]
        return [Item(i, file, mask) for i, (file, mask) in enumerate(pairs)]
    if not ((path / "images").is_dir() and (path / "masks").is_dir()):
        raise InputError(
            f"folder {data!r} needs the folders images and masks, whose files have the same names"
        )
    beside = {mask.stem: str(mask) for mask in files_below(str(path / "masks"))}
    files = files_below(str(path / "images"))
    if lacking := [f.name for f in files if f.stem not in beside]:
        raise InputError(f"{plural(len(lacking), 'file')} of {data!r} have no mask: {_some(lacking)}")
    return [Item(i, str(f), beside[f.stem]) for i, f in enumerate(files)]


def boxes(data: str, labels: Labels | None, tell: Tell, images: str | None = None) -> list[Item]:
    """Return files with their boxes: of a .json as COCO writes it.

    A category is the label of its name; without labels its own number, which is told.

    :param images: the folder of the files; None: that of the .json
    """
    found = _coco(data)
    names = {int(c["id"]): str(c.get("name", "")) for c in found["categories"]}
    number = _categories(names, labels, tell)
    by_image: dict[int, list[list[float]]] = {int(image["id"]): [] for image in found["images"]}
    for one in found["annotations"]:
        x, y, width, height = (float(v) for v in one["bbox"])
        kind = number.get(int(one["category_id"]))
        if kind is not None and int(one["image_id"]) in by_image:
            box = [kind, x, y, x + width, y + height, int(one.get("iscrowd", 0))]
            by_image[int(one["image_id"])].append(box)
    folder = Path(images) if images else Path(data).parent
    files = {int(image["id"]): str(folder / str(image["file_name"])) for image in found["images"]}
    return [Item(i, files[key], by_image[key]) for i, key in enumerate(sorted(files))]


def others(data: str, labels: Labels | None, tell: Tell) -> list[Item]:
    """Return files of which nothing is known."""
    return [Item(i, file) for i, file in enumerate(listed_files(data))]


def _second(row: Sequence[str], data: str) -> str:
    if len(row) < 2 or not row[1].strip():
        raise InputError(f"list {data!r} needs two columns, found {','.join(row)!r}")
    return row[1].strip()


def _numbers(names: Sequence[str], labels: Labels | None, tell: Tell) -> Callable[[str], int]:
    """Return a function that gives the number of a class."""
    if all(name.isascii() and name.isdigit() and len(name) < 10 for name in names):
        return int
    if labels is None:
        order = sorted(set(names))
        tell(f"classes are counted in the order of their names, 0 {order[0]!r} first: there are no labels")
        return {name: i for i, name in enumerate(order)}.__getitem__
    known = _by_label(labels)
    if lacking := [name for name in dict.fromkeys(names) if name.strip().casefold() not in known]:
        raise InputError(f"classes of the data that are no labels of the model: {_some(lacking)}")
    return lambda name: known[name.strip().casefold()]


def _by_label(labels: Labels) -> dict[str, int]:
    """Return numbers by label; of a label of several names by the first, too: ``tench, Tinca tinca``."""
    whole = {label.strip().casefold(): i for i, label in reversed(labels.items())}
    first = {label.split(",")[0]: i for label, i in reversed(whole.items())}
    return first | whole


def _categories(names: Mapping[int, str], labels: Labels | None, tell: Tell) -> dict[int, int]:
    if labels is None:
        tell("categories are the model's classes by their ids: there are no labels")
        return {key: key for key in names}
    known = _by_label(labels)
    lacking = [name for name in names.values() if name.casefold() not in known]
    if len(lacking) == len(names):
        raise InputError(f"none of the categories are labels of the model: {_some(lacking)}")
    if lacking:
        tell(f"categories that the model has no label for are left out: {_some(lacking)}")
    return {key: known[name.casefold()] for key, name in names.items() if name.casefold() in known}


def _coco(data: str) -> Any:
    try:
        with open(data, encoding="utf-8") as file:
            found = json.load(file)
        for key in ("images", "annotations", "categories"):
            if not isinstance(found[key], list):
                raise ValueError(f"{key!r} is no list")
        _ = [(int(i["id"]), i["file_name"]) for i in found["images"]]
        _ = [
            (*map(float, a["bbox"]), int(a["image_id"]), int(a["category_id"]))
            for a in found["annotations"]
        ]
        _ = [int(c["id"]) for c in found["categories"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as e:
        why = f"it lacks {e}" if isinstance(e, KeyError) else str(e)
        raise InputError(f"{data!r} needs annotations as COCO writes them, .json: {why}") from e
    return found


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(repr(shortened(name)) for name in names[:5])
    return shown + (", …" if len(names) > 5 else "")
