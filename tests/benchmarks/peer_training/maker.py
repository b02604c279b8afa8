"""Make the files of the peer, once: a Keras model, and what tensorflow-model-optimization makes of it.

Needs ``pip install tensorflow-cpu tf_keras tensorflow-model-optimization`` and TF_USE_LEGACY_KERAS=1; it
was run with tensorflow 2.21.0 and tensorflow-model-optimization 0.8.1. Each result is made with both
learning rates of ``RATES``, and the one kept that is right more often on the digits that judge.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras
from digits import BATCH, CLUSTERS, EPOCHS, FILES, SEEDS, SPARSITY, digits
from tensorflow_model_optimization.python.core.clustering.keras.experimental import cluster
from tf_keras import layers

RATES = 1e-3, 1e-4
INIT = tfmot.clustering.keras.CentroidInitialization.KMEANS_PLUS_PLUS
train_x, train_y, judge_x, judge_y = digits()


def floats() -> tf_keras.Model:
    """Return a small network with batch normalization and a depthwise convolution, trained."""
    tf_keras.utils.set_random_seed(0)
    made = [layers.Input((28, 28, 1))]
    for layer in (
        layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False),
        layers.DepthwiseConv2D(3, padding="same", use_bias=False),
        layers.Conv2D(16, 1, use_bias=False),
        layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False),
    ):
        made += [layer, layers.BatchNormalization(momentum=0.9), layers.ReLU()]
    model = tf_keras.Sequential([*made, layers.GlobalAveragePooling2D(), layers.Dense(10)])
    fit(model, 1e-3, epochs=30)
    return model


def fit(model: tf_keras.Model, rate: float, epochs: int = EPOCHS, callbacks: tuple = ()) -> tf_keras.Model:
    loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf_keras.optimizers.Adam(rate), loss, ["accuracy"])
    model.fit(train_x, train_y, BATCH, epochs, verbose=0, callbacks=list(callbacks))
    return model


def trained_int8(model: tf_keras.Model, rate: float) -> tf_keras.Model:
    return fit(tfmot.quantization.keras.quantize_model(model), rate)


def pruned(model: tf_keras.Model, rate: float) -> tf_keras.Model:
    steps = -(-len(train_x) // BATCH) * EPOCHS
    decay = tfmot.sparsity.keras.PolynomialDecay(0.0, SPARSITY, 0, int(steps * 0.75), frequency=10)
    wrapped = tfmot.sparsity.keras.prune_low_magnitude(model, pruning_schedule=decay)
    fit(wrapped, rate, callbacks=(tfmot.sparsity.keras.UpdatePruningStep(),))
    return tfmot.sparsity.keras.strip_pruning(wrapped)


def clustered(model: tf_keras.Model, rate: float, keep_zeros: bool = False) -> tf_keras.Model:
    if keep_zeros:
        wrapped = cluster.cluster_weights(model, CLUSTERS, INIT, preserve_sparsity=True)
    else:
        wrapped = tfmot.clustering.keras.cluster_weights(model, CLUSTERS, INIT)
    return tfmot.clustering.keras.strip_clustering(fit(wrapped, rate))


def all_three(model: tf_keras.Model, rate: float) -> tf_keras.Model:
    made = clustered(pruned(model, rate), rate, keep_zeros=True)
    annotated = tfmot.quantization.keras.quantize_annotate_model(made)
    keeps = tfmot.experimental.combine.Default8BitClusterPreserveQuantizeScheme(preserve_sparsity=True)
    return fit(tfmot.quantization.keras.quantize_apply(annotated, keeps), rate)


def converted(model: tf_keras.Model, integers: bool) -> bytes:
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if integers:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    return converter.convert()


def right(model: bytes) -> int:
    """Return how many digits LiteRT, as it came with TensorFlow, reads right."""
    it = tf.lite.Interpreter(model_content=model)
    it.allocate_tensors()
    given, out = it.get_input_details()[0]["index"], it.get_output_details()[0]["index"]
    count = 0
    for image, digit in zip(judge_x, judge_y, strict=True):
        it.set_tensor(given, image[None])
        it.invoke()
        count += int(np.argmax(it.get_tensor(out)) == digit)
    return count


Make = Callable[[tf_keras.Model, float], tf_keras.Model]
MAKES: dict[str, tuple[Make, bool]] = {
    "trained_int8": (trained_int8, True),
    "pruned": (pruned, False),
    "clustered": (clustered, False),
    "all_three": (all_three, True),
}


def main() -> None:
    FILES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "floats.keras"
        floats().save(kept)
        (FILES / "float.tflite").write_bytes(converted(tf_keras.models.load_model(kept), integers=False))
        for name, (make, integers) in MAKES.items():
            for seed in SEEDS:
                found = []
                for rate in RATES:
                    tf_keras.utils.set_random_seed(seed)
                    found.append(converted(make(tf_keras.models.load_model(kept), rate), integers))
                best = max(found, key=right)
                print(name, seed, [right(f) for f in found], len(best), flush=True)
                (FILES / f"{name}_{seed}.tflite").write_bytes(best)


if __name__ == "__main__":
    main()
