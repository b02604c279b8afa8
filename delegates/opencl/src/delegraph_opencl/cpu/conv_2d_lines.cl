/* Convolutions whose windows have short lines, as over an image of three channels, for CPUs.

   A tile is ROWS neighbors in a line of the output: the rows of the product. What their windows see of a line of
   the image lies side by side, so one pointer leads to all of it. Where that is partly outside of the image, it
   is brought into a line of its own, with zeros around. Panels: as in conv_2d.cl.

   Of very few channels (DOTS) a vector of sums is 8 numbers side by side under a window, not channels; these are added
   up at the end. w: (channel, line of the window, RUN).

   RUN: numbers in a line of a window; STEP: from one window to the next. */

#define SPAN ((ROWS - 1) * STEP + RUN)
#ifdef DOTS
#define AT_ONCE 1
#define SUM_LINE \
  for (int k = 0; k < RUN; k += 8, p += 8) { \
    const F8 weights = LOADF8(p, 0); \
    EACH_ROW sum[r][0] = FMA(LOAD8(from, r * STEP + k), weights, sum[r][0]); \
  }
#define STORE_LINE \
  EACH_ROW { \
    const F4 four = sum[r][0].lo + sum[r][0].hi; \
    const F2 two = four.lo + four.hi; \
    const int i = (line * out_width + column + r) * channels + n; \
    STORE_SUM(y, PLACE(i, n), EPILOGUE(two.x + two.y, i, n)); \
  }
#else
#define AT_ONCE (16 * VECTORS)
#define SUM_LINE \
  _Pragma("unroll UNROLL") \
  for (int k = 0; k < RUN; k++, p += 16 * VECTORS) { \
    ADD_STEP(LOAD(from, r * STEP + k)) \
  }
#define STORE_LINE STORE_SUMS(line * out_width + column, n, 0, channels)
#endif

__kernel void conv_2d_lines(
    __global const REAL* restrict x, __global const WEIGHT* restrict w, __global STORED* restrict y,
    int lines, int lines_per_item, int channels, int height, int width,  // of the image, in numbers
    int out_height, int out_width, int stride_y, int dilation_y, int pad_top, int pad_left, int taps_y
    EPILOGUE_PARAMS) {
  const int first = get_global_id(0) * lines_per_item, last = min(first + lines_per_item, lines);
  for (int n = 0; n < channels; n += AT_ONCE)
    for (int line = first; line < last; line++) {
      const int image = line / out_height, top = (line - image * out_height) * stride_y - pad_top;
      for (int tile = 0; tile < out_width; tile += ROWS) {
        const int column = min(tile, out_width - ROWS), left = column * STEP - pad_left;
        __global const WEIGHT* p = w + n * taps_y * RUN;
        SUMS sum[ROWS][VECTORS];
        CLEAR_SUMS
        for (int ky = 0; ky < taps_y; ky++) {
          const int iy = top + ky * dilation_y;
          __global const REAL* from = x + (image * height + iy) * width + left;
          BITS edge[SPAN];
          if (iy < 0 || iy >= height || left < 0 || left + SPAN > width) {
            for (int j = 0; j < SPAN; j++)
              edge[j] = (uint)iy < (uint)height && (uint)(left + j) < (uint)width ? ((__global const BITS*)from)[j] : 0;
            from = (__global const REAL*)(size_t)edge;
          }
          SUM_LINE
        }
        STORE_LINE
      }
    }
}
