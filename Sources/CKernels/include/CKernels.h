// Compute kernels with run-time CPU dispatch. Each kernel is written once, in *.inc.h, and
// compiled once for every instruction set; `pk_kernels_for` hands out the table of one set.
//
// Not here: products of many rows of bf16 (oneDNN), threads (the Swift side splits rows and heads
// over its pool).
//
// One arithmetic: every kernel treats its rows independently and reduces in a fixed order, so that
// a row's result does not depend on the rows that are computed with it.
#ifndef PENSTOCK_CKERNELS_H
#define PENSTOCK_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

// Instruction sets, worst first.
typedef enum {
    PK_ISA_SCALAR = 0,       // plain C
    PK_ISA_AVX2 = 1,         // AVX2 and FMA
    PK_ISA_AVX512 = 2,       // AVX-512 F, BW, DQ, VL
    PK_ISA_AVX512_BF16 = 3,  // the same with BF16 dot products
} pk_isa;

enum {
    PK_PAGE = 64,          // positions in a page of KV cache
    PK_SEGMENT_PAGES = 16, // pages whose keys one softmax runs over before it meets others
    PK_GROUP_PAGES = 16,   // pages of one head that lie one after the other
    PK_VALUE_COLUMNS = 64, // columns of values that lie together
    PK_HEAD_SIZE_MAX = 256,
};

// How keys and values are stored.
typedef enum { PK_CACHE_BF16, PK_CACHE_F32, PK_CACHE_INT8 } pk_cache;

// Bytes of one KV head's keys and values in a page: half of them keys, then the values.
static inline size_t pk_page_bytes(pk_cache cache, size_t head_size) {
    switch (cache) {
    case PK_CACHE_F32: return 2 * PK_PAGE * head_size * 4;
    case PK_CACHE_BF16: return 2 * PK_PAGE * head_size * 2;
    case PK_CACHE_INT8: return 2 * PK_PAGE * (head_size + 2);
    }
    return 0;
}

// Attention of a run of tokens of one request, for one KV head and the `group` query heads that
// share it. Token i has position `position + i` and attends to positions 0 ... position + i.
//
//   q     [tokens][group][head_size], activations
//   out   [tokens] rows `out_stride` elements apart, each [group][head_size], activations
//   pages lie in groups of PK_GROUP_PAGES, group g of this layer and head at
//   pages + g * group_stride bytes. A page, in blocks of 64 columns of values (the last may be
//   narrower):
//     bf16: K as [head_size / 2][64][2], V as [head_size / 64][32][64][2];
//     f32: K as [head_size][64], V as [head_size / 64][64][64];
//     int8: 64 bf16 scales of the positions' keys, K as with bf16; those of values, V as with bf16
typedef struct {
    const void *q;
    void *out;
    size_t out_stride;
    const uint8_t *pages;
    size_t group_stride;
    const uint32_t *page_table;
    size_t position;
    size_t tokens;
    size_t group;
    size_t head_size;
} pk_attention;

// One token's rotated queries, and its keys and values into its page.
//
//   qkv   [heads + 2 * kv_heads][head_size] f32
//   angle [2][head_size / 2]: the cosines, then the sines, of the frequencies at this position
//   q     for each KV head a row [group][head_size] of activations, q_stride elements apart
//   page  the token's page in this layer: kv_heads times K and V, head_stride bytes apart
typedef struct {
    const float *qkv;
    const float *angle;
    void *q;
    size_t q_stride;
    uint8_t *page;
    size_t head_stride;
    size_t slot; // the position within the page
    size_t heads;
    size_t kv_heads;
    size_t head_size;
} pk_rotation;

// How a checkpoint stores quantised weights; ggml's names.
typedef enum {
    PK_Q4_0, PK_Q4_1, PK_Q5_0, PK_Q5_1, PK_Q8_0, PK_Q4_K, PK_Q5_K, PK_Q6_K,
    PK_WEIGHT_FORMATS,
    PK_PLAIN = PK_WEIGHT_FORMATS // no blocks: plain numbers
} pk_weight_format;

// Which products read compact weights: those of pairs of bf16, or those of f32.
typedef enum { PK_FOR_BF16, PK_FOR_F32 } pk_compact_order;

// out [rows][columns] = source [rows][depth] . weights, for few rows. The weights' values are those
// of their format, rounded to bf16; products are added up in the order of the inputs, apart for
// every `depth_block` of them, and the blocks' sums in their order.
enum { PK_FEW_ROWS = 8, PK_UNIT_COLUMNS = 16 };

typedef struct {
    const uint16_t *source; // dense
    const uint8_t *weights;
    float *out;
    size_t out_stride;
    size_t rows;            // at most PK_FEW_ROWS
    size_t depth;           // a multiple of 2, for compact weights of their format's block
    size_t depth_block;     // a multiple of 32, or the depth
    size_t columns;
    // PK_PLAIN: bf16 [columns / 64][padded_depth / 2][64][2], both filled up; else units of 16
    // columns, pk_compact_bytes each, the last filled up.
    pk_weight_format format;
    size_t padded_depth;
} pk_few_rows;

