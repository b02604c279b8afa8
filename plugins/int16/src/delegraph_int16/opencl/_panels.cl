/* Products of int16 rows and int8 weights, exact, for CPUs: as the delegate's CONV_2D for CPUs, but in pairs.

   A tile of ROWS x 16 VECTORS sums of 32 bits stays in registers. Each step along the depth takes two numbers
   of each row, which are one int, and the two weights of each channel that belong to them. Sums that 32 bits
   do not hold (WIDE) are added to sums of 64 bits every BLOCK numbers.

   What lies past the end is computed twice: the last tile of rows, and the last vector of channels, begin
   early enough to be whole. Only fewer than 16 channels (NARROW) are stored one by one.

   w: (group, panel, depth / 2, 16 VECTORS, 2); the depth under each tap filled up with a zero to be even. */

// PLAIN and HALVES are for tests.
#if defined(__has_builtin) && !defined(PLAIN)
#if __has_builtin(__builtin_ia32_pmaddwd512) && !defined(HALVES)
#define PAIRS(a, b) __builtin_astype(__builtin_ia32_pmaddwd512( \
    __builtin_astype(a, short __attribute__((__vector_size__(64)))), \
    __builtin_astype(b, short __attribute__((__vector_size__(64))))), int16)
#elif __has_builtin(__builtin_ia32_pmaddwd256)
#define HALF(a, b) __builtin_astype(__builtin_ia32_pmaddwd256( \
    __builtin_astype(a, short __attribute__((__vector_size__(32)))), \
    __builtin_astype(b, short __attribute__((__vector_size__(32))))), int8)
#define PAIRS(a, b) (int16)(HALF((a).lo, (b).lo), HALF((a).hi, (b).hi))
#endif
#endif
#ifndef PAIRS
#define PAIRS(a, b) (((a) << 16 >> 16) * ((b) << 16 >> 16) + ((a) >> 16) * ((b) >> 16))
#endif

#define FIRST_CHANNEL(n, v) min((n) + 16 * (v), channels > 16 ? channels - 16 : 0)

__kernel void panels(
    __global const short* restrict x, __global const short* restrict w, __global short* restrict y,
    __global const short* restrict zeros,
    int rows, int depth, int channels,  // of the product; channels of a group
    int rows_per_item, int rows_per_block, int channels_per_item,
    int height, int width, int x_channels, int group_channels, int out_height, int out_width, int out_channels,
    int stride_y, int stride_x, int dilation_y, int dilation_x, int pad_top, int pad_left,
    int taps_y, int taps_x, int run, int reach_y, int reach_x  // run: numbers side by side under a tap
    FINISH_PARAMS) {
  const int first_row = get_global_id(0) * rows_per_item, last_row = min(first_row + rows_per_item, rows);
  const int first_n = get_global_id(1) * channels_per_item, last_n = min(first_n + channels_per_item, channels);
  const int group = get_global_id(2), panel = 16 * VECTORS;
  x += group * group_channels;
  w += group * ((channels + panel - 1) / panel * panel * depth);
  for (int block = first_row; block < last_row; block += rows_per_block)
    for (int n = first_n; n < last_n; n += panel)
      for (int tile = block; tile < min(block + rows_per_block, last_row); tile += ROWS) {
        const int m = min(tile, rows - ROWS);
        __global const short* p = w + n * depth;
        __global const short* from[ROWS];
        int16 sum[ROWS][VECTORS];
        #pragma unroll
        for (int r = 0; r < ROWS; r++) {
          #pragma unroll
          for (int v = 0; v < VECTORS; v++) sum[r][v] = (int16)(0);
        }
#ifdef WIDE
        long16 total[ROWS][VECTORS];
        for (int r = 0; r < ROWS; r++) for (int v = 0; v < VECTORS; v++) total[r][v] = (long16)(0);
#endif
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
        short edge[ROWS][EDGE];  // a line of a window that lies partly outside
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
                  edge[r][j] = row_inside && (uint)(ix + j) < (uint)(width * x_channels) ? from[r][j] : 0;
                from[r] = (__global const short*)(size_t)edge[r];
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
#ifdef WIDE
        for (int begin = 0; begin < run; begin += BLOCK) {
        const int end = min(begin + BLOCK, run);
#else
        const int begin = 0, end = run;
#endif
        #pragma unroll UNROLL
        for (int k = begin; k < end; k += 2, p += 32 * VECTORS) {
          int16 weights[VECTORS];
          #pragma unroll
          for (int v = 0; v < VECTORS; v++) weights[v] = vload16(0, (__global const int*)p + 16 * v);
          #pragma unroll
          for (int r = 0; r < ROWS; r++) {
            const int16 a = (int16)(as_int(vload2(0, from[r] + k)));
            #pragma unroll
            for (int v = 0; v < VECTORS; v++) sum[r][v] += PAIRS(a, weights[v]);
          }
        }
#ifdef WIDE
        for (int r = 0; r < ROWS; r++)
          for (int v = 0; v < VECTORS; v++) {
            total[r][v] += convert_long16(sum[r][v]);
            sum[r][v] = (int16)(0);
          }
        }
#endif
#ifndef POINTWISE
        }
#endif
#ifdef WIDE
#define SUMS total
#else
#define SUMS sum
#endif
        #pragma unroll
        for (int r = 0; r < ROWS; r++) {
          #pragma unroll
          for (int v = 0; v < VECTORS; v++) {
            const int c = group * channels + FIRST_CHANNEL(n, v), i = (m + r) * out_channels + c;
#ifdef NARROW
            const SUM* one = (const SUM*)&SUMS[r][v];
            for (int j = 0; j < channels; j++) y[i + j] = FINISH(one[j], c + j);
#else
            STORE_SHORTS16(y, i, FINISH16(SUMS[r][v], c));
#endif
          }
        }
      }
}
