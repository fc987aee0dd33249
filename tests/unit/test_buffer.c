/* SPDX-License-Identifier: MIT */
#include "../../src/buffer.h"

#include "unit.h"

#include <string.h>

static void grows_and_stays_terminated(void **state) {
    (void)state;
    struct pc_buffer buffer = { 0 };
    for (int i = 0; i < 1000; i++)
        assert_true(pc_buffer_append_text(&buffer, "abc"));
    assert_int_equal(buffer.length, 3000);
    assert_int_equal(strlen(buffer.data), 3000);
    pc_buffer_free(&buffer);
    assert_null(buffer.data);
}

static void takes_nothing_and_nul_bytes(void **state) {
    (void)state;
    struct pc_buffer buffer = { 0 };
    assert_true(pc_buffer_append(&buffer, NULL, 0));
    assert_int_equal(buffer.length, 0);
    assert_true(pc_buffer_append(&buffer, "a\0b", 3));
    assert_int_equal(buffer.length, 3);
    assert_memory_equal(buffer.data, "a\0b", 4);
    pc_buffer_free(&buffer);
}

static void refuses_more_than_memory_holds(void **state) {
    (void)state;
    struct pc_buffer buffer = { 0 };
    assert_true(pc_buffer_append_text(&buffer, "kept"));
    assert_false(pc_buffer_append(&buffer, "x", SIZE_MAX));
    assert_string_equal(buffer.data, "kept");
    pc_buffer_free(&buffer);
}

static void clear_keeps_small_memory_only(void **state) {
    (void)state;
    struct pc_buffer buffer = { 0 };
    assert_true(pc_buffer_append_text(&buffer, "small"));
    pc_buffer_clear(&buffer);
    assert_non_null(buffer.data);
    assert_memory_equal(buffer.data, "\0\0\0\0\0", sizeof "small");

    static char large[PC_BUFFER_KEEP + 1];
    assert_true(pc_buffer_append(&buffer, large, sizeof large));
    pc_buffer_clear(&buffer);
    assert_null(buffer.data);
    assert_int_equal(buffer.capacity, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_stays_terminated),
        cmocka_unit_test(takes_nothing_and_nul_bytes),
        cmocka_unit_test(refuses_more_than_memory_holds),
        cmocka_unit_test(clear_keeps_small_memory_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
