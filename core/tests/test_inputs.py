"""Files become arrays as the input stores them, and everything that does not fit is said."""

from __future__ import annotations

import random
import struct
import sys
import wave
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from delegraph.errors import InputError
from delegraph.inputs import Normalization, read_inputs
from delegraph.model import Builder, Model
from delegraph.run import Interface, described
from delegraph.run import interface_of as plain_interface_of

GRADIENT = np.array([[0, 85], [170, 255]], np.uint8)  # a grey image of 2x2


def model_of(*inputs: tuple[Any, ...], **quantization: Any) -> Model:
    """Return a model with inputs of (name, shape, dtype) that does nothing with them."""
    g = Builder()
    tensors = [g.input(shape, dtype, name=name, **quantization) for name, shape, dtype in inputs]
    return g.model(outputs=tensors)


def interface_of(model: Model) -> Interface:
    return described(plain_interface_of(model), model)


def read_one(shape: tuple[int, ...], dtype: str, file: Any, **quantization: Any) -> np.ndarray:
    interface = interface_of(model_of(("x", shape, dtype), **quantization))
    return read_inputs(interface, [f"x={file}"])["x"]


def saved(folder: Path, array: np.ndarray) -> Path:
    path = folder / "array.npy"
    np.save(path, array)
    return path


def grey(folder: Path, pixels: np.ndarray = GRADIENT) -> Path:
    image = pytest.importorskip("PIL.Image", reason="Pillow makes the images of these tests")
    path = folder / "grey.png"
    image.fromarray(pixels).save(path)
    return path


def wav(folder: Path, data: bytes, width: int, rate: int = 16000, channels: int = 1) -> Path:
    path = folder / "sound.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(data)
    return path


# Which file is for which input


def test_a_missing_input_is_an_error_that_lists_the_inputs_with_shapes_and_dtypes():
    interface = interface_of(model_of(("image", (1, 8, 8, 1), "float32"), ("state", (1, -1), "int8")))
    with pytest.raises(InputError, match=r"no value for image 1×8×8×1 float32, state 1×\? int8"):
        read_inputs(interface, [])


def test_an_unknown_name_is_an_error_that_lists_the_inputs():
    interface = interface_of(model_of(("image", (1, 8, 8, 1), "float32")))
    with pytest.raises(InputError, match=r"no input 'imgae'.*; the inputs are: image 1×8×8×1 float32"):
        read_inputs(interface, ["imgae=random"])


def test_an_input_given_twice_is_an_error():
    interface = interface_of(model_of(("x", (2,), "float32")))
    with pytest.raises(InputError, match="'x' is given twice: 'random:1' and 'random:2'"):
        read_inputs(interface, ["random:1", "x=random:2"])


def test_the_name_may_be_left_out_where_there_is_one_input():
    interface = interface_of(model_of(("x", (3,), "float32")))
    assert read_inputs(interface, ["random"])["x"].shape == (3,)


def test_the_name_is_needed_where_there_are_several_inputs(tmp_path):
    interface = interface_of(model_of(("a", (2,), "float32"), ("b", (2,), "float32")))
    with pytest.raises(InputError, match="needs a name"):
        read_inputs(interface, [str(saved(tmp_path, np.zeros(2, np.float32)))])


def test_a_file_whose_name_has_an_equals_sign_is_found(tmp_path):
    path = tmp_path / "a=b.npy"
    np.save(path, np.float32([1, 2]))
    interface = interface_of(model_of(("x", (2,), "float32")))
    assert read_inputs(interface, [str(path)])["x"].tolist() == [1, 2]


def test_one_npz_serves_all_inputs_by_their_names(tmp_path):
    np.savez(tmp_path / "all.npz", b=np.float32([3, 4]), a=np.float32([1, 2]))
    interface = interface_of(model_of(("a", (2,), "float32"), ("b", (2,), "float32")))
    found = read_inputs(interface, [str(tmp_path / "all.npz")])
    assert {name: array.tolist() for name, array in found.items()} == {"a": [1, 2], "b": [3, 4]}


