/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_TESTS_FUZZ_H
#define PARTNERCENTER_TESTS_FUZZ_H

/* What the targets share. Each is one LLVMFuzzerTestOneInput, and asserts what holds for any input:
 * a crash is not the only way to fail. */

#include "../../src/text.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the run, so that libFuzzer keeps the input, unless the condition holds. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Takes a line off the input, without its end. Empty where nothing is left. */
static inline struct pc_text fuzz_line(struct pc_text *input) {
    const char *end = input->length > 0 ? memchr(input->data, '\n', input->length) : NULL;
    struct pc_text line = { input->data, end ? (size_t)(end - input->data) : input->length };
    size_t taken = line.length + (end ? 1 : 0);
    *input = (struct pc_text){ input->data + taken, input->length - taken };
    return line;
}

/* A copy that ends with a NUL, at which it is cut short where it has one; to be freed. */
static inline char *fuzz_copy(struct pc_text text) {
    char *copy = strndup(text.data ? text.data : "", text.length);
    CHECK(copy != NULL);
    return copy;
}

/* Whether `part` occurs in the bytes. */
static inline int fuzz_has(const char *bytes, size_t length, const char *part) {
    return memmem(bytes, length, part, strlen(part)) != NULL;
}

#endif
