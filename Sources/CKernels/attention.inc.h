// Blockwise causal attention with an online softmax over packed KV pages, for one KV head and all
// the query rows that share it. Needs vector.inc.h, pages.inc.h, and ACTIVATION_BF16 (0 or 1).
//
// Deliberately not: a materialised score matrix. A tile of rows times one page of 64 keys lives in
// registers and in 64 * TILE_ROWS floats of scratch.
//
// A row meets the pages of a segment in ascending order and each page's keys in ascending order,
// whatever rows share its tile; segments lie at fixed positions and are merged in ascending order.
// So prefill in any chunks, decode, and decode whose segments several threads share give the
// same bits.
//
// What a softmax subtracts from its scores (in units of log2) need not be their maximum: it is
// an integer that follows the maximum where that runs more than OFFSET_SLACK ahead. So most pages
// rescale nothing, and where one does, it multiplies by a power of two, which is exact. It follows
// the row's own scores alone, so it is the same whatever shares the tile.

#if ACTIVATION_BF16
typedef uint16_t NAME(activation);
typedef uint16_t NAME(probability);
#else
typedef float NAME(activation);
typedef float NAME(probability);
#endif

// Vectors in flight per row, so that the sums of all rows fill the register file. Fewer rows have
// more vectors each, as a sum waits for the one before.
enum { NAME(GROUP) = VLEN == 8 ? 8 : 4 };

INLINE int NAME(group_of)(const int rows) {
    int group = NAME(GROUP);
    while (rows * group > TILE_SUMS) group /= 2;
    return group;
}

// acc += the product of one query (or probability) pair with the pairs of keys (or values) in the
// lanes of `pairs`.
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

// acc[r][v] += sum over `depth` of left[r][i] * right[i][v], right's rows `width` elements wide and
// as they are stored or widened. Meanwhile the second cache fetches what lies `ahead` bytes
// further on, unless that is zero: it waits for more memory at a time than the first can.
INLINE void NAME(multiply)(
    const int rows, const int vectors, vf acc[TILE_ROWS][NAME(GROUP)], const NAME(activation) *left,
    size_t left_stride, const uint8_t *right, size_t depth, size_t width, const bool stored,
    const ptrdiff_t ahead) {
    const size_t vector_bytes = VLEN * LANE_BYTES(stored);
#if CACHE_BF16
    for (size_t i = 0; i < depth; i += 2, right += width * LANE_BYTES(stored)) {
        if (ahead)
            for (size_t at = 0; at < vectors * vector_bytes; at += LINE)
                __builtin_prefetch(right + ahead + at, 0, 2);
        vu lanes[NAME(GROUP)];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            lanes[v] = NAME(load_pairs)(right + v * vector_bytes, stored);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++)
                acc[r][v] = NAME(multiply_pairs)(acc[r][v], left + r * left_stride + i, lanes[v]);
    }
#else
    for (size_t i = 0; i < depth; i++, right += width * 4) {
        if (ahead)
            for (size_t at = 0; at < vectors * vector_bytes; at += LINE)
                __builtin_prefetch(right + ahead + at, 0, 2);
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

// scores [rows][64] = q [rows][head_size] . K
INLINE void NAME(score)(
    const int rows, float *scores, const NAME(activation) *q, const NAME(operands) *page,
    size_t head_size, const bool stored, const ptrdiff_t ahead) {
    const int group = NAME(group_of)(rows);
    for (size_t key = 0; key < PK_PAGE; key += (size_t)group * VLEN) {
        vf acc[TILE_ROWS][NAME(GROUP)] = {0};
        NAME(multiply)
        (rows, group, acc, q, head_size, page->keys + key * LANE_BYTES(stored), head_size, PK_PAGE,
         stored, ahead);
#pragma clang loop unroll(full)
        for (int v = 0; v < group; v++) {
            const size_t at = key + (size_t)v * VLEN;
#if CACHE_INT8
            const vf scales = vf_load(page->key_scales + at);
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) acc[r][v] *= scales;
#endif
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) vf_store(scores + r * PK_PAGE + at, acc[r][v]);
        }
    }
}

