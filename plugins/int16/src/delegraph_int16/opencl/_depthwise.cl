/* Depthwise convolution of int16, exact, for CPUs: a tile of PIXELS neighbors in a line, WIDTH channels at a time.

   Channels are innermost, since they lie side by side. For each row of the window, the columns under the tile
   are loaded once and each is multiplied wherever it is under a tap. Where a tile lies partly outside of the
   image, a table leads to zeros there. The last tile and the last channels begin early enough to be whole.

   w: (KERNEL_Y, KERNEL_X, channels). */

#define COLUMNS ((PIXELS - 1) * STRIDE_X + (KERNEL_X - 1) * DILATION_X + 1)

// Computes a tile; COLUMN is where column j under row ky of the window begins.
#define TILE(COLUMN) \
  for (int block = 0; block < channels; block += WIDTH) { \
    const int c = min(block, channels - WIDTH); \
    INTS sum[PIXELS]; \
    _Pragma("unroll") for (int t = 0; t < PIXELS; t++) sum[t] = (INTS)(0); \
    _Pragma("unroll") for (int ky = 0; ky < KERNEL_Y; ky++) { \
      INTS v[COLUMNS]; \
      _Pragma("unroll") for (int j = 0; j < COLUMNS; j++) v[j] = TO_INTS(LOAD_VECTOR(COLUMN, c)); \
      _Pragma("unroll") for (int kx = 0; kx < KERNEL_X; kx++) { \
        const INTS tap = LOAD_VECTOR(w, (ky * KERNEL_X + kx) * channels + c); \
        _Pragma("unroll") for (int t = 0; t < PIXELS; t++) \
          sum[t] += v[t * STRIDE_X + kx * DILATION_X] * tap; \
      } \
    } \
    _Pragma("unroll") for (int t = 0; t < PIXELS; t++) \
      STORE_VECTOR(y, (line * out_width + column + t) * channels + c, FINISH_VECTOR(sum[t], c)); \
  }

__kernel void depthwise(
    __global const short* restrict x, __global const int* restrict w, __global short* restrict y,
    __global const short* zeros,
    int lines, int lines_per_item, int height, int width, int channels, int out_height, int out_width,
    int stride_y, int dilation_y, int pad_top, int pad_left FINISH_PARAMS) {
  const int first = get_global_id(0) * lines_per_item, last = min(first + lines_per_item, lines);
  for (int line = first; line < last; line++) {
    const int image = line / out_height, top = (line - image * out_height) * stride_y - pad_top;
    const int rows_inside = top >= 0 && top + (KERNEL_Y - 1) * dilation_y < height;
    for (int tile = 0; tile < out_width; tile += PIXELS) {
      const int column = min(tile, out_width - PIXELS), left = column * STRIDE_X - pad_left;
      if (rows_inside && left >= 0 && left + COLUMNS <= width) {
        __global const short* from[KERNEL_Y];
        _Pragma("unroll") for (int ky = 0; ky < KERNEL_Y; ky++)
          from[ky] = x + ((image * height + top + ky * dilation_y) * width + left) * channels;
        TILE(from[ky] + j * channels)
      } else {
        __global const short* from[KERNEL_Y][COLUMNS];
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
