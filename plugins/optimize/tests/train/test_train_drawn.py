"""Nets drawn from a seed, trained with bits and options drawn too: each op of the file gives what the fake
quantization gave, within a step, and LiteRT computes the file as the reference delegate does.

DELEGRAPH_TRAIN_DRAWN says how many, DELEGRAPH_TRAIN_FIRST with which seed they begin.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from delegraph import Interpreter, Model, write_model

torch = pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).parent))
from compared_ops import off  # noqa: E402
from delegraph_optimize import Rule  # noqa: E402
from delegraph_optimize.train import train, train_model  # noqa: E402
from drawn_nets import drawn_images, drawn_net  # noqa: E402

DRAWN = int(os.environ.get("DELEGRAPH_TRAIN_DRAWN", "10"))
FIRST = int(os.environ.get("DELEGRAPH_TRAIN_FIRST", "0"))
HAS_LITERT = importlib.util.find_spec("ai_edge_litert") is not None


def drawn_settings(seed: int) -> dict[str, Any]:
    """Return the arguments of a training."""
    rng = np.random.default_rng([seed, 7])
    bits = int(rng.choice([2, 3, 4, 5, 8, 8])), int(rng.choice([4, 6, 8, 8, 8, 16]))
    settings: dict[str, Any] = {
        "bits": bits,
        "ranges": str(rng.choice(["learned", "observed", "fixed"])),
        "method": str(rng.choice(["minmax", "percentile", "mse"])),
        "effort": str(rng.choice(["fast", "normal", "normal", "best"])),
        "equalize": bool(rng.random() < 0.3),
        "live_norm": bool(rng.random() < 0.5),
        "lr": float(rng.choice([1e-3, 0.05])),
        "held_back": 0.0,
    }
    if rng.random() < 0.3:
        settings["rules"] = [
            Rule(scheme="float32", op=str(rng.choice(["CONV_2D", "ADD", "FULLY_CONNECTED"])))
        ]
    return settings


@pytest.mark.parametrize("seed", range(FIRST, FIRST + DRAWN))
def test_a_drawn_net_is_stored_as_it_was_trained(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, features = drawn_net(seed)
    images, settings = drawn_images(model, 6, seed), drawn_settings(seed)
    print(features, settings)
    modules = []
    made = train_model.exported
    monkeypatch.setattr(train_model, "exported", lambda m, o: (modules.append(m), made(m, o))[1])
    found = train(model, images, epochs=2, batch=3, seed=seed, **settings)
    compared = 0
    for image in images[:2]:
        for name, steps, most in off(modules[0], found.model, [image]):
            assert steps <= most, (name, steps)
            compared += 1
    assert compared or "rules" in settings or settings["bits"][1] not in (8, 16)
    if HAS_LITERT:
        wanted = [np.asarray(y) for y in outputs(found.model, images)]
        for ours, theirs in zip(wanted, of_litert(found.model, images, tmp_path), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5 * max(np.abs(ours).max(), 1e-3))


def outputs(model: Model, images: np.ndarray) -> list[np.ndarray]:
    """Return each output for all images."""
    with Interpreter(model=model, delegates=["reference"]) as interpreter:
        interpreter.allocate_tensors()
        rows = []
        for image in images:
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
            interpreter.invoke()
            rows.append([interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()])
    return [np.stack(values) for values in zip(*rows, strict=True)]


def of_litert(model: Model, images: np.ndarray, folder: Path) -> list[np.ndarray]:
    """Return the same of LiteRT's reference kernels, in a process of its own."""
    (folder / "m.tflite").write_bytes(write_model(model))
    np.save(folder / "x.npy", images)
    done = subprocess.run([sys.executable, "-c", _CHILD, str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    with np.load(folder / "y.npz") as found:
        return [found[f"y{i}"] for i in range(len(found.files))]


_CHILD = """
import sys
import numpy as np
from ai_edge_litert import interpreter as lite
folder = sys.argv[1]
kernels = lite.OpResolverType.BUILTIN_REF
interpreter = lite.Interpreter(folder + "/m.tflite", experimental_op_resolver_type=kernels)
interpreter.allocate_tensors()
rows = []
for image in np.load(folder + "/x.npy"):
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
    interpreter.invoke()
    rows.append([interpreter.get_tensor(d["index"]) for d in interpreter.get_output_details()])
np.savez(folder + "/y.npz", **{f"y{i}": np.stack(v) for i, v in enumerate(zip(*rows))})
"""