// What a score is worth in powers of two: log2(e) / sqrt(head_size).
typedef struct {
    float score, reciprocal;
} NAME(unit);

// The softmax of some rows so far: sum and out are relative to 2^offset.
typedef struct {
    float *offsets;  // [rows], integers
    float *sums;     // [rows][16], the lanes of each row's sum
    float *out;      // [rows][head_size]
} NAME(state);

INLINE NAME(state) NAME(state_in)(float *memory, size_t rows) {
    return (NAME(state)){memory + rows * 16, memory, memory + rows * 17};
}

INLINE NAME(state) NAME(state_from)(NAME(state) s, size_t row, size_t head_size) {
    return (NAME(state)){s.offsets + row, s.sums + row * 16, s.out + row * head_size};
}

INLINE void NAME(scale_row)(NAME(state) s, size_t row, size_t head_size, vf factor) {
    vf_store(s.sums + row * 16, vf_load(s.sums + row * 16) * factor);
    float *out = s.out + row * head_size;
    for (size_t i = 0; i < head_size; i += VLEN) vf_store(out + i, vf_load(out + i) * factor);
}

// Moves the offsets of those rows whose largest scores are too far above them.
static __attribute__((noinline)) void NAME(raise_offsets)(
    int rows, const vf *largest, float unit, NAME(state) s, size_t head_size) {
    for (int r = 0; r < rows; r++) {
        const float now = vf_largest(largest[r]) * unit;
        if (!(now > s.offsets[r] + OFFSET_SLACK)) continue;
        const float offset = nearest_integer(now);
        NAME(scale_row)(s, (size_t)r, head_size, vf_exp2(vf_set(s.offsets[r] - offset)));
        s.offsets[r] = offset;
    }
}

// 2^(unit * x - offset) for an integer offset, to 5e-5 where probabilities are bf16 and to 1e-7
// where they are f32; about 2^-126 where it is less, which is so below `lowest`. Reduction to
// [-1/2, 1/2], then the Taylor polynomial of 2^f.
INLINE vf NAME(power)(vf x, float unit, float lowest, float offset) {
    const vf magic = vf_set(INTEGER_MAGIC - offset);
    const vf clamped = vf_max(x, vf_set(lowest));
    const vf shifted = vf_fma(clamped, vf_set(unit), magic);
    const vf f = vf_fma(clamped, vf_set(unit), magic - shifted);
#if ACTIVATION_BF16
    vf p = vf_set(9.6181291076284770e-3f);
#else
    vf p = vf_set(1.5403530393381608e-4f);
    p = vf_fma(p, f, vf_set(1.3333558146428443e-3f));
    p = vf_fma(p, f, vf_set(9.6181291076284770e-3f));
#endif
    p = vf_fma(p, f, vf_set(5.5504108664821580e-2f));
    p = vf_fma(p, f, vf_set(2.4022650695910072e-1f));
    p = vf_fma(p, f, vf_set(6.9314718055994531e-1f));
    p = vf_fma(p, f, vf_set(1.0f));
    return (vf)((vi)p + ((vi)shifted << 23));
}

// Turns one row's scores into probabilities times 2^-offset and adds them to the row's sum; keys
// from `visible` on do not exist. What multiplies the values has their scales in it.
INLINE void NAME(soften)(
    NAME(probability) *probabilities, const float *scores, const NAME(operands) *page,
    const int visible, const NAME(unit) *unit, float offset, float *sum) {
    const float lowest = (offset - 126.0f) * unit->reciprocal;
    vf added = vf_load(sum);
#pragma clang loop unroll(full)
    for (int v = 0; v < PK_PAGE / VLEN; v++) {
        vf p = NAME(power)(vf_load(scores + v * VLEN), unit->score, lowest, offset);
        if (visible < PK_PAGE) p = (vf)((vi)p & (vi_lanes() < visible - v * VLEN));
        added += p;
#if CACHE_INT8
        p *= vf_load(page->value_scales + v * VLEN);
#endif
#if ACTIVATION_BF16
        vf_store_bf16(probabilities + v * VLEN, p);
#else
        vf_store(probabilities + v * VLEN, p);
#endif
    }
    vf_store(sum, added);
}

