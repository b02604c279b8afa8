/* Convolutions of 3 x 3 taps with fewer multiplications, for CPUs: winograd.py says how.

   A tile is SIDE x SIDE pixels of the output, which see SPAN x SPAN pixels of the image. A work-item goes through
   blocks of tiles. Of each block it brings what the tiles see to the POINTS; a panel of weights makes sums of
   that at each point, as many rows at once as there are registers (see tiles.py); and these become pixels.

   What lies past the end is computed twice: the last block, and the last panel, begin early enough to be whole.

   An infinity, NaN or a number so large that nothing is left of others beside it would reach all pixels of a
   tile, not only those that see it: a tile whose sums reach LIMIT is computed one tap after the other.

   w: (panel, point, in, 16); by_tap: (panel, tap, in, 16), panels as in convolution.py.
   scratch, each work-item's: (point, tile, in), then (point, tile, 16) or (pixel, in). */

#define SIDE 4
#define SPAN 6
#define POINTS 36
#define LIMIT 0x1p64f
#define APART __attribute__((noinline))

#define EACH(i, n) _Pragma("unroll") for (int i = 0; i < n; i++)
#define FIND_TILE(tile) \
  const int line = (tile) / tile_columns, column = (tile) - line * tile_columns, image = line / tile_lines; \
  const int top = (line - image * tile_lines) * SIDE, left = column * SIDE;

// A line of 6 pixels at the points 0, A, -A, B, -B and infinity; and back, to sums of 4 pixels.
#define A 0.70710678f
#define B 1.41421356f
#define AT_POINTS(d, TO) { \
  const F8 even_a = FMA((F8)(-2), d[2], d[4]), odd_a = FMA((F8)(-2), d[1], d[3]); \
  const F8 even_b = FMA((F8)(-0.5f), d[2], d[4]), odd_b = FMA((F8)(-0.5f), d[1], d[3]); \
  TO(0, FMA((F8)(-2.5f), d[2], d[0] + d[4])) \
  TO(1, FMA((F8)(A), odd_a, even_a)) TO(2, FMA((F8)(-A), odd_a, even_a)) \
  TO(3, FMA((F8)(B), odd_b, even_b)) TO(4, FMA((F8)(-B), odd_b, even_b)) \
  TO(5, FMA((F8)(-2.5f), d[3], d[1] + d[5])) \
}
#define FROM_POINTS(m, TO) { \
  const F8 even_a = m[1] + m[2], odd_a = m[1] - m[2], even_b = m[3] + m[4], odd_b = m[3] - m[4]; \
  TO(0, m[0] + even_a + even_b) \
  TO(1, FMA((F8)(B), odd_b, (F8)(A) * odd_a)) \
  TO(2, FMA((F8)(2), even_b, (F8)(0.5f) * even_a)) \
  TO(3, FMA((F8)(2 * B), odd_b, FMA((F8)(A / 2), odd_a, m[5]))) \
}

static APART void sum_by_taps(
    __global const REAL* x, __global const float* w, __global float* sums, int apart, int top, int left, int height,
    int width, int depth) {
  for (int pixel = 0; pixel < SIDE * SIDE; pixel++) {
    F16 sum = (F16)(0);
    for (int tap = 0; tap < 9; tap++) {
      const int iy = top + pixel / SIDE + tap / 3, ix = left + pixel % SIDE + tap % 3;
      if ((uint)iy < (uint)height && (uint)ix < (uint)width)
        for (int k = 0; k < depth; k++)
          sum = FMA((F16)(LOAD(x, (iy * width + ix) * depth + k)), LOADF16(w, (tap * depth + k) * 16), sum);
    }
    STORE16(sums, pixel * apart, sum);
  }
}

