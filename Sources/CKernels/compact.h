// How quantised weights lie in memory for products that read them: units of 16 output columns, and
// within a unit runs of 32 inputs, one after the other.
//
// For bf16, 16 lanes hold inputs 2t and 2t + 1 of eight columns, neighbours side by side, because
// two such vectors rounded to bf16 are what a dot product of pairs wants. For f32, they hold one
// input of each column. Of each lane's inputs, eight consecutive ones share a 32-bit word of four
// bits each; upper bits lie in words of their own.
#ifndef PENSTOCK_CKERNELS_COMPACT_H
#define PENSTOCK_CKERNELS_COMPACT_H

#include "CKernels.h"

enum { COMPACT_RUN = 32 }; // inputs

// Bytes of the parts of a unit.
typedef struct {
    size_t header;     // before every `runs` runs: 16 halves d and, with minima, 16 halves dmin
    size_t runs;       // runs that share a header
    size_t run;        // one run: its scales, its quanta, its upper bits
    size_t quanta;     // offset of the quanta in a run
    size_t upper;      // offset of the upper bits in a run
    int bits;
    bool minima;
} compact_layout;

static inline __attribute__((always_inline)) compact_layout compact_layout_of(
    const pk_weight_format format) {
    switch (format) {
    case PK_Q4_0: return (compact_layout){0, 1, 32 + 256, 32, 0, 4, false};
    case PK_Q4_1: return (compact_layout){0, 1, 64 + 256, 64, 0, 4, true};
    case PK_Q5_0: return (compact_layout){0, 1, 32 + 320, 32, 288, 5, false};
    case PK_Q5_1: return (compact_layout){0, 1, 64 + 320, 64, 320, 5, true};
    case PK_Q8_0: return (compact_layout){0, 1, 32 + 512, 32, 0, 8, false};
    case PK_Q4_K: return (compact_layout){64, 8, 32 + 256, 32, 0, 4, true};
    case PK_Q5_K: return (compact_layout){64, 8, 32 + 320, 32, 288, 5, true};
    case PK_Q6_K: return (compact_layout){32, 8, 32 + 384, 32, 288, 6, false};
    default: return (compact_layout){0, 1, 0, 0, 0, 0, false};
    }
}

#endif
