/* Convolutions as products of matrices of bfloat16, added up in float32, for CPUs with AMX or AVX512_BF16.

   As conv_2d.cl, but that what ROWS rows see is brought together first, as bfloat16, and multiplied by one
   panel after the other. w: (group, panel, depth / 32, vector of the panel, 16 pairs along the depth, 16 channels,
   2), in the order of AMX's tiles; the depth is filled with zeros. MOST: the longest depth there is room for. */

#undef EACH_ROW
#define EACH_ROW for (int r = 0; r < ROWS; r++)
#define VECTOR_OF(type, nbytes) type __attribute__((__vector_size__(nbytes)))
typedef float16 float16_anywhere __attribute__((aligned(4)));
typedef ushort16 ushort16_anywhere __attribute__((aligned(2)));
#ifdef AMX
#define TARGETED __attribute__((noinline, target("amx-tile,amx-bf16,avx512bf16,avx512bw,avx512vl")))
#else
#define TARGETED __attribute__((noinline, target("avx512bf16,avx512bw,avx512vl")))
#endif

// To the nearest, ties to even. At least 16 numbers: the last vector begins early enough to be whole.
static TARGETED void rounded(__global const float* from, ushort* to, int n) {
  for (int k = 0; k < n; k += 16) {
    const int i = min(k, n - 16);
    const float16 v = *(__global const float16_anywhere*)(from + i);
    *(ushort16_anywhere*)(to + i) = __builtin_astype(__builtin_ia32_cvtneps2bf16_512_mask(
        __builtin_astype(v, VECTOR_OF(float, 64)), __builtin_astype((ushort16)(0), VECTOR_OF(short, 32)), 0xffff),
        ushort16);
  }
}

#ifdef AMX
static TARGETED void begin_tiles() {
  uchar shapes[64] = {1};  // of palette 1; all tiles have 16 rows of 64 bytes
  for (int i = 0; i < 8; i++) {
    shapes[16 + 2 * i] = 64;
    shapes[48 + i] = 16;
  }
  __builtin_ia32_tile_loadconfig(shapes);
}
static TARGETED void end_tiles() { __builtin_ia32_tilerelease(); }

// sums: (ROWS, 32); rows of a lie ``stride`` numbers apart.
static TARGETED void multiplied(const ushort* a, int stride, __global const ushort* w, int steps, float* sums) {
  __builtin_ia32_tilezero(0);
  __builtin_ia32_tilezero(1);
#if ROWS == 32
  __builtin_ia32_tilezero(2);
  __builtin_ia32_tilezero(3);
#endif
  for (int s = 0; s < steps; s++) {
    const void* panel = (const void*)(size_t)(w + 1024 * s);
    // Tiles of weights come from the second cache: two steps ahead they are there in time.
    _Pragma("unroll") for (int k = 0; k < 32; k++) __builtin_prefetch((const char*)panel + 4096 + 64 * k);
    __builtin_ia32_tileloadd64(4, a + 32 * s, 2 * stride);
    __builtin_ia32_tileloadd64(6, panel, 64);
    __builtin_ia32_tileloadd64(7, (const char*)panel + 1024, 64);
    __builtin_ia32_tdpbf16ps(0, 4, 6);
    __builtin_ia32_tdpbf16ps(1, 4, 7);
#if ROWS == 32
    __builtin_ia32_tileloadd64(5, a + 16 * stride + 32 * s, 2 * stride);
    __builtin_ia32_tdpbf16ps(2, 5, 6);
    __builtin_ia32_tdpbf16ps(3, 5, 7);
#endif
  }
  __builtin_ia32_tilestored64(0, sums, 128);
  __builtin_ia32_tilestored64(1, sums + 16, 128);
#if ROWS == 32
  __builtin_ia32_tilestored64(2, sums + 512, 128);
  __builtin_ia32_tilestored64(3, sums + 528, 128);
#endif
}
#else
static inline void begin_tiles() {}
static inline void end_tiles() {}
#define PAIRS(p) __builtin_astype(p, VECTOR_OF(int, 64))