def test_a_signature_argument_is_found_by_its_name_and_by_its_tensors_name():
    g = Builder()
    x = g.input((2,), "float32", name="serving_default_image:0")
    model = g.model(outputs=[x], signature=None)
    assert list(read_inputs(interface_of(model), ["serving_default_image:0=random"])) == [
        "serving_default_image:0"
    ]


def test_a_file_that_does_not_exist_is_named():
    with pytest.raises(InputError, match=r"input 'x': no file 'nowhere\.npy'"):
        read_one((2,), "float32", "nowhere.npy")


# Arrays


def test_an_array_of_the_inputs_dtype_is_taken_as_it_is(tmp_path):
    array = np.int8([[-128, 0, 127]])
    found = read_one((1, 3), "int8", saved(tmp_path, array), scale=0.5, zero_point=3)
    assert found.dtype == np.int8
    assert found.tolist() == array.tolist()


def test_floats_for_a_quantized_input_are_quantized_by_its_scale_and_zero_point(tmp_path):
    # real / 0.5 + 3, halves away from zero, saturated at the dtype's ends
    path = saved(tmp_path, np.float32([-1.0, 0.25, -0.25, 1000.0, -1000.0]))
    assert read_one((5,), "int8", path, scale=0.5, zero_point=3).tolist() == [1, 4, 2, 127, -128]


def test_an_int4_input_saturates_at_seven(tmp_path):
    path = saved(tmp_path, np.float32([-100.0, 100.0]))
    assert read_one((2,), "int4", path, scale=1.0, zero_point=0).tolist() == [-8, 7]


def test_a_leading_axis_of_one_may_be_missing(tmp_path):
    found = read_one((1, 2, 2), "float32", saved(tmp_path, np.zeros((2, 2), np.float32)))
    assert found.shape == (1, 2, 2)


def test_another_shape_is_an_error_that_names_both(tmp_path):
    path = saved(tmp_path, np.zeros((2, 3), np.float32))
    with pytest.raises(InputError, match=r"input 'x' needs shape 1×2×2, found 2×3"):
        read_one((1, 2, 2), "float32", path)


def test_an_open_axis_takes_any_size(tmp_path):
    found = read_one((-1, 2), "float32", saved(tmp_path, np.zeros((5, 2), np.float32)))
    assert found.shape == (5, 2)


def test_wider_integers_are_taken_where_their_values_fit(tmp_path):
    found = read_one((2,), "int32", saved(tmp_path, np.int64([1, -2])))
    assert found.dtype == np.int32
    assert found.tolist() == [1, -2]


def test_integers_out_of_the_inputs_range_are_an_error(tmp_path):
    path = saved(tmp_path, np.int64([0, 200]))
    with pytest.raises(InputError, match="stores integers from -128 to 127, found 0 to 200"):
        read_one((2,), "int8", path, scale=0.5, zero_point=0)


def test_floats_for_integers_without_a_scale_are_an_error(tmp_path):
    with pytest.raises(InputError, match=r"input x 2 int32 cannot take float64"):
        read_one((2,), "int32", saved(tmp_path, np.array([0.5, 1.0])))


def test_text_becomes_bytes_for_a_string_input(tmp_path):
    found = read_one((2,), "string", saved(tmp_path, np.array(["a", "é"])))
    assert found.tolist() == [b"a", "é".encode()]


