/* A few rows times a matrix: SLICES work-items share the depth of a column and put it together in local memory.

   LANES neighbors read 4 columns each, side by side, so that a line of a work-group's weights is 16 * LANES
   bytes of float32, and 4 * LANES columns are computed by LANES * SLICES work-items: with 8 and 32, 256 of them
   for 32 columns. Every weight is read once; its 4 bytes take 2 * ITEM_ROWS operations, so memory is what limits.
   Local memory: 16 * LANES * SLICES bytes. */

__kernel __attribute__((reqd_work_group_size(LANES * SLICES, 1, 1)))
void convolution(WINDOW_PARAMS EPILOGUE_PARAMS) {
  __local float4 parts[SLICES * LANES];
  const int item = get_local_id(0), lane = item % LANES, slice = item / LANES, group = 0;
  const int tiles = (channels + 4 * LANES - 1) / (4 * LANES), number = get_group_id(0);
  const int n = (number % tiles * LANES + lane) * 4, first_m = number / tiles * ITEM_ROWS;
  float4 total[ITEM_ROWS];
  int from[ITEM_ROWS];
  #pragma unroll
  for (int r = 0; r < ITEM_ROWS; r++) {
    from[r] = min(first_m + r, positions - 1) * depth;
    total[r] = (float4)(0);
  }
  if (n < padded)
    for (int k = slice; k < depth; k += SLICES) {
      const float4 b = convert_float4(LOADA4(w, k * padded + n));
      #pragma unroll
      for (int r = 0; r < ITEM_ROWS; r++) total[r] = FMA((float4)((float)LOAD(x, from[r] + k)), b, total[r]);
    }
  #pragma unroll
  for (int r = 0; r < ITEM_ROWS; r++) {
    parts[item] = total[r];
    for (int apart = SLICES / 2; apart > 0; apart /= 2) {
      barrier(CLK_LOCAL_MEM_FENCE);
      if (slice < apart) parts[item] += parts[item + apart * LANES];
    }
    const int m = first_m + r;
    if (slice == 0 && m < positions) STORE_SUMS(m, n, parts[lane]);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}