__kernel void conv_2d_winograd(
    __global const REAL* restrict x, __global const float* restrict w, __global const float* restrict by_tap,
    __global STORED* restrict y, __global float* restrict scratch, int scratch_each,
    int tiles, int tiles_each, int blocks_each, int panels, int panels_each, int tile_lines, int tile_columns,
    int height, int width, int depth, int out_height, int out_width, int channels, int pad_top, int pad_left
    EPILOGUE_PARAMS) {
  const int blocks = (tiles + tiles_each - 1) / tiles_each, items = (blocks + blocks_each - 1) / blocks_each;
  const int first_block = get_global_id(0) * blocks_each, last_block = min(first_block + blocks_each, blocks);
  const int first_panel = get_global_id(1) * panels_each, last_panel = min(first_panel + panels_each, panels);
  const int apart = tiles_each * depth, sums_apart = tiles_each * 16;
  __global float* at_points = scratch + (get_global_id(1) * items + get_global_id(0)) * scratch_each;
  __global float* sums = at_points + POINTS * apart;
  for (int block = first_block; block < last_block; block++) {
    const int first = min(block * tiles_each, tiles - tiles_each);
    for (int t = 0; t < tiles_each; t++) {
      FIND_TILE(first + t)
      const int iy = top - pad_top, ix = left - pad_left;
      __global const REAL* from = x + ((image * height + iy) * width + ix) * depth;
      int pitch = width * depth;
      if (iy < 0 || ix < 0 || iy + SPAN > height || ix + SPAN > width) {  // zeros around what lies inside
        for (int i = 0; i < SPAN; i++)
          for (int j = 0; j < SPAN; j++) {
            const int inside = (uint)(iy + i) < (uint)height && (uint)(ix + j) < (uint)width;
            for (int k = 0; k < depth; k += 8)
              STORE8(sums, (i * SPAN + j) * depth + k, inside ? LOAD8(from, i * pitch + j * depth + k) : (F8)(0));
          }
        from = sums;
        pitch = SPAN * depth;
      }
      for (int k = 0; k < depth; k += 8) {
        F8 columns[SPAN][SPAN];
        EACH(j, SPAN) {
          F8 d[SPAN];
          EACH(i, SPAN) d[i] = LOAD8(from, i * pitch + j * depth + k);
#define TO(i, v) columns[i][j] = v;
          AT_POINTS(d, TO)
#undef TO
        }
        EACH(i, SPAN) {
#define TO(j, v) STORE8(at_points, (i * SPAN + j) * apart + t * depth + k, v);
          AT_POINTS(columns[i], TO)
#undef TO
        }
      }
    }
    for (int panel = first_panel; panel < last_panel; panel++) {
      for (int point = 0; point < POINTS; point++)
        for (int t = 0; t < tiles_each; t += ROWS) {
          __global const float* p = w + (panel * POINTS + point) * depth * 16;
          __global const float* from = at_points + point * apart + t * depth;
          F16 sum[ROWS];
          EACH(r, ROWS) sum[r] = (F16)(0);
          #pragma unroll 4
          for (int k = 0; k < depth; k++, p += 16) {
            const F16 weights = LOADF16(p, 0);
            EACH(r, ROWS) sum[r] = FMA((F16)(from[r * depth + k]), weights, sum[r]);
          }
          EACH(r, ROWS) STORE16(sums, point * sums_apart + (t + r) * 16, sum[r]);
        }
      const int c = min(16 * panel, channels - 16);
      for (int t = 0; t < tiles_each; t++) {
        FIND_TILE(first + t)
        __global float* own = sums + t * 16;  // sums of pixels lie where those of the first points lay
        F8 sizes = (F8)(0);
        EACH(h, 2) {
          F8 columns[SIDE][SPAN];
          EACH(j, SPAN) {
            F8 m[SPAN];
            EACH(i, SPAN) m[i] = LOAD8(own, (i * SPAN + j) * sums_apart + h * 8);
#define TO(i, v) columns[i][j] = v;
            FROM_POINTS(m, TO)
#undef TO
          }
          EACH(i, SIDE) {
#define TO(j, v) { const F8 s = v; sizes += fabs(s); STORE8(own, (i * SIDE + j) * sums_apart + h * 8, s); }
            FROM_POINTS(columns[i], TO)
#undef TO
          }
        }
        if (!all(sizes < (F8)(LIMIT)))
          sum_by_taps(
              x + image * height * width * depth, by_tap + panel * 9 * depth * 16, own, sums_apart,
              top - pad_top, left - pad_left, height, width, depth);
        for (int i = 0; i < min(SIDE, out_height - top); i++)
          for (int j = 0; j < min(SIDE, out_width - left); j++) {
            const int at = ((image * out_height + top + i) * out_width + left + j) * channels + c;
            STORE16(y, PLACE(at, c), EPILOGUE16(LOAD16(own, (i * SIDE + j) * sums_apart), at, c));
          }
      }
    }
  }
}
