"""Trains the digits classifier of this folder and converts it to the five .tflite files.

A maker's tool, run by hand (README.md has the commands); nothing in the project imports it.
Source: scikit-learn's digits data, TensorFlow's own converter, tflite-support's metadata schema.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits
from tensorflow.lite.python import schema_py_generated as schema
from tensorflow_lite_support.metadata import metadata_schema_py_generated as metadata_schema

FOLDER = Path(__file__).parent
SEED = 0
LABELS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
Pixels = np.ndarray[Any, np.dtype[np.uint8]]  # (image, 8, 8, 1), 0..16 as in the data set
Digits = np.ndarray[Any, np.dtype[np.uint8]]  # (image,), 0..9


def main() -> None:
    make_repeatable()
    (train_x, train_y), (test_x, test_y) = train_and_test_sets()
    save_samples(test_x, test_y)
    model = trained_model(train_x, train_y)
    with tempfile.TemporaryDirectory() as saved_model:
        save_with_signature(model, saved_model)
        for suffix, configure in CONVERSIONS.items():
            converter = tf.lite.TFLiteConverter.from_saved_model(saved_model)
            configure(converter, train_x)
            path = FOLDER / f"digits_{suffix}.tflite"
            path.write_bytes(with_metadata(converter.convert()))
            print(f"{path.name}: {path.stat().st_size:,} bytes")


def make_repeatable() -> None:
    """The same weights on every run: more threads would add the same numbers in another order."""
    tf.keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def train_and_test_sets() -> tuple[tuple[Pixels, Digits], tuple[Pixels, Digits]]:
    """Every fourth image is held out, beginning with the first: 1347 to train, 450 to test."""
    data = load_digits()
    x = data.images.astype(np.uint8)[..., np.newaxis]
    y = data.target.astype(np.uint8)
    held_out = np.arange(len(x)) % 4 == 0
    return (x[~held_out], y[~held_out]), (x[held_out], y[held_out])


def save_samples(x: Pixels, y: Digits) -> None:
    """The held-out set as it is, and of each class its first image as a PNG."""
    np.savez_compressed(FOLDER / "digits_test.npz", x=x, y=y)
    (FOLDER / "digits").mkdir(exist_ok=True)
    for digit in range(10):
        image = x[np.flatnonzero(y == digit)[0]]
        png = tf.io.encode_png(np.rint(image * (255 / 16)).astype(np.uint8))
        (FOLDER / "digits" / f"{digit}.png").write_bytes(png.numpy())


def trained_model(x: Pixels, y: Digits) -> tf.keras.Model:
    x, y = shifted_by_a_pixel(x), np.tile(y, 5)
    epochs, batch = 30, 64
    steps = epochs * -(-len(x) // batch)
    model = classifier()
    model.compile(
        tf.keras.optimizers.Adam(tf.keras.optimizers.schedules.CosineDecay(3e-3, steps)),
        "sparse_categorical_crossentropy",
    )
    model.fit(as_model_input(x), y, epochs=epochs, batch_size=batch, verbose=2)
    return model


def shifted_by_a_pixel(x: Pixels) -> Pixels:
    """The images, then each of them moved right, left, down and up."""
    moves = [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)]
    return np.concatenate([np.roll(x, move, axis=(1, 2)) for move in moves])


def classifier() -> tf.keras.Model:
    """8250 parameters. Dynamic-range quantization asks for 1024 weights and more: the second
    CONV_2D has 4608, the 1x1 one 1024, the first FULLY_CONNECTED 1536.
    """
    layers = tf.keras.layers
    image = layers.Input((8, 8, 1))
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(image)
    x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
    branch = layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
    branch = layers.Conv2D(32, 1)(branch)
    x = layers.ReLU()(layers.Add()([x, branch]))
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(48, activation="relu")(x)
    return tf.keras.Model(image, layers.Dense(10, activation="softmax")(x), name="digits")


def as_model_input(x: Pixels) -> Any:
    return (x / 16).astype(np.float32)


def save_with_signature(model: tf.keras.Model, folder: str) -> None:
    """A SavedModel whose signature is serving_default: image (1, 8, 8, 1) -> probabilities."""
    archive = tf.keras.export.ExportArchive()
    archive.track(model)
    archive.add_endpoint(
        "serving_default",
        lambda image: {"probabilities": model(image, training=False)},
        input_signature=[tf.TensorSpec([1, 8, 8, 1], tf.float32, name="image")],
    )
    archive.write_out(folder, verbose=False)


# Conversions. Each takes (converter, training images) and sets what its kind of model needs.


def keep_float32(converter: Any, x: Pixels) -> None:
    pass


def store_weights_as_float16(converter: Any, x: Pixels) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]


def store_weights_as_int8(converter: Any, x: Pixels) -> None:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def quantize_to_int8(converter: Any, x: Pixels) -> None:
    calibrate(converter, x)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8


def quantize_to_int16x8(converter: Any, x: Pixels) -> None:
    calibrate(converter, x)
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8
    ]
    converter.inference_input_type = converter.inference_output_type = tf.int16


def calibrate(converter: Any, x: Pixels) -> None:
    def images() -> Iterator[list[Any]]:
        for image in as_model_input(x):
            yield [image[np.newaxis]]

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = images


CONVERSIONS: dict[str, Callable[[Any, Pixels], None]] = {
    "float32": keep_float32,
    "float16": store_weights_as_float16,
    "dynamic_range": store_weights_as_int8,
    "int8": quantize_to_int8,
    "int16x8": quantize_to_int16x8,
}


# Metadata: a TFLITE_METADATA buffer in the model, and the labels as a zip appended to the file.
# tflite-support's populator does the same, but needs a native library and stamps today's date.


def with_metadata(tflite: bytes) -> bytes:
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(bytearray(tflite), 0))
    entry = schema.MetadataT()
    entry.name, entry.buffer = "TFLITE_METADATA", len(model.buffers)
    model.metadata = [*(model.metadata or []), entry]
    model.buffers = [aligned(buffer.data) for buffer in [*model.buffers, metadata_buffer()]]
    file = io.BytesIO(packed(model, b"TFL3"))
    with zipfile.ZipFile(file, "a") as archive:
        labels = zipfile.ZipInfo("labels.txt")  # dated 1980, so that a rebuild is the same file
        archive.writestr(labels, "\n".join(LABELS) + "\n")
    return file.getvalue()


def metadata_buffer() -> schema.BufferT:
    subgraph = metadata_schema.SubGraphMetadataT()
    subgraph.inputTensorMetadata = [image_metadata()]
    subgraph.outputTensorMetadata = [probabilities_metadata()]
    metadata = metadata_schema.ModelMetadataT()
    metadata.name = "digits"
    metadata.description = "Classifies a hand-written digit."
    metadata.author = "delegraph"
    metadata.license = "Apache-2.0"
    metadata.minParserVersion = "1.0.0"  # nothing here is newer than the first metadata schema
    metadata.subgraphMetadata = [subgraph]
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(packed(metadata, b"M001"), np.uint8)
    return buffer


def image_metadata() -> metadata_schema.TensorMetadataT:
    """Says that a grey 0..255 image is normalized as (pixel - 0) / 255."""
    image = metadata_schema.ImagePropertiesT()
    image.colorSpace = metadata_schema.ColorSpaceType.GRAYSCALE
    normalization = metadata_schema.NormalizationOptionsT()
    normalization.mean, normalization.std = [0.0], [255.0]
    step = metadata_schema.ProcessUnitT()
    step.optionsType = metadata_schema.ProcessUnitOptions.NormalizationOptions
    step.options = normalization
    tensor = tensor_metadata("image", "A grey 8x8 image, white (1.0) on black (0.0).")
    tensor.content.contentPropertiesType = metadata_schema.ContentProperties.ImageProperties
    tensor.content.contentProperties = image
    tensor.processUnits = [step]
    return tensor


def probabilities_metadata() -> metadata_schema.TensorMetadataT:
    labels = metadata_schema.AssociatedFileT()
    labels.name = "labels.txt"
    labels.description = "One label a line, in the order of the probabilities."
    labels.type = metadata_schema.AssociatedFileType.TENSOR_AXIS_LABELS
    tensor = tensor_metadata("probabilities", "How likely the image is each digit.")
    tensor.content.contentPropertiesType = metadata_schema.ContentProperties.FeatureProperties
    tensor.content.contentProperties = metadata_schema.FeaturePropertiesT()
    tensor.associatedFiles = [labels]
    return tensor


def tensor_metadata(name: str, description: str) -> metadata_schema.TensorMetadataT:
    tensor = metadata_schema.TensorMetadataT()
    tensor.name, tensor.description = name, description
    tensor.content = metadata_schema.ContentT()
    tensor.stats = metadata_schema.StatsT()
    tensor.stats.min, tensor.stats.max = [0.0], [1.0]
    return tensor


class AlignedBuffer(schema.BufferT):  # type: ignore[misc]
    """A buffer that starts on 16 bytes, as the schema asks and flatbuffers in Python forgets."""

    def Pack(self, builder: flatbuffers.Builder) -> int:
        if self.data is not None:
            builder.Prep(16, len(self.data))
        return int(super().Pack(builder))


def aligned(data: Any) -> AlignedBuffer:
    buffer = AlignedBuffer()
    buffer.data = data
    return buffer


def packed(table: Any, identifier: bytes) -> bytes:
    builder = flatbuffers.Builder(1024)
    builder.Finish(table.Pack(builder), identifier)
    return bytes(builder.Output())


if __name__ == "__main__":
    main()
