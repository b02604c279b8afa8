"""Support tables: which row takes an op, and what is said where none does."""

from __future__ import annotations

import attrs
import pytest
from delegraph import DelegateFailed, InputError, OpSupport, Refusal, SupportTable, needs
from delegraph.contract import without_conflicts
from delegraph.model import Builder


def op_of(name, types, version=1, shape=(1, 4)):
    """Return an op with operands of these types, all of one shape, and its graph."""
    g = Builder()
    ins, outs = (side.split() for side in types.split("->"))
    inputs = [None if dtype == "none" else g.input(shape, dtype) for dtype in ins]
    g.op(name, inputs, [g.tensor(shape, dtype) for dtype in outs], version=version)
    graph = g.model().subgraphs[0]
    return graph.ops[0], graph


def refusals(rows, op):
    return SupportTable("npu", rows).refusals(op)


@needs("a batch of one")
def batch_of_one(op):
    batch = op.inputs[0].shape[0]
    return None if batch == 1 else f"a batch of {batch}"


@needs("few channels")
def few_channels(op):
    channels = op.inputs[0].shape[-1]
    return None if channels <= 4 else f"{channels} channels"


ADD = OpSupport("ADD", (1, 2), "T T -> T", T="int8 float32")


def test_an_op_that_a_row_takes_has_no_refusals():
    op, _ = op_of("ADD", "int8 int8 -> int8")

    assert refusals([ADD], op) == []
    assert SupportTable("npu", [ADD]).row_for(op) is ADD


def test_a_refusal_reads_needs_and_found():
    assert str(Refusal("a batch of one", "a batch of 4")) == "needs a batch of one, found a batch of 4"
    with_hint = Refusal("int8", "int16", "int16 is in the package delegraph-int16")
    assert str(with_hint) == "needs int8, found int16 (int16 is in the package delegraph-int16)"


def test_an_op_without_rows_is_told_so():
    op, _ = op_of("MUL", "int8 int8 -> int8")

    assert list(map(str, refusals([ADD], op))) == ["needs a row for MUL, found none in the table of npu"]


def test_types_that_no_row_has_are_told_all_lists_of_types():
    op, _ = op_of("ADD", "bool bool -> bool")
    other = OpSupport("ADD", (1, 1), "int4 int4 -> int4")

    assert list(map(str, refusals([ADD, other], op))) == [
        "needs T T -> T, T: int8 | float32 or int4 int4 -> int4, found bool bool -> bool"
    ]


@pytest.mark.parametrize(
    ("ranges", "text"),
    [([(1, 2)], "1..2"), ([(1, 1)], "1"), ([(1, 2), (3, 4)], "1..4"), ([(4, 5), (1, 2)], "1..2 or 4..5")],
)
def test_a_version_that_no_row_has_is_told_the_union_of_the_ranges(ranges, text):
    op, _ = op_of("ADD", "int8 int8 -> int8", version=9)
    rows = [attrs.evolve(ADD, versions=versions) for versions in ranges]

    assert list(map(str, refusals(rows, op))) == [f"needs version {text}, found version 9"]


def test_types_are_looked_at_before_versions():
    op, _ = op_of("ADD", "bool bool -> bool", version=9)

    assert refusals([ADD], op)[0].found == "bool bool -> bool"


@needs("a check that works")
def broken_check(op):
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([], "op"),
        ([OpSupport("ADD", (1, 1), "int4 int4 -> int4")], "types"),
        ([OpSupport("ADD", (2, 3), "int8 int8 -> int8")], "version"),
        ([attrs.evolve(ADD, constraints=[few_channels])], "constraint"),
        ([attrs.evolve(ADD, constraints=[broken_check])], "constraint"),
    ],
)
def test_a_refusal_by_rows_is_of_a_kind(rows, kind):
    op, _ = op_of("ADD", "int8 int8 -> int8", shape=(1, 8))

    assert [r.kind for r in refusals(rows, op)] == [kind]


