#include "tables.h"

pk_isa pk_isa_best(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
        && __builtin_cpu_supports("fma"))
        return __builtin_cpu_supports("avx512bf16") ? PK_ISA_AVX512_BF16 : PK_ISA_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return PK_ISA_AVX2;
#endif
    return PK_ISA_SCALAR;
}

const pk_kernels *pk_kernels_for(pk_isa isa) {
    if (isa < PK_ISA_SCALAR || isa > pk_isa_best()) return NULL;
    switch (isa) {
#if defined(__x86_64__)
    case PK_ISA_AVX512_BF16: return &pk_kernels_avx512_bf16;
    case PK_ISA_AVX512: return &pk_kernels_avx512;
    case PK_ISA_AVX2: return &pk_kernels_avx2;
#endif
    default: return &pk_kernels_scalar;
    }
}

size_t pk_attention_part(size_t rows, size_t head_size) {
    return (rows * (head_size + 16 + 1) + 15) / 16 * 16;
}

size_t pk_attention_segments(size_t positions) {
    return (positions + PK_PAGE * PK_SEGMENT_PAGES - 1) / (PK_PAGE * PK_SEGMENT_PAGES);
}
