"""The digits that both sides train on and are judged by: 28 by 28, 3,000 to train and 1,500 to judge."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

FILES = Path(__file__).parent / "files"
SEEDS, EPOCHS, BATCH = range(3), 4, 32
SPARSITY, CLUSTERS = 0.5, 16


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return images to train with from 0 to 1 as (count, 28, 28, 1), their classes, and those to judge."""
    found = np.load(Path(os.environ["DELEGRAPH_MODELS"]) / "data" / "mnist5k" / "mnist_dev.npz")
    images = np.concatenate([found["x_train"], found["x_test"]])[..., None].astype(np.float32) / 255
    classes = np.concatenate([found["y_train"], found["y_test"]]).astype(np.int64)
    return images[:3000], classes[:3000], images[3000:], classes[3000:]
