"""What goes into a run: ``NAME=FILE`` for each input; an array, an image, a sound or ``random:SEED``.

Every file becomes an array as the input stores it: real values are quantized by the input's own scale.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..errors import InputError, InputNotFound
from ..model import Model
from ..run import Argument, Interface, described, interface_of
from ..text import did_you_mean, escaped
from ..values import frozen

Tell = Callable[[str], None]  # gets a sentence for the user about what was done to an input


@frozen
class Normalization:
    """What the caller says of pixels: real = (pixel - mean) / std, one number or one per channel."""

    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)


def read_inputs(
    interface: Interface,
    given: Sequence[str],
    normalization: Normalization | None = None,
    tell: Tell = lambda sentence: None,
    sample_rate: int | None = None,
    fit: str | None = None,
) -> dict[str, np.ndarray]:
    """Return an array for each input, by name, in the dtype and of a shape the input takes.

    :param given: ``NAME=FILE`` each; ``NAME=`` may be left out where there is one input, or where FILE is
        an .npz that has all inputs by name.
    :param normalization: of the pixels of images; None: what metadata or quantization say.
    :param tell: called with what a user should know: what was resized, scaled, cut or left out.
    :param sample_rate: Hz of the sound that the model wants; None: what metadata say, else the file's.
    :param fit: of pictures of another form than the input's: ``"stretch"``, or ``"letterbox"``, which keeps
        their form and fills the rest with grey; None: as the model's family takes them, else stretched.
    :raises InputError: an input is missing, unknown or given twice, or a file does not fit; the message
        lists the inputs with their shapes and types.
    """
    files = input_files(interface, given)
    how = _How(normalization, sample_rate, fit, tell)
    return {a.name: _read(interface, a, files[a.name], how) for a in interface.inputs}


def model_inputs(
    model: Model,
    given: Sequence[str],
    signature: str | None = None,
    *,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    sample_rate: int | None = None,
    fit: str | None = None,
    tell: Tell = lambda sentence: None,
) -> dict[str, np.ndarray]:
    """Return an array for each input of a model, by name, from files: as ``delegraph run`` reads them.

    :param given: ``NAME=FILE`` each, or ``FILE`` where there is one input: .npy, .npz, an image, .wav.
    :param signature: the signature to run; None: the main subgraph.
    :param mean: of the pixels of images, with ``std``: real = (pixel - mean) / std. None: what the model's
        metadata or
        its quantization say, else a guess.
    :param sample_rate: Hz of the sound that the model wants; None: what metadata say, else the file's.
    :param fit: ``"stretch"`` or ``"letterbox"``: what becomes of pictures of another form than the input's.
    :param tell: called with what a user should know: what was resized, scaled, cut or left out.
    :raises InputError: an input is missing, unknown or given twice, or a file does not fit.
    """
    said = None
    if mean is not None or std is not None:
        said = Normalization(tuple(mean or (0.0,)), tuple(std or (1.0,)))
    return read_inputs(
        described(interface_of(model, signature), model), given, said, tell, sample_rate, fit
    )


def inputs_text(interface: Interface) -> str:
    """List the inputs for people: ``image (1, 8, 8, 1) float32, state (1, 16) int8``."""
    return ", ".join(a.text for a in interface.inputs) or "none"


def input_files(interface: Interface, given: Sequence[str]) -> dict[str, str]:
    """Return which file each input reads."""
    files: dict[str, str] = {}
    for text in given:
        for name, file in _named(interface, text).items():
            if name in files:
                raise InputError(f"input {name!r} is given twice: {files[name]!r} and {file!r}")
            files[name] = file
    missing = [a.text for a in interface.inputs if a.name not in files]
    if missing:
        raise InputError(
            f"no value for {', '.join(missing)}; give each input as --input NAME=FILE, where FILE is .npy, "
            ".npz, an image, .wav, or random:SEED"
        )
    return files


def is_sound_file(file: str) -> bool:
    """Say whether an input reads a file as a sound."""
    return Path(file).suffix.lower() == ".wav" and Path(file).is_file()


def _named(interface: Interface, text: str) -> Mapping[str, str]:
    """Split ``NAME=FILE``; a tensor's own name is taken, too, where a signature has another."""
    for argument in interface.inputs:
        for name in (argument.name, argument.tensor.name):
            if name and text.startswith(f"{name}="):
                return {argument.name: text[len(name) + 1 :]}
    if "=" in text and not os.path.exists(text):
        name = text.partition("=")[0]
        close = did_you_mean(name, [n for a in interface.inputs for n in (a.name, a.tensor.name)])
        raise InputError(f"no input {name!r}{close}; the inputs are: {inputs_text(interface)}")
    if len(interface.inputs) == 1:
        return {interface.inputs[0].name: text}
    if text.endswith(".npz") or _is_random(text):
        return {argument.name: text for argument in interface.inputs}
    raise InputError(
        f"{text!r} needs a name, --input NAME={escaped(text)}; the inputs are: {inputs_text(interface)}"
    )


@frozen
class _How:
    """What the caller says of files."""

    normalization: Normalization | None
    rate: int | None
    fit: str | None
    tell: Tell


def _read(interface: Interface, argument: Argument, file: str, how: _How) -> np.ndarray:
    from . import arrays, families, image, sound

    if _is_random(file):
        return arrays.random(argument, file)
    kind = Path(file).suffix.lower()
    if not Path(file).is_file():
        raise InputNotFound(f"input {argument.name!r}: no file {file!r}")
    if kind == ".npy":
        return arrays.read_npy(argument, file)
    if kind == ".npz":
        return arrays.read_npz(argument, file)
    if kind == ".wav":
        return sound.read(argument, file, how.rate, how.tell)
    family = families.family_of(interface)
    return image.read(argument, file, how.normalization, how.tell, family, how.fit)


def _is_random(text: str) -> bool:
    return text == "random" or text.startswith("random:")
