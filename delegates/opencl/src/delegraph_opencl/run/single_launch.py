"""Many launches as one kernel, for CPUs: there the pause between two launches takes longer than many an op.

Every kernel becomes a function, every launch a record of its arguments. Workers, one per core, take tasks
(work-items of a launch) from their share of each launch, then from the others' shares; a task begins once
all tasks of the launch before it are done. A worker waits only for tasks that somebody has already taken,
so even a single worker comes to the end. This counts on workers that make progress while others wait,
which OpenCL promises nowhere and CPUs do: never for a GPU. One that waits for long sleeps now and then: on
a busy machine the other one may have no core, and is given one the sooner the less both have used.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from delegraph import define, field, frozen

from ..program.launch import Launch, Passed, blocks

_TASKS = 16  # of a launch, per worker: enough to share out the work evenly
_MOST_BUFFERS = 64  # each is an argument of the kernel
_RECORD = 7  # numbers of a record before its arguments: see ``_RUN``
_ARGUMENT = 3  # numbers of each argument
_TOGETHER = ("barrier", "__local", "get_local_id", "get_group_id", "get_num_groups", "get_global_size")
_KERNEL = re.compile(r"__kernel\s+void\s+(\w+)\s*\(")
# Not inlined, since compilers take several times longer for one large function.
_FUNCTION = "__attribute__((noinline)) static void"
# What a program defines outside its kernels: each kernel's source gets names of its own.
_MACRO = re.compile(r"^[ \t]*#[ \t]*define[ \t]+(\w+)", re.MULTILINE)
_HELPER = re.compile(r"^(?:static|inline|__constant)\b[^;{}()=]*?\b(\w+)\s*[\[(]", re.MULTILINE)


@frozen(hash=False)
class At:
    """Some bytes of a buffer: an argument."""

    buffer: Any  # or something that stands for one
    offset: int = 0
    nbytes: int = 0


@frozen(hash=False)
class Call:
    """A launch as the single kernel needs it."""

    prelude: str  # what all calls have in common
    source: str  # its defines and its OpenCL C
    name: str
    args: tuple[At | np.generic, ...]
    global_size: tuple[int, ...]
    chained: bool = False  # a work-item runs right behind the same one of the call before it
    passed: tuple[Passed, ...] = ()  # as in a launch


@define(eq=False)
class SingleLaunch:
    """The one kernel, ``run``; its arguments are tape, counters, calls and ``buffers``."""

    source: str
    tape: np.ndarray  # int64
    calls: int
    workers: int
    buffers: list[Any] = field(factory=list)

    @property
    def counters(self) -> np.ndarray:
        return np.zeros(1 + self.calls * (1 + self.workers), np.int32)


def is_one_of_many(launch: Launch) -> bool:
    """Say whether a launch can be one of a single kernel's: its work-items are on their own."""
    return set(launch.local_size or (1,)) == {1} and _is_on_its_own(launch.source)


@lru_cache(maxsize=256)
def _is_on_its_own(source: str) -> bool:
    return not any(word in source for word in _TOGETHER)


def single_launch(calls: Sequence[Call], workers: int) -> SingleLaunch | None:
    """Return calls as one kernel; None where there are too many buffers, or arguments of another type."""
    numbers = {id(a.buffer): a.buffer for call in calls for a in call.args if isinstance(a, At)}
    if len(numbers) > _MOST_BUFFERS or not all(map(_is_simple, calls)):
        return None
    buffers = list(numbers.values())
    kernels: dict[tuple[str, str], int] = {}
    for call in calls:
        kernels.setdefault((call.source, call.name), len(kernels))
    links = [_links(calls, i) for i in range(len(calls))]
    records = [
        _record(call, kernels[call.source, call.name], buffers, workers, n)
        for call, n in zip(calls, links, strict=True)
    ]
    starts = np.cumsum([0, *map(len, records)])
    tape = np.concatenate([starts[:-1] + len(calls), *records]).astype(np.int64)
    return SingleLaunch(_source(calls, kernels, len(buffers)), tape, len(calls), workers, buffers)


def _is_simple(call: Call) -> bool:
    return all(isinstance(a, (At, np.integer, np.float32)) for a in call.args)


def _links(calls: Sequence[Call], at: int) -> int:
    """Return how many calls are chained to one."""
    rest = (i for i in range(at + 1, len(calls)) if not calls[i].chained)
    return next(rest, len(calls)) - at - 1


def _record(call: Call, kernel: int, buffers: Sequence[Any], workers: int, links: int) -> np.ndarray:
    x, y, z = (*call.global_size, 1, 1)[:3]
    in_chain = call.chained or links > 0  # a work-item writes over the rows of the one before it
    tasks = _TASKS * workers if workers > 1 else 1  # nobody to share the work with
    per_task = 1 if in_chain else max(blocks(x * y * z, tasks), 1)
    head = (kernel, blocks(x * y * z, per_task), per_task, x * y * z, x, y, links)
    at = {id(b): i for i, b in enumerate(buffers)}
    args = [at[id(a.buffer)] << 48 | a.offset if isinstance(a, At) else _bits(a) for a in call.args]
    found = np.zeros((len(args), _ARGUMENT), np.int64)
    found[:, 0] = args
    for p in call.passed:
        found[p.number] += (p.before, p.item, p.worker)
    return np.concatenate([head, found.reshape(-1)]).astype(np.int64)


