// Blockwise causal attention with an online softmax over packed KV pages, for one KV head and all
// the query rows that share it. Needs vector.inc.h, and ACTIVATION_BF16 and CACHE_BF16 (0 or 1).
//
// Deliberately not: a materialised score matrix. A tile of rows times one page of 64 keys lives in
// registers and in 64 * TILE_ROWS floats of scratch.
//
// A row meets its pages in ascending order and each page's keys in ascending order, whatever rows
// share its tile, so that prefill in any chunks and decode give the same bits.

#if ACTIVATION_BF16
typedef uint16_t NAME(activation);
typedef uint16_t NAME(probability);
#else
typedef float NAME(activation);
typedef float NAME(probability);
#endif

// Vectors in flight per row: TILE_ROWS * GROUP accumulators fill the register file.
enum { NAME(GROUP) = 4 };

// acc += the product of one query (or probability) pair with pairs of keys (or values). `pairs`
// counts 32-bit lanes.
#if CACHE_BF16
INLINE vf NAME(multiply_pairs)(vf acc, const NAME(activation) *left, vu pairs) {
#if ACTIVATION_BF16
    uint32_t pair;
    __builtin_memcpy(&pair, left, 4);
    return vf_dot_bf16(acc, (vu)(pair - (vu){0}), pairs);
#else
    acc = vf_fma(vf_set(left[0]), vf_even_of_pairs(pairs), acc);
    return vf_fma(vf_set(left[1]), vf_odd_of_pairs(pairs), acc);
#endif
}
#endif

// acc[r][v] += sum over `depth` of left[r][i] * right[i][v], right's rows `width` elements wide.
INLINE void NAME(multiply)(
    const int rows, const int vectors, vf acc[TILE_ROWS][NAME(GROUP)], const NAME(activation) *left,
    size_t left_stride, const uint8_t *right, size_t depth, size_t width) {
#if CACHE_BF16
    for (size_t i = 0; i < depth; i += 2, right += width * 4) {
        vu lanes[NAME(GROUP)];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) lanes[v] = ((const vu_unaligned *)right)[v];
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++)
                acc[r][v] = NAME(multiply_pairs)(acc[r][v], left + r * left_stride + i, lanes[v]);
    }
#else
    for (size_t i = 0; i < depth; i++, right += width * 4) {
        vf lanes[NAME(GROUP)];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) lanes[v] = ((const vf_unaligned *)right)[v];
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++)
                acc[r][v] = vf_fma(vf_set(left[r * left_stride + i]), lanes[v], acc[r][v]);
    }
#endif
}

// scores [rows][64] = scale * q [rows][head_size] . K
INLINE void NAME(score)(
    const int rows, float *scores, const NAME(activation) *q, const uint8_t *keys, size_t head_size,
    float scale) {
    for (size_t key = 0; key < PK_PAGE; key += NAME(GROUP) * VLEN) {
        vf acc[TILE_ROWS][NAME(GROUP)] = {0};
        NAME(multiply)(rows, NAME(GROUP), acc, q, head_size, keys + key * 4, head_size, PK_PAGE);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < NAME(GROUP); v++)
                vf_store(scores + r * PK_PAGE + key + v * VLEN, acc[r][v] * vf_set(scale));
    }
}

// Turns one row's scores (in units of log2) into probabilities relative to the running maximum;
// keys from `visible` on do not exist. Returns the factor that rescales what was summed before.
INLINE float NAME(soften)(
    NAME(probability) *probabilities, float *scores, size_t visible, float *maximum, float *sum) {
    if (visible < PK_PAGE)
        for (size_t key = visible; key < PK_PAGE; key++) scores[key] = -__builtin_inff();
    vf largest = vf_load(scores);
#pragma clang loop unroll(full)
    for (int v = 1; v < PK_PAGE / VLEN; v++) largest = vf_max(vf_load(scores + v * VLEN), largest);
    float now = vf_largest(largest);
    float before = *maximum;
    now = now > before ? now : before;
    *maximum = now;
    vf factor = vf_exp2(vf_set(before - now));
    vf added = {0};
#pragma clang loop unroll(full)
    for (int v = 0; v < PK_PAGE / VLEN; v++) {
        vf p = vf_exp2(vf_load(scores + v * VLEN) - vf_set(now));
        added += p;
#if ACTIVATION_BF16
        vf_store_bf16(probabilities + v * VLEN, p);
#else
        vf_store(probabilities + v * VLEN, p);
#endif
    }
    vf_store(sum, vf_fma(vf_load(sum), factor, added));
    return factor[0];
}

