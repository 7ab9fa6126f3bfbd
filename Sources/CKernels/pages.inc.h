// How one KV head's keys and values get into a page, and how a tile reads them. pk_attention has
// the layouts. Needs vector.inc.h, CACHE_BF16 and CACHE_INT8 (0 or 1; 8-bit integers are widened to
// bf16, so they need CACHE_BF16).

enum {
    NAME(CACHE) = CACHE_INT8 ? PK_CACHE_INT8 : CACHE_BF16 ? PK_CACHE_BF16 : PK_CACHE_F32,
    NAME(SCALE_BYTES) = CACHE_INT8 ? 2 * PK_PAGE : 0, // before the keys, and before the values
};

// A page whose tiles read it as it is stored, or widened. Scores are multiplied by the scales of
// their keys, and probabilities by those of their values.
typedef struct {
    const uint8_t *keys, *values;
#if CACHE_INT8
    float key_scales[PK_PAGE], value_scales[PK_PAGE];
#endif
} NAME(operands);

INLINE NAME(operands) NAME(operands_of)(const uint8_t *page, size_t head_size) {
    const uint8_t *values = page + pk_page_bytes(NAME(CACHE), head_size) / 2;
    NAME(operands) o = {.keys = page + NAME(SCALE_BYTES), .values = values + NAME(SCALE_BYTES)};
#if CACHE_INT8
    for (size_t i = 0; i < PK_PAGE; i += VLEN) {
        vf_store(o.key_scales + i, vf_load_bf16((const uint16_t *)page + i));
        vf_store(o.value_scales + i, vf_load_bf16((const uint16_t *)values + i));
    }
#endif
    return o;
}

// 32-bit lanes in memory: f32 numbers, or pairs of bf16 numbers, or of 8-bit integers as stored.
#define LANE_BYTES(stored) (CACHE_INT8 && (stored) ? (size_t)2 : (size_t)4)

#if CACHE_BF16
// The bf16 pairs of VLEN lanes.
INLINE vu NAME(load_pairs)(const uint8_t *lanes, const bool stored) {
#if CACHE_INT8
    if (stored) return vu_pairs_of_int8((const int8_t *)lanes);
#endif
    return *(const vu_unaligned *)lanes;
}
#endif

#if CACHE_INT8
// What several tiles read is widened once; `widened` has room for a page of bf16.
static void NAME(widen)(NAME(operands) *o, uint8_t *widened, size_t head_size) {
    const size_t pairs = PK_PAGE * head_size / 2;
    uint8_t *keys = widened, *values = widened + pairs * 4;
    for (size_t i = 0; i < pairs; i += VLEN) {
        *(vu_unaligned *)(keys + i * 4) = NAME(load_pairs)(o->keys + i * 2, true);
        *(vu_unaligned *)(values + i * 4) = NAME(load_pairs)(o->values + i * 2, true);
    }
    o->keys = keys;
    o->values = values;
}

// Rounds numbers to multiples of a scale: the least bf16 that takes them to -127 ... 127. Returns
// its bits. The scale is not a number if one of them is not.
INLINE uint16_t NAME(quantize)(int8_t *quanta, const float *x, size_t n) {
    uint32_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t magnitude = float_bits(x[i]) & 0x7fffffffu;
        largest = magnitude > largest ? magnitude : largest;
    }
    const float least = float_of_bits(largest) / 127.0f;
    const uint32_t bits = least == least ? (float_bits(least) + 0xffffu) >> 16 : 0x7fc0u;
    const float reciprocal = bits ? 1.0f / float_of_bits(bits << 16) : 0.0f;
    for (size_t i = 0; i < n; i++)
        quanta[i] = (int8_t)float_bits(x[i] * reciprocal + INTEGER_MAGIC);
    return (uint16_t)bits;
}
#endif

// The values of a page lie in blocks of columns, each of which a tile reads in the order of memory.
// Of the block of column i: its number in a page, and how many columns it has.
INLINE size_t NAME(block_start)(size_t i) { return i / PK_VALUE_COLUMNS * PK_VALUE_COLUMNS; }

INLINE size_t NAME(block_width)(size_t i, size_t head_size) {
    const size_t left = head_size - NAME(block_start)(i);
    return left < PK_VALUE_COLUMNS ? left : PK_VALUE_COLUMNS;
}

// Where column i of a slot's value lies, in elements. Bf16 numbers and 8-bit integers lie in pairs
// of slots.
INLINE size_t NAME(value_at)(size_t slot, size_t i, size_t head_size) {
    const size_t start = NAME(block_start)(i), width = NAME(block_width)(i, head_size);
    const size_t pair = CACHE_BF16 ? 2 : 1;
    return start * PK_PAGE + (slot / pair * width + (i - start)) * pair + slot % pair;
}

// Stores one position's key and value of one head into its slot of a page.
INLINE void NAME(store_kv)(
    uint8_t *page, size_t slot, const float *key, const float *value, size_t head_size) {
    uint8_t *const value_half = page + pk_page_bytes(NAME(CACHE), head_size) / 2;
#if CACHE_INT8
    int8_t key_quanta[PK_HEAD_SIZE_MAX], value_quanta[PK_HEAD_SIZE_MAX];
    ((uint16_t *)page)[slot] = NAME(quantize)(key_quanta, key, head_size);
    ((uint16_t *)value_half)[slot] = NAME(quantize)(value_quanta, value, head_size);
    int8_t *k = (int8_t *)page + NAME(SCALE_BYTES), *v = (int8_t *)value_half + NAME(SCALE_BYTES);
    for (size_t i = 0; i < head_size; i++) {
        k[(i / 2) * PK_PAGE * 2 + slot * 2 + i % 2] = key_quanta[i];
        v[NAME(value_at)(slot, i, head_size)] = value_quanta[i];
    }
#elif CACHE_BF16
    uint16_t *k = (uint16_t *)page, *v = (uint16_t *)value_half;
    for (size_t i = 0; i < head_size; i++) {
        k[(i / 2) * PK_PAGE * 2 + slot * 2 + i % 2] = bf16_bits(key[i]);
        v[NAME(value_at)(slot, i, head_size)] = bf16_bits(value[i]);
    }
#else
    float *k = (float *)page, *v = (float *)value_half;
    for (size_t i = 0; i < head_size; i++) {
        k[i * PK_PAGE + slot] = key[i];
        v[NAME(value_at)(slot, i, head_size)] = value[i];
    }
#endif
}
