"""Models whose every name means harm to who reads it in a terminal, a log or a page."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator

import attrs
import flatbuffers
import numpy as np
from delegraph.file import write_model
from delegraph.model import Builder, Model, Signature

MARK = "QQ"  # follows what must not be obeyed, so that it can be found
NAMES = {
    "clears the screen": "\x1b[2J\x1b[3;1H" + MARK,
    "colors": "\x1b[38;5;213m" + MARK,
    "clipboard": "\x1b]52;c;aGk=\x07" + MARK,
    "link": "\x1b]8;;http://x.y\x1b\\" + MARK + "\x1b]8;;\x1b\\",
    "title": "\x1b]0;t\x07\x1bP+q\x1b\\" + MARK,
    "C1": "\x9b31m\x9d0;t\x9c\x85" + MARK,
    "C0": "\x01\x07\x08\x0b\x0c\x0e\x7f" + MARK,
    "overwritten": "good\r" + MARK,
    "another error": "x\nerror: FAKE\nwarning: FAKE\tFAKE " + MARK,
    "other lines": "x\u2028error: FAKE\u2029y\x1c\x1d\x1e" + MARK,
    "right to left": "\u202egnp.\u202c\u2066\u2067\u2069\u200f\u061c" + MARK,
    "without width": "a\u200b\u200d\ufeff\u00ad\u2060\U000e0041" + MARK,
    "no text": "\udcff\udc9b" + MARK,  # how Python writes bytes of a path that are not UTF-8
    "markup": "[red][link=http://x.y][/]:boom:" + MARK,
    "page": "<script>alert(1)</script>@DETAILS@@TITLE@&lt;\"'-->" + MARK,
    "format": "%s%n%(name)s{}{0}{name}" + MARK,
}


# What ends a script, a tag, a quoted text or a comment, what charts and templates replace, what is unseen.
PIECES = (
    "</script><script>window.evil = 1</script>", '<img src=x onerror="window.evil = 1">', "<!--", "-->",
    "<svg onload=window.evil=1>", "<b>", "<br>", "<a href='javascript:window.evil=1'>go</a>", "</title>",
    "</style>", "]]>", '"', "'", "`", "\\", "\\u003c", "&lt;", "&", "${window.evil = 1}", "$data", "%{x}",
    "{{x}}", "@DETAILS@", "\n", "\r\n", "\t", "\0", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u202e",
    "\u200b", "\ufeff", "\U000e0041", "a" * 300, "漢字", "e\u0301" * 40, "word " * 20, "/", ";", "=",
)  # fmt: skip


def mixed(seed: int) -> str:
    """Return a name of pieces that mean harm; every fourth has ten thousand characters."""
    chance = random.Random(seed)
    name = "".join(chance.choice(PIECES) for _ in range(chance.randint(1, 8)))
    return (name * 10_000)[:10_000] if seed % 4 == 3 else name


def models(name: str) -> Iterator[tuple[str, bytes]]:
    """Yield models by kind; in each, every place that takes a name has this one."""
    for kind, make in _MODELS.items():
        yield kind, write_model(make(name.encode("utf-8", "replace").decode()))


def labels(name: str) -> str:
    """Return a file with names of classes."""
    return "\n".join(f"{i} {name}".replace("\n", " ") for i in range(4))


def _runs(name: str) -> Model:
    """Float scores of four classes, in a signature, with metadata and labels."""
    g = Builder()
    g.name = name
    x = g.input((1, 4), "float32", name=f"{name} in")
    w = g.constant(np.eye(4, dtype=np.float32), name=f"{name} w")
    y = g.op("FULLY_CONNECTED", [x, w, None], [g.tensor((1, 4), "float32", name=name)])
    z = g.op("SOFTMAX", [y], [g.tensor((1, 4), "float32", name=f"{name} out")], beta=1.0)
    model = g.model(
        outputs=[z], metadata={name: b"m", "TFLITE_METADATA": _metadata(name)}, description=name
    )
    signature = Signature(name, {f"{name} x": x.index}, {f"{name} y": z.index}, 0)
    return attrs.evolve(model, signatures=(signature,), trailer=_zipped(name))


def _quantized(name: str) -> Model:
    """int8, for compilers; an op of it stays on the CPU."""
    g = Builder()
    g.name = name
    x = g.input((1, 8), "int8", name=f"{name} in", scale=0.5, zero_point=0)
    y = g.tensor((1, 8), "int8", name=name, scale=0.5, zero_point=0)
    g.op("ADD", [x, x], [y], version=2)
    z = g.tensor((1, 8), "int8", name=f"{name} out", scale=0.5, zero_point=0)
    g.op("ABS", [y], [z])
    return g.model(outputs=[z])


def _custom(name: str) -> Model:
    """A custom op that nobody has, and a composite."""
    g = Builder()
    g.name = name
    x = g.input((1, 4), "float32", name=f"{name} in")
    body = g.subgraph(f"{name} body")
    inner = body.input((1, 4), "float32", name=f"{name} inner")
    body.op("NEG", [inner], [body.tensor((1, 4), "float32", name=f"{name} negated")])
    y = g.tensor((1, 4), "float32", name=name)
    g.op("STABLEHLO_COMPOSITE", [x], [y], name=name, decomposition_subgraph_index=1)
    z = g.op(f"Flex{name}", [y], [g.tensor((1, 4), "float32", name=name)], custom_options=name.encode())
    return g.model(outputs=[z])


def _unfit(name: str) -> Model:
    """Shapes that do not go together: an error that names what there is."""
    g = Builder()
    g.name = name
    x = g.input((1, 4), "float32", name=f"{name} in")
    y = g.input((1, 3), "float32", name=f"{name} in")
    z = g.op("ADD", [x, y], [g.tensor((1, 4), "float32", name=name)])
    return g.model(outputs=[z], signature=name)


def _strings(name: str) -> Model:
    """Values that are texts, and a resource with a name."""
    g = Builder()
    x = g.input((2,), "string", name=name)
    handle = g.tensor((), "resource", name=f"{name} handle")
    g.op("VAR_HANDLE", [], [handle], container=name, shared_name=name)
    text = g.constant(np.array([name, name], object), dtype="string", name=f"{name} text")
    y = g.op("CONCATENATION", [x, text], [g.tensor((4,), "string", name=name)], axis=0)
    return g.model(outputs=[y], signature=name)


_MODELS = {"runs": _runs, "quantized": _quantized, "custom": _custom, "unfit": _unfit, "strings": _strings}


def _zipped(name: str) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr("labels.txt", labels(name))
        archive.writestr(zipfile.ZipInfo(name), name)
    return memory.getvalue()


def _metadata(name: str) -> bytes:
    """Return a ModelMetadata: names and descriptions, and files of labels, one absent and one there."""
    b = flatbuffers.Builder()
    text = b.CreateString(name)
    files = [_table(b, {0: b.CreateString(file)}, kind=2) for file in (name, "labels.txt")]
    one = _table(b, {0: text, 1: text, 6: _vector(b, files)})
    each = _vector(b, [one])
    b.Finish(_table(b, {0: text, 1: text, 3: _vector(b, [_table(b, {2: each, 3: each})])}), b"M001")
    return bytes(b.Output())


def _table(b: flatbuffers.Builder, fields: dict[int, int], kind: int = 0) -> int:
    b.StartObject(7)
    for slot, offset in fields.items():
        b.PrependUOffsetTRelativeSlot(slot, offset, 0)
    if kind:
        b.PrependInt8Slot(2, kind, 0)
    return int(b.EndObject())


def _vector(b: flatbuffers.Builder, offsets: list[int]) -> int:
    b.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        b.PrependUOffsetTRelative(offset)
    return int(b.EndVector())