def _bits(number: np.generic) -> int:
    bits = number.view(np.int32) if isinstance(number, np.float32) else number
    return int(np.int64(bits.astype(np.uint64).view(np.int64)) if isinstance(number, np.uint64) else bits)


def _source(calls: Sequence[Call], kernels: dict[tuple[str, str], int], buffers: int) -> str:
    args = {(call.source, call.name): call.args for call in calls}
    return "".join(
        [
            calls[0].prelude,
            "#define get_global_id(axis) ((axis) == 0 ? id0 : (axis) == 1 ? id1 : id2)\n",
            *(_function(source, i) for (source, _), i in kernels.items()),
            "#undef get_global_id\n",
            _RUN.replace("BUFFERS", "".join(f", __global char* buffer{i}" for i in range(buffers)))
            .replace("LISTED", ", ".join(f"buffer{i}" for i in range(buffers)))
            .replace(
                "CASES",
                "\n".join(_case(name, i, args[source, name]) for (source, name), i in kernels.items()),
            ),
        ]
    )


def _function(source: str, number: int) -> str:
    """Return a kernel's source with its kernels as functions, and all names its own."""
    text = _KERNEL.sub(rf"{_FUNCTION} \1_{number}(const int id0, const int id1, const int id2, ", source)
    macros = dict.fromkeys(_MACRO.findall(source))
    helpers = [name for name in dict.fromkeys(_HELPER.findall(source)) if name not in macros]
    return "".join(
        [
            *(f"#define {name} {name}_{number}\n" for name in helpers),
            text,
            *(f"\n#undef {name}" for name in (*helpers, *macros)),
            "\n",
        ]
    )


def _case(name: str, number: int, args: Sequence[At | np.generic]) -> str:
    given = ", ".join(_argument(a, _RECORD + _ARGUMENT * i) for i, a in enumerate(args))
    return f"      case {number}: EACH_ITEM {name}_{number}(id0, id1, id2, {given}); }} break;"


def _argument(arg: At | np.generic, i: int) -> str:
    if isinstance(arg, At):
        begin = f"buffers[record[{i}] >> 48] + (record[{i}] & 0xffffffffffff)"
        return f"(__global void*)({begin} + self * record[{i + 2}] - item * record[{i + 1}])"
    return f"record[{i}]" if isinstance(arg, np.integer) else f"as_float((int)record[{i}])"


# The tape: where each launch's record begins, then the records: kernel, tasks, work-items per task,
# work-items, their number along the first and the second axis, launches chained to it, and the arguments:
# buffer << 48 | byte, or a number; then what ``Passed`` says of item and worker, or 0 and 0. A task of a
# chain is one work-item of each of its launches.
# The counters: workers that left; then for each launch tasks that are done, and tasks taken of each
# worker's share. An atomic operation orders all other memory accesses around it.
_RUN = """
#if defined(__x86_64__)
#define PAUSE __builtin_ia32_pause()
#else
#define PAUSE
#endif
#define SPINS 2000  // about 0.1 ms: more than cores that are their own wait for each other
#if defined(__x86_64__) && defined(__linux__)
#define SLEEP { \\
  const long nanosleep = 35, interval[] = {0, 20000};  /* seconds, nanoseconds */ \\
  long done = nanosleep; \\
  __asm__ volatile("syscall" : "+a"(done) : "D"(interval), "S"(0L) : "rcx", "r11", "memory"); \\
}
#else
#define SLEEP PAUSE;
#endif
#define EACH_ITEM for (int item = first; item < last; item++) { \\
  const int nx = record[4], ny = record[5], id0 = item % nx, id1 = item / nx % ny, id2 = item / nx / ny;
__kernel void run(
    __global const long* restrict tape, volatile __global int* counters, int calls BUFFERS) {
  __global char* buffers[] = {LISTED};
  const int workers = get_num_groups(0), self = get_group_id(0), line = workers + 1;
  int before = 0;  // the launch before, at the head of its chain
  for (int at = 0; at < calls; at += 1 + (int)tape[tape[at] + 6]) {
    __global const long* head = tape + tape[at];
    volatile __global int* done = counters + 1 + at * line;
    volatile __global int* taken = done + 1;
    const int tasks = head[1];
    int ready = at == 0;
    for (int i = 0; i < workers; i++) {  // its own share first: what it reads is often what it wrote
      const int owner = (self + i) % workers;
      const int begin = tasks * owner / workers, end = tasks * (owner + 1) / workers;
      while (taken[owner] < end - begin) {
        const int task = begin + atomic_inc(&taken[owner]);
        if (task >= end) break;
        if (!ready) {
          volatile __global int* earlier = counters + 1 + before * line;
          const int all = tape[tape[before] + 1];
          for (int spins = 0; *earlier < all; spins++) if (spins < SPINS) PAUSE; else SLEEP
          atomic_add(earlier, 0);
          ready = 1;
        }
        for (int link = 0; link <= (int)head[6]; link++) {
          __global const long* record = tape + tape[at + link];
          const int first = task * (int)record[2], last = min(first + (int)record[2], (int)record[3]);
          switch ((int)record[0]) {
CASES
          }
        }
        atomic_inc(done);
      }
    }
    before = at;
  }
  if (atomic_inc(counters) == workers - 1)  // the last to leave: ready for the next run
    for (int i = 0; i <= calls * line; i++) counters[i] = 0;
}
"""
