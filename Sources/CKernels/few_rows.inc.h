// Products of a few rows of bf16 activations with weights that are read once, from memory: decode.
// Needs AVX-512 with BF16.
//
// Deliberately the same sums as a product of many rows: values are rounded to bf16 as they would
// be there, and pairs are added up in the same order.

#include "compact.h"

// How far ahead of its use memory is fetched: of compact weights, which are read two units at a
// time, ahead of the second unit, so that the first is there in time as well.
enum { FEW_ROWS_PLAIN_AHEAD = 4096, FEW_ROWS_COMPACT_AHEAD = 8192 };

// Stores or adds what a block of the depth gave.
INLINE void few_rows_put(float *out, vf sum, bool first, size_t lanes) {
    const __mmask16 mask = (__mmask16)((1u << lanes) - 1);
    const __m512 before = first ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(mask, out);
    _mm512_mask_storeu_ps(out, mask, first ? (__m512)sum : before + (__m512)sum);
}

INLINE vu few_rows_pair(const uint16_t *source) {
    uint32_t pair;
    __builtin_memcpy(&pair, source, 4);
    return (vu)_mm512_set1_epi32((int)pair);
}

// The scales and minima of one run, for the lanes of the first and of the last eight columns.
typedef struct {
    __m512 scale[2], minimum[2];
} few_rows_scales;

INLINE __m512 few_rows_halves(const uint8_t *p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}

// Each of eight columns' numbers twice.
INLINE void few_rows_spread(__m512 x, __m512 out[2]) {
    const __m512i low = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    out[0] = _mm512_permutexvar_ps(low, x);
    out[1] = _mm512_permutexvar_ps(_mm512_add_epi32(low, _mm512_set1_epi32(8)), x);
}

// `part`: the first or the last 16 inputs of a run; only Q6_K scales them differently.
INLINE few_rows_scales few_rows_scales_of(
    const pk_weight_format format, const uint8_t *header, const uint8_t *run, const int part) {
    const compact_layout l = compact_layout_of(format);
    __m512 scale, minimum = _mm512_setzero_ps();
    if (l.header) {
        const __m128i *bytes = (const __m128i *)run;
        scale = few_rows_halves(header);
        if (format == PK_Q6_K) {
            scale *= _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(bytes + part)));
        } else {
            scale *= _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(bytes)));
            minimum = -few_rows_halves(header + 32)
                * _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(bytes + 1)));
        }
    } else {
        scale = few_rows_halves(run);
        if (l.minima) minimum = few_rows_halves(run + 32);
        if (format == PK_Q4_0) minimum = scale * _mm512_set1_ps(-8.0f);
        if (format == PK_Q5_0) minimum = scale * _mm512_set1_ps(-16.0f);
    }
    few_rows_scales s;
    few_rows_spread(scale, s.scale);
    few_rows_spread(minimum, s.minimum);
    return s;
}

// Inputs 2t and 2t + 1 of eight columns, in f32. Every product of a scale and a quantum is exact
// (Q6_K's is rounded, as its format wants it), so the sum is rounded once, as the format wants it.
INLINE __m512 few_rows_values(
    const pk_weight_format format, const uint8_t *run, const few_rows_scales *s, const int t,
    const int side) {
    const compact_layout l = compact_layout_of(format);
    const uint8_t *quanta = run + l.quanta;
    if (l.bits == 8) {
        const __m128i *bytes = (const __m128i *)(quanta + (t * 2 + side) * 16);
        return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(bytes))) * s->scale[side];
    }
    const __m512 small =
        _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i words = _mm512_loadu_si512(quanta + (t / 8 * 2 + side) * 64);
    const __m512i lower = _mm512_srli_epi32(words, (unsigned)(t % 8 * 4));
    __m512 x;
    if (l.bits == 4) {
        x = _mm512_permutexvar_ps(lower, small);
    } else if (l.bits == 5) {
        const __m512i fifths = _mm512_rorv_epi32(
            _mm512_loadu_si512(run + l.upper), _mm512_set1_epi32((t + side * 16 + 28) % 32));
        // Four bits of `lower`, the fifth of `fifths`; the table does not look at the others.
        const __m512i index =
            _mm512_ternarylogic_epi32(lower, fifths, _mm512_set1_epi32(15), 0xE4);
        x = _mm512_permutex2var_ps(small, index, small + _mm512_set1_ps(16.0f));
    } else {
        const __m512i pairs = _mm512_rorv_epi32(
            _mm512_loadu_si512(run + l.upper + side * 64),
            _mm512_set1_epi32((t * 2 + 28) % 32));
        const __m512i both = _mm512_ternarylogic_epi32(lower, pairs, _mm512_set1_epi32(15), 0xE4);
        const __m512i centred = _mm512_sub_epi32(
            _mm512_and_si512(both, _mm512_set1_epi32(63)), _mm512_set1_epi32(32));
        return _mm512_cvtepi32_ps(centred) * s->scale[side];
    }
    return _mm512_fmadd_ps(x, s->scale[side], s->minimum[side]);
}