// out [rows][head_size] += probabilities [rows][64] . V, for `vectors` vectors of each row.
INLINE void NAME(gather_vectors)(
    const int rows, const int vectors, float *out, const NAME(probability) *probabilities,
    const uint8_t *values, size_t head_size, size_t width, const bool stored,
    const ptrdiff_t ahead) {
    vf acc[TILE_ROWS][NAME(GROUP)];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) acc[r][v] = vf_load(out + r * head_size + v * VLEN);
    NAME(multiply)
    (rows, vectors, acc, probabilities, PK_PAGE, values, PK_PAGE, width, stored, ahead);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++) vf_store(out + r * head_size + v * VLEN, acc[r][v]);
}

INLINE void NAME(gather)(
    const int rows, float *out, const NAME(probability) *probabilities, const uint8_t *values,
    size_t head_size, const bool stored, const ptrdiff_t ahead) {
    const int group = NAME(group_of)(rows);
    for (size_t i = 0; i < head_size;) {
        const size_t width = NAME(block_width)(i, head_size);
        const bool full = i % PK_VALUE_COLUMNS + (size_t)group * VLEN <= width;
        const uint8_t *column =
            values + NAME(value_at)(0, i, head_size) / (CACHE_BF16 ? 2 : 1) * LANE_BYTES(stored);
        if (full)
            NAME(gather_vectors)
            (rows, group, out + i, probabilities, column, head_size, width, stored, ahead);
        else
            NAME(gather_vectors)
            (rows, 1, out + i, probabilities, column, head_size, width, stored, ahead);
        i += full ? (size_t)group * VLEN : VLEN;
    }
}

// One page for `rows` rows, of which row r sees the first visible[r] keys, the last most. A tile
// that has a page to itself reads it as it is stored, from memory. If there is a `next` page to
// fetch, it lets the caches fetch the values while it needs the keys, and the keys of the next page
// while it needs the values.
INLINE void NAME(tile)(
    const int rows, const bool alone, const NAME(activation) *q, const NAME(operands) *page,
    const uint8_t *next, const int *visible, const NAME(unit) *unit, NAME(state) s,
    size_t head_size) {
    float scores[TILE_ROWS * PK_PAGE] __attribute__((aligned(64)));
    NAME(probability) probabilities[TILE_ROWS * PK_PAGE] __attribute__((aligned(64)));
    vf largest[TILE_ROWS];
    vi above = {0};
    const bool whole = visible[0] == PK_PAGE;
    NAME(score)
    (rows, scores, q, page, head_size, alone, alone && next ? page->values - page->keys : 0);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
        float *row = scores + r * PK_PAGE;
        if (!whole)
            for (int key = visible[r]; key < PK_PAGE; key++) row[key] = -__builtin_inff();
        largest[r] = vf_load(row);
#pragma clang loop unroll(full)
        for (int v = 1; v < PK_PAGE / VLEN; v++)
            largest[r] = vf_max(vf_load(row + v * VLEN), largest[r]);
        above |= largest[r] > vf_set((s.offsets[r] + OFFSET_SLACK) * unit->reciprocal);
    }
    if (vi_any(above)) NAME(raise_offsets)(rows, largest, unit->score, s, head_size);
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++) {
        NAME(probability) *to = probabilities + r * PK_PAGE;
        const float *row = scores + r * PK_PAGE;
        if (whole)
            NAME(soften)(to, row, page, PK_PAGE, unit, s.offsets[r], s.sums + r * 16);
        else
            NAME(soften)(to, row, page, visible[r], unit, s.offsets[r], s.sums + r * 16);
    }
    NAME(gather)
    (rows, s.out, probabilities, page->values, head_size, alone,
     alone && next ? next + NAME(SCALE_BYTES) - page->values : 0);
}

