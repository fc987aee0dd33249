/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_TRANSFER_H
#define PARTNERCENTER_TRANSFER_H

#include "call.h"
#include "lines.h"
#include "sockets.h"

#include <curl/curl.h>
#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* The most that is taken of an answer's headers, trailers and interim answers, in bytes. libcurl
 * 7.88.1 itself takes trailers without end, and a single header up to 100 KiB. */
#define PC_TRANSFER_MAX_HEADERS ((size_t)256 * 1024)

/* How the service is reached. The texts belong to whoever owns the engine. */
struct pc_route {
    const char *base_url;       /* without a slash at its end */
    size_t path_at;             /* where its path begins, or would */
    struct pc_sockets *sockets; /* gets to know the connections */
    double connect_timeout;     /* seconds */
    bool http2;                 /* only ever over TLS, where it can be negotiated */
    bool is_loopback;           /* the service is on this machine, which no request is to leave */
    const char *ca_file;        /* NULL: the system's */
    const char *proxy;          /* NULL: what the environment says; "": none */
    struct curl_slist *proxy_lines; /* headers of the requests with which a proxy connects */
};

/* An easy handle with all that is the same for each call by a route, so that a call sets no more
 * than what is its own. What libcurl receives goes into the call; Lua is far away. */
struct pc_transfer {
    CURL *easy;
    struct pc_call *call; /* the one that it is aimed at; NULL: none */
    CURLU *url; /* the parts of the call's URL, which libcurl takes in the place of a text */
    struct pc_lines lines;         /* the call's own; they go with it */
    char message[CURL_ERROR_SIZE]; /* libcurl's, when it has failed */
};

/* NULL when memory runs out. */
struct pc_transfer *pc_transfer_new(const struct pc_route *route);
void pc_transfer_free(struct pc_transfer *transfer);

/* Sets it up for one attempt of the call, of so many seconds at the most. */
CURLcode pc_transfer_aim(struct pc_transfer *transfer, struct pc_call *call,
                         const struct pc_route *route, double seconds);

/* Takes out of it what the call owns. */
void pc_transfer_forget(struct pc_transfer *transfer);

/* Whether the call leaves nothing behind that the next one would not set anew. */
bool pc_transfer_is_ordinary(const struct pc_call *call);

/* Whether the attempt got the head of an answer over HTTP/2. */
bool pc_transfer_was_http2(const struct pc_transfer *transfer);

/* Whether libcurl lost the answer of an attempt that has just ended with this code. The HTTP/2 of
 * 7.88.1 drops what it has read of an answer when the server has also reset the stream, as servers
 * do that answer before they have read the request's body. What was lost is often an error that
 * every repetition would meet, so the call is sent once more, over HTTP/1.1. */
bool pc_transfer_lost_answer(const struct pc_call *call, CURLcode code);

/* Sets a multi handle up: it opens and keeps no more than so many connections. */
void pc_transfer_configure_multi(CURLM *multi, size_t max_connections);

#pragma GCC visibility pop

#endif
