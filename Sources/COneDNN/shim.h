// oneDNN's C API, and what Swift cannot express of it: arrays passed by value in structs, and the
// OpenMP runtime that the library brings along.
#ifndef PENSTOCK_COneDNN_SHIM_H
#define PENSTOCK_COneDNN_SHIM_H

#define _GNU_SOURCE
#include <dlfcn.h>
#include <oneapi/dnnl/dnnl.h>

// A rows x columns matrix with the given strides in elements.
static inline dnnl_status_t penstock_dnnl_matrix(
    dnnl_memory_desc_t *out, dnnl_data_type_t type, int64_t rows, int64_t columns,
    int64_t row_stride, int64_t column_stride) {
    dnnl_dims_t sizes = {rows, columns}, strides = {row_stride, column_stride};
    return dnnl_memory_desc_init_by_strides(out, 2, sizes, type, strides);
}

// A rows x columns matrix in whatever layout the primitive likes best.
static inline dnnl_status_t penstock_dnnl_any_matrix(
    dnnl_memory_desc_t *out, dnnl_data_type_t type, int64_t rows, int64_t columns) {
    dnnl_dims_t sizes = {rows, columns};
    return dnnl_memory_desc_init_by_tag(out, 2, sizes, type, dnnl_format_tag_any);
}

// Whether a matrix lies as [columns / 64][depth / 2][64][2], both filled up, and to which depth.
static inline int penstock_dnnl_lies_in_pairs(
    const dnnl_memory_desc_t *matrix, int64_t *padded_depth) {
    const dnnl_blocking_desc_t *b = &matrix->format_desc.blocking;
    *padded_depth = matrix->padded_dims[0];
    return matrix->format_kind == dnnl_blocked && matrix->ndims == 2 && b->inner_nblks == 3
        && b->inner_idxs[0] == 0 && b->inner_idxs[1] == 1 && b->inner_idxs[2] == 0
        && b->inner_blks[1] == 64 && b->inner_blks[2] == 2
        && b->strides[0] == b->inner_blks[0] * 128 && b->strides[1] == *padded_depth * 64;
}

// Keeps the calling thread's matrix products on the calling thread. Looked up at run time, because
// oneDNN may be built on another threading runtime.
static inline void penstock_openmp_use_one_thread(void) {
    void (*set_threads)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    if (set_threads) set_threads(1);
}

#endif
