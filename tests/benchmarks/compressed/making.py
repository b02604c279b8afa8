"""How the models of a recipe are made: commands, run in a folder beside the model and its samples."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
from case import Case, Load
from rows import beside

NOTHING = dict.fromkeys(("given", "made", "data", "train", "teacher"), "")


def made(case: Case, templates: tuple[str, ...], seed: int, work: Path) -> tuple[Path, list[str]]:
    """Return what the commands of a recipe make, and the commands. What is there is not made again."""
    folder = work / case.name.replace(" ", "_")
    folder.mkdir(exist_ok=True)
    given = beside(case.path, folder).name
    fills = _fills(case, folder)
    commands = []
    for template in templates:
        seeded = f"{template} --seed {seed}" if seed and "{train}" in template else template
        out = f"{_stem(given, seeded)}.tflite"
        commands.append(f"delegraph {seeded.format(given=given, made=out, **fills)}".strip())
        if not (folder / out).exists():
            subprocess.run(commands[-1].split(), cwd=folder, check=True, stdout=subprocess.DEVNULL)
        given = out
    return folder / given, commands


def _stem(given: str, template: str) -> str:
    """Return a name that says what was done: the commands' words, one after the other."""
    words = template.format(**NOTHING).replace(" -o ", " ").split()
    return "_".join([given.removesuffix(".tflite"), *(word.strip("-").replace(":", "") for word in words)])


def _fills(case: Case, folder: Path) -> dict[str, str]:
    """Write the samples where they are not yet; return the options that name them."""
    stem = case.path.stem
    data = _saved(folder / f"{stem}.npy", None, case.giving)
    if case.training is None:
        given, teacher = f"--data {data}", f"--teacher {stem}.tflite"
    else:
        train = _saved(folder / f"{stem}_train.npy", folder / f"{stem}_classes.npy", case.training)
        given, teacher = f"--data {train} --labels {stem}_classes.npy", ""
    return {
        "data": f"--data {data} --engine litert",
        "train": f"{given} {case.steps}",
        "teacher": teacher,
    }


def _saved(path: Path, classes: Path | None, load: Load) -> str:
    """Return the name of a file of samples, which is written where there is none."""
    if not path.exists():
        inputs, labels = load()
        np.save(path, np.stack([sample[0] for sample in inputs]))
        if classes is not None:
            np.save(classes, labels)
    return path.name