def test_a_pickle_in_an_npy_is_refused(tmp_path):
    np.save(tmp_path / "array.npy", np.array([{}], object), allow_pickle=True)
    with pytest.raises(InputError, match=r"cannot be read"):
        read_one((1,), "float32", tmp_path / "array.npy")


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_a_broken_array_file_is_an_error_that_names_it(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x93NUMPY\x01\x00v")
    with pytest.raises(InputError, match=f"{name}.*(cannot be read|needs to be)"):
        read_one((1,), "float32", tmp_path / name)


@pytest.mark.parametrize("kind", ["npy", "npz", "compressed.npz", "wav"])
def test_a_file_broken_anywhere_is_an_input_error_or_is_read(tmp_path, kind):
    path = tmp_path / f"a.{kind}"
    if kind == "wav":
        wav(tmp_path, bytes(64), 2, channels=2).rename(path)
    elif kind == "npy":
        np.save(path, np.zeros((1, 16), np.float32))
    else:
        (np.savez_compressed if "compressed" in kind else np.savez)(path, x=np.zeros((1, 16), np.float32))
    whole = path.read_bytes()
    for seed in range(150):
        rng = random.Random(seed)
        data = bytearray(whole[: rng.choice([len(whole), rng.randrange(len(whole))])])
        for _ in range(min(3, len(data))):
            data[rng.randrange(len(data))] = rng.choice([0, 1, 127, 128, 255])
        path.write_bytes(data)
        with suppress(InputError):
            assert read_one((1, 16), "float32", path).shape == (1, 16)


def test_nan_cannot_be_stored_in_a_quantized_input(tmp_path):
    path = saved(tmp_path, np.float32([np.nan, 1]))
    with pytest.raises(InputError, match="cannot store what is not a number"):
        read_one((2,), "int8", path, scale=1.0, zero_point=0)


def test_random_floats_are_the_same_for_a_seed_and_lie_between_minus_one_and_one():
    first, again, other = (read_one((1000,), "float32", f"random:{seed}") for seed in (7, 7, 8))
    assert first.tolist() == again.tolist() != other.tolist()
    assert -1 <= first.min() < -0.9
    assert 0.9 < first.max() < 1


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "uint32", "int64", "uint64"])
def test_random_quantized_values_reach_both_ends_of_the_dtype(dtype):
    found = read_one((10000,), dtype, "random:1", scale=0.5, zero_point=0)
    limits = np.iinfo(found.dtype)
    spread = limits.max - limits.min
    assert float(found.min()) - limits.min <= spread * 0.001
    assert limits.max - float(found.max()) <= spread * 0.001


def test_random_integers_without_a_scale_are_small_indices():
    found = read_one((10000,), "int64", "random:1")
    assert (found.min(), found.max()) == (0, 99)


@pytest.mark.parametrize(
    ("dtype", "ends"), [("int2", (-2, 1)), ("int4", (-8, 7)), ("uint4", (0, 15)), ("int8", (-128, 127))]
)
def test_random_integers_of_up_to_8_bits_are_all_that_there_are(dtype, ends):
    found = read_one((10000,), dtype, "random:1")
    assert (found.min(), found.max()) == ends


@pytest.mark.parametrize(
    ("dtype", "one"), [("bfloat16", 0x3F80), ("float8_e4m3fn", 0x38), ("float8_e5m2", 0x3C)]
)
def test_random_floats_that_numpy_lacks_lie_between_minus_one_and_one(dtype, one):
    found = read_one((10000,), dtype, "random:1")
    sign = 1 << 8 * found.itemsize - 1
    assert (found & (sign - 1)).max() <= one
    assert 4000 < np.count_nonzero(found & sign) < 6000


def test_random_complex_numbers_have_two_random_parts():
    found = read_one((1000,), "complex64", "random:1")
    for part in (found.real, found.imag):
        assert part.min() < -0.9
        assert part.max() > 0.9


def test_random_strings_are_numbers():
    found = read_one((2, 500), "string", "random")
    assert {int(text) for text in found.ravel()} == set(range(100))


@pytest.mark.parametrize("dtype", ["resource", "variant"])
def test_handles_have_no_random_values(dtype):
    with pytest.raises(InputError, match="has no values that could be drawn"):
        read_one((2,), dtype, "random")


def test_a_seed_that_is_no_number_is_an_error():
    with pytest.raises(InputError, match="seed needs to be a whole number, found 'random:x'"):
        read_one((2,), "float32", "random:x")


# Images


