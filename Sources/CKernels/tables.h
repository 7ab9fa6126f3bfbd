#ifndef PENSTOCK_CKERNELS_TABLES_H
#define PENSTOCK_CKERNELS_TABLES_H

#include "CKernels.h"

extern const pk_kernels pk_kernels_scalar;
extern const pk_kernels pk_kernels_avx2;
extern const pk_kernels pk_kernels_avx512;
extern const pk_kernels pk_kernels_avx512_bf16;

#endif
