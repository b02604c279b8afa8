// The end of a convolution whose depth was cut: a work-item adds up WIDTH neighboring sums of each part.
__kernel void add_up(__global const float* restrict parts, __global REAL* restrict y, int n, int channels
                     EPILOGUE_PARAMS) {
  const int i = get_global_id(0) * WIDTH, c = i % channels;
  if (i >= n) return;
  VECTOR total = (VECTOR)(0);
  for (int split = 0; split < SPLITS; split++) total += LOAD_VECTOR(parts, split * n + i);
  STORE_VECTOR(y, PLACE(i, c), EPILOGUE_VECTOR(TO_VECTOR(total), i, c));
}