def test_a_uint8_input_gets_the_pixels_themselves(tmp_path):
    found = read_one((1, 2, 2, 1), "uint8", grey(tmp_path), scale=1 / 128, zero_point=128)
    assert found.tolist() == GRADIENT.reshape(1, 2, 2, 1).tolist()


def test_an_int8_input_gets_the_pixels_minus_128(tmp_path):
    found = read_one((1, 2, 2, 1), "int8", grey(tmp_path), scale=1 / 255, zero_point=-128)
    assert found.ravel().tolist() == [-128, -43, 42, 127]


@pytest.mark.parametrize(("dtype", "first"), [("uint8", 0), ("int8", -128), ("int32", 0)])
def test_integers_without_a_scale_get_pixels(tmp_path, dtype, first):
    assert read_one((1, 2, 2, 1), dtype, grey(tmp_path)).ravel().tolist() == [
        first + p for p in (0, 85, 170, 255)
    ]


def test_a_float_input_gets_minus_one_to_one_and_is_told_that_this_is_a_guess(tmp_path):
    interface = interface_of(model_of(("x", (1, 2, 2, 1), "float32")))
    told: list[str] = []
    found = read_inputs(interface, [str(grey(tmp_path))], tell=told.append)["x"]
    assert found.ravel().tolist() == pytest.approx([-1, -1 / 3, 1 / 3, 1], abs=1e-6)
    assert told == [
        "input 'x': real = (pixel - 127.5) / 127.5, a guess: the model does not say; "
        "--mean and --std change it"
    ]


def test_a_float_input_that_the_model_quantizes_gets_the_range_that_this_leaves(tmp_path):
    g = Builder()
    x = g.input((1, 2, 2, 1), "float32", name="x")
    y = g.op("QUANTIZE", [x], [g.tensor((1, 2, 2, 1), "int8", scale=2 / 255, zero_point=-128)])
    found = read_inputs(interface_of(g.model(outputs=[y])), [str(grey(tmp_path))])["x"]
    assert found.ravel().tolist() == pytest.approx([0, 2 / 3, 4 / 3, 2], abs=1e-6)


def test_an_int16_input_whose_scale_reaches_255_gets_pixels_as_real_values(tmp_path):
    # stored = pixel / (255 / 32767)
    found = read_one((1, 2, 2, 1), "int16", grey(tmp_path), scale=255 / 32767, zero_point=0)
    assert found.ravel().tolist() == [0, 10922, 21845, 32767]


def test_mean_and_std_come_before_anything_else(tmp_path):
    interface = interface_of(model_of(("x", (1, 2, 2, 1), "uint8"), scale=1 / 256, zero_point=0))
    found = read_inputs(interface, [str(grey(tmp_path))], Normalization((0.0,), (512.0,)))["x"]
    assert found.ravel().tolist() == [0, 43, 85, 128]  # pixel / 512 * 256, halves away from zero


