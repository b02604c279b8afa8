/* A convolution without local memory: a work-item computes ITEM_ROWS x ITEM_COLUMNS sums in registers.

   For GPUs whose local memory is no faster than their cache. Work-items that are neighbors along the channels
   read the same numbers of x, which a cache hands to all of them, and neighboring weights. For each 4 lines of
   the depth a work-item reads ITEM_ROWS + ITEM_COLUMNS vectors for 4 * ITEM_ROWS * ITEM_COLUMNS multiply-adds:
   with 4 x 8, 12 vectors for 128. Registers: with 4 x 8 sums about 70, 1,000 work-items on a compute unit
   with 64 Ki of them. */

#define VECTORS (ITEM_COLUMNS / 4)

#define MULTIPLY(line, component) { \
  F4 b[VECTORS]; \
  _Pragma("unroll") for (int v = 0; v < VECTORS; v++) b[v] = LOADA4(w, (line) * padded + n + 4 * v); \
  _Pragma("unroll") for (int r = 0; r < ITEM_ROWS; r++) { \
    _Pragma("unroll") for (int v = 0; v < VECTORS; v++) \
      part[r][v] = FMA((F4)(a[r] component), b[v], part[r][v]); \
  } }

#define ACROSS (COLUMNS / ITEM_COLUMNS)

__kernel __attribute__((reqd_work_group_size(ROWS / ITEM_ROWS * ACROSS, 1, 1)))
void convolution(WINDOW_PARAMS EPILOGUE_PARAMS) {
  const int item = get_local_id(0), tiles = (channels + COLUMNS - 1) / COLUMNS, number = get_group_id(0);
  const int first_m = number / tiles * ROWS + item / ACROSS * ITEM_ROWS, group = get_group_id(1);
  const int n = number % tiles * COLUMNS + item % ACROSS * ITEM_COLUMNS;
  if (n >= padded || first_m >= positions) return;
  x += group * group_channels;
  w += group * depth * padded;
  int3 windows[ITEM_ROWS];
  float4 total[ITEM_ROWS][VECTORS];
  #pragma unroll
  for (int r = 0; r < ITEM_ROWS; r++) {
    windows[r] = first_m + r < positions ? WINDOW(first_m + r) : OUTSIDE;
    #pragma unroll
    for (int v = 0; v < VECTORS; v++) total[r][v] = (float4)(0);
  }
  const int taps = depth / group_channels;
  for (int tap = 0; tap < taps; tap++) {
    const int ky = tap / taps_x, kx = tap - ky * taps_x;
    int at[ITEM_ROWS];
    #pragma unroll
    for (int r = 0; r < ITEM_ROWS; r++) at[r] = TAP(windows[r], ky, kx);
    for (int block = 0; block < group_channels; block += STEP) {
      F4 part[ITEM_ROWS][VECTORS];
      #pragma unroll
      for (int r = 0; r < ITEM_ROWS; r++) {
        #pragma unroll
        for (int v = 0; v < VECTORS; v++) part[r][v] = PART_OF(total[r][v]);
      }
      const int end = min(block + STEP, group_channels);
      for (int channel = block; channel < end; channel += EACH) {
        const int k = tap * group_channels + channel;
        VECTOR a[ITEM_ROWS];
        #pragma unroll
        for (int r = 0; r < ITEM_ROWS; r++) a[r] = at[r] < 0 ? (VECTOR)(0) : LOAD_VECTOR(x, at[r] + channel);
#ifdef QUADS
        MULTIPLY(k, .x)
        MULTIPLY(k + 1, .y)
        MULTIPLY(k + 2, .z)
        MULTIPLY(k + 3, .w)
#else
        MULTIPLY(k, )
#endif
      }
      #pragma unroll
      for (int r = 0; r < ITEM_ROWS; r++) {
        #pragma unroll
        for (int v = 0; v < VECTORS; v++) ADD_UP(total[r][v], part[r][v]);
      }
    }
  }
  #pragma unroll
  for (int r = 0; r < ITEM_ROWS; r++) {
    const int m = first_m + r;
    if (m < positions) {
      #pragma unroll
      for (int v = 0; v < VECTORS; v++) STORE_SUMS(m, n + 4 * v, total[r][v]);
    }
  }
}
