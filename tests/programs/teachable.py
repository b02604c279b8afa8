"""teachable-machine-lite: classes of a photo, by a small quantized model."""

import sys
from pathlib import Path

import numpy as np
from delegraph import Builder, write_model
from PIL import Image
from skimage.data import astronaut
from teachable_machine_lite import TeachableMachineLite

bits = np.frombuffer(np.random.PCG64(3).random_raw(4000).tobytes(), np.uint8)
g = Builder()
x = g.input((1, 96, 96, 3), "uint8", name="image", scale=1 / 255, zero_point=0)
weights = g.constant(bits[: 8 * 27].reshape(8, 3, 3, 3), scale=0.01, zero_point=128)
bias = g.constant(np.zeros(8, np.int32), scale=0.01 / 255, zero_point=0)
y = g.op(
    "CONV_2D",
    [x, weights, bias],
    [g.tensor((1, 24, 24, 8), "uint8", scale=0.02, zero_point=100)],
    padding="SAME",
    stride_w=4,
    stride_h=4,
)
y = g.op("MEAN", [y, g.constant(np.int32([1, 2]))], [g.tensor((1, 8), "uint8", scale=0.02, zero_point=100)])
y = g.op("SOFTMAX", [y], [g.tensor((1, 8), "uint8", scale=1 / 256, zero_point=0)], beta=4.0)
folder = Path(sys.argv[1]).parent
(folder / "model.tflite").write_bytes(write_model(g.model([y])))
(folder / "labels.txt").write_text("".join(f"class {i}\n" for i in range(8)))
Image.fromarray(astronaut()).save(folder / "photo.png")
found = TeachableMachineLite(str(folder / "model.tflite"), str(folder / "labels.txt"))
result = found.classify_image(str(folder / "photo.png"))
scores = [
    score
    for _, score in found._predict(found._load_image(str(folder / "photo.png"), return_resized=True), 3)
]
np.savez(
    sys.argv[1],
    label=[result["label"]],
    confidence=np.float32([result["confidence"]]),
    scores=np.float32(scores),
)
