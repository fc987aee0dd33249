/* SPDX-License-Identifier: MIT */
#include "../../src/category.h"

#include "unit.h"

#include <errno.h>

static const struct {
    long status;
    const char *name;
    int retryable;
} of_status[] = {
    { 301, "server_error", 0 },      { 304, "server_error", 0 },
    { 400, "bad_input", 0 },         { 401, "unauthorized", 0 },
    { 403, "forbidden", 0 },         { 404, "not_found", 0 },
    { 405, "invalid_operation", 0 }, { 406, "unsupported_data_format", 0 },
    { 408, "request_timeout", 1 },   { 409, "already_exists", 0 },
    { 412, "server_error", 0 },      { 429, "too_many_requests", 1 },
    { 500, "server_error", 1 },      { 501, "server_error", 0 },
    { 502, "server_error", 1 },      { 503, "server_busy", 1 },
    { 504, "gateway_timeout", 1 },   { 599, "server_error", 0 },
};

static const struct {
    CURLcode code;
    long os_errno;
    const char *name;
    int retryable;
} of_curl[] = {
    { CURLE_COULDNT_RESOLVE_HOST, 0, "network", 1 },
    { CURLE_COULDNT_CONNECT, ECONNREFUSED, "network", 1 },
    { CURLE_RECV_ERROR, ECONNRESET, "network", 1 },
    { CURLE_PARTIAL_FILE, 0, "network", 1 },
    { CURLE_GOT_NOTHING, 0, "network", 1 },
    { CURLE_HTTP2_STREAM, 0, "network", 1 },
    { CURLE_SSL_CONNECT_ERROR, ECONNRESET, "network", 1 },
    { CURLE_SSL_CONNECT_ERROR, EPIPE, "network", 1 },
    { CURLE_SSL_CONNECT_ERROR, 0, "tls", 0 },
    { CURLE_SSL_CONNECT_ERROR, ECONNREFUSED, "tls", 0 }, /* of another address of the host */
    { CURLE_SSL_CONNECT_ERROR, ENETUNREACH, "tls", 0 },
    { CURLE_PEER_FAILED_VERIFICATION, 0, "tls", 0 },
    { CURLE_OPERATION_TIMEDOUT, 0, "timeout", 1 },
    { CURLE_WRITE_ERROR, 0, "response_parsing", 0 },
    { CURLE_BAD_CONTENT_ENCODING, 0, "response_parsing", 0 },
    { CURLE_WEIRD_SERVER_REPLY, 0, "network", 1 },
};

static void names_every_status(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(of_status); i++) {
        struct pc_category category = pc_category_of_status(of_status[i].status);
        assert_string_equal(category.name, of_status[i].name);
        assert_int_equal(category.retryable, of_status[i].retryable);
    }
}

static void names_every_kind_of_failed_transfer(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(of_curl); i++) {
        struct pc_category category = pc_category_of_curl(of_curl[i].code, of_curl[i].os_errno);
        assert_string_equal(category.name, of_curl[i].name);
        assert_int_equal(category.retryable, of_curl[i].retryable);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_status),
        cmocka_unit_test(names_every_kind_of_failed_transfer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
