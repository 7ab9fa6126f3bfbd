// Plain C: four floats at a time, for any CPU; the compiler maps them on what the baseline has.
#include "tables.h"

#define VLEN 4
#define HAS_FMA 0
#define HAS_BF16_DOT 0
#define TILE_ROWS 3
#define TILE_SUMS 12
#define TABLE pk_kernels_scalar
#include "isa.inc.h"
