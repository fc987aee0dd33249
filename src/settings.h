/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_SETTINGS_H
#define PARTNERCENTER_SETTINGS_H

#include "credentials.h"
#include "url.h"

#include <curl/curl.h>
#include <lua.h>

#pragma GCC visibility push(hidden)

/* The options of a client, checked, with the defaults in place. The texts are malloc'ed; those
 * that may be absent are NULL. */
struct pc_settings {
    struct pc_base_url base;
    struct pc_base_url login;
    char *tenant_id;
    char *client_id;
    char *ca_file;
    char *proxy;
    char *user_agent;
    struct curl_slist *proxy_lines; /* the headers of requests to a proxy to connect */
    char *locale;
    char *application_name;
    double timeout;         /* seconds, of one attempt */
    double connect_timeout; /* seconds */
    double deadline;        /* seconds, of a whole call */
    double max_retries;     /* after the first attempt */
    double max_retry_after; /* seconds; a longer throttle is not waited for */
    size_t max_connections;
    size_t max_response_size; /* bytes */
    bool http2;               /* asked for, over TLS, and libcurl can */
    bool wants_events;
};

/* Fills `settings`, which must be zeroed, from the table of options at `index`, and `credentials`
 * with texts that the table owns. Raises for a programming mistake; for bad data pushes a message
 * and returns false. Either way pc_settings_free is due. */
bool pc_settings_read(lua_State *L, int index, struct pc_settings *settings,
                      struct pc_credentials *credentials);

void pc_settings_free(struct pc_settings *settings);

#pragma GCC visibility pop

#endif
