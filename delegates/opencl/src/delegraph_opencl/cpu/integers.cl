/* Products of integers, exact, for CPUs: rows of bytes, or of int16, times weights; cut as in conv_2d.cl.

   A step along the depth takes STEP numbers of a row, which are one int, and as many weights of each of 16
   channels: four bytes without a sign times four with one, or two int16 times two. Sums that 32 bits do not
   hold (WIDE) are added to sums of 64 bits every BLOCK numbers.

   What lies past the end is computed twice. Only fewer than 16 channels (FEW) are stored by themselves.

   w: (group, panel, line, 16 VECTORS): the first line is what sums begin with; with SHIFTED the second is
   what to add for each unit of a row's total, since the weights are so much larger than those here. The
   others are the depth in steps, under each tap filled up with zeros. */

#if STEP == 4
#define DOT DOT4
#else
#define DOT DOT2
#endif

#ifdef WIDE
#define SUM long
#define SUMS wide
#else
#define SUM int
#define SUMS sum
#endif

#ifdef EDGE  // a line of a window that lies partly outside is put together
#define AT_EDGE \
  for (int r = 0; r < ROWS; r++) { \
    const int iy = tops[r] + dy, ix = lefts[r] * x_channels, row_inside = (uint)iy < (uint)height; \
    from[r] = x + (images[r] * height + iy) * width * x_channels + ix; \
    if (!row_inside || ix < 0 || ix + run > width * x_channels) { \
      for (int j = 0; j < run; j++) \
        edge[r][j] = row_inside && (uint)(ix + j) < (uint)(width * x_channels) ? from[r][j] : outside[0]; \
      from[r] = (__global const NUMBER*)(size_t)edge[r]; \
    } \
  }
#else
#define AT_EDGE PIXELS_OR(outside)
#endif

#define PARAMS \
    __global const NUMBER* restrict x, __global const int* restrict w, __global STORED* restrict y, \
    __global const NUMBER* restrict outside,  /* what is read where there is no image */ \
    int rows, int depth, int channels,  /* of the product: lines of a panel; channels of a group */ \
    int rows_per_item, int rows_per_block, int channels_per_item, \
    int height, int width, int x_channels, int group_channels, int out_height, int out_width, int out_channels, \
    int stride_y, int stride_x, int dilation_y, int dilation_x, int pad_top, int pad_left, \
    int taps_y, int taps_x, int run, int reach_y, int reach_x  /* run: numbers side by side under a tap */
#define ARGS \
    x, w, y, outside, rows, depth, channels, rows_per_item, rows_per_block, channels_per_item, \
    height, width, x_channels, group_channels, out_height, out_width, out_channels, stride_y, stride_x, \
    dilation_y, dilation_x, pad_top, pad_left, taps_y, taps_x, run, reach_y, reach_x

// A function of its own, for which the compiler may use other instructions than for what calls it.
static TARGETED void products(const int item, const int part, const int group, PARAMS SUM_PARAMS) {
  const int first_row = item * rows_per_item, last_row = min(first_row + rows_per_item, rows);
  const int first_n = part * channels_per_item, last_n = min(first_n + channels_per_item, channels);
  const int panel = 16 * VECTORS;
  x += group * group_channels;
  w += group * ((channels + panel - 1) / panel * panel * depth);
#ifdef SHIFTED
  int totals[TILES * ROWS];  // of the rows of a block
  // A one for each byte of a run's last ints, which are not 16.
  const int16 bytes = clamp(run % 64 - (int16)(0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60), 0, 4);
  const int16 rest = select((int16)(0), (int16)(0x01010101) >> (32 - 8 * bytes), bytes > 0);
#endif
  for (int block = first_row; block < last_row; block += rows_per_block)
    for (int n = first_n; n < last_n; n += panel)
      for (int tile = block; tile < min(block + rows_per_block, last_row); tile += ROWS) {
        const int m = min(tile, last_row - ROWS);
        __global const int* p = w + n * depth;
        __global const NUMBER* from[ROWS];
        int16 sum[ROWS][VECTORS];
        EACH_ROW EACH_VECTOR sum[r][v] = INT16(p, 16 * v);
        p += panel;
#ifdef SHIFTED
        int16 total[ROWS];
        __global const int* shifts = p;
        p += panel;
        for (int r = 0; r < ROWS; r++) total[r] = (int16)(0);
#endif
#ifdef WIDE
        long16 wide[ROWS][VECTORS];
        for (int r = 0; r < ROWS; r++) for (int v = 0; v < VECTORS; v++) wide[r][v] = (long16)(0);
#endif
#ifdef EDGE
        NUMBER edge[ROWS][EDGE];
#endif
        BEGIN_WINDOWS
        EACH_TAP {
          FIND_TAP(AT_EDGE)
#ifdef WIDE
          for (int begin = 0; begin < run; begin += BLOCK) {
          const int end = min(begin + BLOCK, run);
#else
          const int begin = 0, end = run;
#endif
          #pragma unroll UNROLL
          for (int k = begin; k < end; k += STEP, p += panel) {
            int16 weights[VECTORS];
            EACH_VECTOR weights[v] = INT16(p, 16 * v);
            EACH_ROW {
              const int16 a = (int16)(*(__global const int_anywhere*)(from[r] + k));
              EACH_VECTOR sum[r][v] = DOT(sum[r][v], a, weights[v]);
            }
          }
#ifdef WIDE
          for (int r = 0; r < ROWS; r++)
            for (int v = 0; v < VECTORS; v++) {
              wide[r][v] += convert_long16(sum[r][v]);
              sum[r][v] = (int16)(0);
            }
          }
#endif
#ifdef SHIFTED
          if (n == first_n)
            EACH_ROW {
              for (int k = 0; k + 64 <= run; k += 64) total[r] = DOT(total[r], INT16(from[r], k), (int16)(0x01010101));
              total[r] = DOT(total[r], INT16(from[r], run / 64 * 64), rest);
            }
#endif
        }
#ifdef SHIFTED
        EACH_ROW {
          __private int* row = totals + tile - block + r;
          if (n == first_n) {
            const int8 half_of = total[r].lo + total[r].hi;
            const int4 quarter = half_of.lo + half_of.hi;
            *row = quarter.x + quarter.y + quarter.z + quarter.w;
          }
          EACH_VECTOR sum[r][v] += INT16(shifts, 16 * v) * *row;
        }
#endif
        EACH_ROW EACH_VECTOR {
          const int c = group * channels + FIRST_CHANNEL(n, v), i = (m + r) * out_channels + c;
#ifdef FEW
          const SUM* one = (const SUM*)&SUMS[r][v];
#if FEW < 8
          for (int j = 0; j < channels; j++) STORE_SUM(i + j, c + j, one[j]);
#else
          STORE_SUM8(i, c, vload8(0, one));
          if (FEW > 8) STORE_SUM8(i + FEW - 8, c + FEW - 8, vload8(0, one + FEW - 8));
#endif
#else
          STORE_SUM16(i, c, SUMS[r][v]);
#endif
        }
      }
}

__kernel void integers(PARAMS SUM_PARAMS) {
  products(get_global_id(0), get_global_id(1), get_global_id(2), ARGS SUM_ARGS);
}
