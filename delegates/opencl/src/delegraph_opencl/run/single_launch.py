"""Many launches as one kernel, for CPUs: there the pause between two launches takes longer than many an op.

Every kernel becomes a function, every launch a record of its arguments. Workers, one per core, take tasks
(work-items of a launch) from their share of each launch, then from the others' shares; a task begins once
all tasks of the launch before it are done. A worker waits only for tasks that somebody has already taken,
so even a single worker comes to the end. This counts on workers that make progress while others wait,
which OpenCL promises nowhere and CPUs do: never for a GPU. One that waits for long sleeps now and then: on
a busy machine the other one may have no core, and is given one the sooner the less both have used.

The workers are those of PoCL, or the calling thread and helpers, which come and go as they can: see
``helpers.py``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from delegraph import define, field, frozen

from ..program.launch import Launch, Passed, blocks, rounded_up

_LINE = 16  # numbers in a line of the cache: what one worker counts another one does not write beside
WORKERS, ALONE, LEFT = 1, 2, 2 * _LINE  # places in a control block
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
    """The one kernel, ``run``; its arguments are tape, counters, calls and ``buffers``.

    Where helpers may come, the control block stands in place of the counters; its address and the worker's
    number follow the calls. A helper, whose number is not 0, has no buffers.
    """

    source: str
    tape: np.ndarray  # int64
    calls: int
    workers: int
    buffers: list[Any] = field(factory=list)

    @property
    def counters(self) -> np.ndarray:
        """All of them 0, as each run leaves them."""
        return np.zeros(_LINE + (1 + self.workers) * rounded_up(self.calls, _LINE), np.int32)

    @property
    def control(self) -> np.ndarray:
        """The block by which a run and its helpers know of each other."""
        found = np.concatenate([np.zeros(12 * _LINE, np.int32), self.counters])
        found[WORKERS] = self.workers
        return found


def is_one_of_many(launch: Launch) -> bool:
    """Say whether a launch can be one of a single kernel's: its work-items are on their own."""
    return set(launch.local_size or (1,)) == {1} and _is_on_its_own(launch.source)


@lru_cache(maxsize=256)
def _is_on_its_own(source: str) -> bool:
    return not any(word in source for word in _TOGETHER)


def single_launch(calls: Sequence[Call], workers: int, helped: bool = False) -> SingleLaunch | None:
    """Return calls as one kernel; None where there are too many buffers, or arguments of another type.

    :param helped: one worker is the calling thread, which the others help
    """
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
    source = _source(calls, kernels, len(buffers), _HELPED if helped else _RUN)
    return SingleLaunch(source, tape, len(calls), workers, buffers)


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


