/* Tiles of a depthwise convolution of bytes, exact, for CPUs with VNNI: 64 numbers at a time.

   These are UNITS pixels, STRIDE_X apart, of WIDTH channels each. Four neighbors under a window, which are
   four vectors of 64 bytes, become four vectors of 16 channels with four bytes each, one for each neighbor; so
   a line of a window of 3 costs one instruction where multiplying numbers one by one takes 3. What is stored
   lies in order again: each quarter of a vector has one unit's channels.

   w: (block of channels, line, 4, 16) ints: the first line is what sums begin with; with SHIFTED the second is
   what to add for each unit of the total of the numbers under a window. Then (KERNEL_Y, QUADS) lines. */

typedef char bytes_of_512 __attribute__((__vector_size__(64)));
typedef char bytes_of_256 __attribute__((__vector_size__(32)));
typedef char bytes_of_128 __attribute__((__vector_size__(16)));
typedef bytes_of_512 bytes_of_512_anywhere __attribute__((aligned(1)));
typedef bytes_of_256 bytes_of_256_anywhere __attribute__((aligned(1)));
typedef bytes_of_128 bytes_of_128_anywhere __attribute__((aligned(1)));

#define QUADS ((KERNEL_X + 3) / 4)
#define VECTORS (COLUMNS - (UNITS - 1) * STRIDE_X)

// Bytes, or pairs of bytes, of two vectors in turn: of the lower or the upper half of each quarter.
#define BYTES_OF(i) i, i + 64, i + 1, i + 65, i + 2, i + 66, i + 3, i + 67, \
    i + 4, i + 68, i + 5, i + 69, i + 6, i + 70, i + 7, i + 71
#define PAIRS_OF(i) i, i + 32, i + 1, i + 33, i + 2, i + 34, i + 3, i + 35
#define LOW_BYTES(a, b) __builtin_shufflevector(a, b, BYTES_OF(0), BYTES_OF(16), BYTES_OF(32), BYTES_OF(48))
#define HIGH_BYTES(a, b) __builtin_shufflevector(a, b, BYTES_OF(8), BYTES_OF(24), BYTES_OF(40), BYTES_OF(56))
#define LOW_PAIRS(a, b) __builtin_shufflevector(a, b, PAIRS_OF(0), PAIRS_OF(8), PAIRS_OF(16), PAIRS_OF(24))
#define HIGH_PAIRS(a, b) __builtin_shufflevector(a, b, PAIRS_OF(4), PAIRS_OF(12), PAIRS_OF(20), PAIRS_OF(28))
#define AS_PAIRS(v) __builtin_astype(v, VECTOR_OF(short, 64))
#define AS_INTS(v) __builtin_astype(v, int16)
// Quarters of vectors of 16.
#define QUARTERS(a, b, i, j, k, l) __builtin_shufflevector(a, b, \
    4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3, 4 * j, 4 * j + 1, 4 * j + 2, 4 * j + 3, \
    4 * k, 4 * k + 1, 4 * k + 2, 4 * k + 3, 4 * l, 4 * l + 1, 4 * l + 2, 4 * l + 3)

// The units under column j of a tile.
#define READ(type, p) (*(__global const type##_anywhere*)((p) + c))
#if UNITS == 1
#define UNITS_AT(AT, ky, j) READ(bytes_of_512, AT(ky, j))
#elif UNITS == 2
#define UNITS_AT(AT, ky, j) JOINED(READ(bytes_of_256, AT(ky, j)), READ(bytes_of_256, AT(ky, (j) + STRIDE_X)), 32)
#else
#define UNITS_AT(AT, ky, j) JOINED( \
    JOINED(READ(bytes_of_128, AT(ky, j)), READ(bytes_of_128, AT(ky, (j) + STRIDE_X)), 16), \
    JOINED(READ(bytes_of_128, AT(ky, (j) + 2 * STRIDE_X)), READ(bytes_of_128, AT(ky, (j) + 3 * STRIDE_X)), 16), 32)
#endif
#define FOUR(i) i, i + 1, i + 2, i + 3
#define SIXTEEN(i) FOUR(i), FOUR(i + 4), FOUR(i + 8), FOUR(i + 12)
#define JOINED(a, b, n) JOINED_##n(a, b)
#define JOINED_16(a, b) __builtin_shufflevector(a, b, SIXTEEN(0), SIXTEEN(16))
#define JOINED_32(a, b) __builtin_shufflevector(a, b, SIXTEEN(0), SIXTEEN(16), SIXTEEN(32), SIXTEEN(48))

