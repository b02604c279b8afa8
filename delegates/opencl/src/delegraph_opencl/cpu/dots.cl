/* Products of integers added up, 16 sums at a time. An int of a and b holds two int16 (DOT2), or four bytes, in a
   without a sign and in b with one (DOT4).

   VNNI: the CPU has instructions that the driver does not compile for, for so many bits. HALVES and PLAIN are
   for tests. */

// Between a function with such instructions and others without any of that size, vectors would get lost.
#if VNNI == 512 && !defined(__AVX512BW__) || VNNI == 256 && !defined(__AVX2__)
#undef VNNI
#endif
#if VNNI == 512
#define TARGETED __attribute__((noinline, target("avx512vnni")))
#elif VNNI == 256
#define TARGETED __attribute__((noinline, target("avxvnni")))
#else
#define TARGETED inline
#endif
#if defined(__clang__) && defined(__AVX2__) && !defined(PLAIN)
#define VECTOR_OF(type, nbytes) type __attribute__((__vector_size__(nbytes)))
#define BY_HALVES(how, s, a, b) (int16)(how((s).lo, (a).lo, (b).lo), how((s).hi, (a).hi, (b).hi))
#define ADDED(instruction, nbytes, s, a, b) __builtin_astype(instruction( \
    __builtin_astype(s, VECTOR_OF(int, nbytes)), __builtin_astype(a, VECTOR_OF(int, nbytes)), \
    __builtin_astype(b, VECTOR_OF(int, nbytes))), __typeof__(s))
#define SUMMED(instruction, nbytes, s, a, b) ((s) + __builtin_astype(instruction( \
    __builtin_astype(a, VECTOR_OF(short, nbytes)), __builtin_astype(b, VECTOR_OF(short, nbytes))), __typeof__(s)))
#if (VNNI == 512 || defined(__AVX512VNNI__)) && !defined(HALVES)
#define DOT2(s, a, b) ADDED(__builtin_ia32_vpdpwssd512, 64, s, a, b)
#define DOT4(s, a, b) ADDED(__builtin_ia32_vpdpbusd512, 64, s, a, b)
#elif (VNNI == 256 || defined(__AVXVNNI__)) && !defined(HALVES)
#define HALF2(s, a, b) ADDED(__builtin_ia32_vpdpwssd256, 32, s, a, b)
#define HALF4(s, a, b) ADDED(__builtin_ia32_vpdpbusd256, 32, s, a, b)
#define DOT2(s, a, b) BY_HALVES(HALF2, s, a, b)
#define DOT4(s, a, b) BY_HALVES(HALF4, s, a, b)
#elif defined(__AVX512BW__) && !defined(HALVES)
#define DOT2(s, a, b) SUMMED(__builtin_ia32_pmaddwd512, 64, s, a, b)
#else
#define HALF2(s, a, b) SUMMED(__builtin_ia32_pmaddwd256, 32, s, a, b)
#define DOT2(s, a, b) BY_HALVES(HALF2, s, a, b)
#endif
#ifndef DOT4  // those at even places, then those at odd ones, each as int16
#define SHORTS(v, how) (int16)(as_int8(as_short16((v).lo) how), as_int8(as_short16((v).hi) how))
#define EVEN(s, a, b) DOT2(s, (a) & 0xff00ff, SHORTS((b) << 8, >> (short)8))
#define DOT4(s, a, b) DOT2(EVEN(s, a, b), (a) >> 8 & 0xff00ff, SHORTS(b, >> (short)8))
#endif
#else
#define DOT2(s, a, b) ((s) + ((a) << 16 >> 16) * ((b) << 16 >> 16) + ((a) >> 16) * ((b) >> 16))
#define DOT4(s, a, b) \
    ((s) + ((a) & 255) * ((b) << 24 >> 24) + ((a) >> 8 & 255) * ((b) << 16 >> 24) + \
     ((a) >> 16 & 255) * ((b) << 8 >> 24) + ((a) >> 24 & 255) * ((b) >> 24))
#endif
typedef int int_anywhere __attribute__((aligned(1)));
typedef int16 int16_anywhere __attribute__((aligned(1)));
#define INT16(p, i) (*(__global const int16_anywhere*)((p) + (i)))
