// Products of f32, of any number of rows, with weights in units of 16 columns: plain numbers, or a
// checkpoint's blocks in the order of compact.h, which are read as few bytes and unpacked on the
// way. Needs vector.inc.h.
//
// A number of the result is one sum in the order of the inputs, whatever rows and columns are
// computed with it.

#include "compact.h"

enum {
    // Sums of a tile: so many rows by so many vectors of columns fill the register file.
    PRODUCT_TILE_ROWS = VLEN == 4 ? 2 : 6,
    PRODUCT_TILE_UNITS = VLEN == 16 ? 2 : 1,
    PRODUCT_TILE_COLUMNS = PRODUCT_TILE_UNITS * PK_UNIT_COLUMNS,
    PRODUCT_UNIT_VECTORS = PK_UNIT_COLUMNS / VLEN,
    PRODUCT_TILE_VECTORS = PRODUCT_TILE_COLUMNS / VLEN,
    // Inputs whose weights for one tile lie in the first-level cache.
    PRODUCT_BLOCK = 256 / PRODUCT_TILE_UNITS,
    // Up to so many rows take weights from registers, as soon as they are unpacked.
    PRODUCT_FEW_ROWS = 8,
    // How far ahead of its use memory is fetched, in bytes.
    PRODUCT_AHEAD = 2048,
};

typedef int8_t vc_unaligned __attribute__((vector_size(VLEN), aligned(1)));

// The f32 values of halves. Finite ones lie within f32's normal range times 2^-112, which gives
// their fractions an exponent; beyond lie the infinities and what is no number.
INLINE vf vf_load_halves(const uint8_t *p) {
    const vu bits = __builtin_convertvector(*(const vh_unaligned *)p, vu);
    const vu magnitude = (bits & 0x7fffu) << 13;
    const vf scaled = (vf)magnitude * vf_set(0x1p112f);
    const vi special = (vi)((bits & 0x7c00u) == 0x7c00u);
    const vf value = vf_select(special, (vf)(magnitude | 0x7f800000u), scaled);
    return (vf)((vu)value | (bits & 0x8000u) << 16);
}

INLINE vf vf_load_unsigned(const uint8_t *p) {
    const vu wide = __builtin_convertvector(*(const vb_unaligned *)p, vu);
    return __builtin_convertvector((vi)wide, vf);
}

INLINE vf vf_load_signed(const uint8_t *p) {
    const vi wide = __builtin_convertvector(*(const vc_unaligned *)p, vi);
    return __builtin_convertvector(wide, vf);
}

// Some columns' scales and minima of one run.
typedef struct {
    vf scale, minimum;
} product_scales;

// `column`: the first within its unit; `side`: the first or the last 16 inputs of a run, which only
// Q6_K scales differently.
INLINE product_scales product_scales_of(
    const pk_weight_format format, const uint8_t *header, const uint8_t *run, size_t column,
    size_t side) {
    const compact_layout l = compact_layout_of(format);
    product_scales s = {0};
    if (format == PK_Q6_K) {
        s.scale = vf_load_halves(header + column * 2) * vf_load_signed(run + side * 16 + column);
    } else if (l.header) {
        s.scale = vf_load_halves(header + column * 2) * vf_load_unsigned(run + column);
        s.minimum =
            -vf_load_halves(header + 32 + column * 2) * vf_load_unsigned(run + 16 + column);
    } else {
        s.scale = vf_load_halves(run + column * 2);
        if (l.minima) s.minimum = vf_load_halves(run + 32 + column * 2);
        if (format == PK_Q4_0) s.minimum = s.scale * vf_set(-8.0f);
        if (format == PK_Q5_0) s.minimum = s.scale * vf_set(-16.0f);
    }
    return s;
}

// Eight inputs of a run, for a vector of columns: the bits that they have in words, or their bytes.
enum { PRODUCT_GROUP = 8 };

typedef struct {
    vu lower, upper;
    const uint8_t *bytes;
} product_group;

INLINE product_group product_group_of(
    const pk_weight_format format, const uint8_t *run, size_t column, size_t index) {
    const compact_layout l = compact_layout_of(format);
    product_group group = {0};
    group.bytes = run + l.quanta + index * PRODUCT_GROUP * PK_UNIT_COLUMNS + column;
    if (l.bits == 8) return group;
    group.lower =
        *(const vu_unaligned *)(run + l.quanta + (index * PK_UNIT_COLUMNS + column) * 4);
    if (l.bits == 5)
        group.upper = *(const vu_unaligned *)(run + l.upper + column * 4) >> (unsigned)index * 8;
    if (l.bits == 6) {
        const uint8_t *words = run + l.upper + index / 2 * PK_UNIT_COLUMNS * 4;
        group.upper = *(const vu_unaligned *)(words + column * 4) >> (unsigned)(index % 2) * 16;
    }
    return group;
}