#define TILE(AT) \
  __global const int* p = w + block / WIDTH * (HEADS + KERNEL_Y * QUADS) * 64; \
  int16 sum[GROUPS][4], total[GROUPS][4]; \
  _Pragma("unroll") for (int g = 0; g < GROUPS; g++) \
    _Pragma("unroll") for (int q = 0; q < 4; q++) sum[g][q] = INT16(p, 16 * q), total[g][q] = (int16)(0); \
  _Pragma("unroll") for (int ky = 0; ky < KERNEL_Y; ky++) { \
    bytes_of_512 v[VECTORS]; \
    _Pragma("unroll") for (int j = 0; j < VECTORS; j++) v[j] = UNITS_AT(AT, ky, j); \
    _Pragma("unroll") for (int quad = 0; quad < QUADS; quad++) { \
      __global const int* taps = p + (HEADS + ky * QUADS + quad) * 64; \
      _Pragma("unroll") for (int g = 0; g < GROUPS; g++) { \
        const bytes_of_512 a = v[TAP(0)], b = v[TAP(1)], d = v[TAP(2)], e = v[TAP(3)]; \
        const bytes_of_512 low = LOW_BYTES(a, b), high = HIGH_BYTES(a, b); \
        const bytes_of_512 low_after = LOW_BYTES(d, e), high_after = HIGH_BYTES(d, e); \
        ADD(0, LOW_PAIRS(AS_PAIRS(low), AS_PAIRS(low_after))); \
        ADD(1, HIGH_PAIRS(AS_PAIRS(low), AS_PAIRS(low_after))); \
        ADD(2, LOW_PAIRS(AS_PAIRS(high), AS_PAIRS(high_after))); \
        ADD(3, HIGH_PAIRS(AS_PAIRS(high), AS_PAIRS(high_after))); \
      } \
    } \
  } \
  _Pragma("unroll") for (int g = 0; g < GROUPS; g++) { \
    ADD_TOTALS \
    const int16 a = QUARTERS(sum[g][0], sum[g][1], 0, 1, 4, 5), b = QUARTERS(sum[g][2], sum[g][3], 0, 1, 4, 5); \
    const int16 d = QUARTERS(sum[g][0], sum[g][1], 2, 3, 6, 7), e = QUARTERS(sum[g][2], sum[g][3], 2, 3, 6, 7); \
    STORE_UNIT(0, QUARTERS(a, b, 0, 2, 4, 6)); \
    STORE_UNIT(1, QUARTERS(a, b, 1, 3, 5, 7)); \
    STORE_UNIT(2, QUARTERS(d, e, 0, 2, 4, 6)); \
    STORE_UNIT(3, QUARTERS(d, e, 1, 3, 5, 7)); \
  }
// A tap that is none has a weight of 0.
#define TAP(k) \
  (g * UNITS * STRIDE_X + (4 * quad + (k) < KERNEL_X ? 4 * quad + (k) : 4 * quad) * DILATION_X)
#ifdef SHIFTED
#define ADD(q, numbers) do { \
    const int16 bytes = AS_INTS(numbers); \
    sum[g][q] = DOT4(sum[g][q], bytes, INT16(taps, 16 * q)); \
    total[g][q] = DOT4(total[g][q], bytes, (int16)(0x01010101 >> (quad + 1 < QUADS ? 0 : QUADS * 4 - KERNEL_X) * 8)); \
  } while (0)
#define ADD_TOTALS \
  _Pragma("unroll") for (int q = 0; q < 4; q++) sum[g][q] += total[g][q] * INT16(p, 64 + 16 * q);
#define HEADS 2
#else
#define ADD(q, numbers) sum[g][q] = DOT4(sum[g][q], AS_INTS(numbers), INT16(taps, 16 * q))
#define ADD_TOTALS
#define HEADS 1
#endif
#define STORE_UNIT(quarter, numbers) do { \
    const int pixel = UNITS * g + quarter * 16 / WIDTH, channel = c + quarter * 16 % WIDTH; \
    const int i = (line * out_width + column + pixel) * channels + channel; \
    STORE_SUM16(i, channel, numbers); \
  } while (0)
