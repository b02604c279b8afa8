/* A convolution through local memory: a work-group computes ROWS x COLUMNS sums, each of its work-items
   ITEM_ROWS x ITEM_COLUMNS of them in registers.

   STEP lines of both factors at a time are brought to local memory; while they are multiplied the next are on
   their way to registers. A step reads STEP * (ROWS + COLUMNS) numbers of global memory for
   2 * STEP * ROWS * COLUMNS operations: with 64 x 64, 16 operations for a byte of float32. From local memory a
   work-item reads (ITEM_ROWS + ITEM_COLUMNS) / 4 vectors for ITEM_ROWS * ITEM_COLUMNS multiply-adds.
   Local memory: 4 * STEP * (ROWS + 4 + COLUMNS) bytes, 8.4 KB with 64 x 64 and a STEP of 16. Registers: with
   4 x 4 sums about 60, so that 4 work-groups of 256 share 64 Ki of them.

   With SPLITS > 1 the depth is cut, too, and each part stores its raw sums for itself. */

#define ACROSS (COLUMNS / ITEM_COLUMNS)
#define ITEMS (ROWS / ITEM_ROWS * ACROSS)
#define PITCH (ROWS + 4)  // of a line of x in local memory
#define X_QUADS (ROWS * STEP / 4 / ITEMS)  // that a work-item brings
#define W_QUADS (COLUMNS * STEP / 4 / ITEMS)
#define X_APART (ROWS / X_QUADS)  // rows between two quads of a work-item
#define W_APART (STEP / W_QUADS)  // lines between two quads of a work-item
#define VECTORS (ITEM_COLUMNS / 4)
#define BLOCKS (ITEM_ROWS / 4)

#define ELEMENT(window, k) \
  element(x, window, k, depth, group_channels, taps_x, dilation_y, dilation_x, height, width, x_channels)

// The number under tap and channel k of a window.
static inline F element(
    __global const REAL* x, int3 window, int k, int depth, int group_channels, int taps_x, int dilation_y,
    int dilation_x, int height, int width, int x_channels) {
  const int tap = k / group_channels, ky = tap / taps_x;
  const int at = k < depth ? TAP(window, ky, tap - ky * taps_x) : -1;
  return at < 0 ? (F)(0) : LOAD(x, at + k - tap * group_channels);
}

#define MULTIPLY(row, number) { \
  _Pragma("unroll") for (int v = 0; v < VECTORS; v++) part[row][v] = FMA((F4)(number), b[v], part[row][v]); }

__kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void convolution(WINDOW_PARAMS EPILOGUE_PARAMS) {
  __local F x_tile[STEP * PITCH] __attribute__((aligned(16)));  // (k, row)
  __local F w_tile[STEP * COLUMNS] __attribute__((aligned(16)));  // (k, column)
  const int item = get_local_id(0), tiles = (channels + COLUMNS - 1) / COLUMNS, number = get_group_id(0);
  const int first_m = number / tiles * ROWS, first_n = number % tiles * COLUMNS;
  const int group = get_group_id(1) / SPLITS, split = get_group_id(1) % SPLITS;
  const int steps = (depth + STEP - 1) / STEP, first = split * steps_each, last = min(first + steps_each, steps);
  const int x_k = item % (STEP / 4) * 4, x_row = item / (STEP / 4);
  const int w_n = item % (COLUMNS / 4) * 4, w_k = item / (COLUMNS / 4);
  const int down = item / ACROSS * 4, right = item % ACROSS * 4;
  x += group * group_channels;
  w += group * depth * padded;
  int3 windows[X_QUADS];
  #pragma unroll
  for (int q = 0; q < X_QUADS; q++) {
    const int m = first_m + x_row + q * X_APART;
    windows[q] = m < positions ? WINDOW(m) : OUTSIDE;
  }
  float4 total[ITEM_ROWS][VECTORS];
  #pragma unroll
  for (int r = 0; r < ITEM_ROWS; r++) {
    #pragma unroll
    for (int v = 0; v < VECTORS; v++) total[r][v] = (float4)(0);
  }
  F4 next_x[X_QUADS], next_w[W_QUADS];
  for (int step = first - 1; step < last; step++) {
    if (step + 1 < last) {
      const int k = (step + 1) * STEP + x_k;
#ifdef QUADS
#ifdef POINTWISE
      const int tap = 0, ky = 0, kx = 0;
#else
      const int tap = k / group_channels, ky = tap / taps_x, kx = tap - ky * taps_x;
#endif
      #pragma unroll
      for (int q = 0; q < X_QUADS; q++) {
        const int at = k < depth ? TAP(windows[q], ky, kx) : -1;
        next_x[q] = at < 0 ? (F4)(0) : LOADA4(x, at + k - tap * group_channels);
      }
#else
      #pragma unroll
      for (int q = 0; q < X_QUADS; q++)
        next_x[q] = (F4)(ELEMENT(windows[q], k), ELEMENT(windows[q], k + 1), ELEMENT(windows[q], k + 2),
                         ELEMENT(windows[q], k + 3));
#endif
      #pragma unroll
      for (int q = 0; q < W_QUADS; q++) {
        const int line = (step + 1) * STEP + w_k + q * W_APART, n = first_n + w_n;
        next_w[q] = line < depth && n < padded ? LOADA4(w, line * padded + n) : (F4)(0);
      }
    }
    if (step >= first) {
      F4 part[ITEM_ROWS][VECTORS];
      #pragma unroll
      for (int r = 0; r < ITEM_ROWS; r++) {
        #pragma unroll
        for (int v = 0; v < VECTORS; v++) part[r][v] = PART_OF(total[r][v]);
      }
      #pragma unroll
      for (int k = 0; k < STEP; k++) {
        F4 b[VECTORS];
        #pragma unroll
        for (int v = 0; v < VECTORS; v++)
          b[v] = *(__local const F4*)&w_tile[k * COLUMNS + v * (COLUMNS / VECTORS) + right];
        #pragma unroll
        for (int block = 0; block < BLOCKS; block++) {
          const F4 a = *(__local const F4*)&x_tile[k * PITCH + block * (ROWS / BLOCKS) + down];
          MULTIPLY(4 * block, a.x)
          MULTIPLY(4 * block + 1, a.y)
          MULTIPLY(4 * block + 2, a.z)
          MULTIPLY(4 * block + 3, a.w)
        }
      }
      #pragma unroll
      for (int r = 0; r < ITEM_ROWS; r++) {
        #pragma unroll
        for (int v = 0; v < VECTORS; v++) ADD_UP(total[r][v], part[r][v]);
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (step + 1 < last) {
      #pragma unroll
      for (int q = 0; q < X_QUADS; q++) {
        const int to = x_k * PITCH + x_row + q * X_APART;
        x_tile[to] = next_x[q].x;
        x_tile[to + PITCH] = next_x[q].y;
        x_tile[to + 2 * PITCH] = next_x[q].z;
        x_tile[to + 3 * PITCH] = next_x[q].w;
      }
      #pragma unroll
      for (int q = 0; q < W_QUADS; q++)
        *(__local F4*)&w_tile[(w_k + q * W_APART) * COLUMNS + w_n] = next_w[q];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
#if SPLITS > 1
  y += split * positions * out_channels;
#endif
  #pragma unroll
  for (int r = 0; r < ITEM_ROWS; r++) {
    const int m = first_m + r / 4 * (ROWS / BLOCKS) + down + r % 4;
    if (m < positions) {
      #pragma unroll
      for (int v = 0; v < VECTORS; v++)
        STORE_SUMS(m, first_n + v * (COLUMNS / VECTORS) + right, total[r][v]);
    }
  }
}
