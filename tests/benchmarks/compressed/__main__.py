"""Measure pruned and clustered models, and write docs/compressed-models.json, of which docs/generate.py
makes a page.

``python tests/benchmarks/compressed`` makes what is missing; ``--again`` all; ``--only ResNet-8`` some.
DELEGRAPH_MODELS names the folder of the models. Each row holds the commands that made it; the samples are
written beside the models that are made (``--work``). What is reconstructed on never judges.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "oracle"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "quantized"))

import models
import numpy as np
from attrs import frozen
from cases import photographs
from inputs import SIGNED, crop, samples, scaled
from measures import classes
from runs import by_itself

Samples = Sequence[Sequence[np.ndarray]]
Judging = tuple[Samples, "np.ndarray | None"]
Found = dict[str, Any]
RESULT = Path(__file__).resolve().parents[3] / "docs" / "compressed-models.json"
PRUNE, CLUSTER = "prune {given} -o {made} {data}", "cluster {given} -o {made} {data}"
INT8 = "quantize {given} -o {made} --scheme int8 {data}"
BY_LABELS = "{train} --epochs 10 --lr 0.003"
PRUNED, CLUSTERED = (f"{c} {{given}} -o {{made}} --train {BY_LABELS}" for c in ("prune", "cluster"))
TRAINED = f"train {{given}} -o {{made}} {BY_LABELS}"
RECIPES = {
    "50 % zeros": (f"{PRUNE} --sparsity 0.5",),
    "50 % zeros, sparse tensors": (f"{PRUNE} --sparsity 0.5 --sparse",),
    "50 % zeros, 8 significant bits": (f"{PRUNE} --sparsity 0.5 --significand 8",),
    "75 % zeros": (f"{PRUNE} --sparsity 0.75",),
    "2:4": (f"{PRUNE} --pattern 2:4",),
    "10 % of channels out": (f"{PRUNE} --structured --sparsity 0.1",),
    "30 % of channels out": (f"{PRUNE} --structured --sparsity 0.3",),
    "32 clusters": (f"{CLUSTER} --clusters 32",),
    "16 clusters": (f"{CLUSTER} --clusters 16",),
    "int8": (INT8,),
    "50 % zeros, 32 clusters": (f"{PRUNE} --sparsity 0.5", f"{CLUSTER} --clusters 32"),
    "50 % zeros, 32 clusters, int8": (f"{PRUNE} --sparsity 0.5", f"{CLUSTER} --clusters 32", INT8),
    "floats, trained": (f"{TRAINED} --float",),
    "50 % zeros, trained": (f"{PRUNED} --sparsity 0.5",),
    "75 % zeros, trained": (f"{PRUNED} --sparsity 0.75",),
    "2:4, trained": (f"{PRUNED} --pattern 2:4",),
    "30 % of channels out, trained": (f"{PRUNE} --structured --sparsity 0.3", f"{TRAINED} --float"),
    "32 clusters, trained": (f"{CLUSTERED} --clusters 32",),
    "16 clusters, trained": (f"{CLUSTERED} --clusters 16",),
    "int8, trained": (TRAINED,),
    "int4 weights": (f"{INT8} --weights int4 --method minmax --rounding nearest",),
    "int4 weights, trained": (f"{TRAINED} --bits 4,8",),
    "50 % zeros, 32 clusters, int8, trained": (
        f"{PRUNED} --sparsity 0.5",
        f"{CLUSTERED} --clusters 32",
        INT8,
    ),
}


@frozen
class Case:
    """A model and its samples."""

    name: str
    file: str  # of DELEGRAPH_MODELS
    told: str  # what the samples are
    giving: Callable[[], Samples]  # what is reconstructed on
    judging: Callable[[], Judging]
    training: Callable[[], Judging] | None = None  # with labels; None: recipes that train are left out


def _images(part: str, count: int) -> Judging:
    images, labels = (samples("cifar10", "cifar10_dev.npz", f"{kind}_{part}")[:count] for kind in "xy")
    return [[image[None]] for image in images.astype(np.float32)], labels


def _digits(part: str, count: int) -> Judging:
    digits, labels = (samples("mnist5k", "mnist_dev.npz", f"{kind}_{part}")[:count] for kind in "xy")
    return [[digit.reshape(1, 28, 28, 1)] for digit in (digits / 255).astype(np.float32)], labels


def _photos(first: int, last: int) -> Judging:
    files = photographs()[first:last]
    images = [[scaled(crop(file, 224), SIGNED)[None].astype(np.float32)] for file in files]
    return images, np.array([int(Path(file).name[:4]) for file in files])


def _given(judging: Callable[[], Judging]) -> Samples:
    return judging()[0]


CASES = (
    Case(
        "ResNet-8",
        "float32/pretrainedResnet.tflite",
        "CIFAR-10: reconstructed on 512 images of the training set, trained on 3,000 of it, judged by "
        "1,000 of the test set",
        partial(_given, partial(_images, "train", 512)),
        partial(_images, "test", 1000),
        partial(_images, "train", 3000),
    ),
    Case(
        "MobileNet v2",
        "float32/mobilenet_v2_1.0_224_float_from_ptq.tflite",
        "photographs, each of another class of ImageNet: reconstructed on 150, judged by 150 others",
        partial(_given, partial(_photos, 0, 150)),
        partial(_photos, 150, 300),
    ),
    Case(
        "ViT",
        "float32/mnist_vit_fp32.tflite",
        "MNIST: reconstructed on 512 digits of the training set, trained on 4,000 of it, judged by 500 of "
        "the test set",
        partial(_given, partial(_digits, "train", 512)),
        partial(_digits, "test", 500),
        partial(_digits, "train", 4000),
    ),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", help="a model's name")
    parser.add_argument("--again", action="store_true", help="what is there, too")
    parser.add_argument("--work", type=Path, default=Path("compressed"), help="folder for what is made")
    asked = parser.parse_args()
    asked.work.mkdir(exist_ok=True)
    for case in CASES:
        if not asked.only or case.name in asked.only:
            _measure(case, asked.work, asked.again)


def _measure(case: Case, work: Path, again: bool) -> None:
    """Fill in what a model's rows lack."""
    path = models.path(case.file)
    row = {} if again else _read().get(case.name, {})
    inputs, labels = case.judging()
    floats = by_itself(path, inputs)
    row |= {
        "file": case.file,
        "samples": case.told,
        "bytes": path.stat().st_size,
        "compressed": _packed(path),
    }
    row["float"] = classes(floats, floats, labels)
    for recipe, templates in RECIPES.items():
        trains = any("{train}" in template for template in templates)
        if recipe in row.setdefault("recipes", {}) or (trains and case.training is None):
            continue
        made, commands = _made(case, templates, work)
        measured = classes(floats, by_itself(made, inputs), labels)
        sizes = {"bytes": made.stat().st_size, "compressed": _packed(made)}
        row["recipes"][recipe] = {"commands": commands, **sizes, **measured}
        row["recipes"] = {r: row["recipes"][r] for r in RECIPES if r in row["recipes"]}
        print(case.name, recipe, sizes["compressed"] / row["compressed"], measured, flush=True)
        _write(case.name, row)


