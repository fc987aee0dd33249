/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_TESTS_MEMORY_H
#define PARTNERCENTER_TESTS_MEMORY_H

#include <stddef.h>

/* Allocators that can be told to fail, that count, and that look at what is freed: Lua's, libcurl's
 * (set where our module initialises it), and those which our own sources call (linked with --wrap).
 */

enum memory_kind { MEMORY_LUA, MEMORY_OURS, MEMORY_CURL, MEMORY_KINDS };
extern const char *const memory_names[MEMORY_KINDS];

struct memory_failure {
    long at;    /* the allocation that fails, from 1 on; 0: none does */
    long tries; /* how many fail from that on; negative: all */
};

void memory_fail(enum memory_kind kind, struct memory_failure failure);

/* Returns how many were refused. */
long memory_stop_failing(void);

/* The blocks that there are. Not `known` before memory_is_warm was called. */
struct memory_count {
    int known;
    long lua, ours, curl;
};
struct memory_count memory_count(void);
void memory_is_warm(void);

/* Something that is freed must not hold this text, from now on. */
void memory_remember(const char *secret);

/* What was wrong with something that was freed; NULL: nothing. */
const char *memory_problem(void);

/* Prints what Lua and libcurl have freed with a secret in it, which is not ours to wipe. */
void memory_report(void);

/* For lua_newstate. */
void *memory_lua(void *user, void *block, size_t old_size, size_t new_size);

#endif
