/* SPDX-License-Identifier: MIT */
#include "../../src/answer.h"

#include "unit.h"

#include <string.h>

static void take(struct pc_answer *answer, const char *line) {
    pc_answer_header(answer, line, strlen(line));
}

static void keeps_headers_in_any_case(void **state) {
    (void)state;
    struct pc_answer answer = { 0 };
    take(&answer, "HTTP/1.1 429 Too Many Requests\r\n");
    take(&answer, "ms-requestid: one\r\n");
    take(&answer, "MS-CORRELATIONID:two\r\n");
    take(&answer, "Retry-After: \t 57 \r\n");
    take(&answer, "Date: Fri, 04 Dec 2020 20:54:24 GMT\r\n");
    assert_false(answer.has_head);
    take(&answer, "\r\n");
    assert_true(answer.has_head);
    assert_string_equal(answer.request_id, "one");
    assert_string_equal(answer.correlation_id, "two");
    assert_string_equal(answer.retry_after, "57");
    assert_string_equal(answer.date, "Fri, 04 Dec 2020 20:54:24 GMT");
}

static void a_status_line_begins_anew(void **state) {
    (void)state;
    struct pc_answer answer = { 0 };
    take(&answer, "HTTP/1.1 100 Continue\r\n");
    take(&answer, "MS-RequestId: interim\r\n");
    take(&answer, "HTTP/1.1 200 OK\r\n");
    assert_string_equal(answer.request_id, "");
}

static void ignores_what_does_not_fit(void **state) {
    (void)state;
    struct pc_answer answer = { 0 };
    char line[200] = "MS-RequestId: ";
    memset(line + strlen(line), 'x', 64);
    take(&answer, line);
    assert_string_equal(answer.request_id, "");
    line[14 + 63] = '\0';
    take(&answer, line);
    assert_int_equal(strlen(answer.request_id), 63);
    take(&answer, "MS-CorrelationId: a\x01z\r\n");
    assert_string_equal(answer.correlation_id, "");
    take(&answer, "Retry-After\r\n");
    take(&answer, "Retry-After-Not: 5\r\n");
    assert_string_equal(answer.retry_after, "");
    take(&answer, "Retry-After:\r\n");
    assert_string_equal(answer.retry_after, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_headers_in_any_case),
        cmocka_unit_test(a_status_line_begins_anew),
        cmocka_unit_test(ignores_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
