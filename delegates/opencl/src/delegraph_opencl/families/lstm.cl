/* An LSTM cell over a sequence: a work-group takes one row of the batch through all steps. It is a work-item,
   or ITEMS that wait for each other at SYNC.

   Four gates, input, forget, update and output, of ``padded`` places each. ``sums``: what they get from the
   input, computed before for all steps. Whatever is carried along is float32, whatever real numbers are
   stored as. With INTEGERS all numbers are whole, and rounded as LiteRT rounds them, since in a sequence a
   step becomes several: gates in steps of 2**-15, what enters them in steps of 2**-12. With HYBRID weights are
   integers, and what they are multiplied with is rounded to 8 bits each time; a last bit can move it to another
   step, so that sums, tanh and the logistic function are rounded as in LiteRT. */

#define VECTOR(p, i) (*(__global VF*)((p) + (i)))
#define CONSTANT(p, i) (*(__global const VF*)((p) + (i)))
#define WHOLE(i) (*(__global const VI*)(whole + (i)))
#ifdef HYBRID
#pragma OPENCL FP_CONTRACT OFF
#define LOGISTIC(v) near_logistic(v)
#else
#define LOGISTIC(v) (1.0f / (1.0f + exp(-(v))))
#endif
#define EACH(n, size) for (int n = ITEM * LANES; n < (size); n += ITEMS * LANES)
#define EACH_ONE(n, size) for (int n = ITEM; n < (size); n += ITEMS)

#ifdef INTEGERS
#define ONE 32767.0f
#define OPEN(v) FLOATS(logistic_of(INTS(v)))
#define BEND(v) FLOATS(tanh_of(INTS(v), 3))
#define BEND_CELL(v) FLOATS(tanh_of(INTS(v), cell_bits))
#else
#define ONE 1.0f
#define OPEN(v) LOGISTIC(v)
#define BEND(v) ACTIVATION(v)
#define BEND_CELL(v) ACTIVATION(v)
#endif

#ifdef INTEGERS
/* Functions of 16-bit numbers with some bits before the point, to numbers with none: as gemmlowp, which
   LiteRT uses, approximates them. The last bits it loses would add up over a sequence. */

VI times(VI a, VI b) { return min((a * b + (1 << 14)) >> 15, 32767); }

VI rounded_shift(VI x, int n) {  // halves away from zero
  int mask = (1 << n) - 1;
  return (x >> n) + (((x & mask) > (mask >> 1) + ((x < 0) ? (VI)(1) : (VI)(0))) ? (VI)(1) : (VI)(0));
}

// x * multiplier * 2**(shift - 31), rounded twice.
VI rescaled(VI x, VI multiplier, VI shift) {
  VI left = max(shift, 0), right = max(-shift, 0);
  VL high = ((LONGS(x) << LONGS(left)) * LONGS(multiplier) + (VL)(1L << 30)) >> 31;
  VI y = INTS_SAT(high), half_step = ((VI)(1) << right) >> 1;
  return (y + half_step + ((right > 0) ? y >> 31 : (VI)(0))) >> right;
}

VI saturated(VI x) { return clamp(x, -32768, 32767); }

// exp(x), x <= 0: Taylor's series for x modulo 1/4, and a factor for each bit of the quarters.
VI exp_of(VI x, int bits) {
  const int factors[7] = {25520, 19875, 12055, 4435, 600, 11, 0};  // exp(-2**-2), ... exp(-2**4)
  const int fraction = 15 - bits, quarter = 1 << (fraction - 2);
  VI rest = (x & (quarter - 1)) - quarter;
  VI a = saturated(rest << bits) + (1 << 12);  // around -1/8
  VI a2 = times(a, a), a3 = times(a2, a), a4 = rounded_shift(times(a2, a2), 2);
  VI higher = rounded_shift(times(a4 + a3, (VI)(10923)) + a2, 1);  // 1/3
  VI y = saturated(28918 + times(a + higher, (VI)(28918)));  // exp(-1/8)
  for (int power = -2; power < min(bits, 5); power++)
    y = (((rest - x) >> (fraction + power) & 1) != 0) ? times(y, (VI)(factors[power + 2])) : y;
  if (bits > 5) y = (x < -(32 << fraction)) ? (VI)(0) : y;
  return (x == 0) ? (VI)(32767) : y;
}

