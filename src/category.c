/* SPDX-License-Identifier: MIT */
#include "category.h"

#include <errno.h>
#include <stddef.h>

/* Partner Center's documented statuses. Those not listed are server errors, not retryable. */
static const struct {
    long status;
    struct pc_category category;
} of_status[] = {
    { 400, { "bad_input", false } },         { 401, { "unauthorized", false } },
    { 403, { "forbidden", false } },         { 404, { "not_found", false } },
    { 405, { "invalid_operation", false } }, { 406, { "unsupported_data_format", false } },
    { 408, { "request_timeout", true } },    { 409, { "already_exists", false } },
    { 429, { "too_many_requests", true } },  { 500, { "server_error", true } },
    { 502, { "server_error", true } },       { 503, { "server_busy", true } },
    { 504, { "gateway_timeout", true } },
};

/* The codes that are no failure of the network. CURLE_WRITE_ERROR is our own limit on the size of
 * an answer; CURLE_UNSUPPORTED_PROTOCOL is an answer that is not HTTP, since only http and https
 * URLs are ever begun. */
static const struct {
    CURLcode code;
    struct pc_category category;
} of_curl[] = {
    { CURLE_OPERATION_TIMEDOUT, { "timeout", true } },
    { CURLE_WRITE_ERROR, { "response_parsing", false } },
    { CURLE_UNSUPPORTED_PROTOCOL, { "response_parsing", false } },
    { CURLE_BAD_CONTENT_ENCODING, { "response_parsing", false } },
    { CURLE_SSL_CONNECT_ERROR, { "tls", false } },
    { CURLE_PEER_FAILED_VERIFICATION, { "tls", false } },
    { CURLE_SSL_CACERT_BADFILE, { "tls", false } },
    { CURLE_SSL_CERTPROBLEM, { "tls", false } },
#if LIBCURL_VERSION_NUM >= 0x074D00
    { CURLE_SSL_CLIENTCERT, { "tls", false } },
#endif
    { CURLE_SSL_CIPHER, { "tls", false } },
    { CURLE_SSL_CRL_BADFILE, { "tls", false } },
    { CURLE_SSL_ENGINE_INITFAILED, { "tls", false } },
    { CURLE_SSL_INVALIDCERTSTATUS, { "tls", false } },
    { CURLE_SSL_ISSUER_ERROR, { "tls", false } },
    { CURLE_SSL_PINNEDPUBKEYNOTMATCH, { "tls", false } },
    { CURLE_USE_SSL_FAILED, { "tls", false } },
#if LIBCURL_VERSION_NUM >= 0x080600
    { CURLE_TOO_LARGE, { "response_parsing", false } },
#endif
};

struct pc_category pc_category_of_status(long status) {
    for (size_t i = 0; i < sizeof of_status / sizeof of_status[0]; i++) {
        if (of_status[i].status == status)
            return of_status[i].category;
    }
    return (struct pc_category){ "server_error", false };
}

/* Whether it is what a connection breaks with. One that could not be made leaves another errno,
 * also where the next address of the host could be reached. */
static bool is_of_broken_connection(long os_errno) {
    return os_errno == ECONNRESET || os_errno == ECONNABORTED || os_errno == EPIPE ||
           os_errno == ETIMEDOUT;
}

struct pc_category pc_category_of_curl(CURLcode code, long os_errno) {
    const struct pc_category network = { "network", true };
    if (code == CURLE_SSL_CONNECT_ERROR && is_of_broken_connection(os_errno))
        return network;
    for (size_t i = 0; i < sizeof of_curl / sizeof of_curl[0]; i++) {
        if (of_curl[i].code == code)
            return of_curl[i].category;
    }
    return network;
}
