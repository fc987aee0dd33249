/* SPDX-License-Identifier: MIT */

/* The input is the value of Retry-After, and behind a line end that of Date, as an answer brings
 * them. */

#include "../../src/retry_after.h"

#include "../../src/answer.h"
#include "fuzz.h"

#include <math.h>

/* Fri, 04 Dec 2020 20:54:24 GMT */
#define NOW ((time_t)1607115264)

static void add_header(struct pc_answer *answer, const char *name, struct pc_text value) {
    struct pc_buffer line = { 0 };
    CHECK(pc_buffer_append_text(&line, name) && pc_buffer_append(&line, value.data, value.length) &&
          pc_buffer_append_text(&line, "\r\n"));
    pc_answer_header(answer, line.data, line.length);
    pc_buffer_free(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pc_text input = { (const char *)data, size };
    struct pc_answer answer = { 0 };
    add_header(&answer, "Retry-After: ", fuzz_line(&input));
    add_header(&answer, "date:", fuzz_line(&input));
    size_t length = strlen(answer.retry_after);
    CHECK(length < sizeof answer.retry_after && strlen(answer.date) < sizeof answer.date);
    double seconds = pc_retry_after(answer.retry_after, answer.date, NOW);
    if (length == 0)
        CHECK(seconds == PC_NO_RETRY_AFTER);
    if (seconds != PC_NO_RETRY_AFTER)
        CHECK(seconds >= 0 && isfinite(seconds));
    if (length > 0 && strspn(answer.retry_after, "0123456789") == length)
        CHECK(seconds == strtod(answer.retry_after, NULL));
    return 0;
}
