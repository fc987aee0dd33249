/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_LINES_H
#define PARTNERCENTER_LINES_H

#include "headers.h"
#include "request.h"

#pragma GCC visibility push(hidden)

/* The header lines of a request that are its own, in the form in which libcurl takes them. They
 * refer to the request. */
struct pc_lines {
    struct curl_slist links[4];
    char request_id[64];
    char correlation_id[64];
};

/* The whole list: the request's own lines, in front of those that it has in common with others. */
struct curl_slist *pc_lines_link(struct pc_lines *lines, const struct pc_request *request,
                                 struct pc_headers *headers);

#pragma GCC visibility pop

#endif