static TARGETED void multiplied(const ushort* a, int stride, __global const ushort* w, int steps, float* sums) {
  for (int first = 0; first < ROWS; first += 8, a += 8 * stride, sums += 8 * 32) {
    VECTOR_OF(float, 64) sum[8][2];
    _Pragma("unroll") for (int r = 0; r < 8; r++)
      _Pragma("unroll") for (int v = 0; v < 2; v++) sum[r][v] = __builtin_astype((float16)(0), VECTOR_OF(float, 64));
    for (int s = 0; s < steps; s++) {
      __global const int16* panel = (__global const int16*)(w + 1024 * s);
      for (int k = 0; k < 16; k++) {
        const int16 some = panel[k], others = panel[16 + k];
        _Pragma("unroll") for (int r = 0; r < 8; r++) {
          const int16 pair = (int16)(*(const int*)(a + r * stride + 32 * s + 2 * k));
          sum[r][0] = __builtin_ia32_dpbf16ps_512(sum[r][0], PAIRS(pair), PAIRS(some));
          sum[r][1] = __builtin_ia32_dpbf16ps_512(sum[r][1], PAIRS(pair), PAIRS(others));
        }
      }
    }
    _Pragma("unroll") for (int r = 0; r < 8; r++)
      _Pragma("unroll") for (int v = 0; v < 2; v++)
        *(float16_anywhere*)(sums + 32 * r + 16 * v) = __builtin_astype(sum[r][v], float16);
  }
}
#endif

__kernel void conv_2d_bfloat16(
    __global const REAL* restrict x, __global const ushort* restrict w, __global STORED* restrict y,
    __global const REAL* restrict zeros,
    int rows, int depth, int channels,  // of the product; channels of a group
    int rows_per_item, int rows_apart, int rows_before, int rows_per_block, int channels_per_item, int prefetches,
    int height, int width, int x_channels, int group_channels, int out_height, int out_width, int out_channels,
    int stride_y, int stride_x, int dilation_y, int dilation_x, int pad_top, int pad_left,
    int taps_y, int taps_x, int reach_y, int reach_x
    EPILOGUE_PARAMS) {
  const int begin = get_global_id(0) * rows_apart - rows_before;
  const int first_row = max(begin, 0), last_row = min(begin + rows_per_item, rows);
  const int first_n = get_global_id(1) * channels_per_item, last_n = min(first_n + channels_per_item, channels);
  const int group = get_global_id(2), steps = (depth + 31) / 32, stride = 32 * steps + 32;
  ushort a[ROWS * (MOST + 32)];
  float sums[ROWS * 32];
  x += group * group_channels;
  w += group * ((channels + 31) / 32 * steps * 1024);
  begin_tiles();
  for (int tile = first_row; tile < last_row; tile += ROWS) {
    const int m = min(tile, last_row - ROWS);
    __global const REAL* from[ROWS];
    EACH_ROW {
      for (int k = 32 * steps - 32; k < 32 * steps; k++) a[r * stride + k] = 0;
    }
    BEGIN_WINDOWS
    ushort* to = a;
    EACH_TAP {
      FIND_TAP(PIXELS_OR(zeros))
      EACH_ROW rounded(from[r], to + r * stride, group_channels);
      to += group_channels;
    }
    for (int n = first_n; n < last_n; n += 32) {
      multiplied(a, stride, w + n / 32 * steps * 1024, steps, sums);
      EACH_ROW EACH_VECTOR {
        const int c = group * channels + FIRST_CHANNEL(n, v), i = (m + r) * out_channels + c;
        const float16 sum = *(float16_anywhere*)(sums + 32 * r + 16 * v);
        STORE16(y, PLACE(i, c), EPILOGUE16(sum, i, c));
      }
    }
  }
  end_tiles();
}
