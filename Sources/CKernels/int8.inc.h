// Rows rounded to 8 bits, for products of 8-bit numbers. Needs vector.inc.h.

#if VLEN == 16
#define SWAPPED_LANES(d) \
    0 ^ d, 1 ^ d, 2 ^ d, 3 ^ d, 4 ^ d, 5 ^ d, 6 ^ d, 7 ^ d, 8 ^ d, 9 ^ d, 10 ^ d, 11 ^ d, 12 ^ d, \
        13 ^ d, 14 ^ d, 15 ^ d
#elif VLEN == 8
#define SWAPPED_LANES(d) 0 ^ d, 1 ^ d, 2 ^ d, 3 ^ d, 4 ^ d, 5 ^ d, 6 ^ d, 7 ^ d
#else
#define SWAPPED_LANES(d) 0 ^ d, 1 ^ d, 2 ^ d, 3 ^ d
#endif

// Sums and differences of the lanes that lie `d` apart, a power of two: one step of a Hadamard
// transform.
#define HADAMARD_STEP(x, d) \
    (__builtin_shufflevector(x, x, SWAPPED_LANES(d)) \
     + (vf)((vi)(x) ^ ((((vi_lanes() & (d)) != 0) & (int32_t)0x80000000))))

INLINE vf hadamard_of_lanes(vf x) {
    x = HADAMARD_STEP(x, 1);
    x = HADAMARD_STEP(x, 2);
#if VLEN >= 8
    x = HADAMARD_STEP(x, 4);
#endif
#if VLEN >= 16
    x = HADAMARD_STEP(x, 8);
#endif
    return x;
}

enum { ROTATED_VECTORS = PK_INT8_ROTATION / VLEN };

// Multiplies PK_INT8_ROTATION numbers by the orthogonal Hadamard matrix; the steps have the same
// order for any VLEN.
INLINE void hadamard(vf x[ROTATED_VECTORS]) {
    for (int i = 0; i < ROTATED_VECTORS; i++) x[i] = hadamard_of_lanes(x[i]);
    for (int d = 1; d < ROTATED_VECTORS; d *= 2)
        for (int i = 0; i < ROTATED_VECTORS; i++) {
            if (i & d) continue;
            const vf a = x[i], b = x[i + d];
            x[i] = a + b;
            x[i + d] = a - b;
        }
    // The root of 64 is a power of two, so nothing is rounded here.
    for (int i = 0; i < ROTATED_VECTORS; i++) x[i] *= vf_set(0.125f);
}

INLINE vf int8_load(const pk_int8_rounding *a, size_t i) {
    return a->is_bf16 ? vf_load_bf16((const uint16_t *)a->x + i)
                      : vf_load((const float *)a->x + i);
}

INLINE float int8_number(const pk_int8_rounding *a, size_t i) {
    if (!a->is_bf16) return ((const float *)a->x)[i];
    return float_of_bits((uint32_t)((const uint16_t *)a->x)[i] << 16);
}

// A number's magnitude as bits, which are in the order of the magnitudes, NaN above all: so a row
// that holds one gets a scale that is none.
INLINE vi vi_magnitude(vf x) { return (vi)x & 0x7fffffff; }

// Rotates into the scratch memory; returns the largest magnitude.
INLINE float int8_rotate(const pk_int8_rounding *a) {
    vi largest = {0};
    size_t i = 0;
    for (; i + PK_INT8_ROTATION <= a->width; i += PK_INT8_ROTATION) {
        vf x[ROTATED_VECTORS];
        for (int v = 0; v < ROTATED_VECTORS; v++) x[v] = int8_load(a, i + v * VLEN);
        hadamard(x);
        for (int v = 0; v < ROTATED_VECTORS; v++) {
            vf_store(a->rotated + i + v * VLEN, x[v]);
            largest = vi_max(vi_magnitude(x[v]), largest);
        }
    }
    int32_t result = vi_largest(largest);
    for (; i < a->width; i++) {
        a->rotated[i] = int8_number(a, i);
        const int32_t magnitude = (int32_t)(float_bits(a->rotated[i]) & 0x7fffffffu);
        result = magnitude > result ? magnitude : result;
    }
    return float_of_bits((uint32_t)result);
}

static float int8_round(const pk_int8_rounding *a) {
    const float largest = int8_rotate(a);
    // Of a row of zeros, and of one with NaN, nothing but the scale matters.
    const float factor = largest > 0 ? (float)a->limit / largest : 0;
    // The integers are in the lowest bits of these sums, 128 up.
    const float magic = INTEGER_MAGIC + 128;
    size_t i = 0;
    for (; i + VLEN <= a->width; i += VLEN) {
        const vf shifted = vf_load(a->rotated + i) * vf_set(factor) + vf_set(magic);
        *(vb_unaligned *)(a->out + i) = __builtin_convertvector((vu)shifted, vb_unaligned);
    }
    for (; i < a->width; i++) a->out[i] = (uint8_t)float_bits(a->rotated[i] * factor + magic);
    return largest / (float)a->limit;
}

static void int8_scale(
    void *row, const int32_t *offsets, const float *scales, float scale, size_t n) {
    uint8_t *bytes = row;
    size_t i = 0;
    for (; i + VLEN <= n; i += VLEN) {
        vi sums, offset;
        __builtin_memcpy(&sums, bytes + 4 * i, sizeof sums);
        __builtin_memcpy(&offset, offsets + i, sizeof offset);
        const vf result = __builtin_convertvector(sums - offset, vf)
            * (vf_load(scales + i) * vf_set(scale));
        __builtin_memcpy(bytes + 4 * i, &result, sizeof result);
    }
    for (; i < n; i++) {
        int32_t sum;
        __builtin_memcpy(&sum, bytes + 4 * i, sizeof sum);
        const float result = (float)(sum - offsets[i]) * (scales[i] * scale);
        __builtin_memcpy(bytes + 4 * i, &result, sizeof result);
    }
}