@pytest.mark.parametrize("constraint", [few_channels, broken_check], ids=lambda c: c.name)
def test_a_refusal_names_the_constraint_that_is_broken(constraint):
    op, _ = op_of("ADD", "int8 int8 -> int8", shape=(1, 8))
    of_part = attrs.evolve(constraint, rule="of a part, " + constraint.rule, found=lambda op: "much")
    rows = [attrs.evolve(ADD, constraints=[constraint, of_part])]

    assert [r.constraint for r in refusals(rows, op)] == [constraint.name] * 2
    assert [r.constraint for r in refusals([], op)] == [""]


def test_a_kind_that_does_not_exist_is_an_error():
    with pytest.raises(ValueError, match="'kind' must be in"):
        Refusal("a", "b", kind="other")


def test_broken_constraints_are_all_told():
    op, _ = op_of("ADD", "int8 int8 -> int8", shape=(2, 8))
    row = attrs.evolve(ADD, constraints=(batch_of_one, few_channels))

    assert [r.found for r in refusals([row], op)] == ["a batch of 2", "8 channels"]


def test_of_several_rows_the_closest_one_is_told():
    op, _ = op_of("ADD", "int8 int8 -> int8", shape=(2, 8))
    strict, lax = (
        attrs.evolve(ADD, constraints=(batch_of_one, few_channels)),
        attrs.evolve(ADD, constraints=[few_channels]),
    )

    assert [r.rule for r in refusals([strict, lax], op)] == ["few channels"]


def test_an_op_whose_shapes_are_not_known_yet_is_judged_by_version_and_types_alone():
    op, _ = op_of("ADD", "int8 int8 -> int8", shape=(2, 8))
    unknown = attrs.evolve(op, inputs=tuple(attrs.evolve(t, shape=None) for t in op.inputs))

    assert refusals([attrs.evolve(ADD, constraints=[batch_of_one])], unknown) == []


def test_a_constraint_may_look_at_the_graph():
    @needs("a graph of two ops")
    def two_ops(op, graph):
        return None if len(graph.ops) == 2 else f"{len(graph.ops)}"

    op, graph = op_of("ADD", "int8 int8 -> int8")
    table = SupportTable("npu", [attrs.evolve(ADD, constraints=[two_ops])])

    assert list(map(str, table.refusals(op, graph))) == ["needs a graph of two ops, found 1"]


def test_a_constraint_that_raises_is_a_refusal_that_names_it():
    @needs("an even number")
    def broken(op):
        raise IndexError("tuple index out of range")

    op, _ = op_of("ADD", "int8 int8 -> int8")

    assert list(map(str, refusals([attrs.evolve(ADD, constraints=[broken])], op))) == [
        "needs an even number, found IndexError in the check itself: tuple index out of range"
    ]


def test_a_constraint_may_take_for_granted_what_one_before_it_asks():
    @needs("a rank of 4")
    def images(op):
        return f"shape {op.inputs[0].shape}"

    @needs("channels")
    def channels(op):
        return str(op.inputs[0].shape[3])

    op, _ = op_of("ADD", "int8 int8 -> int8", shape=(2, 8))

    (why,) = refusals([attrs.evolve(ADD, constraints=[images, channels])], op)
    assert str(why) == "needs a rank of 4, found shape (2, 8)"


def test_an_error_of_the_project_in_a_constraint_is_its_reason():
    @needs("readable options")
    def readable(op):
        raise InputError("custom options of 3 bytes")

    op, _ = op_of("ADD", "int8 int8 -> int8")

    (why,) = refusals([attrs.evolve(ADD, constraints=[readable])], op)
    assert str(why) == "needs readable options, found custom options of 3 bytes"


def test_a_constraint_that_returns_no_text_is_a_refusal():
    op, _ = op_of("ADD", "int8 int8 -> int8")
    wrong = needs("an even number")(lambda op: False)

    assert "found False from the check itself" in str(
        refusals([attrs.evolve(ADD, constraints=[wrong])], op)[0]
    )


def test_a_row_whose_types_cannot_be_read_raises_when_the_table_is_made():
    with pytest.raises(ValueError, match="no type 'int9'"):
        SupportTable("npu", [OpSupport("ADD", (1, 1), "int9 -> int8")])


# Conflicts


def row(origin, types="int8 int8 -> int8", versions=(1, 1), op="ADD", **choices):
    return OpSupport(op, versions, types, origin=origin, **choices)


