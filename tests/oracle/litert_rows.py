"""What LiteRT runs of the reference delegate's rows, and how far from it: the table of delegraph-litert.

The models are the matrix's: one op each, of every type. Each runs in a child process with every resolver,
on several inputs. ``python tests/oracle/litert_rows.py --write`` writes ``rows.tsv``; without it, it says
what has changed. Takes about a minute.
"""

from __future__ import annotations

import argparse
import logging
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from math import ceil, floor, log10
from pathlib import Path

import litert
import numpy as np
from attrs import field, frozen
from delegraph import DelegraphError, Model, Op, OpSupport, load_delegate, write_model
from delegraph.contract.operand_types import types_of
from delegraph.model import DTYPES, is_core_op
from delegraph.report.compare import difference
from delegraph_conformance.draft import Draft
from matrix.exemptions import exemption
from matrix.facts import facts
from matrix.recipe import Recipe, recipes
from matrix.run import Refused, compute, fact_of, relabelled

XNNPACK, PLAIN, REF = "BUILTIN", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "BUILTIN_REF"
RESOLVERS = (XNNPACK, PLAIN, REF)
BATCHES = 9
TABLE = Path(__file__).parents[2] / "delegates/litert/src/delegraph_litert/rows.tsv"
HEAD = """\
# What LiteRT runs: versions with BUILTIN and with BUILTIN_REF; operand types; a constraint of the reference
# delegate's row, where several have these types; how far off with XNNPACK and without: steps and rtol, or -
# where that is too far. Measured on ai-edge-litert 2.3.0 by tests/oracle/litert_rows.py.
op\tversions\tref\ttypes\tchoices\trow\txnnpack\tplain
"""
FAR = 0.03  # further off than that, relative to the largest value, is another answer
FAR_STEPS = 8
# Of stored values, whatever they stand for.
EXACT = "BITWISE_XOR RIGHT_SHIFT FLOOR_DIV FLOOR_MOD MAXIMUM MINIMUM MAX_POOL_2D REDUCE_MAX REDUCE_MIN"
FIXED_POINT = {
    "LOGISTIC": 7,
    "TANH": 12,
}  # steps of int16 with scales that are powers of two, over all values
FLUSHED = (("CEIL", "float32 -> float32"), ("FLOOR", "float32 -> float32"))  # XNNPACK: subnormals become 0
HYBRID = 0.05  # XNNPACK quantizes floats to 8 bits with a zero point of each row's own
LEFT_OUT = (
    *("RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL"),  # their state is not among the tensors
    *("UNIQUE", "WHERE"),  # the shape of what comes out is never known before the run
    *("BROADCAST_ARGS", "DILATE"),  # LiteRT dies of shapes that do not fit, of dilations of 0
)
MISREAD = "weights or bias are read"  # how the exemption of a cell begins that agrees by chance


@frozen
class Claim:
    """How far off an op may be."""

    steps: int = 0
    rtol: float = 0.0

    def __str__(self) -> str:
        return f"{self.steps} {self.rtol:g}"


@frozen
class Probe:
    """One op with operand types, and how far off each resolver of LiteRT is that runs it."""

    op: str
    types: str  # of the recipe
    operands: str  # as a row writes them
    row: OpSupport  # the reference delegate's, that takes it
    tested: Op | None = None  # of the last version that LiteRT registers
    found: Mapping[str, Claim] = field(factory=dict)  # by resolver
    problems: Mapping[str, str] = field(factory=dict)  # of the other resolvers: what they say

    def claim(self, resolver: str) -> Claim | None:
        """Return what may be claimed with a resolver: what was measured, rounded up; None for nothing."""
        found = self.found.get(resolver)
        if resolver == XNNPACK and (self.op, self.operands) in FLUSHED:
            return None
        if found is None or self.problems or found.steps > FAR_STEPS or found.rtol > FAR:
            return None
        inputs, outputs = (side.split() for side in self.operands.split("->"))
        families = ("elementwise", "reductions", "recurrent", "weighted")
        computes = recipes()[self.op].family in families or self.op == "RESIZE_BILINEAR"
        rtol = 2e-3 if computes and "float16" in outputs else 1e-5
        if resolver == XNNPACK and found.rtol > 1e-4 and {"int8", "int4", "int2"} & {*inputs}:
            rtol = HYBRID
        steps = max(found.steps, int(computes and _rounds(self, outputs)))
        if outputs == ["int16"]:
            steps = max(steps, FIXED_POINT.get(self.op, 0))
        return Claim(steps, max(rtol, _rounded_up(3 * found.rtol)))