// 2 / (1 + x) with two bits before the point: three of Newton's steps.
VI two_over_one_plus(VI x) {
  VI half_sum = (x + 32768) >> 1;
  VI y = 23130 + times(half_sum, (VI)(-15420));  // 48 / 17, -32 / 17
  for (int i = 0; i < 3; i++) y += saturated(times(y, (1 << 13) - times(half_sum, y)) << 2);
  return y;
}

VI negative(VI x) { return (x == -32768) ? x : -x; }

VI logistic_of(VI x) {
  VI upper = saturated(two_over_one_plus(exp_of(negative((x > 0) ? x : negative(x)), 3)) << 1);
  return (x == 0) ? (VI)(16384) : (x > 0) ? upper : 32767 - upper;
}

VI tanh_of(VI x, int bits) {
  VI y = saturated((two_over_one_plus(exp_of((x < 0) ? x : negative(x), bits + 1)) - (1 << 13)) << 2);
  return (x == 0) ? (VI)(0) : (x < 0) ? -y : y;
}
#endif

#ifdef HYBRID
/* tanh and the logistic function as Eigen's vector code approximates them, which LiteRT runs here. */

#define CUT(x, low, high) LEAST(MOST(x, (VF)(low)), (VF)(high))

// x * P(x * x) / Q(x * x), from where on it is 1 cut off.
VF near_tanh(VF v) {
  VF x = CUT(v, -7.90738964f, 7.90738964f), s = x * x;
  VF top = ((s * 1.394553628e-8f + 2.102733560e-5f) * s + 3.520756727e-3f) * s + 1.340216100e-1f;
  VF bottom = (((s * 8.015776984e-7f + 3.326951409e-4f) * s + 2.597254514e-2f) * s + 4.673548340e-1f) * s + 1.0f;
  return (s * x * top + x) / bottom;
}

// e / (1 + e) with e = exp(x) = (2**m * exp(r))**2, where x / 2 = m * log(2) + r.
VF near_logistic(VF x) {
  VF half_x = CUT(x, -104.0f, 16.6355324f) * 0.5f, m = floor(half_x * 1.44269504f + 0.5f);
  VF r = m * 2.12194440e-4f + (m * -0.693359375f + half_x), s = r * r;
  VF even = s * 4.1898667812347412e-2f + 0.49999141693115234f;
  VF odd = s * 8.3347130566835403e-3f + 0.16666877269744873f;
  VF e = (s * (r * odd + even) + (r + 1.0f)) * AS_FLOATS((INTS(m) + 127) << 23);
  e = e * e;
  return (x < -104.0f) ? (VF)(0.0f) : e / (1.0f + e);
}

// How a row is rounded: see ``rounding``.
void find_rounding(__global const float* row, __global float* how, int n) {
  float low = 0, high = 0;
  for (int k = 0; k < n; k++) {
    low = LOWER(low, row[k]);
    high = MOST(high, row[k]);
  }
  vstore4(rounding(low, high), 0, how);
}

#define ROUND_ROW(row, n) \
  EACH_ONE(one, 1) find_rounding(row, how, n); \
  SYNC; \
  EACH_ONE(k, n) { \
    const float4 found = vload4(0, how); \
    steps_of_row[k] = ROUNDED(float, int, row[k], found); \
  } \
  SYNC
#define WORTH how[3]
#endif

#ifdef NORMS
// For layer normalization: (sum - mean) / deviation of each gate.
#define NORMAL(g, v) (((v) - stats[2 * (g)]) * stats[2 * (g) + 1] * CONSTANT(norms, (g) * padded + n) \
                      + CONSTANT(biases, (g) * padded + n))