@pytest.mark.parametrize(
    ("a", "b", "common"),
    [
        (row("a"), row("b"), "int8 int8 -> int8"),
        (row("a", "T T -> T", T="bool int8"), row("b"), "int8 int8 -> int8"),
        (row("a", "any* -> any"), row("b"), "int8 int8 -> int8"),
        (row("a", "int8 int8 int8 -> int8"), row("b", "int8* -> int8"), "int8 int8 int8 -> int8"),
        (row("a", "int8 int32? -> int8"), row("b", "int8 none|int32 -> int8"), "int8 none -> int8"),
        (row("a", versions=(1, 3)), row("b", versions=(3, 5)), "int8 int8 -> int8"),
    ],
)
def test_rows_of_two_packages_that_take_the_same_op_conflict(a, b, common):
    kept, (conflict,) = without_conflicts([a, b], owner="b")

    assert kept == [b]
    assert (conflict.serves, conflict.refused, conflict.types) == (b, a, common)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (row("a"), row("a")),  # one package may say a thing twice
        (row("a"), row("b", op="SUB")),
        (row("a"), row("b", versions=(2, 2))),
        (row("a"), row("b", "int16 int16 -> int16")),
        (row("a", "T T -> T", T="int8 int16"), row("b", "int8 int16 -> int8")),
        (row("a", "int8 int8 -> int8"), row("b", "int8 int8 int8* -> int32")),
    ],
)
def test_rows_that_never_take_the_same_op_do_not_conflict(a, b):
    kept, conflicts = without_conflicts([a, b], owner="a")

    assert len(kept) == 2
    assert conflicts == []


def test_among_strangers_the_first_by_name_serves():
    kept, _ = without_conflicts([row("z"), row("c"), row("m")], owner="own")

    assert [r.origin for r in kept] == ["c"]


def test_a_shape_rule_is_asked_only_about_types_that_its_row_takes():
    row = OpSupport("Mine", (1, 1), "float32 -> float32", shapes=lambda op, given: [given[0]])
    table = SupportTable("npu", [row])
    assert table.shapes(op_of("Mine", "float32 -> float32")[0], [(2, 3)]) == [(2, 3)]
    assert table.shapes(op_of("Mine", "int8 -> float32")[0], [(2, 3)]) is None
    assert table.shapes(op_of("Mine", "-> float32")[0], []) is None


def test_a_shape_rule_that_fails_is_the_delegate_s_failure():
    row = OpSupport("Mine", (1, 1), "float32 -> float32", shapes=lambda op, given: [given[1]])
    with pytest.raises(
        DelegateFailed,
        match=r"npu failed to find the shapes of op #0 Mine v1 by .* of plugin 'npu': IndexError: ",
    ):
        SupportTable("npu", [row]).shapes(op_of("Mine", "float32 -> float32")[0], [(2, 3)])


def test_a_constraint_may_say_what_would_make_an_op_pass():
    @needs("few channels", hint=lambda op: f"split its {op.inputs[0].shape[-1]} channels")
    def few(op):
        return "too many"

    op, _ = op_of("ADD", "int8 int8 -> int8", shape=(1, 9))

    (why,) = refusals([attrs.evolve(ADD, constraints=[few])], op)

    assert str(why) == "needs few channels, found too many (split its 9 channels)"


def test_a_hint_that_raises_is_named_and_the_refusal_stays():
    @needs("few channels", hint=lambda op: op.no_such_field)
    def few(op):
        return "too many"

    (why,) = refusals([attrs.evolve(ADD, constraints=[few])], op_of("ADD", "int8 int8 -> int8")[0])

    assert "AttributeError in the hint itself" in str(why)


@pytest.mark.parametrize(
    ("name", "types", "version"),
    [("MUL", "int8 int8 -> int8", 1), ("ADD", "int16 int16 -> int16", 1), ("ADD", "int8 int8 -> int8", 3)],
)
def test_where_no_row_has_an_op_the_delegate_says_the_way_out(name, types, version):
    op, _ = op_of(name, types, version)
    table = SupportTable("npu", [ADD], hint=lambda op: f"do without {op.name}")

    (why,) = table.refusals(op)

    assert why.hint == f"do without {name}"
