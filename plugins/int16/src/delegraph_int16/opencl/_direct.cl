/* Convolutions of int16, exact, as they are defined: a work-item computes WIDTH channels of some pixels.

   For a GPU with WIDTH 1, where neighbors compute neighboring channels, so that weights are read side by side;
   and for what is rare on a CPU. With TRANSPOSED each input pixel spreads the filters over the output: an output
   pixel goes through the taps that reach it.

   w: (taps_y, taps_x, depth, out_channels). */

__kernel void direct(
    __global const short* restrict x, __global const WEIGHT* restrict w, __global short* restrict y,
    int items, int pixels_per_item, int pixels, int height, int width, int x_channels, int depth,
    int out_height, int out_width, int out_channels, int group_out,  // output channels of a group
    int stride_y, int stride_x, int dilation_y, int dilation_x, int pad_top, int pad_left, int taps_y, int taps_x
    SUM_PARAMS) {
  const int across = (group_out + WIDTH - 1) / WIDTH * (out_channels / group_out);
  const int item = get_global_id(0);
  if (item >= items) return;
  const int per_group = (group_out + WIDTH - 1) / WIDTH, block = item % across, group = block / per_group;
  const int c = group * group_out + min(block % per_group * WIDTH, group_out - WIDTH);
  const int first = item / across * pixels_per_item;
  for (int pixel = first; pixel < min(first + pixels_per_item, pixels); pixel++) {
    const int line = pixel / out_width, column = pixel - line * out_width, image = line / out_height;
    const int row = line - image * out_height;
    SUMS sum = (SUMS)(0);
    for (int ky = 0; ky < taps_y; ky++) {
#ifdef TRANSPOSED
      const int down = row + pad_top - ky * dilation_y, iy = down / stride_y;
      if (down < 0 || iy * stride_y != down || iy >= height) continue;
#else
      const int iy = row * stride_y - pad_top + ky * dilation_y;
      if ((uint)iy >= (uint)height) continue;
#endif
      for (int kx = 0; kx < taps_x; kx++) {
#ifdef TRANSPOSED
        const int right = column + pad_left - kx * dilation_x, ix = right / stride_x;
        if (right < 0 || ix * stride_x != right || ix >= width) continue;
#else
        const int ix = column * stride_x - pad_left + kx * dilation_x;
        if ((uint)ix >= (uint)width) continue;
#endif
        __global const short* from = x + ((image * height + iy) * width + ix) * x_channels + group * depth;
        __global const WEIGHT* tap = w + (ky * taps_x + kx) * depth * out_channels + c;
        for (int k = 0; k < depth; k++) sum += TO_SUMS(LOAD_VECTOR(tap, k * out_channels)) * from[k];
      }
    }
    STORE_VECTOR(y, pixel * out_channels + c, ROUNDED_VECTOR(sum, c));
  }
}
