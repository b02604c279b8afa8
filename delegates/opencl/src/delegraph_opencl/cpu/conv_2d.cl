/* Convolutions as products of matrices, for CPUs: a row is an output pixel, a column an output channel.

   A tile of ROWS x 16 VECTORS sums stays in registers, as many as the CPU has: see tiles.py. Each step along the
   depth reads one line of a panel of weights and one number from each row. A work-item computes some rows and
   some panels; within blocks of rows that fit the cache each panel is read once. Work-items by rows may overlap:
   see chain.py.

   What lies past the end is computed twice. Only channels that are no whole vector (NARROW) are
   stored one by one; of at most 8 a vector has 8 (EIGHT).

   Where many tiles pass by a panel, they bring the next one into the second cache meanwhile: each tile two of
   the 4 VECTORS lines that 4 steps will read. A single row has the CPU read some steps ahead.

   w: (group, panel, depth, 16 VECTORS), panels as in convolution.py. */

#ifdef __clang__
#define PREFETCH(p) __builtin_prefetch((const void*)(size_t)(p), 0, 2)
#else
#define PREFETCH(p)
#endif

__kernel void conv_2d(
    __global const REAL* restrict x, __global const WEIGHT* restrict w, __global STORED* restrict y,
    __global const REAL* restrict zeros,
    int rows, int depth, int channels,  // of the product; channels of a group
    int rows_per_item, int rows_apart, int rows_before, int rows_per_block, int channels_per_item, int prefetches,
    int height, int width, int x_channels, int group_channels, int out_height, int out_width, int out_channels,
    int stride_y, int stride_x, int dilation_y, int dilation_x, int pad_top, int pad_left,
    int taps_y, int taps_x, int reach_y, int reach_x
    EPILOGUE_PARAMS) {
  const int begin = get_global_id(0) * rows_apart - rows_before;
  const int first_row = max(begin, 0), last_row = min(begin + rows_per_item, rows);
  const int first_n = get_global_id(1) * channels_per_item, last_n = min(first_n + channels_per_item, channels);
  const int group = get_global_id(2), panel = 16 * VECTORS;
  x += group * group_channels;
  w += group * ((channels + panel - 1) / panel * panel * depth);
  for (int block = first_row; block < last_row; block += rows_per_block)
    for (int n = first_n; n < last_n; n += panel)
      for (int tile = block; tile < min(block + rows_per_block, last_row); tile += ROWS) {
        const int m = min(tile, last_row - ROWS);
        __global const WEIGHT* p = w + n * depth;
#ifdef POINTWISE
        __global const WEIGHT* next = p + (prefetches ? panel * depth + 32 * (tile / ROWS % (2 * VECTORS)) : 0);
#endif
        __global const REAL* from[ROWS];
        SUMS sum[ROWS][VECTORS];
        CLEAR_SUMS
        BEGIN_WINDOWS
        EACH_TAP {
          FIND_TAP(PIXELS_OR(zeros))
          #pragma unroll UNROLL
          for (int k = 0; k < group_channels; k++, p += 16 * VECTORS) {
#ifdef POINTWISE
#if ROWS == 1
            EACH_VECTOR PREFETCH(p + 16 * v + 2048);
#else
            if (k % 4 == 0) {
              PREFETCH(next + k * 16 * VECTORS);
              PREFETCH(next + k * 16 * VECTORS + 16);
            }
#endif
#endif
            ADD_STEP(LOAD(from[r], k))
          }
        }
        STORE_SUMS(m, n, group * channels, out_channels)
      }
}
