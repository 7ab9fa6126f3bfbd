// Vectors of VLEN floats on clang's vector extension, so that the kernels read like the formulas.
// Included once per instruction set, under its target attribute, after VLEN is defined.

typedef float vf __attribute__((vector_size(VLEN * 4)));
typedef float vf_unaligned __attribute__((vector_size(VLEN * 4), aligned(4)));
typedef int32_t vi __attribute__((vector_size(VLEN * 4)));
typedef uint32_t vu __attribute__((vector_size(VLEN * 4)));
typedef uint32_t vu_unaligned __attribute__((vector_size(VLEN * 4), aligned(2)));
typedef uint8_t vb_unaligned __attribute__((vector_size(VLEN), aligned(1)));
typedef uint16_t vh_unaligned __attribute__((vector_size(VLEN * 2), aligned(2)));

#define INLINE static inline __attribute__((always_inline))

INLINE vf vf_load(const float *p) { return *(const vf_unaligned *)p; }
INLINE void vf_store(float *p, vf x) { *(vf_unaligned *)p = x; }
INLINE vf vf_set(float x) { return x - (vf){0}; }
INLINE vf vf_select(vi mask, vf a, vf b) { return (vf)(((vi)a & mask) | ((vi)b & ~mask)); }
INLINE vf vf_max(vf a, vf b) { return vf_select(a > b, a, b); }
INLINE vi vi_max(vi a, vi b) { return (a & (a > b)) | (b & ~(a > b)); }

// The numbers of the lanes.
INLINE vi vi_lanes(void) {
    vi lanes;
    for (int i = 0; i < VLEN; i++) lanes[i] = i;
    return lanes;
}

// Whether a comparison held in any lane.
INLINE bool vi_any(vi mask) {
#if VLEN == 16
    return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#elif VLEN == 8
    return _mm256_movemask_ps((__m256)mask) != 0;
#else
    return (mask[0] | mask[1] | mask[2] | mask[3]) != 0;
#endif
}

// a * b + c, in one rounding where the instruction set has it.
INLINE vf vf_fma(vf a, vf b, vf c) {
#if HAS_FMA
    return __builtin_elementwise_fma(a, b, c);
#else
    return a * b + c;
#endif
}

// The lanes' sum as a balanced tree.
INLINE float vf_sum(vf x) {
    float lane[VLEN];
    vf_store(lane, x);
    for (int width = VLEN / 2; width >= 1; width /= 2)
        for (int i = 0; i < width; i++) lane[i] += lane[i + width];
    return lane[0];
}

INLINE float vf_largest(vf x) {
    float lane[VLEN];
    vf_store(lane, x);
    for (int width = VLEN / 2; width >= 1; width /= 2)
        for (int i = 0; i < width; i++)
            lane[i] = lane[i] > lane[i + width] ? lane[i] : lane[i + width];
    return lane[0];
}

INLINE int32_t vi_largest(vi x) {
    int32_t result = x[0];
    for (int i = 1; i < VLEN; i++) result = x[i] > result ? x[i] : result;
    return result;
}

// 1.5 * 2^23: adding and subtracting it rounds to an integer.
#define INTEGER_MAGIC 12582912.0f

INLINE float nearest_integer(float x) { return (x + INTEGER_MAGIC) - INTEGER_MAGIC; }

// 2^x for x <= 0, to about 1e-7; 0 below the normal range, for -infinity and for NaN.
// Cody-Waite reduction to [-1/2, 1/2], then the Taylor polynomial of 2^f.
INLINE vf vf_exp2(vf x) {
    const vf magic = vf_set(INTEGER_MAGIC);
    vf clamped = vf_max(x, vf_set(-127.0f));
    vf shifted = clamped + magic;
    vf f = clamped - (shifted - magic);
    vf p = vf_set(1.5403530393381608e-4f);
    p = vf_fma(p, f, vf_set(1.3333558146428443e-3f));
    p = vf_fma(p, f, vf_set(9.6181291076284770e-3f));
    p = vf_fma(p, f, vf_set(5.5504108664821580e-2f));
    p = vf_fma(p, f, vf_set(2.4022650695910072e-1f));
    p = vf_fma(p, f, vf_set(6.9314718055994531e-1f));
    p = vf_fma(p, f, vf_set(1.0f));
    vi exponent = ((vi)shifted) << 23;
    vf result = (vf)((vi)p + exponent);
    return (vf)((vi)result & (x > vf_set(-126.0f)));
}

// The f32 values of bf16 pairs held in 32-bit lanes: the even and the odd elements.
INLINE vf vf_even_of_pairs(vu pairs) { return (vf)(pairs << 16); }
INLINE vf vf_odd_of_pairs(vu pairs) { return (vf)(pairs & 0xffff0000u); }

INLINE vf vf_load_bf16(const uint16_t *p) {
    return (vf)(__builtin_convertvector(*(const vh_unaligned *)p, vu) << 16);
}

// 8-bit integers as bf16 pairs, which is exact.
INLINE vu vu_pairs_of_int8(const int8_t *p) {
#if HAS_BF16_DOT
    const __m512i first = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p));
    const __m512i second = _mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(p + 16)));
    return (vu)_mm512_cvtne2ps_pbh(_mm512_cvtepi32_ps(second), _mm512_cvtepi32_ps(first));
#else
    const vi pairs = (vi)__builtin_convertvector(*(const vh_unaligned *)p, vu);
    const vu even = (vu)__builtin_convertvector(pairs << 24 >> 24, vf);
    const vu odd = (vu)__builtin_convertvector(pairs << 16 >> 24, vf);
    return odd | even >> 16;
#endif
}

// bf16 bits, round to nearest even; NaN stays NaN.
INLINE vu vf_bf16_bits(vf x) {
    vu bits = (vu)x;
    vu rounded = (bits + 0x7fffu + ((bits >> 16) & 1)) >> 16;
    vu quiet = (bits >> 16) | 0x40u;
    vu number = (vu)(x == x);
    return (rounded & number) | (quiet & ~number);
}

INLINE void vf_store_bf16(uint16_t *p, vf x) {
#if HAS_BF16_DOT
    *(vh_unaligned *)p = (vh_unaligned)_mm512_cvtneps_pbh((__m512)x);
#else
    *(vh_unaligned *)p = __builtin_convertvector(vf_bf16_bits(x), vh_unaligned);
#endif
}

INLINE uint32_t float_bits(float x) {
    uint32_t bits;
    __builtin_memcpy(&bits, &x, 4);
    return bits;
}

INLINE float float_of_bits(uint32_t bits) {
    float x;
    __builtin_memcpy(&x, &bits, 4);
    return x;
}

INLINE uint16_t bf16_bits(float x) {
    const uint32_t bits = float_bits(x);
    if (x != x) return (uint16_t)(bits >> 16 | 0x40u);
    return (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
}
