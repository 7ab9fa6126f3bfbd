#include "tables.h"
#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma"))), \
    apply_to = function)
#define VLEN 16
#define HAS_FMA 1
#define HAS_BF16_DOT 1
#define TILE_ROWS 6
#define TILE_SUMS 24
#define TABLE pk_kernels_avx512_bf16
#include "isa.inc.h"
#pragma clang attribute pop
#endif
