#ifndef PENSTOCK_CPCRE2_SHIM_H
#define PENSTOCK_CPCRE2_SHIM_H

// Why this file exists: pcre2.h names its functions by macros that paste the width of a code unit
// onto them, and reports a match through a pointer into its match data. Swift imports neither
// well. These functions have plain names, and a match is a value.

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdint.h>

typedef struct {
    /// Positive: a match. PCRE2_ERROR_NOMATCH: none. Anything else negative: an error.
    int status;
    /// Offsets in bytes from the beginning of the subject; only with a positive status.
    size_t start;
    size_t end;
} cpcre2_match;

/// Compiles UTF-8 `pattern` with Unicode properties; NULL, a code and an offset on an error.
static inline pcre2_code_8 *cpcre2_compile(
    const uint8_t *pattern, size_t length, int *error, size_t *error_offset
) {
    const uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C;
    pcre2_code_8 *code = pcre2_compile_8(pattern, length, options, error, error_offset, NULL);
    if (code != NULL) {
        // Without JIT on this machine matching goes through the interpreter.
        (void)pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE);
    }
    return code;
}

static inline int cpcre2_matches_empty(const pcre2_code_8 *code) {
    uint32_t matches_empty = 1;
    return pcre2_pattern_info_8(code, PCRE2_INFO_MATCHEMPTY, &matches_empty) != 0
        || matches_empty != 0;
}

static inline void cpcre2_free(pcre2_code_8 *code) { pcre2_code_free_8(code); }

/// Writes the message for `error`, ended by a zero, into `text`.
static inline void cpcre2_message(int error, uint8_t *text, size_t capacity) {
    (void)pcre2_get_error_message_8(error, text, capacity);
}

static inline pcre2_match_context_8 *cpcre2_create_context(uint32_t match_limit) {
    pcre2_match_context_8 *context = pcre2_match_context_create_8(NULL);
    if (context != NULL) {
        (void)pcre2_set_match_limit_8(context, match_limit);
        (void)pcre2_set_depth_limit_8(context, match_limit);
    }
    return context;
}

static inline void cpcre2_free_context(pcre2_match_context_8 *context) {
    pcre2_match_context_free_8(context);
}

static inline pcre2_match_data_8 *cpcre2_create_scratch(void) {
    return pcre2_match_data_create_8(1, NULL);
}

static inline void cpcre2_free_scratch(pcre2_match_data_8 *scratch) {
    pcre2_match_data_free_8(scratch);
}

/// The first match in subject[start ..< end], which must be valid UTF-8; the pattern sees the end
/// of the subject at `end`.
static inline cpcre2_match cpcre2_first_match(
    const pcre2_code_8 *code, const uint8_t *subject, size_t start, size_t end,
    pcre2_match_data_8 *scratch, pcre2_match_context_8 *context
) {
    uint32_t options = PCRE2_NO_UTF_CHECK;
    int status = pcre2_match_8(code, subject, end, start, options, scratch, context);
    if (status == PCRE2_ERROR_JIT_STACKLIMIT) {
        options |= PCRE2_NO_JIT;
        status = pcre2_match_8(code, subject, end, start, options, scratch, context);
    }
    cpcre2_match match = {status, 0, 0};
    if (status >= 0) {
        // The scratch holds only the pair for the whole match: 0 says that there were groups too.
        const size_t *offsets = pcre2_get_ovector_pointer_8(scratch);
        match.status = 1;
        match.start = offsets[0];
        match.end = offsets[1];
    }
    return match;
}

#endif
