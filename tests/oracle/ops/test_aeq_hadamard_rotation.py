"""aeq.hadamard_rotation against LiteRT, which has it in its optimized resolver alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from delegraph.model import Builder, Model
from delegraph_reference.kernels import aeq_hadamard_rotation
from flatbuffers import flexbuffers
from hypothesis import given, settings
from hypothesis import strategies as st
from one_op import check, random_array
from strategies import SEEDS


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.integers(1, 4), min_size=1, max_size=2),
    exponent=st.integers(0, 7),
    blocks=st.integers(1, 3),
    rest=st.integers(0, 3),
    seed=SEEDS,
)
def test_blocks_of_features_are_rotated_bit_for_bit(
    rows: list[int], exponent: int, blocks: int, rest: int, seed: int
) -> None:
    """Where the features are no multiple of the size, blocks run on over the ends of rows."""
    shape = (*rows, blocks * 2**exponent + rest)
    x = random_array("float32", shape, seed)
    ours = check(
        rotation(shape, 2**exponent), [x], resolver="BUILTIN_WITHOUT_DEFAULT_DELEGATES", kernels=own
    )
    assert ours is not None


def test_two_rotations_give_back_the_input() -> None:
    x = random_array("float32", (3, 64), 4)
    once = check(rotation((3, 64), 64), [x], resolver="BUILTIN_WITHOUT_DEFAULT_DELEGATES", kernels=own)
    assert once is not None
    twice = check(rotation((3, 64), 64), once, resolver="BUILTIN_WITHOUT_DEFAULT_DELEGATES", kernels=own)
    assert twice is not None
    np.testing.assert_allclose(twice[0], x, atol=1e-5)


def test_a_size_that_is_no_power_of_two_is_refused() -> None:
    check(
        rotation((3, 12), 12),
        [],
        kernels=own,
        expect_refusal="needs a hadamard_size that is a power of two",
    )


def rotation(shape: tuple[int, ...], size: int) -> Model:
    g = Builder()
    options = {"hadamard_size": size, "random_binary_vector": [1] * size}
    x, y = g.input(shape, "float32"), g.tensor(shape, "float32")
    g.op("aeq.hadamard_rotation", [x], [y], custom_options=bytes(flexbuffers.Dumps(options)))
    return g.model([y])


def own(op: str) -> Any:
    return aeq_hadamard_rotation.SUPPORT