// One run of inputs of `units` units of columns.
INLINE void few_rows_run(
    const int rows, const int units, const pk_weight_format format, vf acc[PK_FEW_ROWS][2],
    const uint16_t *source, size_t depth, const uint8_t *const header[2],
    const uint8_t *const run[2]) {
    for (int part = 0; part < 2; part++) {
        few_rows_scales s[2];
#pragma clang loop unroll(full)
        for (int u = 0; u < units; u++)
            s[u] = few_rows_scales_of(format, header[u], run[u], part);
#pragma clang loop unroll(full)
        for (int t = 0; t < 8; t++) {
            __m512bh values[2];
#pragma clang loop unroll(full)
            for (int u = 0; u < units; u++)
                values[u] = _mm512_cvtne2ps_pbh(
                    few_rows_values(format, run[u], &s[u], part * 8 + t, 1),
                    few_rows_values(format, run[u], &s[u], part * 8 + t, 0));
#pragma clang loop unroll(full)
            for (int r = 0; r < rows; r++) {
                const vu pair = few_rows_pair(source + (size_t)r * depth + (part * 8 + t) * 2);
#pragma clang loop unroll(full)
                for (int u = 0; u < units; u++)
                    acc[r][u] = vf_dot_bf16(acc[r][u], pair, (vu)values[u]);
            }
        }
    }
}

INLINE void few_rows_units(
    const int rows, const int units, const pk_weight_format format, const pk_few_rows *a,
    size_t first) {
    const compact_layout l = compact_layout_of(format);
    const size_t unit_bytes = pk_compact_bytes(format, a->depth);
    const uint8_t *run[2], *header[2];
    for (int u = 0; u < units; u++) run[u] = a->weights + (first + (size_t)u) * unit_bytes;
    const uint8_t *ahead = run[units - 1] + FEW_ROWS_COMPACT_AHEAD;
    for (size_t block = 0; block < a->depth; block += a->depth_block) {
        const size_t end = block + a->depth_block < a->depth ? block + a->depth_block : a->depth;
        vf acc[PK_FEW_ROWS][2] = {0};
        for (size_t i = block; i < end; i += COMPACT_RUN) {
            for (int u = 0; u < units; u++) {
                if (l.header && i / COMPACT_RUN % l.runs == 0) {
                    header[u] = run[u];
                    run[u] += l.header;
                    ahead += l.header;
                }
                for (size_t line = 0; line < l.run; line += 64)
                    __builtin_prefetch(ahead + line, 0, 2);
                ahead += l.run;
            }
            few_rows_run(rows, units, format, acc, a->source + i, a->depth, header, run);
            for (int u = 0; u < units; u++) run[u] += l.run;
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int u = 0; u < units; u++) {
                const size_t column = (first + (size_t)u) * PK_UNIT_COLUMNS;
                const size_t left = a->columns - column;
                few_rows_put(
                    a->out + (size_t)r * a->out_stride + column, acc[r][u], block == 0,
                    left < PK_UNIT_COLUMNS ? left : PK_UNIT_COLUMNS);
            }
    }
}

INLINE void few_rows_of_format(
    const int rows, const pk_weight_format format, const pk_few_rows *a) {
    const size_t units = (a->columns + PK_UNIT_COLUMNS - 1) / PK_UNIT_COLUMNS;
    size_t unit = 0;
    for (; unit + 2 <= units; unit += 2) few_rows_units(rows, 2, format, a, unit);
    if (unit < units) few_rows_units(rows, 1, format, a, unit);
}

#define FEW_ROWS_FORMAT(name, format)                            \
    static void name(const pk_few_rows *a) {                     \
        switch (a->rows) {                                       \
        case 1: few_rows_of_format(1, format, a); break;         \
        case 2: few_rows_of_format(2, format, a); break;         \
        case 3: few_rows_of_format(3, format, a); break;         \
        case 4: few_rows_of_format(4, format, a); break;         \
        case 5: few_rows_of_format(5, format, a); break;         \
        case 6: few_rows_of_format(6, format, a); break;         \
        case 7: few_rows_of_format(7, format, a); break;         \
        default: few_rows_of_format(8, format, a); break;        \
        }                                                        \
    }