// out [rows][columns] = source [rows][depth] . weights, all in f32, for any number of rows. Each
// number of `out` is one sum in the order of the inputs, its steps fused where the instruction set
// can do that.
typedef struct {
    const float *source; // dense
    // Units of 16 columns, the last filled up: PK_PLAIN [depth][16], else pk_compact_bytes each.
    const uint8_t *weights;
    pk_weight_format format;
    float *out;
    size_t out_stride;
    size_t rows;
    size_t depth;        // for compact weights a multiple of their format's block
    size_t columns;
} pk_f32_product;

// The name of such a table in pk_kernels begins with the type of activations. Keys and values are
// of that type, or of the one that the name ends with.
typedef struct {
    // All keys, one segment after the other; scratch has room for two parts.
    void (*attention)(const pk_attention *, float *scratch);
    // One segment of the keys alone: `part` is the state of its softmax, 64-byte aligned.
    void (*attend_segment)(const pk_attention *, size_t segment, float *part);
    // Merges the parts of all segments, one after the other: the bits that `attention` gives.
    void (*merge_segments)(const pk_attention *, float *parts);
    void (*rotate)(const pk_rotation *);
    // out[i] = x[i] * weight[i] / sqrt(mean(x^2) + epsilon), i < width
    void (*rms_norm)(void *out, const float *x, const float *weight, size_t width, float epsilon);
    // out[i] = silu(gate[i]) * up[i], i < width
    void (*silu_multiply)(void *out, const float *gate, const float *up, size_t width);
} pk_layer_kernels;

// One row rounded to 8 bits: rotated, divided by the scale that makes its largest magnitude
// `limit`, rounded to integers, and moved up by 128.
//
// The rotation is an orthogonal Hadamard matrix for every 64 numbers; what is left over at the end
// is not rotated. It spreads what one number has over many, so that one large number does not take
// the others' digits. A product of two rows that are both rotated is that of the rows.
enum { PK_INT8_ROTATION = 64 };

typedef struct {
    const void *x;  // [width], bf16 or f32
    bool is_bf16;
    size_t width;
    int limit;      // at most 127
    float *rotated; // [width], scratch
    uint8_t *out;   // [width]
} pk_int8_rounding;

typedef struct {
    // NULL where the instruction set has no BF16 dot product.
    const pk_layer_kernels *bf16;
    const pk_layer_kernels *bf16_int8_cache;
    void (*few_rows_plain)(const pk_few_rows *);
    void (*few_rows_compact)(const pk_few_rows *);
    const pk_layer_kernels *f32_bf16_cache;
    const pk_layer_kernels *f32_int8_cache;
    const pk_layer_kernels *f32;
    void (*f32_product)(const pk_f32_product *);
    // out[i] += x[i]
    void (*add)(float *out, const float *x, size_t n);
    // Returns the scale: 0 for a row of zeros, and no finite number if one of the row's is none.
    float (*int8_round)(const pk_int8_rounding *);
    // Products' sums, in place, to f32: (sum[i] - offset[i]) * scales[i] * scale.
    void (*int8_scale)(
        void *row, const int32_t *offsets, const float *scales, float scale, size_t n);
    // The largest of n values, n > 0; NaN if one of them is.
    float (*maximum)(const float *x, size_t n);
    // Sum of exp(x[i] - offset).
    float (*sum_of_exponentials)(const float *x, size_t n, float offset);
} pk_kernels;

// The best instruction set of this CPU.
pk_isa pk_isa_best(void);

// The kernels of one instruction set; NULL if this CPU lacks it.
const pk_kernels *pk_kernels_for(pk_isa isa);

// Floats in the part of one segment for so many query rows, on any path.
size_t pk_attention_part(size_t rows, size_t head_size);

// Segments that so many positions reach into.
size_t pk_attention_segments(size_t positions);

// Values and bytes of one block of a format; false if there is no such format.
bool pk_weight_block(pk_weight_format format, size_t *values, size_t *bytes);

// Bytes of one unit of 16 columns.
size_t pk_compact_bytes(pk_weight_format format, size_t depth);

// Writes one unit; `rows` holds the blocks of up to 16 columns of weights, one after the other.
void pk_compact_pack(
    pk_weight_format format, pk_compact_order order, size_t depth, size_t columns,
    const uint8_t *rows, uint8_t *out);

// Keeps the calling thread on one core.
bool pk_pin_thread(size_t core);

// Writes the numbers of the cores that the calling thread may use; returns how many.
size_t pk_available_cores(size_t *cores, size_t capacity);

enum { PK_READ_STREAMS_MAX = 8 };

// Does nothing but read memory, to see how quickly that goes: in 1, 2, 4 or 8 places at once, and
// in each of them fetches so many bytes ahead. Returns the sum of all words; without it the
// compiler would leave the reading out.
//
//   memory  aligned to 64 bytes
//   bytes   a multiple of 64 * streams
uint64_t pk_read_memory(const uint8_t *memory, size_t bytes, size_t streams, size_t ahead);

// Gives memory that was freed back to the system.
void pk_return_free_memory(void);

// From now on, blocks of so many bytes go back to the system as soon as they are freed. Of itself
// the C library keeps large ones once some as large were freed.
void pk_return_blocks_from(size_t bytes);

// Nanoseconds of a clock that only moves forward.
static inline int64_t pk_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// Tells the core that the caller is spinning.
static inline void pk_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#endif
}

#endif
