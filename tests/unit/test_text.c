/* SPDX-License-Identifier: MIT */
#include "../../src/text.h"

#include "unit.h"

#include <string.h>

static void finds_control_characters(void **state) {
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        char text[] = { 'a', (char)byte, 'b' };
        assert_int_equal(pc_text_has_control(text, sizeof text), byte < 0x20 || byte == 0x7F);
    }
    assert_false(pc_text_has_control("", 0));
}

static void knows_utf8(void **state) {
    (void)state;
    static const char *const good[] = { "",
                                        "plain",
                                        "\xC3\xA9",
                                        "\xE2\x82\xAC",
                                        "\xF0\x9F\x98\x80",
                                        "\xED\x9F\xBF",
                                        "\xF4\x8F\xBF\xBF" };
    static const char *const bad[] = {
        "\x80",             /* a continuation alone */
        "\xC3",             /* cut */
        "\xE2\x82",         /* cut */
        "\xC0\xAF",         /* overlong */
        "\xE0\x80\xAF",     /* overlong */
        "\xF0\x80\x80\xAF", /* overlong */
        "\xED\xA0\x80",     /* a surrogate */
        "\xF4\x90\x80\x80", /* beyond U+10FFFF */
        "\xC3(",
        "\xE2\x82(",
        "\xFF",
    };
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(pc_text_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(pc_text_is_utf8(bad[i], strlen(bad[i])));
}

static void prefix_keeps_characters_whole(void **state) {
    (void)state;
    const char *euros = "\xE2\x82\xAC\xE2\x82\xAC";
    assert_int_equal(pc_text_prefix(euros, 6, 6), 6);
    assert_int_equal(pc_text_prefix(euros, 6, 5), 3);
    assert_int_equal(pc_text_prefix(euros, 6, 4), 3);
    assert_int_equal(pc_text_prefix(euros, 6, 3), 3);
    assert_int_equal(pc_text_prefix(euros, 6, 2), 0);
    assert_int_equal(pc_text_prefix("abcdef", 6, 4), 4);
    assert_int_equal(pc_text_prefix("\x80\x80\x80\x80\x80\x80", 6, 5), 5);
}

static void compares_without_case(void **state) {
    (void)state;
    assert_true(pc_text_equals("eDucation", 9, "Education"));
    assert_false(pc_text_equals("Educatio", 8, "Education"));
    assert_false(pc_text_equals("Education\0", 10, "Education"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_control_characters),
        cmocka_unit_test(knows_utf8),
        cmocka_unit_test(prefix_keeps_characters_whole),
        cmocka_unit_test(compares_without_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
