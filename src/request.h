/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_REQUEST_H
#define PARTNERCENTER_REQUEST_H

#include "buffer.h"
#include "guid.h"
#include "operation.h"

#include <lua.h>

#pragma GCC visibility push(hidden)

/* One call, ready to be sent, in bytes of its own: nothing in it depends on the Lua state. */
struct pc_request {
    const struct pc_operation *operation;
    struct pc_buffer url;
    struct pc_buffer body;              /* empty: the request has none */
    struct pc_buffer continuation_line; /* the header MS-ContinuationToken; empty: none */
    struct pc_guid customer_id;         /* an empty text where the operation takes none */
    const char *qualification;          /* the name of the one to set, static; NULL: none */
    struct pc_guid request_id;
    struct pc_guid correlation_id;
    bool is_loopback;   /* of a request for a token: to this machine, and by no proxy */
    double timeout;     /* seconds, of one attempt */
    double deadline;    /* seconds, of the whole call */
    double max_retries; /* after the first attempt */
};

/* What a client gives to each of its requests. */
struct pc_request_defaults {
    const char *base_url; /* without a slash at its end */
    double timeout, deadline, max_retries;
};

/* Fills `request`, which must be empty, from the Lua arguments that begin at `index`: the name of
 * the operation, then what its method takes (customer id, qualification, options); for a page the
 * query and the continuation token of the link to it, both nil for the first, and options. Raises
 * for a programming mistake; for bad data pushes a message and returns false. */
bool pc_request_read(lua_State *L, int index, const struct pc_request_defaults *defaults,
                     struct pc_request *request);

/* Forgets the contents, or frees them. */
void pc_request_clear(struct pc_request *request);
void pc_request_free(struct pc_request *request);

#pragma GCC visibility pop

#endif
