"""Train, prune and cluster the peer's model from its .tflite file, and judge both sides' files in LiteRT.

``python tests/benchmarks/peer_training`` needs ``delegraph-optimize[train]`` and DELEGRAPH_MODELS; it
writes docs/peer-training.json, of which docs/generate.py makes a page. ``maker.py`` made the peer's files.
"""

from __future__ import annotations

import io
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "oracle"))

import litert
import numpy as np
from delegraph import Model, read_model, write_model
from digits import BATCH, CLUSTERS, EPOCHS, FILES, SEEDS, SPARSITY, digits
from ours import MAKES
from rich.progress import track

RESULT = Path(__file__).resolve().parents[3] / "docs" / "peer-training.json"


def main() -> None:
    train_x, train_y, judge_x, judge_y = digits()
    rows: dict[str, Any] = {"float": _judged([FILES / "float.tflite"], judge_x, judge_y)}
    for name, make in MAKES.items():
        peers = [FILES / f"{name}_{seed}.tflite" for seed in SEEDS]
        ours = [make(train_x, train_y, seed) for seed in track(SEEDS, name)]
        rows[name] = {
            "peer": _judged(peers, judge_x, judge_y),
            "delegraph": _judged([write_model(m) for m in ours], judge_x, judge_y),
        }
        print(name, rows[name], flush=True)
    told = {"epochs": EPOCHS, "batch": BATCH, "sparsity": SPARSITY, "clusters": CLUSTERS}
    told |= {"trained": len(train_x), "judged": len(judge_x), "rows": rows}
    RESULT.write_text(f"{json.dumps(told, indent=1)}\n", encoding="utf-8")


def _judged(files: list[Path] | list[bytes], images: np.ndarray, classes: np.ndarray) -> dict[str, Any]:
    """Return of each file: the share that is right, bytes packed, zeros, values of a channel at most."""
    contents = [f if isinstance(f, bytes) else f.read_bytes() for f in files]
    weights = [_weights(read_model(c)) for c in contents]
    return {
        "right": [float((_classes(c, images) == classes).mean()) for c in contents],
        "zipped": [_zipped(c) for c in contents],
        "zeros": [float(np.mean(np.concatenate([w.ravel() for w in of]) == 0)) for of in weights],
        "values": [max(len(np.unique(c)) for w in of for c in w) for of in weights],
    }


def _classes(model: bytes, images: np.ndarray) -> np.ndarray:
    with litert.loaded(model, "BUILTIN") as it:
        return np.array([int(np.argmax(out[0])) for out in it.sample([[i[None]] for i in images])])


def _weights(model: Model) -> list[np.ndarray]:
    """Return the weights of convolutions, but depthwise ones, and of FULLY_CONNECTED."""
    ops = model.subgraphs[0].ops
    found = [op.inputs[1] for op in ops if op.name in ("CONV_2D", "FULLY_CONNECTED")]
    return [np.asarray(w.data) for w in found if w is not None and w.data is not None]


def _zipped(content: bytes) -> int:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("model.tflite", content)
    return len(packed.getvalue())


if __name__ == "__main__":
    main()
