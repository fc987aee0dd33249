/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_SANDBOX_SERVICE_H
#define PARTNERCENTER_SANDBOX_SERVICE_H

#include "../buffer.h"
#include "../text.h"

#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* What the sandbox does with a request. It is written in Lua (partnercenter/sandbox/service.lua)
 * and runs in a Lua state of its own, since the requests arrive on other threads than the
 * script's. All functions but open and close may be called from any thread. */
struct pc_service;

struct pc_service_request {
    const char *method;
    const char *uri;          /* as sent: path and query, percent-encoded */
    struct pc_buffer headers; /* name NUL value NUL, and so on */
    struct pc_buffer body;
    bool too_large; /* the body is not whole */
};

struct pc_service_answer {
    unsigned status;
    struct pc_buffer headers; /* as above */
    struct pc_buffer body;
    double delay; /* seconds to wait before it is sent */
};

/* `path` and `cpath` are the package.path and package.cpath to load with, `settings` is a JSON
 * object. On failure returns NULL and appends what is wrong to `error`. */
struct pc_service *pc_service_open(const char *path, const char *cpath, const char *settings,
                                   struct pc_buffer *error);
void pc_service_close(struct pc_service *service);

/* Answers one request. When the service's own code fails, the answer is a 500 that says why. */
void pc_service_answer(struct pc_service *service, const struct pc_service_request *request,
                       struct pc_service_answer *answer);

/* Calls a function of the service's controls with JSON and appends the JSON it returns to `reply`;
 * on failure returns false and appends what is wrong instead. */
bool pc_service_control(struct pc_service *service, const char *name, struct pc_text argument,
                        struct pc_buffer *reply);

#pragma GCC visibility pop

#endif