def test_mean_and_std_may_be_given_per_channel(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow makes the images of these tests")
    image.new("RGB", (1, 1), (10, 20, 30)).save(tmp_path / "color.png")
    interface = interface_of(model_of(("x", (1, 1, 1, 3), "float32")))
    found = read_inputs(
        interface, [str(tmp_path / "color.png")], Normalization((10.0, 0.0, 0.0), (1.0, 10.0, 60.0))
    )
    assert found["x"].ravel().tolist() == [0, 2, 0.5]


def test_a_mean_for_two_channels_does_not_fit_three(tmp_path):
    interface = interface_of(model_of(("x", (1, 2, 2, 3), "float32")))
    with pytest.raises(InputError, match="mean needs one value or 3, found 2"):
        read_inputs(interface, [str(grey(tmp_path))], Normalization((1.0, 2.0)))


def test_a_std_of_zero_is_an_error(tmp_path):
    interface = interface_of(model_of(("x", (1, 2, 2, 1), "float32")))
    with pytest.raises(InputError, match=r"std needs finite values other than 0, found \(0\.0,\)"):
        read_inputs(interface, [str(grey(tmp_path))], Normalization((0.0,), (0.0,)))


def test_an_image_is_resized_to_the_inputs_height_and_width(tmp_path):
    halves = np.repeat(np.uint8([[0, 200]]), 8, axis=1).repeat(4, axis=0)  # 4 high, 16 wide
    found = read_one((1, 2, 4, 1), "uint8", grey(tmp_path, halves))
    assert found.shape == (1, 2, 4, 1)
    assert found[0, :, 0, 0].tolist() == [0, 0]
    assert found[0, :, 3, 0].tolist() == [200, 200]


def test_an_input_of_open_height_and_width_gets_the_images_own(tmp_path):
    assert read_one((1, -1, -1, 1), "uint8", grey(tmp_path, np.zeros((3, 5), np.uint8))).shape == (
        1,
        3,
        5,
        1,
    )


def test_a_grey_image_serves_a_color_input(tmp_path):
    found = read_one((1, 2, 2, 3), "uint8", grey(tmp_path))
    assert found[0, 0, 1].tolist() == [85, 85, 85]


def test_a_color_image_serves_a_grey_input_by_its_brightness(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow makes the images of these tests")
    image.new("RGB", (1, 1), (255, 0, 0)).save(tmp_path / "red.png")
    # luma of ITU-R BT.601: 0.299 * 255
    assert read_one((1, 1, 1, 1), "uint8", tmp_path / "red.png").tolist() == [[[[76]]]]


def test_channels_first_is_understood(tmp_path):
    found = read_one((1, 3, 2, 2), "uint8", grey(tmp_path))
    assert found.shape == (1, 3, 2, 2)
    assert found[0, 2].tolist() == GRADIENT.tolist()


@pytest.mark.parametrize("shape", [(1, 2, 2), (2, 2), (2, 2, 1)])
def test_an_input_without_batch_or_channels_takes_an_image(tmp_path, shape):
    assert read_one(shape, "uint8", grey(tmp_path)).tolist() == GRADIENT.reshape(shape).tolist()


@pytest.mark.parametrize("shape", [(1, 640), (-1, 640), (4, 2, 2, 1), (7,), ()])
def test_an_input_that_is_no_image_is_an_error_with_the_way_out(tmp_path, shape):
    with pytest.raises(InputError, match=r"is not an image .* give them as .npy"):
        read_one(shape, "float32", grey(tmp_path))


def test_a_photograph_is_turned_as_it_was_held(tmp_path):
    image = pytest.importorskip("PIL.Image", reason="Pillow makes the images of these tests")
    exif = image.Exif()
    exif[0x0112] = 6  # held so that the file's left edge is the top
    image.fromarray(GRADIENT).save(tmp_path / "held.png", exif=exif)
    found = read_one((1, 2, 2, 1), "uint8", tmp_path / "held.png")
    assert found.reshape(2, 2).tolist() == [[170, 0], [255, 85]]


def test_an_image_of_16_bits_a_pixel_is_refused(tmp_path):
    path = grey(tmp_path, np.uint16([[0, 65535], [1, 2]]))
    with pytest.raises(InputError, match="needs 8 bits a channel"):
        read_one((1, 2, 2, 1), "uint8", path)


@pytest.mark.parametrize(
    "content", [b"", b"not an image", b"\x89PNG\r\n\x1a\n" + bytes(40), b"BM" + bytes(60)]
)
def test_a_file_that_is_no_image_is_an_error_that_names_it(tmp_path, content):
    pytest.importorskip("PIL.Image", reason="Pillow tells images apart")
    (tmp_path / "file.png").write_bytes(content)
    with pytest.raises(InputError, match=r"file.png' cannot be read as .npy, .npz, .wav or an image"):
        read_one((1, 2, 2, 1), "uint8", tmp_path / "file.png")


def test_without_pillow_the_error_names_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "a.png").write_bytes(b"")
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(
        InputError, match=r'needs Pillow, which is not installed; pip install "delegraph\[image\]"'
    ):
        read_one((1, 2, 2, 1), "uint8", tmp_path / "a.png")


@pytest.mark.parametrize(
    "start",
    [
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n",
        b"\xc5\xd0\xd3\xc6" + struct.pack("<6I", 32, 60, 0, 0, 0, 0),
        b"%PDF-1.7\n",
        b"\xd7\xcd\xc6\x9a\0\0",
    ],
    ids=["EPS", "EPS with a preview", "PDF", "WMF"],
)
def test_a_file_that_is_no_image_of_pixels_is_given_to_no_program(tmp_path, start):
    (tmp_path / "x.png").write_bytes(start + bytes(100))
    with pytest.raises(InputError, match="wav or an image: cannot identify"):
        read_one((1, 8, 8, 3), "float32", tmp_path / "x.png")


@pytest.mark.parametrize("kind", ["png", "jpg", "bmp", "gif", "ppm", "tiff", "webp"])
def test_images_of_pixels_are_read(tmp_path, kind):
    image = pytest.importorskip("PIL.Image", reason="Pillow makes the images of these tests")
    image.new("RGB", (8, 8), (255, 255, 255)).save(tmp_path / f"x.{kind}")
    assert read_one((1, 8, 8, 3), "float32", tmp_path / f"x.{kind}").min() > 0.9


# Sounds


@pytest.mark.parametrize(
    ("width", "data"),
    [
        (1, bytes([0, 128, 192])),
        (2, struct.pack("<3h", -32768, 0, 16384)),
        (3, b"".join((n & 0xFFFFFF).to_bytes(3, "little") for n in (-(1 << 23), 0, 1 << 22))),
        (4, struct.pack("<3i", -(1 << 31), 0, 1 << 30)),
    ],
)
def test_a_float_input_gets_minus_one_to_one_from_each_width_of_sample(tmp_path, width, data):
    assert read_one((3,), "float32", wav(tmp_path, data, width)).tolist() == [-1, 0, 0.5]


def test_an_int16_input_without_a_scale_gets_the_samples(tmp_path):
    path = wav(tmp_path, struct.pack("<3h", -32768, 7, 32767), 2)
    assert read_one((1, 3), "int16", path).tolist() == [[-32768, 7, 32767]]


def test_a_quantized_input_gets_sound_by_its_scale(tmp_path):
    path = wav(tmp_path, struct.pack("<2h", -32768, 16384), 2)
    assert read_one((2,), "int8", path, scale=1 / 64, zero_point=-1).tolist() == [-65, 31]


def test_a_long_sound_is_cut_and_told(tmp_path):
    interface = interface_of(model_of(("x", (2,), "float32")))
    told: list[str] = []
    path = wav(tmp_path, struct.pack("<3h", 16384, -16384, 1), 2)
    assert read_inputs(interface, [str(path)], tell=told.append)["x"].tolist() == [0.5, -0.5]
    assert told == [
        "input 'x': 2 samples from sound.wav (3 at 16000 Hz); the last 1 are left out; not resampled: "
        "the model does not say its rate; --sample-rate does"
    ]


def test_a_short_sound_is_filled_with_silence_and_told(tmp_path):
    interface = interface_of(model_of(("x", (4,), "float32")))
    told: list[str] = []
    path = wav(tmp_path, struct.pack("<1h", 16384), 2)
    assert read_inputs(interface, [str(path)], tell=told.append)["x"].tolist() == [0.5, 0, 0, 0]
    assert "the last 3 are silence" in told[0]


def test_two_channels_are_averaged(tmp_path):
    path = wav(tmp_path, struct.pack("<4h", 16384, 0, -16384, -16384), 2, channels=2)
    assert read_one((2,), "float32", path).tolist() == [0.25, -0.5]


def test_an_open_axis_takes_the_whole_sound(tmp_path):
    path = wav(tmp_path, struct.pack("<5h", 0, 0, 0, 0, 16384), 2)
    assert read_one((1, -1), "float32", path).tolist() == [[0, 0, 0, 0, 0.5]]


def test_a_spectrogram_input_takes_no_sound(tmp_path):
    with pytest.raises(InputError, match="is not a waveform"):
        read_one((1, 49, 40), "float32", wav(tmp_path, b"\0\0", 2))


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\x04\0\0\0WAVE", b"RIFX" + bytes(40)])
def test_a_broken_wav_is_an_error_that_names_it(tmp_path, content):
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(InputError, match=r"sound .*a\.wav' needs to be \.wav with PCM"):
        read_one((2,), "float32", tmp_path / "a.wav")


def test_a_wav_of_floats_is_refused(tmp_path):
    header = struct.pack("<HHIIHH", 3, 1, 16000, 64000, 4, 32)
    body = b"WAVEfmt " + struct.pack("<I", len(header)) + header + b"data" + struct.pack("<I", 4) + bytes(4)
    (tmp_path / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    with pytest.raises(InputError, match=r"needs to be \.wav with PCM"):
        read_one((2,), "float32", tmp_path / "a.wav")


def tone(tmp_path: Path, rate: int, channels: int = 1) -> Path:
    """Write a second of 440 Hz, half as loud as it can be; a second channel is silent."""
    samples = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    frames = np.zeros((rate, channels))
    frames[:, 0] = samples
    with wave.open(str(tmp_path / "tone.wav"), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((frames * 32767).astype("<i2").tobytes())
    return tmp_path / "tone.wav"


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 1), (22050, 2), (48000, 1)])
def test_a_sound_is_resampled_to_the_rate_that_is_wanted(tmp_path, rate, channels):
    pytest.importorskip("soxr")
    interface = interface_of(model_of(("x", (1, 16000), "float32")))
    told: list[str] = []
    path = tone(tmp_path, rate, channels)
    heard = read_inputs(interface, [str(path)], tell=told.append, sample_rate=16000)["x"][0]
    expected = 0.5 / channels * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    # At its ends a filter knows half of what it needs.
    np.testing.assert_allclose(heard[500:-500], expected[500:-500], atol=2e-3)
    assert f"({rate} at {rate} Hz)" in told[0]
    assert "; resampled to 16000 Hz" in told[0]
    assert ("2 channels are averaged" in told[0]) == (channels == 2)


