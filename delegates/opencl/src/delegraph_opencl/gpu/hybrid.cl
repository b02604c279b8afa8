/* Rows of numbers rounded to 8 bits, each by its own range, on GPUs: a work-group takes a part of a row. */

#define PARAMS \
  int tasks, int per_item, int parts, int each, int depth, int stride

#define TASK \
  const int task = get_group_id(0), lane = get_local_id(0), row = task / parts, begin = task % parts * each; \
  const int end = min(begin + each, depth); \
  __global const REAL* from = x + starts[row]

// Joins the ranges that the work-items of a group have found.
#define JOIN(low, high) \
  lows[lane] = low; \
  highs[lane] = high; \
  for (int count = GROUP / 2; count; count /= 2) { \
    barrier(CLK_LOCAL_MEM_FENCE); \
    if (lane < count) { \
      lows[lane] = LOWER(lows[lane], lows[lane + count]); \
      highs[lane] = MOST(highs[lane], highs[lane + count]); \
    } \
  } \
  barrier(CLK_LOCAL_MEM_FENCE)

// The range of a part, 0 in it.
#define FIND_RANGE \
  float low = 0, high = 0; \
  for (int k = begin + lane; k < end; k += GROUP) { \
    const float v = (float)LOAD(from, k * stride); \
    low = LOWER(low, v); \
    high = MOST(high, v); \
  } \
  JOIN(low, high);

__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void find_ranges(
    __global const REAL* restrict x, __global const int* restrict starts, __global float* restrict ranges, PARAMS) {
  __local float lows[GROUP], highs[GROUP];
  TASK;
  FIND_RANGE
  if (lane == 0) {
    ranges[2 * task] = lows[0];
    ranges[2 * task + 1] = highs[0];
  }
}

// Where a row is a single part, it has no range yet.
__kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void round_rows(
    __global const REAL* restrict x, __global const int* restrict starts, __global const float* restrict ranges,
    __global REAL* restrict y, __global float* restrict worth, PARAMS) {
  __local float lows[GROUP], highs[GROUP];
  TASK;
#if PARTS == 1
  FIND_RANGE
#else
  const int part = row * parts + (lane < parts ? lane : 0);
  JOIN(ranges[2 * part], ranges[2 * part + 1]);
#endif
  const float4 how = rounding(lows[0], highs[0]);
  if (begin == 0 && lane == 0) worth[row] = STEP_OF(lows[0], highs[0], how);
  for (int k = begin + lane; k < end; k += GROUP) {
    const float v = (float)LOAD(from, k * stride);
    STORE(y, row * depth + k, TO_F(ROUNDED(float, int, v, how)));
  }
}
