// The kernels that treat one row at a time. Needs vector.inc.h, pages.inc.h and ACTIVATION_BF16.

#if ACTIVATION_BF16
INLINE void NAME(put)(uint16_t *to, float x) { *to = bf16_bits(x); }
INLINE void NAME(put_vector)(void *to, size_t i, vf x) { vf_store_bf16((uint16_t *)to + i, x); }
#else
INLINE void NAME(put)(float *to, float x) { *to = x; }
INLINE void NAME(put_vector)(void *to, size_t i, vf x) { vf_store((float *)to + i, x); }
#endif

// Rotates one head's two halves (rotary embedding in the halves spelling).
INLINE void NAME(rotate_head)(float *out, const float *x, const float *angle, size_t half) {
    for (size_t i = 0; i < half; i++) {
        const float c = angle[i], s = angle[half + i];
        out[i] = x[i] * c - x[half + i] * s;
        out[half + i] = x[half + i] * c + x[i] * s;
    }
}

static void NAME(rotate)(const pk_rotation *a) {
    const size_t d = a->head_size, group = a->heads / a->kv_heads;
    const float *keys = a->qkv + a->heads * d, *values = keys + a->kv_heads * d;
    float rotated[PK_HEAD_SIZE_MAX];
    for (size_t h = 0; h < a->kv_heads; h++) {
        NAME(activation) *q = (NAME(activation) *)a->q + h * a->q_stride;
        for (size_t g = 0; g < group; g++) {
            NAME(rotate_head)(rotated, a->qkv + (h * group + g) * d, a->angle, d / 2);
            for (size_t i = 0; i < d; i++) NAME(put)(q + g * d + i, rotated[i]);
        }
        NAME(rotate_head)(rotated, keys + h * d, a->angle, d / 2);
        NAME(store_kv)(a->page + h * a->head_stride, a->slot, rotated, values + h * d, d);
    }
}

static void NAME(rms_norm)(
    void *out, const float *x, const float *weight, size_t width, float epsilon) {
    vf squares = {0};
    size_t i = 0;
    for (; i + VLEN <= width; i += VLEN) squares = vf_fma(vf_load(x + i), vf_load(x + i), squares);
    float sum = vf_sum(squares);
    for (size_t j = i; j < width; j++) sum += x[j] * x[j];
    const float factor = 1.0f / __builtin_sqrtf(sum / (float)width + epsilon);
    for (i = 0; i + VLEN <= width; i += VLEN)
        NAME(put_vector)(out, i, vf_load(x + i) * vf_set(factor) * vf_load(weight + i));
    for (; i < width; i++) NAME(put)((NAME(activation) *)out + i, x[i] * factor * weight[i]);
}

// x / (1 + exp(-x)) without overflow: exp of -|x| alone.
INLINE vf NAME(silu)(vf x) {
    const vf zero = {0};
    vf magnitude = vf_select(x < zero, -x, x);
    vf e = vf_exp2(magnitude * vf_set(-1.44269504088896341f));
    vf numerator = vf_select(x < zero, e, vf_set(1.0f));
    return x * numerator / (vf_set(1.0f) + e);
}

static void NAME(silu_multiply)(void *out, const float *gate, const float *up, size_t width) {
    size_t i = 0;
    for (; i + VLEN <= width; i += VLEN)
        NAME(put_vector)(out, i, NAME(silu)(vf_load(gate + i)) * vf_load(up + i));
    for (; i < width; i++) {
        vf value = NAME(silu)(vf_set(gate[i])) * vf_set(up[i]);
        NAME(put)((NAME(activation) *)out + i, value[0]);
    }
}

static const pk_layer_kernels NAME(layer_kernels) = {
    .attention = NAME(attention),
    .attend_segment = NAME(attend_segment),
    .merge_segments = NAME(merge_segments),
    .rotate = NAME(rotate),
    .rms_norm = NAME(rms_norm),
    .silu_multiply = NAME(silu_multiply),
};
