/* Convolutions as products of matrices, for CPUs: a row is an output pixel, a column an output channel.

   A tile of ROWS x 16 VECTORS sums stays in registers: 7 x 32 fills 14 of AVX-512's 32 registers (or 28
   halves), enough to hide the latency of the multiply-add, and 7 divides the sizes of most images. Each step
   along the depth reads one line of a panel of weights and one number from each row. A work-item computes
   some rows and some panels; within blocks of rows that fit the cache each panel is read once.

   What lies past the end is computed twice instead: the last tile of rows, and the last vector of channels,
   begin early enough to be whole. Only fewer than 16 channels (NARROW) are stored one by one.

   w: (group, panel, depth, 16 VECTORS), panels as in convolution.py. */

#ifdef __clang__  // the loop along the depth is unrolled by a later pass than the one that says it is not
#pragma clang diagnostic ignored "-Wpass-failed"
#endif
#define FIRST_CHANNEL(n, v) min((n) + 16 * (v), channels > 16 ? channels - 16 : 0)

__kernel void conv_2d(
    __global const REAL* restrict x, __global const float* restrict w, __global STORED* restrict y,
    __global const REAL* restrict zeros,
    int rows, int depth, int channels,  // of the product; channels of a group
    int rows_per_item, int rows_per_block, int channels_per_item,
    int height, int width, int x_channels, int group_channels, int out_height, int out_width, int out_channels,
    int stride_y, int stride_x, int dilation_y, int dilation_x, int pad_top, int pad_left,
    int taps_y, int taps_x, int run, int reach_y, int reach_x  // run: numbers side by side under a tap
    EPILOGUE_PARAMS) {
  const int first_row = get_global_id(0) * rows_per_item, last_row = min(first_row + rows_per_item, rows);
  const int first_n = get_global_id(1) * channels_per_item, last_n = min(first_n + channels_per_item, channels);
  const int group = get_global_id(2), panel = 16 * VECTORS;
  x += group * group_channels;
  w += group * ((channels + panel - 1) / panel * panel * depth);
  for (int block = first_row; block < last_row; block += rows_per_block)
    for (int n = first_n; n < last_n; n += panel)
      for (int tile = block; tile < min(block + rows_per_block, last_row); tile += ROWS) {
        const int m = min(tile, last_row - ROWS);
        __global const float* p = w + n * depth;
        __global const REAL* from[ROWS];
        F16 sum[ROWS][VECTORS];
        #pragma unroll
        for (int r = 0; r < ROWS; r++) {
          #pragma unroll
          for (int v = 0; v < VECTORS; v++) sum[r][v] = (F16)(0);
        }
#ifdef POINTWISE
        #pragma unroll
        for (int r = 0; r < ROWS; r++) from[r] = x + (m + r) * x_channels;
#else
        // Where the tile's first window begins; whether all lie inside of the image, side by side.
        const int line = m / out_width, column = m - line * out_width, image = line / out_height;
        const int top = (line - image * out_height) * stride_y - pad_top, left = column * stride_x - pad_left;
        const int base = ((image * height + top) * width + left) * x_channels;
        const int inside = top >= 0 && left >= 0 && column + ROWS <= out_width && top + reach_y <= height
            && left + (ROWS - 1) * stride_x + reach_x <= width;
        int tops[ROWS], lefts[ROWS], images[ROWS];
        if (!inside)
          for (int r = 0; r < ROWS; r++) {
            const int row_line = (m + r) / out_width;
            images[r] = row_line / out_height;
            tops[r] = (row_line - images[r] * out_height) * stride_y - pad_top;
            lefts[r] = (m + r - row_line * out_width) * stride_x - pad_left;
          }
#ifdef EDGE
        BITS edge[ROWS][EDGE];  // a line of a window that lies partly outside
#endif
        for (int ky = 0; ky < taps_y; ky++)
        for (int kx = 0; kx < taps_x; kx++) {
          const int dy = ky * dilation_y, dx = kx * dilation_x;
          if (inside) {
            #pragma unroll
            for (int r = 0; r < ROWS; r++) from[r] = x + base + (dy * width + dx + r * stride_x) * x_channels;
          } else {
#ifdef EDGE
            for (int r = 0; r < ROWS; r++) {
              const int iy = tops[r] + dy, ix = lefts[r] * x_channels, row_inside = (uint)iy < (uint)height;
              from[r] = x + (images[r] * height + iy) * width * x_channels + ix;
              if (!row_inside || ix < 0 || ix + run > width * x_channels) {
                for (int j = 0; j < run; j++)
                  edge[r][j] = row_inside && (uint)(ix + j) < (uint)(width * x_channels) ? ((__global const BITS*)from[r])[j] : 0;
                from[r] = (__global const REAL*)(size_t)edge[r];
              }
            }
#else
            #pragma unroll
            for (int r = 0; r < ROWS; r++) {
              const int iy = tops[r] + dy, ix = lefts[r] + dx;
              const int is_inside = (uint)iy < (uint)height && (uint)ix < (uint)width;
              from[r] = is_inside ? x + ((images[r] * height + iy) * width + ix) * x_channels : zeros;
            }
#endif
          }
#endif
        #pragma unroll UNROLL
        for (int k = 0; k < run; k++, p += 16 * VECTORS) {
          F16 weights[VECTORS];
          #pragma unroll
          for (int v = 0; v < VECTORS; v++) weights[v] = LOADF16(p, 16 * v);
          #pragma unroll
          for (int r = 0; r < ROWS; r++) {
            const F16 a = (F16)(LOAD(from[r], k));
            #pragma unroll
            for (int v = 0; v < VECTORS; v++) sum[r][v] = FMA(a, weights[v], sum[r][v]);
          }
        }
#ifndef POINTWISE
        }
#endif
        #pragma unroll
        for (int r = 0; r < ROWS; r++) {
          #pragma unroll
          for (int v = 0; v < VECTORS; v++) {
            const int c = group * channels + FIRST_CHANNEL(n, v), i = (m + r) * out_channels + c;
#ifdef NARROW
            const F* one = (const F*)&sum[r][v];
            for (int j = 0; j < channels; j++) STORE_SUM(y, PLACE(i + j, c + j), EPILOGUE(one[j], i + j, c + j));
#else
            STORE_SUM16(y, PLACE(i, c), EPILOGUE16(sum[r][v], i, c));
#endif
          }
        }
      }
}
