// All kernels for one instruction set: included once by each kernels_*.c, which compiles them for
// its set. Includes layer.inc.h once for each combination of number types, whose functions NAME
// tells apart. Needs VLEN, HAS_FMA, HAS_BF16_DOT, TILE_ROWS, TILE_SUMS (the vectors of sums that
// registers hold beside operands) and TABLE, the name of the table that it defines.

#include "vector.inc.h"

// How far scores may run ahead of what a softmax subtracts from them, in powers of two.
#define OFFSET_SLACK 8.0f

// Bytes that caches fetch at a time.
#define LINE 64

#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)

#if HAS_BF16_DOT
INLINE vf vf_dot_bf16(vf acc, vu a, vu b) {
    return (vf)_mm512_dpbf16_ps((__m512)acc, (__m512bh)a, (__m512bh)b);
}

#define ACTIVATION_BF16 1
#define CACHE_BF16 1
#define NAME(x) PASTE(bf16_, x)
#define CACHE_INT8 0
#include "layer.inc.h"
#undef NAME
#undef CACHE_INT8

#define NAME(x) PASTE(bf16_int8_, x)
#define CACHE_INT8 1
#include "layer.inc.h"
#undef NAME
#undef CACHE_INT8
#undef CACHE_BF16
#undef ACTIVATION_BF16
#include "few_rows.inc.h"
#endif

#define ACTIVATION_BF16 0
#define CACHE_BF16 1
#define NAME(x) PASTE(mixed_, x)
#define CACHE_INT8 0
#include "layer.inc.h"
#undef NAME
#undef CACHE_INT8

#define NAME(x) PASTE(mixed_int8_, x)
#define CACHE_INT8 1
#include "layer.inc.h"
#undef NAME
#undef CACHE_INT8
#undef CACHE_BF16

#define CACHE_BF16 0
#define NAME(x) PASTE(f32_, x)
#define CACHE_INT8 0
#include "layer.inc.h"
#undef NAME

#include "int8.inc.h"
#include "f32_product.inc.h"

static void add(float *out, const float *x, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] += x[i];
}

static float maximum(const float *x, size_t n) {
    vf largest = vf_set(x[0]);
    vi not_a_number = {0};
    size_t i = 0;
    for (; i + VLEN <= n; i += VLEN) {
        const vf next = vf_load(x + i);
        largest = vf_max(next, largest);
        not_a_number |= next != next;
    }
    for (; i < n; i++) {
        largest = vf_max(vf_set(x[i]), largest);
        not_a_number |= vf_set(x[i]) != vf_set(x[i]);
    }
    return vi_any(not_a_number) ? __builtin_nanf("") : vf_largest(largest);
}

static float sum_of_exponentials(const float *x, size_t n, float offset) {
    const vf log2e = vf_set(1.44269504088896341f);
    vf sums = {0};
    size_t i = 0;
    for (; i + VLEN <= n; i += VLEN) sums += vf_exp2((vf_load(x + i) - vf_set(offset)) * log2e);
    float sum = vf_sum(sums);
    for (; i < n; i++) {
        vf last = vf_exp2((vf_set(x[i]) - vf_set(offset)) * log2e);
        sum += last[0];
    }
    return sum;
}

const pk_kernels TABLE = {
#if HAS_BF16_DOT
    .bf16 = &bf16_layer_kernels,
    .bf16_int8_cache = &bf16_int8_layer_kernels,
    .few_rows_plain = few_rows_plain,
    .few_rows_compact = few_rows_compact,
#endif
    .f32_bf16_cache = &mixed_layer_kernels,
    .f32_int8_cache = &mixed_int8_layer_kernels,
    .f32 = &f32_layer_kernels,
    .f32_product = f32_product,
    .add = add,
    .int8_round = int8_round,
    .int8_scale = int8_scale,
    .maximum = maximum,
    .sum_of_exponentials = sum_of_exponentials,
};
