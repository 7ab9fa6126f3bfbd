// Open MPI's handles and constants are macros over casts of symbols, which Swift cannot import:
// each that Penstock needs is wrapped in a function here.
#pragma once

#include <mpi.h>

// Messages are counted in blocks, so that an int can count even the largest.
enum { PENSTOCK_MPI_BLOCK_SIZE = 64 };

static inline MPI_Comm penstock_mpi_world(void) {
    return MPI_COMM_WORLD;
}

static inline MPI_Request penstock_mpi_no_request(void) {
    return MPI_REQUEST_NULL;
}

static inline int penstock_mpi_initialize(void) {
    int provided;
    int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (code != MPI_SUCCESS) return code;
    return MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
}

// A datatype of PENSTOCK_MPI_BLOCK_SIZE bytes.
static inline int penstock_mpi_make_block_type(MPI_Datatype *type) {
    int code = MPI_Type_contiguous(PENSTOCK_MPI_BLOCK_SIZE, MPI_BYTE, type);
    return code == MPI_SUCCESS ? MPI_Type_commit(type) : code;
}

// Looks for the next message from `source`; if there is one, takes it off the queue, so that
// `message` can be received and nothing else can, and says how many blocks it has, and its tag.
static inline int penstock_mpi_match(
    int source, MPI_Datatype block, int *found, MPI_Message *message, int *blocks, int *tag) {
    MPI_Status status;
    *blocks = 0;
    *tag = 0;
    int code = MPI_Improbe(source, MPI_ANY_TAG, MPI_COMM_WORLD, found, message, &status);
    if (code != MPI_SUCCESS || !*found) return code;
    *tag = status.MPI_TAG;
    return MPI_Get_count(&status, block, blocks);
}

// Whether a transfer is done; if it was a receive, also how many blocks came.
static inline int penstock_mpi_test(
    MPI_Request *request, MPI_Datatype block, int *done, int *blocks) {
    MPI_Status status;
    *blocks = 0;
    int code = MPI_Test(request, done, &status);
    if (code != MPI_SUCCESS || !*done) return code;
    return MPI_Get_count(&status, block, blocks);
}

static inline int penstock_mpi_succeeded(int code) {
    return code == MPI_SUCCESS;
}

// The text of an error code in `text`, which has room for 256 characters.
enum { PENSTOCK_MPI_TEXT_SIZE = 256 };
_Static_assert(MPI_MAX_ERROR_STRING <= PENSTOCK_MPI_TEXT_SIZE, "error texts fit");

static inline void penstock_mpi_error_text(int code, char *text) {
    int length = 0;
    if (MPI_Error_string(code, text, &length) != MPI_SUCCESS) length = 0;
    text[length] = 0;
}
