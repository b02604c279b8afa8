/* Stacks of matrices times each other. c: (stacks, M, N); element (m, k) of a lies at m * a_m + k * a_k.

   ``stacks`` says for each pair where its two matrices begin, and their product, whose rows lie c_m
   apart. What lies past the end of a matrix is computed twice instead: the last tile begins early enough
   to be whole. */

#define AT(p, i) LOAD_A(p, i)

#ifdef TILED
/* For CPUs: a tile of ROWS x LANES VECTORS sums stays in registers. b comes in panels of columns, each
   (K, LANES VECTORS) from element panel * b_panel on, or lies row by row; then b_panel is 0. */
#define W (LANES * VECTORS)

__kernel void product(
    __global const A* restrict a, __global const B* restrict b, __global C* restrict c,
    __global const int* restrict stacks, int count, int M, int N, int K,
    int a_m, int a_k, int b_k, int b_panel, int c_m, int per_item EPILOGUE_PARAMS) {
  int tiles = (M + ROWS - 1) / ROWS, panels = (N + W - 1) / W;
  int first = get_global_id(0) * per_item, last = min(first + per_item, count * tiles * panels);
  for (int task = first; task < last; task++) {
    int stack = task / tiles / panels, panel = task / tiles % panels;
    int m = min(task % tiles * ROWS, M - ROWS), n = min(panel * W, N - W);
    __global const A* p = a + stacks[3 * stack] + m * a_m;
    __global const B* q = b + stacks[3 * stack + 1] + (b_panel ? panel * b_panel : n);
    V(F) sum[ROWS][VECTORS];
    #pragma unroll
    for (int r = 0; r < ROWS; r++) {
      #pragma unroll
      for (int v = 0; v < VECTORS; v++) sum[r][v] = (V(F))(0);
    }
    for (int k = 0; k < K; k++) {
      V(F) column[VECTORS];
      #pragma unroll
      for (int v = 0; v < VECTORS; v++) column[v] = V(LOAD_B)(q, k * b_k + LANES * v);
      #pragma unroll
      for (int r = 0; r < ROWS; r++) {
        V(F) x = (V(F))(AT(p, r * a_m + k * a_k));
        #pragma unroll
        for (int v = 0; v < VECTORS; v++) sum[r][v] = FMA(x, column[v], sum[r][v]);
      }
    }
    #pragma unroll
    for (int r = 0; r < ROWS; r++) {
      int i = stacks[3 * stack + 2] + (m + r) * c_m + n;
      #pragma unroll
      for (int v = 0; v < VECTORS; v++) {
        int j = i + LANES * v, column = n + LANES * v;
        V(STORE_C)(c, PLACE(j, column), V(EPILOGUE)(sum[r][v], j, column));
      }
    }
  }
}
#endif

#ifdef DOTS
/* For CPUs, where few rows are multiplied: rows of a and columns of b lie along memory. */
__kernel void product(
    __global const A* restrict a, __global const B* restrict b, __global C* restrict c,
    __global const int* restrict stacks, int count, int M, int N, int K, int a_m, int b_n,
    int c_m, int per_item EPILOGUE_PARAMS) {
  int panels = (N + 3) / 4;
  int first = get_global_id(0) * per_item, last = min(first + per_item, count * M * panels);
  for (int task = first; task < last; task++) {
    int stack = task / M / panels, m = task / panels % M, n = task % panels * 4;
    __global const A* p = a + stacks[3 * stack] + m * a_m;
    __global const B* q[4];
    F16 sum[4];
    F rest[4];
    #pragma unroll
    for (int j = 0; j < 4; j++) {
      q[j] = b + stacks[3 * stack + 1] + min(n + j, N - 1) * b_n;
      sum[j] = (F16)(0);
      rest[j] = 0;
    }
    int k = 0;
    for (; k + 16 <= K; k += 16) {
      F16 x = LOAD_A16(p, k);
      #pragma unroll
      for (int j = 0; j < 4; j++) sum[j] = FMA(x, LOAD_B16(q[j], k), sum[j]);
    }
    for (; k < K; k++) {
      #pragma unroll
      for (int j = 0; j < 4; j++) rest[j] += LOAD_A(p, k) * LOAD_B(q[j], k);
    }
    for (int j = 0; j < min(4, N - n); j++) {
      F8 half_sum = sum[j].lo + sum[j].hi;
      F4 quarter = half_sum.lo + half_sum.hi;
      F2 pair = quarter.lo + quarter.hi;
      F v = pair.x + pair.y + rest[j];
      int i = stacks[3 * stack + 2] + m * c_m + n + j;
      STORE_C(c, PLACE(i, n + j), EPILOGUE(v, i, n + j));
    }
  }
}
#endif
