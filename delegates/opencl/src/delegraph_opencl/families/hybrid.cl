/* Rows of numbers rounded to 8 bits, each by its own range, on CPUs. Rows are cut into parts of ``each``. */

#define PARAMS \
  int tasks, int per_item, int parts, int each, int depth, int stride

// A task is a part of a row: elements k to end, from ``from`` on.
#define EACH_TASK \
  const int first = get_global_id(0) * per_item, last = min(first + per_item, tasks); \
  for (int task = first; task < last; task++)
#define TASK \
  const int row = task / parts, end = min(task % parts * each + each, depth); \
  int k = task % parts * each; \
  __global const REAL* from = x + starts[row]

// Goes through a part, 16 numbers at once where they lie side by side; the last ones are gone through twice.
#if SIDE_BY_SIDE
#define EACH_NUMBER(MANY, ONE) \
  if (end - k >= 16) \
    for (; k < end; k = k + 16 < end ? min(k + 16, end - 16) : end) { \
      const float16 v = convert_float16(LOAD16(from, k)); \
      MANY; \
    } \
  for (; k < end; k++) { \
    const float v = (float)LOAD(from, k); \
    ONE; \
  }
#else
#define EACH_NUMBER(MANY, ONE) \
  for (; k < end; k++) { \
    const float v = (float)LOAD(from, k * stride); \
    ONE; \
  }
#endif

// The range of a part, 0 in it.
#define FIND_RANGE \
  float16 lows = 0, highs = 0; \
  float low = 0, high = 0; \
  EACH_NUMBER(lows = LOWER(lows, v); highs = MOST(highs, v), low = LOWER(low, v); high = MOST(high, v)) \
  for (int i = 0; i < 16; i++) { \
    low = LOWER(low, ((const float*)&lows)[i]); \
    high = MOST(high, ((const float*)&highs)[i]); \
  }

__kernel void find_ranges(
    __global const REAL* restrict x, __global const int* restrict starts, __global float* restrict ranges, PARAMS) {
  EACH_TASK {
    TASK;
    FIND_RANGE
    ranges[2 * task] = low;
    ranges[2 * task + 1] = high;
  }
}

// Where a row is a single part, it has no range yet.
__kernel void round_rows(
    __global const REAL* restrict x, __global const int* restrict starts, __global const float* restrict ranges,
    __global STORED* restrict y, __global float* restrict worth, PARAMS) {
  EACH_TASK {
    TASK;
#if PARTS == 1
    FIND_RANGE
    k = 0;
#else
    float low = 0, high = 0;
    for (int part = 0; part < parts; part++) {
      low = LOWER(low, ranges[2 * (row * parts + part)]);
      high = MOST(high, ranges[2 * (row * parts + part) + 1]);
    }
#endif
    const float4 how = rounding(low, high);
    if (k == 0) worth[row] = STEP_OF(low, high, how);
    __global STORED* to = y + row * depth;
    EACH_NUMBER(
        STORE16(to, k, TO_F16(ROUNDED(float16, int16, v, how) - LOWEST)),
        STORE(to, k, TO_F(ROUNDED(float, int, v, how) - LOWEST)))
  }
}
