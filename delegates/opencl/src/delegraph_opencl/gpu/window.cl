/* Convolutions as products of matrices, on GPUs: what their kernels share.

   Row m of the product is a position of the window, column n an output channel of the group, and
   k = (tap_y, tap_x, channel) runs along the depth.
   x: (batch, height, width, x_channels); w: (group, depth, padded): neighbors in a work-group read neighbors
   in memory. Row m is stored at (out_y + out_step_y * row, out_x + out_step_x * column) of the output, so that
   one phase of a transposed convolution is a convolution, too. */

#define WINDOW_PARAMS \
  __global const REAL* restrict x, __global const REAL* restrict w, __global STORED* restrict y, \
  int positions, int depth, int channels, int padded, int height, int width, int x_channels, \
  int group_channels, int rows, int columns, int taps_x, int stride_y, int stride_x, int dilation_y, \
  int dilation_x, int pad_top, int pad_left, int out_height, int out_width, int out_channels, \
  int out_step_y, int out_step_x, int out_y, int out_x, int steps_each

#define OUTSIDE (int3)(0, -(1 << 30), 0)

// .x: where the image under a window begins; .y, .z: the window's top row and left column in it.
static inline int3 window_at(
    int m, int rows, int columns, int image, int stride_y, int stride_x, int pad_top, int pad_left) {
  const int line = m / columns, number = line / rows;
  return (int3)(
      number * image, (line - number * rows) * stride_y - pad_top, (m - line * columns) * stride_x - pad_left);
}
#define WINDOW(m) \
  window_at(m, rows, columns, height * width * x_channels, stride_y, stride_x, pad_top, pad_left)

// Where the pixel under a tap begins; -1 if it lies outside of the image.
static inline int tap_at(int3 window, int dy, int dx, int height, int width, int x_channels) {
  const int iy = window.y + dy, ix = window.z + dx;
  return (uint)iy < (uint)height && (uint)ix < (uint)width ? window.x + (iy * width + ix) * x_channels : -1;
}
#define TAP(window, ky, kx) tap_at(window, (ky) * dilation_y, (kx) * dilation_x, height, width, x_channels)

#ifdef PLAIN
#define OUTPUT(m) ((m) * out_channels)
#else
static inline int output_at(
    int m, int rows, int columns, int out_height, int out_width, int step_y, int step_x, int y, int x) {
  const int line = m / columns, number = line / rows, row = line - number * rows;
  return (number * out_height + row * step_y + y) * out_width + (m - line * columns) * step_x + x;
}
#define OUTPUT(m) \
  (out_channels * output_at(m, rows, columns, out_height, out_width, out_step_y, out_step_x, out_y, out_x))
#endif

// Stores the sums of row m, a float4, for four channels of the group from n on; only those there are.
#define STORE_SUMS(m, n, sums) { \
  const float4 four = sums; \
  const int own = n, c = group * channels + own, i = OUTPUT(m) + c; \
  if (own + 4 <= channels) { STORE_SUM4(i, c, four); } \
  else { \
    if (own < channels) { STORE_SUM(i, c, four.x); } \
    if (own + 1 < channels) { STORE_SUM(i + 1, c + 1, four.y); } \
    if (own + 2 < channels) { STORE_SUM(i + 2, c + 2, four.z); } \
  } }

// Half precision adds up a few products, and float32 what these come to.
#ifdef HALF_ARITHMETIC
#define PART_OF(total) (F4)(0)
#define ADD_UP(total, part) total += convert_float4(part)
#else
#define PART_OF(total) total
#define ADD_UP(total, part) total = part
#endif
