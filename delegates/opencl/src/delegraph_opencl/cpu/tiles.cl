/* Tiles of a product of matrices, for CPUs: ROWS rows times 16 VECTORS channels, and where the rows lie in an image.

   What lies past the end is computed twice: the last tile of rows, and the last vector of channels, begin early
   enough to be whole. */

#ifdef __clang__  // a loop along the depth is unrolled by a later pass than the one that says it is not
#pragma clang diagnostic ignored "-Wpass-failed"
#endif
#define EACH_ROW _Pragma("unroll") for (int r = 0; r < ROWS; r++)
#define EACH_VECTOR _Pragma("unroll") for (int v = 0; v < VECTORS; v++)
#define FIRST_CHANNEL(n, v) min((n) + 16 * (v), channels > 16 ? channels - 16 : 0)

// Rows of an image: BEGIN_WINDOWS says where the windows of rows m on begin, and whether all lie inside of it, side
// by side. Within EACH_TAP, FIND_TAP has ``from`` point to what lies under the tap; where not all are inside,
// AT_EDGE does.
#ifdef POINTWISE
#define BEGIN_WINDOWS EACH_ROW from[r] = x + (m + r) * x_channels;
#define EACH_TAP
#define FIND_TAP(AT_EDGE)
#else
#define BEGIN_WINDOWS \
  const int line = m / out_width, column = m - line * out_width, image = line / out_height; \
  const int top = (line - image * out_height) * stride_y - pad_top, left = column * stride_x - pad_left; \
  const int base = ((image * height + top) * width + left) * x_channels; \
  const int inside = top >= 0 && left >= 0 && column + ROWS <= out_width && top + reach_y <= height \
      && left + (ROWS - 1) * stride_x + reach_x <= width; \
  int tops[ROWS], lefts[ROWS], images[ROWS]; \
  if (!inside) \
    for (int r = 0; r < ROWS; r++) { \
      const int row_line = (m + r) / out_width; \
      images[r] = row_line / out_height; \
      tops[r] = (row_line - images[r] * out_height) * stride_y - pad_top; \
      lefts[r] = (m + r - row_line * out_width) * stride_x - pad_left; \
    }
#define EACH_TAP \
  for (int ky = 0; ky < taps_y; ky++) \
    for (int kx = 0; kx < taps_x; kx++)
#define FIND_TAP(AT_EDGE) \
  const int dy = ky * dilation_y, dx = kx * dilation_x; \
  if (inside) { \
    EACH_ROW from[r] = x + base + (dy * width + dx + r * stride_x) * x_channels; \
  } else { \
    AT_EDGE \
  }
#define PIXELS_OR(outside) \
  EACH_ROW { \
    const int iy = tops[r] + dy, ix = lefts[r] + dx; \
    const int is_inside = (uint)iy < (uint)height && (uint)ix < (uint)width; \
    from[r] = is_inside ? x + ((images[r] * height + iy) * width + ix) * x_channels : outside; \
  }
#endif

// Sums of real numbers: a step along the depth reads one line of a panel and NUMBER, one of each row.
#ifdef EIGHT  // channels at most, which are the first ones of a panel
#define SUMS F8
#else
#define SUMS F16
#endif
#define CLEAR_SUMS EACH_ROW EACH_VECTOR sum[r][v] = (SUMS)(0);
#define ADD_STEP(NUMBER) \
  SUMS weights[VECTORS]; \
  EACH_VECTOR weights[v] = LOAD_WEIGHTS(p, 16 * v); \
  EACH_ROW { \
    const SUMS a = (SUMS)(NUMBER); \
    EACH_VECTOR sum[r][v] = FMA(a, weights[v], sum[r][v]); \
  }
// Stores them: those of channels n on of a group of which the first is FIRST, in rows m on with so many CHANNELS.
#define STORE_SUMS(m, n, FIRST, CHANNELS) \
  EACH_ROW EACH_VECTOR { \
    const int c = FIRST + FIRST_CHANNEL(n, v), i = (m + r) * CHANNELS + c; \
    STORE_CHANNELS \
  }
#ifdef FOUR  // channels
#define STORE_CHANNELS STORE_SUM4(y, PLACE(i, c), EPILOGUE4(sum[r][v].lo, i, c));
#elif defined(NARROW)  // others that are no whole vector
#define STORE_CHANNELS \
  const F* one = (const F*)&sum[r][v]; \
  for (int j = 0; j < channels; j++) STORE_SUM(y, PLACE(i + j, c + j), EPILOGUE(one[j], i + j, c + j));
#elif defined(EIGHT)
#define STORE_CHANNELS STORE_SUM8(y, PLACE(i, c), EPILOGUE8(sum[r][v], i, c));
#else
#define STORE_CHANNELS STORE_SUM16(y, PLACE(i, c), EPILOGUE16(sum[r][v], i, c));
#endif