def test_resampling_without_its_library_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "soxr", None)
    interface = interface_of(model_of(("x", (1, 16000), "float32")))
    with pytest.raises(InputError, match=r'pip install "delegraph\[sound\]"'):
        read_inputs(interface, [str(tone(tmp_path, 8000))], sample_rate=16000)


def features_model(op: str) -> Model:
    """Return a model whose input of one axis is a picture of a sound, as its first op shows."""
    g = Builder()
    x = g.input((1, 1960), "float32", name="x")
    if op == "RESHAPE":
        y = g.op(op, [x, g.constant(np.int32([1, 49, 40, 1]))], [g.tensor((1, 49, 40, 1), "float32")])
    else:
        w = g.constant(np.zeros((4, 1960), np.float32))
        y = g.op(op, [x, w, None], [g.tensor((1, 4), "float32")])
    return g.model(outputs=[y])


@pytest.mark.parametrize("op", ["RESHAPE", "FULLY_CONNECTED"])
def test_a_model_that_wants_features_says_so(tmp_path, op):
    model = features_model(op)
    interface = interface_of(model)
    with pytest.raises(InputError, match=f"wants features, not samples: op #0 {op}"):
        read_inputs(interface, [str(tone(tmp_path, 16000))])


def test_integers_that_reach_far_are_features(tmp_path):
    interface = interface_of(model_of(("x", (1, 1960), "int8"), scale=0.1, zero_point=-128))
    with pytest.raises(InputError, match=r"it holds 0 to 25\.5, and samples are -1 to 1"):
        read_inputs(interface, [str(tone(tmp_path, 16000))])
