"""What kernels are written for: a device, a precision, and the OpenCL C that hides the difference."""

from __future__ import annotations

from typing import Any

from delegraph import field, frozen

from ..device.device import Device

_WIDTHS = (2, 4, 8, 16)
LARGEST_HALF = "65504.0f"


@frozen(eq=False)
class Target:
    """A device and how numbers are stored and computed on it."""

    device: Device
    half: bool = False  # real numbers are stored as float16
    variant: str = "cpu"  # which kernels: "cpu" (few long work-items) or "gpu" (many short ones)
    # Work-group sizes found by measuring, by whatever names them; the cache keeps what is put here. Values
    # are such as JSON knows: lists, not tuples.
    tuned: dict[str, Any] = field(factory=dict)
    tune: bool = False  # whether to measure what ``tuned`` lacks; if not, nothing of it is used
    # By which instructions convolutions multiply bfloat16, "amx" or "avx512"; "": they do not.
    bfloat16: str = ""

    @property
    def units(self) -> int:
        """Compute units: cores of a CPU."""
        return self.device.units

    @property
    def merges_launches(self) -> bool:
        """Whether many launches run as one kernel (see :mod:`delegraph_opencl.run.single_launch`).

        Intel's compiler takes several times longer for it, and what comes out is slower.
        """
        return self.variant == "cpu" and self.device.type == "cpu" and self.device.pocl is not None

    @property
    def stores_bytes(self) -> bool:
        """Whether values may be narrow (see :mod:`delegraph_opencl.program.narrow`)."""
        return self.variant == "cpu" and not self.half

    @property
    def real_size(self) -> int:
        """Bytes of a real number."""
        return 2 if self.half else 4

    def prelude(self, exact: bool = False) -> str:
        """Return the macros every kernel may use.

        ``REAL`` is how a real number is stored; ``F``, ``F2`` … ``F16`` compute. ``LOAD(p, i)``,
        ``LOAD4(p, i)`` read from element ``i`` of real numbers, ``STORE(p, i, v)``, ``STORE4`` write;
        ``LOADF`` … read float32 constants. ``LOADA4`` and ``STOREA4`` are for multiples of 4. On CPUs
        ``LOAD`` and ``STORE`` … also read and write bytes, those of narrow values. Where ``F``
        is half, ``HALF_ARITHMETIC`` is defined. ``LARGEST`` is the largest number that can be stored.
        ``FMA(a, b, c)`` is a * b + c in whichever form is fast
        here; ``ROUND(v)`` rounds to the nearest, ties to even, if |v| is below 2**22; what is larger stays
        about as it is. ``EXP(x)`` is the exponential, of one number or of a vector.

        :param exact: compute in float32 even where half precision is at hand: sums of integers.
        """
        half_arithmetic = self.half and self.device.has_fp16 and not exact
        lines = ["#pragma OPENCL EXTENSION cl_khr_fp16 : enable"] if self.device.has_fp16 else []
        f = "half" if half_arithmetic else "float"
        lines += [f"#define REAL {'half' if self.half else 'float'}", f"#define F {f}"]
        lines += [f"#define F{n} {f}{n}" for n in _WIDTHS]
        lines += [f"#define LARGEST {LARGEST_HALF if self.half else 'FLT_MAX'}"]
        lines += [f"#define TO_F{n}(v) convert_{f}{n}(v)" for n in _WIDTHS] + [f"#define TO_F(v) ({f})(v)"]
        lines += [f"#define TO_INT{n}(v) convert_int{n}(v)" for n in _WIDTHS] + [
            "#define TO_INT(v) (int)(v)"
        ]
        lines += ["#define HALF_ARITHMETIC"] if half_arithmetic else []
        lines += self._memory(half_arithmetic)
        fused = not self.device.slow_builtins
        lines += [f"#define FMA(a, b, c) {'fma(a, b, c)' if fused else '((a) * (b) + (c))'}"]
        # On PoCL rint is a call for each number. A sum with 1.5 * 2**23 has no digits behind the point.
        nearest = "rint(v)" if half_arithmetic else "(((v) + 12582912.0f) - 12582912.0f)"
        lines += [f"#define ROUND(v) {nearest}"]
        own = self.device.slow_builtins and not half_arithmetic
        lines += [_EXPONENTIAL if own else "#define EXP(x) exp(x)"]
        return "\n".join(lines) + "\n"

    def _memory(self, half_arithmetic: bool) -> list[str]:
        if not self.half:
            return [
                *_float_access(self.device, self.stores_bytes),
                *_aligned_access("float4"),
                *_float_loads("LOADF", self),
            ]
        convert = "convert_half" if half_arithmetic else ""
        lines = [
            "#define LOAD(p, i) " + ("(p)[i]" if half_arithmetic else "vload_half(i, p)"),
            "#define STORE(p, i, v) " + ("(p)[i] = (v)" if half_arithmetic else "vstore_half(v, i, p)"),
        ]
        for n in _WIDTHS:
            if half_arithmetic:
                lines += [f"#define LOAD{n}(p, i) vload{n}(0, (p) + (i))"]
                lines += [f"#define STORE{n}(p, i, v) vstore{n}(v, 0, (p) + (i))"]
            else:
                lines += _half_access(n)
        if half_arithmetic:
            lines += _aligned_access("half4")
        else:
            lines += ["#define LOADA4(p, i) vloada_half4(0, (p) + (i))"]
            lines += ["#define STOREA4(p, i, v) vstorea_half4(v, 0, (p) + (i))"]
        return [*lines, *_float_loads("LOADF", self, convert)]


