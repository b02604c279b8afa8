/* Adds up what the input pixels spread over the output: WIDTH channels of an output pixel at a time.

   x: (image, height, width, KERNEL_Y, KERNEL_X, channels), the products of each input pixel and the weights.
   An output pixel oy is under the tap ky of the input pixel iy where oy = iy * stride - padding + ky. Strides
   are known when this is compiled: dividing by any number would take longer than all the rest. */

__kernel void transpose_conv(
    __global const float* restrict x, __global REAL* restrict y,
    int lines_per_item, int lines, int height, int width, int channels, int out_height, int out_width,
    int pad_top, int pad_left EPILOGUE_PARAMS) {
  const int first = get_global_id(0) * lines_per_item, last = min(first + lines_per_item, lines);
  for (int line = first; line < last; line++) {
    const int image = line / out_height, oy = line - image * out_height + pad_top;
    for (int column = 0; column < out_width; column++) {
      const int ox = column + pad_left;
      for (int block = 0; block < channels; block += WIDTH) {
        const int c = min(block, channels - WIDTH);
        VECTOR v = (VECTOR)(0);
        for (int ky = oy % STRIDE_Y; ky < KERNEL_Y; ky += STRIDE_Y) {
          const int iy = (oy - ky) / STRIDE_Y;
          if (oy < ky || iy >= height) continue;
          for (int kx = ox % STRIDE_X; kx < KERNEL_X; kx += STRIDE_X) {
            const int ix = (ox - kx) / STRIDE_X;
            if (ox < kx || ix >= width) continue;
            const int pixel = (image * height + iy) * width + ix;
            v += LOADF_VECTOR(x, ((pixel * KERNEL_Y + ky) * KERNEL_X + kx) * channels + c);
          }
        }
        const int i = (line * out_width + column) * channels + c;
        STORE_VECTOR(y, PLACE(i, c), EPILOGUE_VECTOR(v, i, c));
      }
    }
  }
}