def _rounds(probe: Probe, outputs: Sequence[str]) -> bool:
    """Say whether an op rounds to stored values, where resolvers may round ties in different ways."""
    stored = {*outputs} & {"int8", "uint8", "int16"}
    return "(no scale)" not in probe.types and probe.op not in EXACT.split() and bool(stored)


def _rounded_up(x: float) -> float:
    if x <= 0:
        return 0.0
    unit = 10.0 ** floor(log10(x))
    return float(f"{ceil(x / unit) * unit:.0e}")


def probes(ops: Iterable[str] = ()) -> Iterator[Probe]:
    """Run the cells of these ops, or of all, that the reference delegate takes and LiteRT can be given."""
    for op in sorted(ops or facts()):
        if not is_core_op(op) and op not in LEFT_OUT:
            for types in recipes()[op].types:
                yield from _probe(recipes()[op], types)


def _probe(made: Recipe, types: str) -> Iterator[Probe]:
    draft = made.draft(fact_of(made.op).last, types)
    model = draft.model()
    if len(model.subgraphs) > 1:
        return
    op = draft.op_of(model.subgraphs[0])
    row = _reference().row_for(op, model.subgraphs[0])
    if row is None or len(model.subgraphs[0].ops) > 1 or "string" in types:
        return  # a tensor of a type that LiteRT's interface has not
    drafts = [draft, *(_resampled(draft, seed) for seed in range(1, BATCHES))]
    ours = [_ours(d, model) for d in drafts]
    found: dict[str, Claim] = {}
    problems: dict[str, str] = {}
    why = exemption(made.op, types) or ""
    for resolver in RESOLVERS:
        version = fact_of(made.op).last_of_ref if resolver == REF else fact_of(made.op).last
        if version:
            try:
                file = write_model(relabelled(model, made.op, version))
                found[resolver] = _distance(file, resolver, drafts, ours, op)
            except litert.LiteRTError as e:
                problems[resolver] = " ".join(str(e).split())[:200]
    is_off = any(c.steps or c.rtol > 1e-6 for c in found.values())
    if why and (is_off or why.startswith(MISREAD)):
        problems[""] = why
    yield Probe(made.op, types, types_of(op), row, op, found, problems)


def _ours(draft: Draft, model: Model) -> list[np.ndarray] | None:
    try:
        return compute(draft, model, None)
    except (Refused, DelegraphError):
        return None


def _distance(file: bytes, resolver: str, drafts: Sequence[Draft], ours: Sequence, op: Op) -> Claim:
    """Return the largest difference of any batch."""
    pairs = [(d, o) for d, o in zip(drafts, ours, strict=True) if o is not None]
    with litert.loaded(file, resolver, timeout=20) as it:
        theirs = it.sample([d.feeds for d, _ in pairs])
    apart = [
        difference(b, a, t)
        for (d, o), found in zip(pairs, theirs, strict=True)
        for a, b, t in zip(o, d.carried_back(found), op.outputs, strict=True)
    ]
    steps = max((a.steps for a in apart if a.steps is not None), default=0)
    return Claim(steps, max((a.max_rel for a in apart if a.steps is None), default=0.0))


def _resampled(draft: Draft, seed: int) -> Draft:
    """Return the draft with other values between the least and the largest of each operand."""
    dice = np.random.Generator(np.random.PCG64(seed))

    def other(a: np.ndarray) -> np.ndarray:
        finite = a[np.isfinite(a)] if a.dtype.kind == "f" else a
        if not finite.size or a.dtype.kind not in "fiu":
            return dice.permutation(a.ravel()).reshape(a.shape)
        if a.dtype.kind == "f":
            return dice.uniform(finite.min(), finite.max(), a.shape).astype(a.dtype)
        return dice.integers(int(a.min()), int(a.max()), a.shape, endpoint=True).astype(a.dtype)

    values = {i: a if i in draft.given else other(a) for i, a in draft.values.items()}
    return draft.with_values(values)


@cache
def _reference():
    return load_delegate("reference").table


def lines(found: Iterable[Probe]) -> list[str]:
    """Return the lines of the table."""
    by_row: dict[str, list[Probe]] = defaultdict(list)
    for probe in found:
        by_row[f"{probe.row} {probe.row.choices}"].append(probe)
    return [line for some in by_row.values() for line in _lines_of(some[0].row, some)]