def _source(calls: Sequence[Call], kernels: dict[tuple[str, str], int], buffers: int, kernel: str) -> str:
    args = {(call.source, call.name): call.args for call in calls}
    cases = (_case(name, i, args[source, name]) for (source, name), i in kernels.items())
    return "".join(
        [
            calls[0].prelude,
            "#define get_global_id(axis) ((axis) == 0 ? id0 : (axis) == 1 ? id1 : id2)\n",
            *(_function(source, i) for (source, _), i in kernels.items()),
            "#undef get_global_id\n",
            _WORK.replace("CASES", "\n".join(cases)),
            kernel.replace("BUFFERS", "".join(f", __global char* buffer{i}" for i in range(buffers)))
            .replace("LISTED", ", ".join(f"buffer{i}" for i in range(buffers)))
            .replace("HOW_MANY", str(buffers)),
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
# The counters: workers that left; in the next lines tasks of each launch that are done, and in those of
# each worker tasks taken of its share. An atomic operation orders all other memory accesses around it.
_WORK = """
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
#define WAIT_WHILE(condition) \\
  for (int spins = 0; condition; spins++) if (spins < SPINS) PAUSE; else { slept = 1; SLEEP }
#define LINE 16
#define LINES(calls) (((calls) + LINE - 1) / LINE * LINE)
#define EACH_ITEM for (int item = first; item < last; item++) { \\
  const int nx = record[4], ny = record[5], id0 = item % nx, id1 = item / nx % ny, id2 = item / nx / ny;
static int work(  // returns whether it slept
    __global const long* restrict tape, volatile __global int* counters, const int calls,
    const int workers, const int self, __global char** buffers) {
  int slept = 0;
  int before = 0;  // the launch before, at the head of its chain
  for (int at = 0; at < calls; at += 1 + (int)tape[tape[at] + 6]) {
    __global const long* head = tape + tape[at];
    volatile __global int* done = counters + LINE + at;
    const int tasks = head[1];
    int ready = at == 0;
    for (int i = 0; i < workers; i++) {  // its own share first: what it reads is often what it wrote
      const int owner = (self + i) % workers;
      const int begin = tasks * owner / workers, end = tasks * (owner + 1) / workers;
      volatile __global int* taken = done + (1 + owner) * LINES(calls);
      int finished = 0;
      while (*taken < end - begin) {
        const int task = begin + atomic_inc(taken);
        if (task >= end) break;
        if (!ready) {
          volatile __global int* earlier = counters + LINE + before;
          const int all = tape[tape[before] + 1];
          WAIT_WHILE(*earlier < all)
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
        finished++;
      }
      if (finished) atomic_add(done, finished);
    }
    before = at;
  }
  return slept;
}
static void clear(volatile __global int* counters, const int calls, const int workers) {
  for (int i = 0; i < LINE + (1 + workers) * LINES(calls); i++) counters[i] = 0;
}
"""
_RUN = """
__kernel void run(
    __global const long* restrict tape, volatile __global int* counters, int calls BUFFERS) {
  __global char* buffers[] = {LISTED};
  const int workers = get_num_groups(0);
  work(tape, counters, calls, workers, get_group_id(0), buffers);
  if (atomic_inc(counters) == workers - 1) clear(counters, calls, workers);  // the last to leave
}
"""
# The control block: how often a run has begun or ended, workers, runs that are to go without helpers, and
# how many these were at first; helpers in a run; helpers that left for good; where the tape and the buffers
# lie; then the counters. A helper is given its address alone: of buffers that two devices have, PoCL lets
# one wait for the other.
_CONTROL = """
#define TURNS control
#define WORKERS control[1]
#define ALONE control[2]
#define NEXT_ALONE control[3]
#define INSIDE (control + LINE)
#define LEFT (control + 2 * LINE)
#define PLACES ((volatile __global long*)(control + 3 * LINE))
#define COUNTERS (control + 12 * LINE)  // behind 1 + _MOST_BUFFERS places
"""
_HELPED = (
    _CONTROL
    + """
#define PATIENCE 4000  // about 0.2 ms
#define LEAST 8  // runs without helpers after one that had to sleep: other programs need their cores;
#define MOST 256  // each time twice as many as the time before
static void lead(
    __global const long* restrict tape, volatile __global int* control, const int calls,
    __global char** buffers) {
  const int workers = WORKERS;
  PLACES[0] = (long)(size_t)tape;
  for (int i = 0; i < HOW_MANY; i++) PLACES[1 + i] = (long)(size_t)buffers[i];
  if (ALONE) {
    ALONE--;
    work(tape, COUNTERS, calls, workers, 0, buffers);
    clear(COUNTERS, calls, workers);
    return;
  }
  atomic_inc(TURNS);  // odd: helpers may come in
  int slept = work(tape, COUNTERS, calls, workers, 0, buffers);
  int last = 0;
  for (int at = 0; at < calls; at += 1 + (int)tape[tape[at] + 6]) last = at;
  volatile __global int* done = COUNTERS + LINE + last;
  const int all = tape[tape[last] + 1];
  WAIT_WHILE(*done < all)
  atomic_inc(TURNS);  // even: who comes now goes away again
  WAIT_WHILE(*INSIDE > 0)
  atomic_add(done, 0);
  clear(COUNTERS, calls, workers);
  NEXT_ALONE = slept ? min(max(2 * NEXT_ALONE, LEAST), MOST) : NEXT_ALONE / 2;
  if (slept) ALONE = NEXT_ALONE;
}
static void help(
    volatile __global int* control, const int calls, const int self, __global char** buffers) {
  int last = 0;
  for (int spins = 0; spins < PATIENCE; spins++) {
    const int turn = *TURNS;
    if (!(turn & 1) || turn == last) {
      PAUSE;
      continue;
    }
    atomic_inc(INSIDE);
    if (atomic_add(TURNS, 0) == turn) {  // and it stays so until this helper is out
      for (int i = 0; i < HOW_MANY; i++) buffers[i] = (__global char*)(size_t)PLACES[1 + i];
      work((__global const long*)(size_t)PLACES[0], COUNTERS, calls, WORKERS, self, buffers);
    }
    atomic_dec(INSIDE);
    last = turn;
    spins = 0;
  }
  atomic_inc(LEFT);
}
__kernel void run(
    __global const long* restrict tape, volatile __global int* control, int calls,
    ulong address, int self BUFFERS) {
  __global char* buffers[] = {LISTED};
  if (self) help((volatile __global int*)(size_t)address, calls, self, buffers);
  else lead(tape, control, calls, buffers);
}
"""
)