// Bits of lanes, shifted by a constant in whichever direction it says.
INLINE vu product_shift(vu x, const int left) {
    return left < 0 ? x >> (unsigned)-left : x << (unsigned)left;
}

// Input i of a group. The product of a scale and a quantum is exact (Q6_K's is rounded, as its
// format wants it), so the value is rounded once, as the format wants it.
INLINE vf product_weights(
    const pk_weight_format format, const product_group *group, const product_scales *s,
    const int i) {
    const int bits = compact_layout_of(format).bits;
    if (bits == 8) return vf_load_signed(group->bytes + i * PK_UNIT_COLUMNS) * s->scale;
    vu q = product_shift(group->lower, -4 * i) & 15u;
    if (bits == 5) q |= product_shift(group->upper, 4 - i) & 16u;
    if (bits == 6) {
        q |= product_shift(group->upper, 4 - 2 * i) & 48u;
        return __builtin_convertvector((vi)q - 32, vf) * s->scale;
    }
    return vf_fma(__builtin_convertvector((vi)q, vf), s->scale, s->minimum);
}

// Where a run of a unit lies, and the header that it shares with others.
typedef struct {
    const uint8_t *header, *run;
} product_run;

INLINE product_run product_run_of(
    const pk_weight_format format, const uint8_t *unit, size_t index) {
    const compact_layout l = compact_layout_of(format);
    const uint8_t *header = unit + index / l.runs * (l.header + l.runs * l.run);
    return (product_run){header, header + l.header + index % l.runs * l.run};
}

INLINE void product_prefetch(const uint8_t *p, size_t byte_count) {
    for (size_t i = 0; i < byte_count; i += 64) __builtin_prefetch(p + PRODUCT_AHEAD + i, 0, 3);
}

// Inputs `first` to `first + length` of a unit: out [length][16].
INLINE void product_unpack_as(
    const pk_weight_format format, const uint8_t *unit, size_t first, size_t length, float *out) {
    const compact_layout l = compact_layout_of(format);
    for (size_t i = 0; i < length; i += COMPACT_RUN, out += COMPACT_RUN * PK_UNIT_COLUMNS) {
        const product_run at = product_run_of(format, unit, (first + i) / COMPACT_RUN);
        product_prefetch(at.run, l.run);
        for (size_t column = 0; column < PK_UNIT_COLUMNS; column += VLEN)
            for (size_t g = 0; g < COMPACT_RUN / PRODUCT_GROUP; g++) {
                const product_scales s =
                    product_scales_of(format, at.header, at.run, column, g / 2);
                const product_group group = product_group_of(format, at.run, column, g);
                float *to = out + g * PRODUCT_GROUP * PK_UNIT_COLUMNS + column;
#pragma clang loop unroll(full)
                for (int input = 0; input < PRODUCT_GROUP; input++)
                    vf_store(
                        to + input * PK_UNIT_COLUMNS,
                        product_weights(format, &group, &s, input));
            }
    }
}

static void product_unpack(
    pk_weight_format format, const uint8_t *unit, size_t first, size_t length, float *out) {
    switch (format) {
    case PK_Q4_0: product_unpack_as(PK_Q4_0, unit, first, length, out); break;
    case PK_Q4_1: product_unpack_as(PK_Q4_1, unit, first, length, out); break;
    case PK_Q5_0: product_unpack_as(PK_Q5_0, unit, first, length, out); break;
    case PK_Q5_1: product_unpack_as(PK_Q5_1, unit, first, length, out); break;
    case PK_Q8_0: product_unpack_as(PK_Q8_0, unit, first, length, out); break;
    case PK_Q4_K: product_unpack_as(PK_Q4_K, unit, first, length, out); break;
    case PK_Q5_K: product_unpack_as(PK_Q5_K, unit, first, length, out); break;
    default: product_unpack_as(PK_Q6_K, unit, first, length, out); break;
    }
}

// Sums of vector v of a tile's columns, of which `columns` exist.
INLINE vf product_sums(const float *out, size_t v, size_t columns) {
    if (columns >= (v + 1) * VLEN) return vf_load(out + v * VLEN);
    vf sums = {0};
    if (columns > v * VLEN) __builtin_memcpy(&sums, out + v * VLEN, (columns - v * VLEN) * 4);
    return sums;
}

INLINE void product_put(float *out, size_t v, size_t columns, vf sums) {
    if (columns >= (v + 1) * VLEN)
        vf_store(out + v * VLEN, sums);
    else if (columns > v * VLEN)
        __builtin_memcpy(out + v * VLEN, &sums, (columns - v * VLEN) * 4);
}

