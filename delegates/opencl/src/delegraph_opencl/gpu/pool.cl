/* Pools, on GPUs: a work-item finds 4 channels of a result; of large windows, SLICES work-items share one.

   Work-items that are neighbors along the channels read neighbors in memory. A result takes one operation for
   each 4 bytes of float32 that are read: memory is what limits. A work-group holds LANES results of 4 channels
   and LANES * SLICES work-items; local memory: 16 * LANES * SLICES bytes if SLICES > 1.
   COMBINED has to be a sum or a largest number: in any order the same. */

__kernel __attribute__((reqd_work_group_size(LANES * SLICES, 1, 1)))
void pool(
    __global const REAL* restrict x, __global REAL* restrict y, int positions, int height, int width,
    int out_channels, int rows, int columns, int taps_y, int taps_x, int stride_y, int stride_x, int pad_top,
    int pad_left, float scale EPILOGUE_PARAMS) {
  const int item = get_local_id(0), lane = item % LANES, slice = item / LANES;
  const int quads = (out_channels + 3) / 4, number = get_group_id(0) * LANES + lane, m = number / quads;
  const int first = (number - m * quads) * 4, group = 0, channels = out_channels;
  const int line = m / columns, image = line / rows;
  const int top = (line - image * rows) * stride_y - pad_top, left = (m - line * columns) * stride_x - pad_left;
  // The part of the window that lies inside of the image.
  const int y0 = max(top, 0), x0 = max(left, 0), high = min(top + taps_y, height) - y0;
  const int wide = min(left + taps_x, width) - x0, count = high * wide;
  float4 found = (float4)(START);
  if (m < positions)
    for (int t = slice; t < count; t += SLICES) {
      const int row = t / wide, at = ((image * height + y0 + row) * width + x0 + t - row * wide) * out_channels;
      const float4 v = convert_float4(LOAD_CHANNELS(x, at + first));
      found = COMBINED(found, v);
    }
#if SLICES > 1
  __local float4 parts[LANES * SLICES];
  parts[item] = found;
  for (int apart = SLICES / 2; apart > 0; apart /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (slice < apart) parts[item] = COMBINED(parts[item], parts[item + apart * LANES]);
  }
  found = parts[lane];
#endif
  if (m < positions && slice == 0) STORE_SUMS(m, first, found * (float4)(FACTOR(count)));
}