# exp(x) = 2**n exp(r), n whole and r at most log(2) / 2: 1 + r (1 + r P(r)), to 2e-8. Below -87.3, where
# float32 has no whole precision left, it is 0. The exp of PoCL 3.0 is a call, and takes twice as long. The
# last bits of ``shifted_`` are n + 126, and ``half_`` is 2**n / 2.
_EXPONENTIAL = r"""
#define EXP(x) ({ \
  __typeof__(x) x_ = (x); \
  x_ = x_ > 89.0f ? (__typeof__(x_))(89.0f) : x_; \
  x_ = x_ < -87.5f ? (__typeof__(x_))(-87.5f) : x_; \
  const __typeof__(x_) shifted_ = FMA(x_, 1.44269504f, 12583038.0f), n_ = shifted_ - 12583038.0f; \
  const __typeof__(x_) half_ = \
      __builtin_astype(__builtin_astype(shifted_, __typeof__(x_ > x_)) << 23, __typeof__(x_)); \
  const __typeof__(x_) r_ = FMA(n_, -1.42860677e-6f, FMA(n_, -0.693145752f, x_)); \
  __typeof__(x_) p_ = FMA(FMA(1.38436444e-3f, r_, 8.37416295e-3f), r_, 4.16680016e-2f); \
  p_ = FMA(FMA(FMA(p_, r_, 0.166664317f), r_, 0.49999994f), r_, 1.0f); \
  p_ = FMA(half_ * r_, p_, half_); \
  p_ + p_; })
"""


def _half_access(n: int) -> list[str]:
    """Return loads and stores of ``n`` numbers stored as half anywhere.

    The bits go through a vector of integers: PoCL 3.1 takes what vload_half8 reads to be aligned, and
    dies where it is not.
    """
    return [
        f"static inline float{n} load_half{n}(__global const half* p) {{",
        f"  ushort{n} bits = vload{n}(0, (__global const ushort*)p);",
        f"  return vload_half{n}(0, (const half*)&bits);",
        "}",
        f"static inline void store_half{n}(__global half* p, float{n} v) {{",
        f"  ushort{n} bits;",
        f"  vstore_half{n}(v, 0, (half*)&bits);",
        f"  vstore{n}(bits, 0, (__global ushort*)p);",
        "}",
        f"#define LOAD{n}(p, i) load_half{n}((p) + (i))",
        f"#define STORE{n}(p, i, v) store_half{n}((p) + (i), v)",
    ]


def _aligned_access(vector: str) -> list[str]:
    """Return the access that a GPU has an instruction for: four numbers whose place is a multiple of 4."""
    return [
        f"#define LOADA4(p, i) (*(__global const {vector}*)((p) + (i)))",
        f"#define STOREA4(p, i, v) (*(__global {vector}*)((p) + (i)) = (v))",
    ]


def _float_access(device: Device, or_bytes: bool) -> list[str]:
    """Return loads and stores of float32 numbers.

    :param or_bytes: where the pointer is one to bytes, those are read and written.
    """
    load = "(float)(p)[i]" if or_bytes else "(p)[i]"
    lines = [f"#define LOAD(p, i) {load}", "#define STORE(p, i, v) (p)[i] = (v)"]
    for n in _WIDTHS:
        if device.pocl is not None:  # its vstore16 is three stores, and before 3.1 a call
            lines += [f"typedef float{n} float{n}_any __attribute__((aligned(4)));"]
            load = f"(*(__global const float{n}_any*)((p) + (i)))"
            store = f"(*(__global float{n}_any*)((p) + (i)) = (v))"
        else:
            load = f"vload{n}(0, (__global const float*)(p) + (i))"
            store = f"vstore{n}(v, 0, (__global float*)(p) + (i))"
        if or_bytes:
            lines += _byte_access(n, device)
            load = f"(sizeof(*(p)) == 1 ? load_bytes{n}((__global const uchar*)(p) + (i)) : {load})"
            store = f"(sizeof(*(p)) == 1 ? store_bytes{n}((__global uchar*)(p) + (i), v) : (void){store})"
        lines += [f"#define LOAD{n}(p, i) {load}", f"#define STORE{n}(p, i, v) {store}"]
    return lines


def _byte_access(n: int, device: Device) -> list[str]:
    """Return the functions that read and write ``n`` bytes as float32 numbers."""
    vector = f"uchar{n}"
    load, store = f"convert_float{n}(vload{n}(0, p))", f"vstore{n}(convert_{vector}(v), 0, p)"
    if device.pocl is not None:  # there vstore writes one byte after the other
        load = f"__builtin_convertvector(*(__global const {vector}_any*)p, float{n})"
        store = f"*(__global {vector}_any*)p = __builtin_convertvector(v, {vector})"
    return [
        f"typedef {vector} {vector}_any __attribute__((aligned(1)));",
        f"static inline float{n} load_bytes{n}(__global const uchar* p) {{ return {load}; }}",
        f"static inline void store_bytes{n}(__global uchar* p, float{n} v) {{ {store}; }}",
    ]


def _float_loads(load: str, target: Target, convert: str = "") -> list[str]:
    """Return loads of float32 constants, converted to the type that computes."""
    lines = [f"#define {load}(p, i) {convert}((p)[i])"]
    for n in _WIDTHS:
        if target.device.slow_builtins and not target.half:
            lines += [f"#define {load}{n}(p, i) (*(__global const float{n}_any*)((p) + (i)))"]
        else:
            to = f"{convert}{n}" if convert else ""
            lines += [f"#define {load}{n}(p, i) {to}(vload{n}(0, (p) + (i)))"]
    return lines