// A block of inputs whose weights lie in `units`, for a tile of rows.
INLINE void product_tile(
    const int rows, const pk_f32_product *a, size_t row, size_t column, size_t first,
    size_t length, const float *const *units) {
    const float *source = a->source + row * a->depth + first;
    float *out = a->out + row * a->out_stride + column;
    const size_t columns = a->columns - column;
    vf acc[PRODUCT_TILE_ROWS][PRODUCT_TILE_VECTORS];
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (size_t v = 0; v < PRODUCT_TILE_VECTORS; v++)
            acc[r][v] = first ? product_sums(out + (size_t)r * a->out_stride, v, columns) : (vf){0};
#pragma clang loop unroll_count(2)
    for (size_t i = 0; i < length; i++) {
        vf lanes[PRODUCT_TILE_VECTORS];
#pragma clang loop unroll(full)
        for (int v = 0; v < PRODUCT_TILE_VECTORS; v++)
            lanes[v] = vf_load(
                units[v * VLEN / PK_UNIT_COLUMNS] + i * PK_UNIT_COLUMNS
                + v * VLEN % PK_UNIT_COLUMNS);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            const vf x = vf_set(source[(size_t)r * a->depth + i]);
#pragma clang loop unroll(full)
            for (int v = 0; v < PRODUCT_TILE_VECTORS; v++)
                acc[r][v] = vf_fma(x, lanes[v], acc[r][v]);
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (size_t v = 0; v < PRODUCT_TILE_VECTORS; v++)
            product_put(out + (size_t)r * a->out_stride, v, columns, acc[r][v]);
}

// All rows, tile by tile.
static void product_tiles(
    const pk_f32_product *a, size_t column, size_t first, size_t length,
    const float *const *units) {
    size_t row = 0;
    for (; row + PRODUCT_TILE_ROWS <= a->rows; row += PRODUCT_TILE_ROWS)
        product_tile(PRODUCT_TILE_ROWS, a, row, column, first, length, units);
    switch (a->rows - row) {
    case 1: product_tile(1, a, row, column, first, length, units); break;
#if VLEN > 4
    case 2: product_tile(2, a, row, column, first, length, units); break;
    case 3: product_tile(3, a, row, column, first, length, units); break;
    case 4: product_tile(4, a, row, column, first, length, units); break;
    case 5: product_tile(5, a, row, column, first, length, units); break;
#endif
    default: break;
    }
}

static void product_many_rows(const pk_f32_product *a) {
    float unpacked[PRODUCT_TILE_UNITS][PRODUCT_BLOCK * PK_UNIT_COLUMNS]
        __attribute__((aligned(64)));
    const bool plain = a->format == PK_PLAIN;
    const size_t unit_bytes =
        plain ? a->depth * PK_UNIT_COLUMNS * 4 : pk_compact_bytes(a->format, a->depth);
    for (size_t column = 0; column < a->columns; column += PRODUCT_TILE_COLUMNS) {
        for (size_t first = 0; first < a->depth; first += PRODUCT_BLOCK) {
            const size_t left = a->depth - first;
            const size_t length = left < PRODUCT_BLOCK ? left : PRODUCT_BLOCK;
            const float *units[PRODUCT_TILE_UNITS];
            for (size_t u = 0; u < PRODUCT_TILE_UNITS; u++) {
                const size_t index = column / PK_UNIT_COLUMNS + u;
                const uint8_t *unit = a->weights + index * unit_bytes;
                units[u] = unpacked[u];
                // Columns that do not exist may have any weights.
                if (index * PK_UNIT_COLUMNS >= a->columns)
                    units[u] = units[0];
                else if (plain)
                    units[u] = (const float *)unit + first * PK_UNIT_COLUMNS;
                else
                    product_unpack(a->format, unit, first, length, unpacked[u]);
            }
            product_tiles(a, column, first, length, units);
        }
    }
}

#if VLEN > 4
// One group of inputs.
INLINE void product_few_inputs(
    const int rows, const int vectors, const pk_weight_format format,
    vf acc[PRODUCT_FEW_ROWS][PRODUCT_UNIT_VECTORS], const float *source, size_t depth,
    const product_group *groups, const product_scales *s) {
#pragma clang loop unroll(full)
    for (int i = 0; i < PRODUCT_GROUP; i++) {
        vf weights[PRODUCT_UNIT_VECTORS];
#pragma clang loop unroll(full)
        for (int v = 0; v < vectors; v++)
            weights[v] = product_weights(format, &groups[v], &s[v], i);
#pragma clang loop unroll(full)
        for (int r = 0; r < rows; r++) {
            const vf x = vf_set(source[(size_t)r * depth + (size_t)i]);
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) acc[r][v] = vf_fma(x, weights[v], acc[r][v]);
        }
    }
}

