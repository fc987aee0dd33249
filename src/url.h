/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_URL_H
#define PARTNERCENTER_URL_H

#include "buffer.h"

#pragma GCC visibility push(hidden)

struct pc_base_url {
    char *text;       /* malloc'ed; without a slash at its end */
    bool is_tls;      /* https */
    bool is_loopback; /* "localhost", 127.0.0.0/8 or [::1]: the host is this machine */
};

/* Reads the address under which a service stands: https, or http where the host is loopback or
 * `allow_insecure` is set. Returns NULL, or what is wrong with it and what would be right, in a
 * form that follows the option's name. */
const char *pc_base_url_read(const char *url, bool allow_insecure, struct pc_base_url *base);

/* Whether `url` can be a proxy's address; the scheme may be left out. Returned as above, and with
 * whether the proxy is on this machine. */
const char *pc_proxy_url_check(const char *url, bool *is_on_loopback);

/* Appends the bytes percent-encoded (RFC 3986: all but the unreserved characters). */
bool pc_url_append_encoded(struct pc_buffer *url, const char *bytes, size_t length);

#pragma GCC visibility pop

#endif
