#include "CKernels.h"

#include <malloc.h>

#define INLINE static inline __attribute__((always_inline))

// A cache line.
typedef uint64_t line __attribute__((vector_size(64)));

INLINE uint64_t read_streams(
    const uint8_t *memory, size_t bytes, const size_t streams, size_t ahead) {
    const size_t part = bytes / streams;
    line sums[PK_READ_STREAMS_MAX] = {{0}};
    for (size_t i = 0; i < part; i += sizeof(line))
        for (size_t s = 0; s < streams; s++) {
            const uint8_t *at = memory + s * part + i;
            if (ahead) __builtin_prefetch(at + ahead);
            sums[s] += *(const line *)at;
        }
    uint64_t sum = 0;
    for (size_t s = 0; s < streams; s++)
        for (size_t lane = 0; lane < 8; lane++) sum += sums[s][lane];
    return sum;
}

uint64_t pk_read_memory(const uint8_t *memory, size_t bytes, size_t streams, size_t ahead) {
    switch (streams) {
    case 2: return read_streams(memory, bytes, 2, ahead);
    case 4: return read_streams(memory, bytes, 4, ahead);
    case PK_READ_STREAMS_MAX: return read_streams(memory, bytes, PK_READ_STREAMS_MAX, ahead);
    default: return read_streams(memory, bytes, 1, ahead);
    }
}

void pk_return_free_memory(void) {
    malloc_trim(0);
}

void pk_return_blocks_from(size_t bytes) {
    mallopt(M_MMAP_THRESHOLD, (int)bytes);
    mallopt(M_TRIM_THRESHOLD, (int)bytes);
}
