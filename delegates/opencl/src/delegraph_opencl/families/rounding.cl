#define LEAST(a, b) ((b) < (a) ? (b) : (a))
#define MOST(a, b) ((b) > (a) ? (b) : (a))
// The lower end of a range: NaN where a number is none, so that the step is NaN, too, and all results are.
#define LOWER(a, b) ((((b) < (a)) | ((b) != (b))) ? (b) : (a))

/* How the numbers of a range that holds 0 are rounded to 8 bits: ROUNDED. One is worth ``.w``.

   Symmetric: to -127 ... 127. Asymmetric: to -128 ... 127, less what 0 becomes: a whole number, from that end
   of the range where less is rounded off. */
static inline float4 rounding(float low, float high) {
  const float tiny = 1e-36f;  // a range of smaller numbers is one of zeros: the inverse of its step is infinite
#if ASYMMETRIC
  const float spread = high - low;
  const WIDE step = spread < tiny ? (WIDE)1 : (WIDE)spread / (WIDE)255;
  const WIDE first = (WIDE)low / step, last = (WIDE)high / step;
  const WIDE zero = (WIDE)128 - first < (WIDE)127 + last ? (WIDE)-128 - first : (WIDE)127 - last;
  const float whole = (float)round(zero < -128 ? (WIDE)-128 : zero > 127 ? (WIDE)127 : zero);
  return (float4)((float)((WIDE)1 / (float)step), -128.0f - whole, 127.0f - whole, (float)step);
#else
  const float reach = MOST(-low, high), some = reach < tiny ? 127.0f : reach;
  return (float4)((float)((WIDE)127 / some), -127.0f, 127.0f, (float)((WIDE)some / (WIDE)127));
#endif
}

// ``v``, one float or a vector of type T with integers of type I: halves away from zero.
#define ROUNDED(T, I, v, how) LEAST(MOST(WHOLE_OF(T, I, (v) * how.x), (T)(how.y)), (T)(how.z))
#define WHOLE_OF(T, I, v) \
  convert_##T(convert_##I((v) + (((v) < 0.0f) ? (T)(-0.5f) : (T)(0.5f))))

/* What one of a row's numbers is worth; less than 0 where every row of ``x`` holds zeros alone, so that sums
   end in -0.0, which leaves a bias of -0.0 as it is. */
#if MINUS_ZEROS
static inline bool are_zeros(__global const REAL* x, int n) {
  int i = 0;
  while (i < n && (float)LOAD(x, i) == 0.0f) i++;
  return i == n;
}
#define STEP_OF(low, high, how) \
  ((low) == 0 && (high) == 0 && are_zeros(x, tasks / parts * depth) ? -how.w : how.w)
#else
#define STEP_OF(low, high, how) how.w
#endif