// All inputs of `vectors` vectors of columns of one unit.
INLINE void product_few_columns(
    const int rows, const int vectors, const pk_weight_format format, const pk_f32_product *a,
    size_t column) {
    const compact_layout l = compact_layout_of(format);
    const uint8_t *unit =
        a->weights + column / PK_UNIT_COLUMNS * pk_compact_bytes(format, a->depth);
    const size_t lane = column % PK_UNIT_COLUMNS;
    const float *source = a->source;
    vf acc[PRODUCT_FEW_ROWS][PRODUCT_UNIT_VECTORS] = {0};
    for (size_t run = 0; run < a->depth / COMPACT_RUN; run++) {
        const product_run at = product_run_of(format, unit, run);
        product_scales s[PRODUCT_UNIT_VECTORS];
        if (lane == 0) product_prefetch(at.run, l.run);
#pragma clang loop unroll(disable)
        for (size_t g = 0; g < COMPACT_RUN / PRODUCT_GROUP; g++, source += PRODUCT_GROUP) {
            product_group groups[PRODUCT_UNIT_VECTORS];
#pragma clang loop unroll(full)
            for (int v = 0; v < vectors; v++) {
                const size_t first = lane + (size_t)v * VLEN;
                if (g == 0 || (g == 2 && format == PK_Q6_K))
                    s[v] = product_scales_of(format, at.header, at.run, first, g / 2);
                groups[v] = product_group_of(format, at.run, first, g);
            }
            product_few_inputs(rows, vectors, format, acc, source, a->depth, groups, s);
        }
    }
    const size_t columns = a->columns - column;
#pragma clang loop unroll(full)
    for (int r = 0; r < rows; r++)
#pragma clang loop unroll(full)
        for (size_t v = 0; v < (size_t)vectors; v++)
            product_put(a->out + (size_t)r * a->out_stride + column, v, columns, acc[r][v]);
}

// One unit's vectors for up to four rows, else one, so that the sums stay in registers.
INLINE void product_few_rows(
    const int rows, const pk_weight_format format, const pk_f32_product *a) {
    const int vectors = rows <= 4 ? PK_UNIT_COLUMNS / VLEN : 1;
    for (size_t column = 0; column < a->columns; column += (size_t)vectors * VLEN)
        product_few_columns(rows, vectors, format, a, column);
}

INLINE void product_few_rows_as(const pk_weight_format format, const pk_f32_product *a) {
    switch (a->rows) {
    case 1: product_few_rows(1, format, a); break;
    case 2: product_few_rows(2, format, a); break;
    case 3: product_few_rows(3, format, a); break;
    case 4: product_few_rows(4, format, a); break;
    case 5: product_few_rows(5, format, a); break;
    case 6: product_few_rows(6, format, a); break;
    case 7: product_few_rows(7, format, a); break;
    default: product_few_rows(8, format, a); break;
    }
}

#define PRODUCT_FEW_ROWS_OF(name, format) \
    static void name(const pk_f32_product *a) { product_few_rows_as(format, a); }
PRODUCT_FEW_ROWS_OF(product_few_rows_q4_0, PK_Q4_0)
PRODUCT_FEW_ROWS_OF(product_few_rows_q4_1, PK_Q4_1)
PRODUCT_FEW_ROWS_OF(product_few_rows_q5_0, PK_Q5_0)
PRODUCT_FEW_ROWS_OF(product_few_rows_q5_1, PK_Q5_1)
PRODUCT_FEW_ROWS_OF(product_few_rows_q8_0, PK_Q8_0)
PRODUCT_FEW_ROWS_OF(product_few_rows_q4_k, PK_Q4_K)
PRODUCT_FEW_ROWS_OF(product_few_rows_q5_k, PK_Q5_K)
PRODUCT_FEW_ROWS_OF(product_few_rows_q6_k, PK_Q6_K)
#endif

static void f32_product(const pk_f32_product *a) {
    if (a->format == PK_PLAIN || a->rows > PRODUCT_FEW_ROWS) return product_many_rows(a);
#if VLEN == 4
    product_many_rows(a);
#else
    switch (a->format) {
    case PK_Q4_0: product_few_rows_q4_0(a); break;
    case PK_Q4_1: product_few_rows_q4_1(a); break;
    case PK_Q5_0: product_few_rows_q5_0(a); break;
    case PK_Q5_1: product_few_rows_q5_1(a); break;
    case PK_Q8_0: product_few_rows_q8_0(a); break;
    case PK_Q4_K: product_few_rows_q4_k(a); break;
    case PK_Q5_K: product_few_rows_q5_k(a); break;
    default: product_few_rows_q6_k(a); break;
    }
#endif
}
