/* Depthwise convolution, on GPUs: a work-item computes 4 channels of PIXELS neighbors in a line.

   Work-items that are neighbors along the channels read neighbors in memory. What lies under the tile in a line
   is loaded once and multiplied wherever it is under a tap: with 3 taps, stride 1 and 4 pixels, 6 vectors a line
   in place of 12. A result takes TAPS multiply-adds and, with float32, 4 bytes written and 4 to 16 read: memory
   is what limits, so there are many small work-items, of about 40 registers.

   w: (taps_y, KERNEL_X, padded). */

#define UNDER ((PIXELS - 1) * STRIDE_X + (KERNEL_X - 1) * DILATION_X + 1)

__kernel void depthwise(
    __global const REAL* restrict x, __global const REAL* restrict w, __global REAL* restrict y,
    int lines, int height, int width, int x_channels, int out_channels, int padded, int out_height, int out_width,
    int stride_y, int dilation_y, int pad_top, int pad_left, int taps_y EPILOGUE_PARAMS) {
  const int quads = (out_channels + 3) / 4, tiles = (out_width + PIXELS - 1) / PIXELS;
  const int tile = get_global_id(0) / quads, line = tile / tiles;
  const int c = (get_global_id(0) - tile * quads) * 4, column = (tile - line * tiles) * PIXELS;
  if (line >= lines) return;
  const int image = line / out_height, top = (line - image * out_height) * stride_y - pad_top;
  const int left = column * STRIDE_X - pad_left;
  float4 total[PIXELS];
  #pragma unroll
  for (int t = 0; t < PIXELS; t++) total[t] = (float4)(0);
  for (int ky = 0; ky < taps_y; ky++) {
    const int iy = top + ky * dilation_y;
    if ((uint)iy >= (uint)height) continue;
    __global const REAL* from = x + (image * height + iy) * width * x_channels;
    F4 part[PIXELS];
    #pragma unroll
    for (int t = 0; t < PIXELS; t++) part[t] = PART_OF(total[t]);
#if PIXELS == 1
    for (int kx = 0; kx < KERNEL_X; kx++) {
      const int ix = left + kx * DILATION_X;
      if ((uint)ix < (uint)width)
        part[0] = FMA(LOAD_CHANNELS(from + ix * x_channels, c), LOADA4(w, (ky * KERNEL_X + kx) * padded + c), part[0]);
    }
#else
    F4 v[UNDER];
    #pragma unroll
    for (int j = 0; j < UNDER; j++) {
      const int ix = left + j;
      v[j] = (uint)ix < (uint)width ? LOAD_CHANNELS(from + ix * x_channels, c) : (F4)(0);
    }
    #pragma unroll
    for (int kx = 0; kx < KERNEL_X; kx++) {
      const F4 tap = LOADA4(w, (ky * KERNEL_X + kx) * padded + c);
      #pragma unroll
      for (int t = 0; t < PIXELS; t++) part[t] = FMA(v[t * STRIDE_X + kx * DILATION_X], tap, part[t]);
    }
#endif
    #pragma unroll
    for (int t = 0; t < PIXELS; t++) ADD_UP(total[t], part[t]);
  }
  const int group = 0, channels = out_channels;
  #pragma unroll
  for (int t = 0; t < PIXELS; t++)
    if (column + t < out_width) STORE_SUMS(line * out_width + column + t, c, total[t]);
}
