/* Depthwise convolution, for CPUs: a tile of PIXELS neighbors in a line, WIDTH channels at a time.

   Channels are innermost, since they lie side by side: every line of the cache that is read is used up. For
   each row of the window, the columns under the tile are loaded once and each is multiplied wherever it is
   under a tap. Where a tile lies partly outside of the image, a table leads to zeros there. The last tile and
   the last channels begin early enough to be whole: what overlaps is computed twice.

   w: (KERNEL_Y, KERNEL_X, channels). */

#define COLUMNS ((PIXELS - 1) * STRIDE_X + (KERNEL_X - 1) * DILATION_X + 1)

// Computes a tile; COLUMN is where column j under row ky of the window begins.
#define TILE(COLUMN) \
  for (int block = 0; block < channels; block += WIDTH) { \
    const int c = min(block, channels - WIDTH); \
    VECTOR sum[PIXELS]; \
    _Pragma("unroll") for (int t = 0; t < PIXELS; t++) sum[t] = (VECTOR)(0); \
    _Pragma("unroll") for (int ky = 0; ky < KERNEL_Y; ky++) { \
      VECTOR v[COLUMNS]; \
      _Pragma("unroll") for (int j = 0; j < COLUMNS; j++) v[j] = LOAD_VECTOR(COLUMN, c); \
      _Pragma("unroll") for (int kx = 0; kx < KERNEL_X; kx++) { \
        const VECTOR tap = LOADF_VECTOR(w, (ky * KERNEL_X + kx) * channels + c); \
        _Pragma("unroll") for (int t = 0; t < PIXELS; t++) \
          sum[t] = FMA(v[t * STRIDE_X + kx * DILATION_X], tap, sum[t]); \
      } \
    } \
    _Pragma("unroll") for (int t = 0; t < PIXELS; t++) { \
      const int i = (line * out_width + column + t) * channels + c; \
      STORE_VECTOR(y, PLACE(i, c), EPILOGUE_VECTOR(sum[t], i, c)); \
    } \
  }

__kernel void depthwise_conv_2d(
    __global const REAL* restrict x, __global const float* restrict w, __global REAL* restrict y,
    __global const REAL* zeros,
    int lines, int lines_per_item, int height, int width, int channels, int out_height, int out_width,
    int stride_y, int dilation_y, int pad_top, int pad_left EPILOGUE_PARAMS) {
  const int first = get_global_id(0) * lines_per_item, last = min(first + lines_per_item, lines);
  for (int line = first; line < last; line++) {
    const int image = line / out_height, top = (line - image * out_height) * stride_y - pad_top;
    const int rows_inside = top >= 0 && top + (KERNEL_Y - 1) * dilation_y < height;
    for (int tile = 0; tile < out_width; tile += PIXELS) {
      const int column = min(tile, out_width - PIXELS), left = column * STRIDE_X - pad_left;
      if (rows_inside && left >= 0 && left + COLUMNS <= width) {
        __global const REAL* from[KERNEL_Y];
        _Pragma("unroll") for (int ky = 0; ky < KERNEL_Y; ky++)
          from[ky] = x + ((image * height + top + ky * dilation_y) * width + left) * channels;
        TILE(from[ky] + j * channels)
      } else {
        __global const REAL* from[KERNEL_Y][COLUMNS];
        for (int ky = 0; ky < KERNEL_Y; ky++) {
          const int iy = top + ky * dilation_y, row_inside = (uint)iy < (uint)height;
          for (int j = 0; j < COLUMNS; j++)
            from[ky][j] = row_inside && (uint)(left + j) < (uint)width
                ? x + ((image * height + iy) * width + left + j) * channels : zeros;
        }
        TILE(from[ky][j])
      }
    }
  }
}
