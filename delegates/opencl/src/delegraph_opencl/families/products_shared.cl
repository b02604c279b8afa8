/* As products.cl, for GPUs: 16 x 16 work-items share tiles of both matrices; each has EACH x EACH sums. */

#define TILE (16 * EACH)

__kernel __attribute__((reqd_work_group_size(256, 1, 1))) void product(
    __global const A* restrict a, __global const B* restrict b, __global C* restrict c,
    __global const int* restrict stacks, int M, int N, int K,
    int a_m, int a_k, int b_k, int b_n, int c_m EPILOGUE_PARAMS) {
  __local F left[16][TILE + 1], right[16][TILE + 1];
  int item = get_local_id(0), row = item / 16, column = item % 16;
  int tiles = (M + TILE - 1) / TILE, panels = (N + TILE - 1) / TILE, group = get_group_id(0);
  int panel = group % panels, tile = group / panels % tiles, stack = group / panels / tiles;
  int m0 = tile * TILE, n0 = panel * TILE;
  __global const A* p = a + stacks[3 * stack];
  __global const B* q = b + stacks[3 * stack + 1];
  F sum[EACH][EACH];
  #pragma unroll
  for (int r = 0; r < EACH; r++) {
    #pragma unroll
    for (int s = 0; s < EACH; s++) sum[r][s] = 0;
  }
  for (int k0 = 0; k0 < K; k0 += 16) {
    for (int e = item; e < 16 * TILE; e += 256) {  // neighbors read along memory
      int k = a_k == 1 ? e % 16 : e / TILE, m = a_k == 1 ? e / 16 : e % TILE;
      left[k][m] = k0 + k < K && m0 + m < M ? LOAD_A(p, (m0 + m) * a_m + (k0 + k) * a_k) : (F)0;
    }
    for (int e = item; e < 16 * TILE; e += 256) {
      int k = b_k == 1 ? e % 16 : e / TILE, n = b_k == 1 ? e / 16 : e % TILE;
      right[k][n] = k0 + k < K && n0 + n < N ? LOAD_B(q, (k0 + k) * b_k + (n0 + n) * b_n) : (F)0;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int k = 0; k < 16; k++) {
      F x[EACH], y[EACH];
      #pragma unroll
      for (int r = 0; r < EACH; r++) {
        x[r] = left[k][row + 16 * r];
        y[r] = right[k][column + 16 * r];
      }
      #pragma unroll
      for (int r = 0; r < EACH; r++) {
        #pragma unroll
        for (int s = 0; s < EACH; s++) sum[r][s] = FMA(x[r], y[s], sum[r][s]);
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  #pragma unroll
  for (int r = 0; r < EACH; r++) {
    #pragma unroll
    for (int s = 0; s < EACH; s++) {
      int m = m0 + row + 16 * r, n = n0 + column + 16 * s, i = stacks[3 * stack + 2] + m * c_m + n;
      if (m < M && n < N) STORE_C(c, PLACE(i, n), EPILOGUE(sum[r][s], i, n));
    }
  }
}
