/* Tiles of a depthwise convolution, numbers multiplied one by one: real ones, or int16 (INTEGERS).

   For each row of the window, the columns under the tile are loaded once and each is multiplied wherever it is
   under a tap.

   w: (KERNEL_Y, KERNEL_X, channels). */

#ifdef INTEGERS
#define SUM V(int)
#define LOAD_NUMBERS(p, i) V(convert_int)(V(STORED)(p, i))
#define LOAD_TAPS(p, i) V(STORED)(p, i)
#define STORED(p, i) (p)[i]
#define STORED8(p, i) vload8(0, (p) + (i))
#define STORED16(p, i) vload16(0, (p) + (i))
#define ADDED(a, b, sum) ((sum) + (a) * (b))
#else
#define SUM V(F)
#define LOAD_NUMBERS V(LOAD)
#define LOAD_TAPS V(LOADF)
#define ADDED FMA
#endif

#define TILE(AT) \
  SUM sum[PIXELS]; \
  _Pragma("unroll") for (int t = 0; t < PIXELS; t++) sum[t] = (SUM)(0); \
  _Pragma("unroll") for (int ky = 0; ky < KERNEL_Y; ky++) { \
    SUM v[COLUMNS]; \
    _Pragma("unroll") for (int j = 0; j < COLUMNS; j++) v[j] = LOAD_NUMBERS(AT(ky, j), c); \
    _Pragma("unroll") for (int kx = 0; kx < KERNEL_X; kx++) { \
      const SUM tap = LOAD_TAPS(w, (ky * KERNEL_X + kx) * channels + c); \
      _Pragma("unroll") for (int t = 0; t < PIXELS; t++) \
        sum[t] = ADDED(v[t * STRIDE_X + kx * DILATION_X], tap, sum[t]); \
    } \
  } \
  _Pragma("unroll") for (int t = 0; t < PIXELS; t++) { \
    const int i = (line * out_width + column + t) * channels + c; \
    V(STORE_SUM)(i, c, sum[t]); \
  }