static void NAME(tile_of)(
    int rows, bool alone, const NAME(activation) *q, const NAME(operands) *page,
    const uint8_t *next, const int *visible, const NAME(unit) *unit, NAME(state) s,
    size_t head_size) {
    switch (rows * 2 + alone) {
#define CASE(n)                                                           \
    case n * 2:                                                           \
        NAME(tile)(n, false, q, page, next, visible, unit, s, head_size); \
        break;                                                            \
    case n * 2 + 1:                                                       \
        NAME(tile)(n, true, q, page, next, visible, unit, s, head_size);  \
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

// Lets the caches fetch one of `shares` equal shares of a page.
INLINE void NAME(prefetch)(const uint8_t *page, size_t byte_count, size_t share, size_t shares) {
    const size_t lines = byte_count / LINE;
    for (size_t line = lines * share / shares; line < lines * (share + 1) / shares; line++)
        __builtin_prefetch(page + line * LINE, 0, 2);
}

// The same with the scales alone.
INLINE void NAME(prefetch_scales)(const uint8_t *page, size_t byte_count) {
    for (size_t at = 0; at < NAME(SCALE_BYTES); at += LINE) {
        __builtin_prefetch(page + at, 0, 3);
        __builtin_prefetch(page + byte_count / 2 + at, 0, 3);
    }
}

// The processor fetches by itself what is read in the order of memory, and more at a time than it
// can be told to. A tile reads so if its registers hold the scores of all keys of a page.
INLINE bool NAME(reads_in_order)(size_t rows) {
    return NAME(group_of)((int)rows) * VLEN >= PK_PAGE;
}

INLINE const uint8_t *NAME(page_at)(const pk_attention *a, size_t p) {
    const size_t page = a->page_table[p];
    return a->pages + page / PK_GROUP_PAGES * a->group_stride
        + page % PK_GROUP_PAGES * pk_page_bytes(NAME(CACHE), a->head_size);
}

// All rows that see a page, tile by tile; meanwhile the caches fetch the page after it, if any.
static void NAME(attend_page)(
    const pk_attention *a, size_t p, const uint8_t *next, uint8_t *widened,
    const NAME(unit) *unit, NAME(state) s) {
    const size_t rows = a->tokens * a->group, d = a->head_size;
    const size_t page_bytes = pk_page_bytes(NAME(CACHE), d);
    const uint8_t *const stored = NAME(page_at)(a, p);
    NAME(operands) page = NAME(operands_of)(stored, d);
    const size_t page_start = p * PK_PAGE;
    // Tokens before the page do not see it.
    const size_t first = (page_start > a->position ? page_start - a->position : 0) * a->group;
    const size_t tiles = (rows - first + TILE_ROWS - 1) / TILE_ROWS;
#if CACHE_INT8
    if (tiles > 1) NAME(widen)(&page, widened, d);
#endif
    if (tiles == 1 && NAME(reads_in_order)(rows - first) && next == stored + page_bytes)
        next = NULL;
    if (next && tiles == 1) NAME(prefetch_scales)(next, page_bytes);
    for (size_t tile = 0; tile < tiles; tile++) {
        const size_t row = first + tile * TILE_ROWS;
        const int count = rows - row < TILE_ROWS ? (int)(rows - row) : TILE_ROWS;
        int visible[TILE_ROWS];
        for (int r = 0; r < count; r++) {
            const size_t keys = a->position + (row + (size_t)r) / a->group - page_start + 1;
            visible[r] = keys < PK_PAGE ? (int)keys : PK_PAGE;
        }
        if (next && tiles > 1) NAME(prefetch)(next, page_bytes, tile, tiles);
        NAME(tile_of)
        (count, tiles == 1, (const NAME(activation) *)a->q + row * d, &page, next, visible, unit,
         NAME(state_from)(s, row, d), d);
    }
}

static void NAME(attend_segment)(const pk_attention *a, size_t segment, float *part) {
    const size_t rows = a->tokens * a->group;
    const NAME(state) s = NAME(state_in)(part, rows);
    for (size_t i = 0; i < rows * 16; i++) s.sums[i] = 0;
    for (size_t i = 0; i < rows * a->head_size; i++) s.out[i] = 0;
    for (size_t r = 0; r < rows; r++) s.offsets[r] = -__builtin_inff();
    const size_t pages = (a->position + a->tokens - 1) / PK_PAGE + 1;
    const size_t first = segment * PK_SEGMENT_PAGES;
    const size_t last = first + PK_SEGMENT_PAGES < pages ? first + PK_SEGMENT_PAGES : pages;
    const float score = 1.44269504088896341f / __builtin_sqrtf((float)a->head_size);
    const NAME(unit) unit = {score, 1.0f / score};
    // A page of bf16, which stays in cache.
    uint8_t widened[CACHE_INT8 ? 4 * PK_PAGE * PK_HEAD_SIZE_MAX : 1] __attribute__((aligned(64)));
    for (size_t p = first; p < last; p++) {
        NAME(attend_page)
        (a, p, p + 1 < pages ? NAME(page_at)(a, p + 1) : NULL, widened, &unit, s);
    }
}

// Adds what a later segment gave to the state of those before it.
INLINE void NAME(merge)(
    const pk_attention *a, size_t segment, NAME(state) total, NAME(state) part) {
    const size_t d = a->head_size, start = segment * PK_PAGE * PK_SEGMENT_PAGES;
    const size_t first = (start > a->position ? start - a->position : 0) * a->group;
    for (size_t r = first; r < a->tokens * a->group; r++) {
        const float before = total.offsets[r], later = part.offsets[r];
        const float offset = before > later ? before : later;
        const vf factor = vf_exp2(vf_set(before - offset));
        const vf later_factor = vf_exp2(vf_set(later - offset));
        total.offsets[r] = offset;
        vf_store(
            total.sums + r * 16, vf_load(total.sums + r * 16) * factor
                + vf_load(part.sums + r * 16) * later_factor);
        for (size_t i = r * d; i < (r + 1) * d; i += VLEN)
            vf_store(
                total.out + i,
                vf_load(total.out + i) * factor + vf_load(part.out + i) * later_factor);
    }
}

INLINE void NAME(write_out)(const pk_attention *a, NAME(state) s) {
    const size_t d = a->head_size;
    for (size_t r = 0; r < a->tokens * a->group; r++) {
        NAME(activation) *to = (NAME(activation) *)a->out + r / a->group * a->out_stride
            + r % a->group * d;
        const vf reciprocal = vf_set(1.0f / vf_sum(vf_load(s.sums + r * 16)));
        for (size_t i = 0; i < d; i += VLEN) {
#if ACTIVATION_BF16
            vf_store_bf16(to + i, vf_load(s.out + r * d + i) * reciprocal);
#else
            vf_store(to + i, vf_load(s.out + r * d + i) * reciprocal);
#endif
        }
    }
}

static void NAME(merge_segments)(const pk_attention *a, float *parts) {
    const size_t rows = a->tokens * a->group;
    const size_t size = pk_attention_part(rows, a->head_size);
    const NAME(state) total = NAME(state_in)(parts, rows);
    for (size_t segment = 1; segment < pk_attention_segments(a->position + a->tokens); segment++)
        NAME(merge)(a, segment, total, NAME(state_in)(parts + segment * size, rows));
    NAME(write_out)(a, total);
}

static void NAME(attention)(const pk_attention *a, float *scratch) {
    const size_t rows = a->tokens * a->group;
    float *part = scratch + pk_attention_part(rows, a->head_size);
    const NAME(state) total = NAME(state_in)(scratch, rows);
    NAME(attend_segment)(a, 0, scratch);
    for (size_t segment = 1; segment < pk_attention_segments(a->position + a->tokens); segment++) {
        NAME(attend_segment)(a, segment, part);
        NAME(merge)(a, segment, total, NAME(state_in)(part, rows));
    }
    NAME(write_out)(a, total);
}
