/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_CALL_H
#define PARTNERCENTER_CALL_H

#include "answer.h"
#include "due.h"
#include "headers.h"
#include "request.h"

#include <curl/curl.h>

#pragma GCC visibility push(hidden)

struct pc_engine;

enum pc_call_state {
    PC_CALL_PREPARED, /* not yet given to an engine */
    PC_CALL_QUEUED,   /* the engine has it: all connections are taken, or a throttle holds */
    PC_CALL_ACTIVE,   /* libcurl has it */
    PC_CALL_PAUSED,   /* an attempt failed; the next one waits for its time */
    PC_CALL_DONE,
};

/* One call from its validated arguments to its outcome. Shared by reference count between the Lua
 * handle and, until it is done, the engine. No Lua value is in it. */
struct pc_call {
    struct pc_call *previous, *next; /* in the engine's list of its state */
    int references;
    enum pc_call_state state;

    struct pc_request request;
    struct pc_headers *headers;     /* the client's, one reference; NULL until it is submitted */
    struct curl_slist own_lines[4]; /* the call's own, in front of the client's */
    char request_id_line[64];
    char correlation_id_line[64];

    struct pc_engine *engine; /* from submission until it is done */
    struct pc_due due;        /* when the engine has to look at it next */
    double deadline;          /* pc_clock() */
    unsigned retries;
    double spent;         /* of the client's retry budget */
    double throttled_for; /* seconds; more than 0: it was not sent (again) since a throttle holds */

    CURL *easy; /* the engine's, while active */
    struct pc_answer answer;
    CURLcode code;
    long os_errno;
    char message[CURL_ERROR_SIZE]; /* libcurl's, when code is not CURLE_OK */
    bool cancelled;
    bool too_large;    /* the answer was larger than `max_answer` bytes */
    bool avoids_http2; /* an answer over HTTP/2 was lost inside libcurl */
    size_t max_answer;
    unsigned attempts;   /* requests sent */
    double begun, ended; /* pc_clock(); 0 until the call has begun */

    struct pc_buffer redacted; /* scratch of whoever makes the error of it */
};

/* One reference, for the caller; NULL when memory runs out. */
struct pc_call *pc_call_new(void);
void pc_call_hold(struct pc_call *call);
void pc_call_release(struct pc_call *call);

/* Forgets everything but the memory of its buffers. Only for a call with one reference. */
void pc_call_clear(struct pc_call *call);

/* Forgets what an earlier attempt left. */
void pc_call_begin_attempt(struct pc_call *call, size_t max_answer);

/* Whether the last attempt got an answer from 200 to 299. */
bool pc_call_is_success(const struct pc_call *call);

/* Makes the call's list of request headers, which begins at own_lines[0], with `headers` as its
 * tail. */
void pc_call_link_headers(struct pc_call *call, struct pc_headers *headers);

/* The token the call was sent with, for redaction; "" when it was not sent. */
const char *pc_call_secret(const struct pc_call *call);

#pragma GCC visibility pop

#endif