void measure(__global const float* gate, __global float* stats, int cells) {
  float mean = 0, variance = 0;
  for (int n = 0; n < cells; n++) mean += gate[n];
  mean /= cells;
  for (int n = 0; n < cells; n++) variance += (gate[n] - mean) * (gate[n] - mean);
  stats[0] = mean;
  stats[1] = 1.0f / sqrt(variance / cells + 1e-8f);
}
#else
#define NORMAL(g, v) (v)
#endif

__kernel void lstm(
    __global const float* restrict sums, __global const float* restrict recurrent,
    __global const float* restrict biases, __global const int* restrict whole,
    __global const float* restrict projection,
    __global const REAL* restrict output_state, __global const CELL* restrict cell_state,
    __global REAL* restrict y, __global REAL* restrict new_output_state,
    __global CELL* restrict new_cell_state, __global float* restrict memory,
    int steps, int step_stride, int batch_stride, int cells, int outputs, int padded, int padded_outputs,
    int block,
    int cell_bits, int leaving, int leaving_shift, int offset, int low, int high,
    float cell_clip, float projection_clip, float projection_scale) {
  const int b = ROW;
  __global const float* norms = biases + 4 * padded;
  __global const float* peepholes = norms + 4 * padded;
  __global const float* projection_bias = peepholes + 4 * padded;
#ifdef HYBRID
  __global const float* scales = projection_bias + padded_outputs;
#endif
  __global float* gates = memory + b * (7 * padded + 2 * padded_outputs + 16);
  __global float* cell = gates + 4 * padded;
  __global float* shown = cell + padded;  // the cell's outputs before the projection
#ifdef PROJECTION
  __global float* hidden = shown + padded;
#else
  __global float* hidden = shown;
#endif
  __global float* stats = shown + padded + padded_outputs;
#ifdef HYBRID
  __global float* how = stats + 8;
  __global float* steps_of_row = stats + 16;
#endif
  EACH_ONE(n, padded) cell[n] = n < cells ? (float)LOAD_CELL(cell_state, b * cells + n) : 0.0f;
  EACH_ONE(n, outputs) hidden[n] = (float)LOAD(output_state, b * outputs + n);
  SYNC;
  for (int t = 0; t < steps; t++) {
    const int row = t * step_stride + b * batch_stride;
#ifdef HYBRID
    ROUND_ROW(hidden, outputs);
#endif
    for (int first = ITEM * LANES * CHUNKS; first < 4 * padded;
         first += ITEMS * LANES * CHUNKS) {
      __global const float* weights = recurrent + first / block * block * outputs + first % block;
      VF sum[CHUNKS];
      #pragma unroll
      for (int j = 0; j < CHUNKS; j++) sum[j] = (VF)(0.0f);
      for (int k = 0; k < outputs; k++) {
#ifdef MIXED  // weights of some gates are floats, without a scale
        #pragma unroll
        for (int j = 0; j < CHUNKS; j++) {
          VF h = (VF)(scales[first + j * LANES] > 0 ? steps_of_row[k] : hidden[k]);
          sum[j] = FMA(h, CONSTANT(weights, k * block + j * LANES), sum[j]);
        }
#else
#ifdef HYBRID
        VF h = (VF)(steps_of_row[k]);
#else
        VF h = (VF)(hidden[k]);
#endif
        #pragma unroll
        for (int j = 0; j < CHUNKS; j++) sum[j] = FMA(h, CONSTANT(weights, k * block + j * LANES), sum[j]);
#endif
      }
      #pragma unroll
      for (int j = 0; j < CHUNKS; j++) {
        int n = first + j * LANES;
        VF x = CONSTANT(sums, row * 4 * padded + n);
#ifdef INTEGERS
        VI of_input = saturated(rescaled(INTS(x) + WHOLE(n), WHOLE(4 * padded + n), WHOLE(8 * padded + n)));
        VI of_state = rescaled(INTS(sum[j]), WHOLE(12 * padded + n), WHOLE(16 * padded + n));
        sum[j] = FLOATS(saturated(of_input + of_state));
#else
#ifdef HYBRID
        if (scales[n] > 0) sum[j] *= WORTH * CONSTANT(scales, n);
#endif
        sum[j] += x;
#endif
        VECTOR(gates, n) = sum[j];
      }
    }
    SYNC;
#ifdef PEEPHOLES
    EACH(n, padded) {
      VECTOR(gates, n) += CONSTANT(peepholes, n) * VECTOR(cell, n);
      VECTOR(gates, padded + n) += CONSTANT(peepholes, padded + n) * VECTOR(cell, n);
    }
    SYNC;
#endif
#ifdef NORMS
    EACH_ONE(g, 12) if (g % 4 == 0) measure(gates + g / 4 * padded, stats + g / 2, cells);
    SYNC;
#endif
    EACH(n, padded) {
      VF forget = OPEN(NORMAL(1, VECTOR(gates, padded + n)));
#ifdef COUPLED
      VF enter = ONE - forget;
#else
      VF enter = OPEN(NORMAL(0, VECTOR(gates, n)));
#endif
      VF update = BEND(NORMAL(2, VECTOR(gates, 2 * padded + n)));
#ifdef INTEGERS
      VI kept = rounded_shift(INTS(forget) * INTS(VECTOR(cell, n)), 15);
      VF next = FLOATS(kept + rounded_shift(INTS(enter) * INTS(update), 15 + cell_bits));
#else
      VF next = forget * VECTOR(cell, n) + enter * update;
#endif
      if (cell_clip > 0) next = fmin(fmax(next, -cell_clip), cell_clip);
#ifdef INTEGERS
      next = fmin(fmax(next, -32768.0f), 32767.0f);
#endif
      VECTOR(cell, n) = next;
#ifdef PEEPHOLES
      VECTOR(gates, 3 * padded + n) += CONSTANT(peepholes, 3 * padded + n) * next;
#endif
    }
    SYNC;
#ifdef NORMS
    EACH_ONE(g, 1) measure(gates + 3 * padded, stats + 6, cells);
    SYNC;
#endif
    EACH(n, padded) {
      VF leave = OPEN(NORMAL(3, VECTOR(gates, 3 * padded + n)));
#ifdef INTEGERS
      VI product = INTS(leave) * INTS(BEND_CELL(VECTOR(cell, n)));
      VF out = FLOATS(clamp(rescaled(product, (VI)(leaving), (VI)(leaving_shift)) + offset, low, high));
#else
      VF out = leave * BEND_CELL(VECTOR(cell, n));
#endif
      VECTOR(shown, n) = out;
    }
    SYNC;
#ifdef PROJECTION
#ifdef HYBRID
    ROUND_ROW(shown, cells);
    EACH(n, padded_outputs) {
      VF sum = (VF)(0.0f);
      for (int k = 0; k < cells; k++)
        sum = FMA((VF)(steps_of_row[k]), CONSTANT(projection, k * padded_outputs + n), sum);
      sum = sum * (WORTH * projection_scale) + CONSTANT(projection_bias, n);
#else
    EACH(n, padded_outputs) {
      VF sum = CONSTANT(projection_bias, n);
      for (int k = 0; k < cells; k++) sum += shown[k] * CONSTANT(projection, k * padded_outputs + n);
#endif
      if (projection_clip > 0) sum = fmin(fmax(sum, -projection_clip), projection_clip);
      VECTOR(hidden, n) = sum;
    }
    SYNC;
#endif
    EACH_ONE(n, outputs) STORE(y, row * outputs + n, (F)hidden[n]);
  }
  EACH_ONE(n, outputs) STORE(new_output_state, b * outputs + n, (F)hidden[n]);
  EACH_ONE(n, cells) STORE_CELL(new_cell_state, b * cells + n, cell[n]);
}
