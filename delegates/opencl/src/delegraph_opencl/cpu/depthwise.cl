/* Depthwise convolutions, for CPUs: tiles of PIXELS neighbors in a line of the output, WIDTH channels at a time.

   Channels are innermost, since they lie side by side: every line of the cache that is read is used up. Where a
   tile lies partly outside of the image, a table leads to what is read there instead. The last tile and the last
   channels begin early enough to be whole: what overlaps is computed twice. Where there are many channels, all
   lines of a part of them come first: what the next line reads again is still at hand then.

   TILE(AT), which stands before this, computes a tile: channels from c on of the pixels from ``column`` on of
   ``line``. AT(ky, j) is where column j under row ky of the windows begins. */

#ifndef TARGETED
#define TARGETED inline
#endif
#define COLUMNS ((PIXELS - 1) * STRIDE_X + (KERNEL_X - 1) * DILATION_X + 1)
#define INSIDE(ky, j) (rows[ky] + (j) * channels)
#define ANYWHERE(ky, j) columns[ky][j]
#define EACH_CHANNEL(AT) \
  for (int block = part; block < min(part + channels_per_part, channels); block += WIDTH) { \
    const int c = min(block, channels - WIDTH); \
    TILE(AT) \
  }

#define PARAMS \
    __global const X* restrict x, __global const W* restrict w, __global Y* restrict y, __global const X* outside, \
    int lines, int lines_per_item, int channels_per_part, int height, int width, int channels, \
    int out_height, int out_width, int stride_y, int dilation_y, int pad_top, int pad_left
#define ARGS \
    x, w, y, outside, lines, lines_per_item, channels_per_part, height, width, channels, out_height, out_width, \
    stride_y, dilation_y, pad_top, pad_left

// A function of its own, for which the compiler may use other instructions than for what calls it.
static TARGETED void lines_of(const int item, PARAMS SUM_PARAMS) {
  const int first = item * lines_per_item, last = min(first + lines_per_item, lines);
  for (int part = 0; part < channels; part += channels_per_part)
    for (int line = first; line < last; line++) {
      const int image = line / out_height, top = (line - image * out_height) * stride_y - pad_top;
      const int rows_inside = top >= 0 && top + (KERNEL_Y - 1) * dilation_y < height;
      for (int tile = 0; tile < out_width; tile += PIXELS) {
        const int column = min(tile, out_width - PIXELS), left = column * STRIDE_X - pad_left;
        if (rows_inside && left >= 0 && left + COLUMNS <= width) {
          __global const X* rows[KERNEL_Y];
          #pragma unroll
          for (int ky = 0; ky < KERNEL_Y; ky++)
            rows[ky] = x + ((image * height + top + ky * dilation_y) * width + left) * channels;
          EACH_CHANNEL(INSIDE)
        } else {
          __global const X* columns[KERNEL_Y][COLUMNS];
          for (int ky = 0; ky < KERNEL_Y; ky++) {
            const int iy = top + ky * dilation_y, row_inside = (uint)iy < (uint)height;
            for (int j = 0; j < COLUMNS; j++)
              columns[ky][j] = row_inside && (uint)(left + j) < (uint)width
                  ? x + ((image * height + iy) * width + left + j) * channels : outside;
          }
          EACH_CHANNEL(ANYWHERE)
        }
      }
    }
}

__kernel void depthwise(PARAMS SUM_PARAMS) {
  lines_of(get_global_id(0), ARGS SUM_ARGS);
}
