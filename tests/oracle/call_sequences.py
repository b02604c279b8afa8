"""Calls of programs that many run: a labelling script, a detection example of Coral's, an NVR's detectors.

Each takes LiteRT's module and returns what the program prints. In a process of its own that is LiteRT.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

EDGETPU = "libedgetpu.so.1"


def label_image(tflite: Any, model: str, image: np.ndarray, library: str = "") -> list[tuple[float, int]]:
    """Return the three best classes, as the labelling script of TensorFlow's examples does."""
    options = {"device": "usb"}
    delegates = [tflite.load_delegate(library, options)] if library else None
    interpreter = tflite.Interpreter(model_path=model, experimental_delegates=delegates, num_threads=2)
    interpreter.allocate_tensors()
    entry, exit = interpreter.get_input_details(), interpreter.get_output_details()
    height, width = entry[0]["shape"][1], entry[0]["shape"][2]
    data = np.expand_dims(image[:height, :width], axis=0)
    if entry[0]["dtype"] == np.float32:
        data = (np.float32(data) - 127.5) / 127.5
    interpreter.set_tensor(entry[0]["index"], data)
    interpreter.invoke()
    results = np.squeeze(interpreter.get_tensor(exit[0]["index"]))
    best = results.argsort(kind="stable")[-3:][::-1]
    scale = 1.0 if entry[0]["dtype"] == np.float32 else 1 / 255.0
    return [(float(results[i] * scale), int(i)) for i in best]


def coral_detect(tflite: Any, model: str, image: np.ndarray, library: str = "") -> list[Any]:
    """Return detections, by views in place of copies and the signature's names, as Coral's library does."""
    delegates = [tflite.load_delegate(library, {})] if library else None
    interpreter = tflite.Interpreter(model_path=model, experimental_delegates=delegates)
    interpreter.allocate_tensors()
    _, height, width, _ = interpreter.get_input_details()[0]["shape"]
    tensor = interpreter.tensor(interpreter.get_input_details()[0]["index"])()[0]
    tensor.fill(0)
    scale = min(width / image.shape[1], height / image.shape[0])
    rows, columns = int(image.shape[0] * scale), int(image.shape[1] * scale)
    across, down = np.int64(np.arange(columns) / scale), np.int64(np.arange(rows) / scale)
    tensor[:rows, :columns] = image[down][:, across]
    del tensor
    interpreter.invoke()
    signatures = interpreter._get_full_signature_list()
    if signatures:
        outputs = signatures[next(iter(signatures))]["outputs"]
        count, scores, classes, boxes = (interpreter.tensor(outputs[f"output_{i}"])() for i in range(4))
        count, scores, classes, boxes = int(count[0]), scores[0], classes[0], boxes[0]
    else:
        found = interpreter.get_output_details()
        boxes, classes, scores, count = (interpreter.tensor(d["index"])() for d in found)
        count, scores, classes, boxes = int(count[0]), scores[0], classes[0], boxes[0]
    return [
        (int(classes[i]), float(scores[i]), [float(v) for v in boxes[i]])
        for i in range(count)
        if scores[i] >= 0.1
    ]


class Detector:
    """What an NVR asks of a detector: rows of class, score and box, always twenty."""

    def __init__(self, tflite: Any, model: str, library: str = "") -> None:
        try:
            delegates = [tflite.load_delegate(library, {"device": "usb:0"})] if library else None
        except ValueError:
            raise RuntimeError("no Edge TPU was detected") from None
        threads = {} if library else {"num_threads": 3}
        self.interpreter = tflite.Interpreter(model, experimental_delegates=delegates, **threads)
        self.interpreter.allocate_tensors()
        self.entry = self.interpreter.get_input_details()
        self.exit = self.interpreter.get_output_details()

    def detect_raw(self, frame: np.ndarray) -> np.ndarray:
        self.interpreter.set_tensor(self.entry[0]["index"], frame)
        self.interpreter.invoke()
        boxes, classes, scores, count = (self.interpreter.get_tensor(d["index"])[0] for d in self.exit)
        detections = np.zeros((20, 6), np.float32)
        for i in range(20):
            if i >= int(count) or scores[i] < 0.1:
                break
            detections[i] = [classes[i], float(scores[i]), *boxes[i]]
        return detections


def nvr(tflite: Any, model: str, image: np.ndarray, library: str = "") -> list[Any]:
    """Return what an NVR's detector finds in two frames, one after the other."""
    detector = Detector(tflite, model, library)
    _, height, width, _ = detector.entry[0]["shape"]
    frames = image[None, :height, :width], image[None, ::-1][:, :height, :width]
    return [detector.detect_raw(np.ascontiguousarray(frame)).tolist() for frame in frames]


SEQUENCES = {f.__name__: f for f in (label_image, coral_detect, nvr)}


def main() -> None:
    from child import serve

    tflite = import_module("ai_edge_litert.interpreter")
    serve(lambda asked: (True, SEQUENCES[asked[0]](tflite, *asked[1:])))


if __name__ == "__main__":
    main()
