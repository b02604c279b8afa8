/* Pools, for CPUs: for each output pixel, WIDTH channels at a time, the window is gone through.

   The last channels begin early enough to be whole: what overlaps is computed twice. */

__kernel void pool_2d(
    __global const X* restrict x, __global Y* restrict y,
    int items_across, int channels_per_item, int height, int width, int channels,
    int out_height, int out_width, int filter_height, int filter_width, int stride_y, int stride_x,
    int pad_top, int pad_left, float low, float scale EPILOGUE_PARAMS) {
  const int line = get_global_id(0) / items_across, first = get_global_id(0) % items_across * channels_per_item;
  const int image = line / out_height, top = (line - image * out_height) * stride_y - pad_top;
  const int y0 = max(top, 0), y1 = min(top + filter_height, height);
  for (int column = 0; column < out_width; column++) {
    const int left = column * stride_x - pad_left;
    const int x0 = max(left, 0), x1 = min(left + filter_width, width);
    for (int block = first; block < min(first + channels_per_item, channels); block += WIDTH) {
      const int c = min(block, channels - WIDTH);
      VECTOR v = (VECTOR)(START);
      for (int iy = y0; iy < y1; iy++)
        for (int ix = x0; ix < x1; ix++) {
          const VECTOR a = LOAD_VECTOR(x, ((image * height + iy) * width + ix) * channels + c);
          v = COMBINED(v, a);
        }
      const int n = (y1 - y0) * (x1 - x0);
#if NARROW
      v += (VECTOR)(low * SHIFT(n));
#endif
      v *= (VECTOR)(FACTOR(n));
      const int i = (line * out_width + column) * channels + c;
      STORE_VECTOR(y, PLACE(i, c), EPILOGUE_VECTOR(v, i, c));
    }
  }
}
