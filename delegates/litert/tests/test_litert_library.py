"""Native delegates of LiteRT: loaded by path, given their options; what is wrong with one is said."""

from __future__ import annotations

import shutil
import subprocess

import numpy as np
import pytest
from delegraph import Builder, DelegateFailed, Interpreter, OptionError, load_delegate

litert = pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")

# A delegate that takes nothing, and writes into a file that it was created, asked and destroyed.
SOURCE = r"""
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
typedef struct Delegate {
  void* data;
  int (*prepare)(void*, struct Delegate*);
  void* functions[3];
  int64_t flags;
  void* builder;
} Delegate;
static const char* file;
static void note(const char* what) { FILE* f = fopen(file, "a"); fprintf(f, "%s\n", what); fclose(f); }
static int prepare(void* context, Delegate* delegate) { note("prepare"); return 0; }
Delegate* tflite_plugin_create_delegate(char** keys, char** values, size_t count,
                                        void (*report)(const char*)) {
  Delegate* made = calloc(1, 512);
  for (size_t i = 0; i < count; i++) {
    if (!strcmp(keys[i], "file")) file = strdup(values[i]);
    if (!strcmp(keys[i], "broken")) { report("no device is plugged in"); free(made); return 0; }
  }
  made->prepare = prepare;
  note("create");
  return made;
}
void tflite_plugin_destroy_delegate(Delegate* delegate) { note("destroy"); free(delegate); }
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("no C compiler is here to make a native delegate")
    folder = tmp_path_factory.mktemp("native")
    (folder / "stub.c").write_text(SOURCE)
    command = [compiler, "-shared", "-fPIC", "-o", str(folder / "libstub.so"), str(folder / "stub.c")]
    subprocess.run(command, check=True)
    return str(folder / "libstub.so")


def negation():
    g = Builder()
    return g.model([g.op("NEG", [g.input((3,), "float32")], [g.tensor((3,), "float32")])])


def test_a_native_delegate_is_made_with_its_options_asked_and_destroyed(library, tmp_path):
    said = tmp_path / "said"
    options = {"library": library, "library_options": f"file={said},speed=a=b"}
    with load_delegate("litert", options) as delegate:
        it = Interpreter(model=negation(), delegates=[delegate], require_full_delegation=True)
        assert np.array_equal(it(np.float32([1, -2, 3])), [-1, 2, -3])
    del it
    lines = said.read_text().split()
    assert lines.count("prepare") >= 1
    assert lines.count("create") == lines.count("destroy")


def test_one_that_finds_no_device_says_so(library, tmp_path):
    options = {"library": library, "library_options": (f"file={tmp_path / 'said'}", "broken=1")}
    delegate = load_delegate("litert", options)
    assert "no device is plugged in" in delegate.unavailable()


@pytest.mark.parametrize(
    ("name", "words"), [("libnowhere.so.9", "cannot be loaded"), ("libm.so.6", "is no delegate")]
)
def test_a_library_that_is_missing_or_no_delegate_is_named(name, words):
    delegate = load_delegate("litert", {"library": name})
    found = delegate.unavailable()
    assert name in found
    assert words in found
    it = Interpreter(model=negation(), delegates=[delegate])
    assert it.plan.partitions[0].label == "reference"


def test_a_program_s_call_for_a_library_lets_litert_load_it(library, tmp_path):
    said = tmp_path / "said"
    with load_delegate(library, {"file": said, "speed": 1}) as delegate:
        assert delegate.name == "litert"
        it = Interpreter(model=negation(), experimental_delegates=[delegate])
        assert np.array_equal(it(np.float32([1, -2, 3])), [-1, 2, -3])
    assert "prepare" in said.read_text().split()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # LiteRT's own __del__
@pytest.mark.parametrize("name", ["libQnnTFLiteDelegate.so", "libvx_delegate.so", "/opt/libhexagon.so"])
def test_a_program_s_call_for_a_library_that_is_not_here_fails_as_in_litert(name):
    with pytest.raises(ValueError, match=name) as ours:
        load_delegate(name, {"backend_type": "htp"})
    with pytest.raises(OSError, match=name):
        litert.load_delegate(name, {"backend_type": "htp"})
    assert isinstance(ours.value, OSError)


def test_preparing_with_such_a_library_raises_the_same():
    plain = load_delegate("litert")
    (partition,) = Interpreter(model=negation(), delegates=[plain]).plan.partitions
    with pytest.raises(DelegateFailed, match="cannot be loaded"):
        load_delegate("litert", {"library": "libnowhere.so.9"}).prepare(partition)


def compiled():
    g = Builder()
    x = g.input((1, 3), "uint8", scale=0.5, zero_point=128)
    y = g.tensor((1, 2), "uint8", scale=0.25, zero_point=3)
    return g.model([g.op("edgetpu-custom-op", [x], [y], custom_options=b"an executable")])


def test_what_was_compiled_for_an_edge_tpu_is_taken_with_a_library_alone(library):
    op = compiled().subgraphs[0].ops[0]
    assert load_delegate("litert", {"library": library}).table.row_for(op) is not None
    (refusal,) = load_delegate("litert").table.refusals(op)
    assert refusal.kind == "op"
    assert "library" in refusal.hint


def test_a_library_that_does_not_take_it_fails_with_litert_s_reason(library, tmp_path):
    options = {"library": library, "library_options": f"file={tmp_path / 'said'}"}
    with pytest.raises(DelegateFailed, match="edgetpu-custom-op"):
        Interpreter(model=compiled(), delegates=[load_delegate("litert", options)]).allocate_tensors()


def test_options_of_a_library_are_pairs():
    with pytest.raises(OptionError, match="key=value"):
        load_delegate("litert", {"library_options": "fast"})


@pytest.mark.parametrize(
    ("module", "package"), [("ai_edge_litert", "ai-edge-litert"), ("delegraph_reference",) * 2]
)
def test_what_is_missing_is_named(monkeypatch, module, package):
    from delegraph_litert import delegate as made

    there = made.find_spec
    monkeypatch.setattr(made, "find_spec", lambda name: None if name == module else there(name))
    if module == made.wheel.PACKAGE:
        monkeypatch.setattr(made.wheel, "is_installed", lambda: False)
    found = load_delegate("litert").unavailable()
    assert f"pip install {package.replace('_', '-')}" in found