FEW_ROWS_FORMAT(few_rows_q4_0, PK_Q4_0)
FEW_ROWS_FORMAT(few_rows_q4_1, PK_Q4_1)
FEW_ROWS_FORMAT(few_rows_q5_0, PK_Q5_0)
FEW_ROWS_FORMAT(few_rows_q5_1, PK_Q5_1)
FEW_ROWS_FORMAT(few_rows_q8_0, PK_Q8_0)
FEW_ROWS_FORMAT(few_rows_q4_k, PK_Q4_K)
FEW_ROWS_FORMAT(few_rows_q5_k, PK_Q5_K)
FEW_ROWS_FORMAT(few_rows_q6_k, PK_Q6_K)

static void few_rows_compact(const pk_few_rows *a) {
    switch (a->format) {
    case PK_Q4_0: few_rows_q4_0(a); break;
    case PK_Q4_1: few_rows_q4_1(a); break;
    case PK_Q5_0: few_rows_q5_0(a); break;
    case PK_Q5_1: few_rows_q5_1(a); break;
    case PK_Q8_0: few_rows_q8_0(a); break;
    case PK_Q4_K: few_rows_q4_k(a); break;
    case PK_Q5_K: few_rows_q5_k(a); break;
    default: few_rows_q6_k(a); break;
    }
}

// Inputs that more rows than the registers have room for meet in turns, while the first cache holds
// their weights.
enum { FEW_ROWS_AT_ONCE = 4, FEW_ROWS_TURN = 64 };

// Adds inputs from `first` to before `last` to the sums of up to four rows, for 64 columns of plain
// weights. Meanwhile the caches fetch what comes later, if `leads`; without that they do so by
// themselves, more evenly, which serves turns better.
INLINE void few_rows_turn(
    const int rows, const bool leads, const uint16_t *source, size_t depth, const uint8_t *weights,
    size_t first, size_t last, vf sums[FEW_ROWS_AT_ONCE][4]) {
    vf acc[FEW_ROWS_AT_ONCE][4];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < 4; v++) acc[r][v] = sums[r][v];
    for (size_t i = first; i < last; i += 2) {
        const uint8_t *lanes = weights + i * 128;
        if (leads)
            for (int line = 0; line < 4; line++)
                __builtin_prefetch(lanes + FEW_ROWS_PLAIN_AHEAD + line * 64, 0, 3);
        vu values[4];
#pragma clang loop unroll(full)
        for (int v = 0; v < 4; v++) values[v] = ((const vu_unaligned *)lanes)[v];
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            const vu pair = few_rows_pair(source + (size_t)r * depth + i);
#pragma clang loop unroll(full)
            for (int v = 0; v < 4; v++) acc[r][v] = vf_dot_bf16(acc[r][v], pair, values[v]);
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (int v = 0; v < 4; v++) sums[r][v] = acc[r][v];
}

// 64 columns of plain weights.
INLINE void few_rows_strip(
    const int rows, const pk_few_rows *a, const uint8_t *weights, size_t column) {
    const int front = rows < FEW_ROWS_AT_ONCE ? rows : FEW_ROWS_AT_ONCE;
    const size_t turn = rows > front ? FEW_ROWS_TURN : a->depth_block;
    for (size_t block = 0; block < a->depth; block += a->depth_block) {
        const size_t end = block + a->depth_block < a->depth ? block + a->depth_block : a->depth;
        vf acc[PK_FEW_ROWS][4] = {0};
        for (size_t i = block; i < end; i += turn) {
            const size_t last = i + turn < end ? i + turn : end;
            few_rows_turn(
                front, rows == front, a->source, a->depth, weights, i, last, acc);
            if (rows > front)
                few_rows_turn(
                    rows - front, false, a->source + (size_t)front * a->depth, a->depth, weights, i,
                    last, acc + front);
        }
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < 4; v++) {
                const size_t first = column + (size_t)v * 16;
                if (first >= a->columns) continue;
                const size_t left = a->columns - first;
                few_rows_put(
                    a->out + (size_t)r * a->out_stride + first, acc[r][v], block == 0,
                    left < 16 ? left : 16);
            }
    }
}

INLINE void few_rows_strips(const int rows, const pk_few_rows *a) {
    for (size_t column = 0; column < a->columns; column += 64)
        few_rows_strip(rows, a, a->weights + column * a->padded_depth * 2, column);
}

static void few_rows_plain(const pk_few_rows *a) {
    switch (a->rows) {
    case 1: few_rows_strips(1, a); break;
    case 2: few_rows_strips(2, a); break;
    case 3: few_rows_strips(3, a); break;
    case 4: few_rows_strips(4, a); break;
    case 5: few_rows_strips(5, a); break;
    case 6: few_rows_strips(6, a); break;
    case 7: few_rows_strips(7, a); break;
    default: few_rows_strips(8, a); break;
    }
}
