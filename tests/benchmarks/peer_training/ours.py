"""What delegraph makes of the peer's model of floats: with the same digits, epochs and batches."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from delegraph import Model, read_model
from delegraph_optimize import clustering_constraints, prune, pruning_constraints
from delegraph_optimize.train import train
from digits import BATCH, CLUSTERS, EPOCHS, FILES, SPARSITY

Make = Callable[[np.ndarray, np.ndarray, int], Model]


def trained_int8(images: np.ndarray, classes: np.ndarray, seed: int) -> Model:
    return _train(_floats(), images, classes, seed)


def pruned(images: np.ndarray, classes: np.ndarray, seed: int) -> Model:
    """Return the model pruned on some digits, and what stays trained."""
    made = prune(_floats(), SPARSITY, data=images[:256], seed=seed).model
    return _train(made, images, classes, seed, None, pruning_constraints(made, schedule="kept"))


def clustered(images: np.ndarray, classes: np.ndarray, seed: int) -> Model:
    return _train(_floats(), images, classes, seed, None, clustering_constraints(_floats(), CLUSTERS))


def all_three(images: np.ndarray, classes: np.ndarray, seed: int) -> Model:
    """Return the model pruned, then clustered, then trained as int8."""
    made = pruned(images, classes, seed)
    made = _train(made, images, classes, seed, None, _keeping(made))
    return _train(made, images, classes, seed, (8, 8), _keeping(made))


def _keeping(model: Model) -> dict:
    return clustering_constraints(model, CLUSTERS, keep_zeros=True)


def _train(
    model: Model,
    images: np.ndarray,
    classes: np.ndarray,
    seed: int,
    bits: tuple[int, int] | None = (8, 8),
    constraints: dict | None = None,
) -> Model:
    return train(
        model,
        images,
        labels=classes,
        bits=bits,
        epochs=EPOCHS,
        batch=BATCH,
        seed=seed,
        held_back=0,
        constraints=constraints,
    ).model


def _floats() -> Model:
    return read_model(FILES / "float.tflite")


MAKES: dict[str, Make] = {
    "trained_int8": trained_int8,
    "pruned": pruned,
    "clustered": clustered,
    "all_three": all_three,
}
