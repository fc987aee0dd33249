/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_OPERATION_H
#define PARTNERCENTER_OPERATION_H

#include "update.h"

#include <lua.h>
#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* What stands for the customer's id in a path. An operation without it takes no customer. */
#define PC_CUSTOMER_PLACE "{id}"

/* One REST operation of Partner Center, and one method of the client. */
struct pc_operation {
    const char *name;
    const char *method; /* of HTTP */
    const char *path;   /* below the base URL */
    /* Builds the request body of an update, or returns false when memory runs out; NULL where the
     * operation is not an update. */
    bool (*append_body)(struct pc_buffer *body, const struct pc_update *update);
    /* Checks the decoded answer at the top of the stack and completes it in place. `first` is the
     * answer's first byte. False when the answer is not what `promise` says. */
    bool (*shape)(lua_State *L, char first);
    const char *promise;
    /* A page of a list: it takes what leads to the page, and is no method of the client. */
    bool is_page;
    /* A request to the token authority: no part of the service, and no method of the client. */
    bool is_token;
};

/* All of them; the row with a NULL name ends the table. */
extern const struct pc_operation pc_operations[];

/* No operation: a call that is never sent, but waits until its deadline. */
extern const struct pc_operation pc_pause_operation;

/* NULL when there is none of that name. */
const struct pc_operation *pc_operation_find(const char *name);

#pragma GCC visibility pop

#endif
