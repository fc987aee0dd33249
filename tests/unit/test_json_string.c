/* SPDX-License-Identifier: MIT */
#include "../../src/json_string.h"

#include "unit.h"

#include <string.h>

static void escapes_what_cannot_stand_in_a_string(void **state) {
    (void)state;
    static const struct {
        struct pc_text text;
        const char *json;
    } rows[] = {
        { { "", 0 }, "\"\"" },
        { { "example.edu", 11 }, "\"example.edu\"" },
        { { "\"", 1 }, "\"\\\"\"" },
        { { "a\\\"b/c", 6 }, "\"a\\\\\\\"b/c\"" },
        { { "\n\x1f\0x", 4 }, "\"\\u000a\\u001f\\u0000x\"" },
        { { "\xC3\xA9\x7F", 3 }, "\"\xC3\xA9\x7F\"" },
    };
    struct pc_buffer buffer = { 0 };
    for (size_t i = 0; i < COUNT(rows); i++) {
        pc_buffer_clear(&buffer);
        assert_true(pc_json_string_append(&buffer, rows[i].text));
        assert_string_equal(buffer.data, rows[i].json);
    }
    pc_buffer_free(&buffer);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_what_cannot_stand_in_a_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