def _packed(path: Path) -> int:
    """Return the bytes of a file compressed by deflate, as in a .zip file."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return len(packer.compress(path.read_bytes())) + len(packer.flush())


def _made(case: Case, templates: Sequence[str], work: Path) -> tuple[Path, list[str]]:
    """Run commands beside the model and its samples; return what they made, and the commands."""
    stem, data = Path(case.file).stem, work / f"{Path(case.file).stem}.npy"
    given = f"{stem}.tflite"
    if not (work / given).exists():
        (work / given).symlink_to(models.path(case.file))
    if not data.exists():
        np.save(data, np.stack([sample[0] for sample in case.giving()]))
    train = _training(case, work)
    commands = []
    for template in templates:
        options = template.format(given="", made="", data="", train="").replace(" -o ", " ").split()
        made = "_".join([given.removesuffix(".tflite"), *(w.strip("-").replace(":", "") for w in options)])
        told = template.format(
            given=given, made=f"{made}.tflite", data=f"--data {data.name} --engine litert", train=train
        )
        commands.append(f"delegraph {told}")
        if not (work / f"{made}.tflite").exists():
            subprocess.run(commands[-1].split(), cwd=work, check=True, stdout=subprocess.DEVNULL)
        given = f"{made}.tflite"
    return work / given, commands


def _training(case: Case, work: Path) -> str:
    """Return the options that give the samples to train on, which are written beside the models."""
    if case.training is None:
        return ""
    stem = Path(case.file).stem
    data, wanted = work / f"{stem}_train.npy", work / f"{stem}_classes.npy"
    if not wanted.exists():
        inputs, labels = case.training()
        np.save(data, np.stack([sample[0] for sample in inputs]))
        np.save(wanted, labels)
    return f"--data {data.name} --labels {wanted.name}"


def _read() -> Found:
    return json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {}


def _write(name: str, row: Found) -> None:
    """Replace a model's row: others may be measured meanwhile."""
    found = _read() | {name: row}
    text = json.dumps({c.name: found[c.name] for c in CASES if c.name in found}, indent=1, default=float)
    RESULT.write_text(f"{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