// out [rows][head_size] = factor * out + probabilities [rows][64] . V, for `vectors` vectors of
// each row.
INLINE void NAME(gather_vectors)(
    const int rows, const int vectors, float *out, const float *factors,
    const NAME(probability) *probabilities, const uint8_t *values, size_t head_size) {
    vf acc[TILE_ROWS][NAME(GROUP)];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            acc[r][v] = vf_load(out + r * head_size + v * VLEN) * vf_set(factors[r]);
    NAME(multiply)(rows, vectors, acc, probabilities, PK_PAGE, values, PK_PAGE, head_size);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) vf_store(out + r * head_size + v * VLEN, acc[r][v]);
}

INLINE void NAME(gather)(
    const int rows, float *out, const float *factors, const NAME(probability) *probabilities,
    const uint8_t *values, size_t head_size) {
    size_t i = 0;
    for (; i + NAME(GROUP) * VLEN <= head_size; i += NAME(GROUP) * VLEN)
        NAME(gather_vectors)
        (rows, NAME(GROUP), out + i, factors, probabilities, values + i * 4, head_size);
    for (; i < head_size; i += VLEN)
        NAME(gather_vectors)(rows, 1, out + i, factors, probabilities, values + i * 4, head_size);
}

// One page for `rows` rows, of which row r sees the first visible[r] keys.
INLINE void NAME(tile)(
    const int rows, const NAME(activation) *q, const uint8_t *page, const size_t *visible,
    float *out, float *maxima, float *sums, size_t head_size, float scale) {
    float scores[TILE_ROWS * PK_PAGE] __attribute__((aligned(64)));
    NAME(probability) probabilities[TILE_ROWS * PK_PAGE] __attribute__((aligned(64)));
    float factors[TILE_ROWS];
    const uint8_t *values = page + head_size * PK_PAGE * (CACHE_BF16 ? 2 : 4);
    NAME(score)(rows, scores, q, page, head_size, scale);
    for (int r = 0; r < rows; r++)
        factors[r] = NAME(soften)(
            probabilities + r * PK_PAGE, scores + r * PK_PAGE, visible[r], maxima + r,
            sums + r * 16);
    NAME(gather)(rows, out, factors, probabilities, values, head_size);
}

static void NAME(tile_of)(
    int rows, const NAME(activation) *q, const uint8_t *page, const size_t *visible, float *out,
    float *maxima, float *sums, size_t head_size, float scale) {
    switch (rows) {
#define CASE(n)                                                                          \
    case n:                                                                              \
        NAME(tile)(n, q, page, visible, out, maxima, sums, head_size, scale);            \
        break;
        CASE(1)
        CASE(2)
        CASE(3)
#if TILE_ROWS > 3
        CASE(4)
        CASE(5)
        CASE(6)
#endif
#undef CASE
    }
}

static void NAME(attention)(const pk_attention *a) {
    const size_t rows = a->tokens * a->group, d = a->head_size;
    const NAME(activation) *q = a->q;
    float *sums = a->scratch, *out = sums + rows * 16, *maxima = out + rows * d;
    for (size_t i = 0; i < rows * (16 + d); i++) sums[i] = 0;
    for (size_t r = 0; r < rows; r++) maxima[r] = -__builtin_inff();

    const float scale = a->scale * 1.44269504088896341f;  // scores in units of log2
    const size_t pages = (a->position + a->tokens - 1) / PK_PAGE + 1;
    for (size_t p = 0; p < pages; p++) {
        const uint8_t *page = a->pages + a->page_table[p] * a->page_stride;
        const size_t page_start = p * PK_PAGE;
        // Tokens before the page do not see it.
        const size_t first = page_start > a->position ? page_start - a->position : 0;
        for (size_t row = first * a->group; row < rows; row += TILE_ROWS) {
            const int count = rows - row < TILE_ROWS ? (int)(rows - row) : TILE_ROWS;
            size_t visible[TILE_ROWS];
            for (int r = 0; r < count; r++) {
                size_t keys = a->position + (row + (size_t)r) / a->group - page_start + 1;
                visible[r] = keys < PK_PAGE ? keys : PK_PAGE;
            }
            NAME(tile_of)
            (count, q + row * d, page, visible, out + row * d, maxima + row, sums + row * 16, d,
             scale);
        }
    }
    for (size_t r = 0; r < rows; r++) {
        NAME(activation) *to = (NAME(activation) *)a->out + r / a->group * a->out_stride
            + r % a->group * d;
        const vf reciprocal = vf_set(1.0f / vf_sum(vf_load(sums + r * 16)));
        for (size_t i = 0; i < d; i += VLEN) {
#if ACTIVATION_BF16
            vf_store_bf16(to + i, vf_load(out + r * d + i) * reciprocal);
#else
            vf_store(to + i, vf_load(out + r * d + i) * reciprocal);
#endif
        }
    }
}
