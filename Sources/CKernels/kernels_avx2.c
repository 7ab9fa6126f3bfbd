#include "tables.h"
#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define VLEN 8
#define HAS_FMA 1
#define HAS_BF16_DOT 0
#define TILE_ROWS 6
#define TILE_SUMS 12
#define TABLE pk_kernels_avx2
#include "isa.inc.h"
#pragma clang attribute pop
#endif
