/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_ANSWER_H
#define PARTNERCENTER_ANSWER_H

#include "buffer.h"

#pragma GCC visibility push(hidden)

/* What the service answered, as far as we use it. The header values are empty texts when the
 * header was absent or longer than fits: such a value is not one the service documents. */
struct pc_answer {
    long status;
    bool has_status; /* a status line has come */
    bool has_head;   /* the blank line behind the headers has come */
    char request_id[64];
    char correlation_id[64];
    char retry_after[64];
    char date[64];
    struct pc_buffer body;
};

/* Takes one raw header line, line end included. A status line begins the answer anew: what an
 * interim answer (1xx) brought is forgotten. */
void pc_answer_header(struct pc_answer *answer, const char *line, size_t length);

/* Forgets everything; the body's memory is kept for the next answer. */
void pc_answer_clear(struct pc_answer *answer);

#pragma GCC visibility pop

#endif