def _lines_of(row: OpSupport, found: Sequence[Probe]) -> Iterator[str]:
    fact = fact_of(row.op)
    ref = f"{row.versions[0]}-{min(row.versions[1], fact.last_of_ref)}" if fact.last_of_ref else "-"
    versions = f"{row.versions[0]}-{min(row.versions[1], fact.last)}"
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for operands, some in _by_operands(p for p in found if not p.problems).items():
        groups[_widest(some, XNNPACK), _widest(some, PLAIN)].append(operands)
    refused = {p.operands for p in found} - {o for some in groups.values() for o in some}
    for claims, operands in groups.items():
        for types, choices in _patterns(row, operands, refused):
            text = "; ".join(f"{k}={v}" for k, v in choices.items())
            yield "\t".join([row.op, versions, ref, types, text, _name_of(row, operands), *claims])


def _by_operands(found: Iterable[Probe]) -> Mapping[str, list[Probe]]:
    by_operands: dict[str, list[Probe]] = defaultdict(list)
    for probe in found:
        by_operands[probe.operands].append(probe)
    return by_operands


def _widest(some: Sequence[Probe], resolver: str) -> str:
    """Return a claim that holds for all of them, as the table has it."""
    claims = [p.claim(resolver) for p in some]
    known = [c for c in claims if c is not None]
    if len(known) < len(claims):
        return "-"
    return str(Claim(max(c.steps for c in known), max(c.rtol for c in known)))


def _name_of(row: OpSupport, operands: Sequence[str]) -> str:
    """Return a constraint that tells this row from others that have some of these types; "" if none has."""
    others = [r for r in _reference().rows_of(row.op) if r != row and any(map(r.takes_types, operands))]
    if not others:
        return ""
    theirs = {c.name for r in others for c in r.constraints}
    return next((c.name for c in row.constraints[::-1] if c.name not in theirs), "?")


def _patterns(
    row: OpSupport, operands: Sequence[str], refused: Iterable[str]
) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the row's types with the choices that ran; each operand list apart where that is too much."""
    words = row.types.replace("->", " -> ").split()
    seen = [_operands_by_word(words, o) for o in operands]
    choices = {
        k: " ".join(_kept(v.split(), [s.get(k, set()) for s in seen])) for k, v in row.choices.items()
    }
    narrow = [_narrowed(w, i, seen) for i, w in enumerate(words)]
    spec = " ".join(narrow)
    made = OpSupport(row.op, (1, 1), spec, **choices)
    if not any(made.takes_types(r) for r in refused):
        yield spec, choices
        return
    for o in dict.fromkeys(operands):
        yield o, {}


def _narrowed(word: str, place: int, seen: Sequence[Mapping]) -> str:
    base = word.rstrip("?*")
    if base in ("->", "T", "A", "B"):
        return word
    names = list(DTYPES) if base == "any" else base.split("|")
    kept = _kept(names, [s.get(place, set()) for s in seen])
    return "|".join(kept or names[:1]) + word[len(base) :]


def _kept(names: Sequence[str], seen: Iterable[set[str]]) -> list[str]:
    found = {name for some in seen for name in some}
    return [n for n in names if n in found]


def _operands_by_word(words: Sequence[str], operands: str) -> dict:
    """Return the types that stand for each word of a row's types, and for each of its letters."""
    found: dict = defaultdict(set)
    sides = [operands.split("->")[0].split(), operands.split("->")[1].split()]
    at = words.index("->")
    for offset, names, types in ((0, words[:at], sides[0]), (at + 1, words[at + 1 :], sides[1])):
        for i, dtype in enumerate(types):
            place = min(i, len(names) - 1)
            base = names[place].rstrip("?*")
            if dtype != "none":
                found[offset + place].add(dtype)
                if base in ("T", "A", "B"):
                    found[base].add(dtype)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the table")
    chosen = parser.parse_args(arguments)
    logging.getLogger("delegraph").setLevel(logging.CRITICAL)
    warnings.simplefilter("ignore")
    text = HEAD + "\n".join(lines(probes())) + "\n"
    if chosen.write:
        TABLE.write_text(text)
        return 0
    before = TABLE.read_text().splitlines()
    for line in sorted({*before} ^ {*text.splitlines()}):
        print("-" if line in before else "+", line)
    return text.splitlines() != before


if __name__ == "__main__":
    sys.exit(main())
