// Rearranges the blocks of a checkpoint's quantised weights into the orders in which products read
// them: see compact.h. Portable; runs once, when weights are loaded.
#include "compact.h"

#include <string.h>

// What the formats store, as ggml lays it out.
typedef struct {
    size_t values, bytes; // of one block
    size_t scales;        // offset of d, and of m or dmin behind it
    size_t run_scales;    // offset of the scales of runs, in superblocks
    size_t upper, lower; // offsets of the upper bits and of the lower four, or of bytes
} source_block;

static const source_block source_blocks[PK_WEIGHT_FORMATS] = {
    [PK_Q4_0] = {32, 18, 0, 0, 0, 2},     [PK_Q4_1] = {32, 20, 0, 0, 0, 4},
    [PK_Q5_0] = {32, 22, 0, 0, 2, 6},     [PK_Q5_1] = {32, 24, 0, 0, 4, 8},
    [PK_Q8_0] = {32, 34, 0, 0, 0, 2},     [PK_Q4_K] = {256, 144, 0, 4, 0, 16},
    [PK_Q5_K] = {256, 176, 0, 4, 16, 48}, [PK_Q6_K] = {256, 210, 208, 192, 128, 0},
};

// Value i of run `run` (32 values) of a block, as the unsigned number that its bits spell.
static unsigned quantum(pk_weight_format format, const uint8_t *block, size_t run, size_t i) {
    const source_block *b = &source_blocks[format];
    const uint8_t *lower = block + b->lower, *upper = block + b->upper;
    switch (format) {
    case PK_Q4_0:
    case PK_Q4_1: return i < 16 ? lower[i] & 15 : lower[i - 16] >> 4;
    case PK_Q5_0:
    case PK_Q5_1: {
        const unsigned fifth = upper[i / 8] >> i % 8 & 1;
        return (i < 16 ? lower[i] & 15u : lower[i - 16] >> 4u) | fifth << 4;
    }
    case PK_Q8_0: return lower[i];
    case PK_Q4_K:
    case PK_Q5_K: {
        const unsigned byte = lower[run / 2 * 32 + i];
        const unsigned nibble = run % 2 ? byte >> 4 : byte & 15;
        return format == PK_Q4_K ? nibble : nibble | (upper[i] >> run & 1u) << 4;
    }
    case PK_Q6_K: {
        const size_t half = run / 4, part = run % 4;
        const unsigned byte = lower[half * 64 + part % 2 * 32 + i];
        const unsigned pair = upper[half * 32 + i] >> part * 2 & 3u;
        return (part < 2 ? byte & 15 : byte >> 4) | pair << 4;
    }
    default: return 0;
    }
}

// The six-bit scale and minimum of one run of a Q4_K or Q5_K block.
static void run_scales(const uint8_t *packed, size_t run, uint8_t *scale, uint8_t *minimum) {
    if (run < 4) {
        *scale = packed[run] & 63;
        *minimum = packed[run + 4] & 63;
    } else {
        *scale = (uint8_t)((packed[run + 4] & 15) | packed[run - 4] >> 6 << 4);
        *minimum = (uint8_t)(packed[run + 4] >> 4 | packed[run] >> 6 << 4);
    }
}

bool pk_weight_block(pk_weight_format format, size_t *values, size_t *bytes) {
    if ((unsigned)format >= PK_WEIGHT_FORMATS) return false;
    *values = source_blocks[format].values;
    *bytes = source_blocks[format].bytes;
    return true;
}

size_t pk_compact_bytes(pk_weight_format format, size_t depth) {
    const compact_layout l = compact_layout_of(format);
    return depth / COMPACT_RUN / l.runs * l.header + depth / COMPACT_RUN * l.run;
}

// Where an input of a column lies in its run: the lane, and which of that lane's inputs it is, of
// which there are 16 on either side.
typedef struct {
    size_t lane, side, input;
} lane_place;

static lane_place place_of(pk_compact_order order, size_t column, size_t input) {
    if (order == PK_FOR_BF16)
        return (lane_place){column % 8 * 2 + input % 2, column / 8, input / 2};
    return (lane_place){column, input / 16, input % 16};
}

// The number of 16 lanes that a place belongs to: the sides of pairs alternate, those of single
// inputs follow each other, `each` inputs at a time.
static size_t vector_of(pk_compact_order order, lane_place at, size_t each) {
    return order == PK_FOR_BF16 ? at.input / each * 2 + at.side
                                : at.side * (16 / each) + at.input / each;
}

// One run of one column into its lanes.
static void put_run(
    pk_weight_format format, pk_compact_order order, const compact_layout *l, uint8_t *run,
    size_t column, const uint8_t *block, size_t index) {
    for (size_t i = 0; i < COMPACT_RUN; i++) {
        const unsigned q = quantum(format, block, index, i);
        const lane_place at = place_of(order, column, i);
        if (l->bits == 8) {
            run[l->quanta + vector_of(order, at, 1) * 16 + at.lane] = (uint8_t)q;
            continue;
        }
        const size_t word = vector_of(order, at, 8) * 16 + at.lane;
        run[l->quanta + word * 4 + at.input % 8 / 2] |= (uint8_t)((q & 15) << at.input % 2 * 4);
        if (l->bits == 5) {
            const size_t bit = at.side * 16 + at.input;
            run[l->upper + at.lane * 4 + bit / 8] |= (uint8_t)((q >> 4) << bit % 8);
        } else if (l->bits == 6) {
            run[l->upper + (at.side * 16 + at.lane) * 4 + at.input / 4] |=
                (uint8_t)((q >> 4) << at.input % 4 * 2);
        }
    }
}

void pk_compact_pack(
    pk_weight_format format, pk_compact_order order, size_t depth, size_t columns,
    const uint8_t *rows, uint8_t *out) {
    const source_block *b = &source_blocks[format];
    const compact_layout l = compact_layout_of(format);
    const size_t row_bytes = depth / b->values * b->bytes;
    memset(out, 0, pk_compact_bytes(format, depth));
    for (size_t column = 0; column < columns; column++) {
        uint8_t *to = out;
        for (size_t value = 0; value < depth; value += COMPACT_RUN) {
            const uint8_t *block = rows + column * row_bytes + value / b->values * b->bytes;
            const size_t run = value % b->values / COMPACT_RUN;
            if (l.header && run == 0) {
                memcpy(to + column * 2, block + b->scales, 2);
                if (l.minima) memcpy(to + 32 + column * 2, block + b->scales + 2, 2);
                to += l.header;
            }
            if (format == PK_Q6_K) {
                to[column] = block[b->run_scales + run * 2];
                to[16 + column] = block[b->run_scales + run * 2 + 1];
            } else if (l.header) {
                run_scales(block + b->run_scales, run, to + column, to + 16 + column);
            } else {
                memcpy(to + column * 2, block, 2);
                if (l.minima) memcpy(to + 32 + column * 2, block + 2, 2);
            }
            put_run(format, order, &l, to, column, block, run);
            to += l.run;
        }
    }
}
