/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_TESTS_FUZZ_CATEGORIES_H
#define PARTNERCENTER_TESTS_FUZZ_CATEGORIES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Whether it is one of the categories that README lists; NULL is none. */
static inline bool is_category(const char *name) {
    static const char *const names[] = {
        "bad_input",    "unauthorized", "forbidden",         "not_found",
        "server_error", "server_busy",  "invalid_operation", "unsupported_data_format",
        "timeout",      "network",      "request_timeout",   "already_exists",
        "tls",          "cancelled",    "gateway_timeout",   "too_many_requests",
        "callback",     "journal",      "unavailable",       "response_parsing",
    };
    for (size_t i = 0; name && i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

#endif
