/* SPDX-License-Identifier: MIT */
#include "../../src/guid.h"

#include "unit.h"

#include <string.h>

static void reads_every_documented_spelling(void **state) {
    (void)state;
    static const char *const spellings[] = {
        "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "3F2504E0-4F89-41D3-9A0C-0305E82C3301",
        "{3f2504E0-4f89-41d3-9a0c-0305e82c3301}",
    };
    for (size_t i = 0; i < COUNT(spellings); i++) {
        struct pc_guid guid;
        assert_true(pc_guid_parse(spellings[i], strlen(spellings[i]), &guid));
        assert_string_equal(guid.text, "3f2504e0-4f89-41d3-9a0c-0305e82c3301");
    }
}

static void refuses_everything_else(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "{}",
        "3f2504e0-4f89-41d3-9a0c-0305e82c330",
        "3f2504e0-4f89-41d3-9a0c-0305e82c33011",
        "3f2504e0-4f89-41d3-9a0c-0305e82c330g",
        "3f2504e04-f89-41d3-9a0c-0305e82c3301",
        "3f2504e0a4f89-41d3-9a0c-0305e82c3301",
        "3f2504e0-4f89-41d3-9a0c-0305e82c330-",
        "{3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "{{3f2504e0-4f89-41d3-9a0c-0305e82c330}",
        "3f2504e0-4f89-41d3-9a0c-0305e82c3301\n",
        " 3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "3f2504e04f8941d39a0c0305e82c3301",
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct pc_guid guid = { "untouched" };
        assert_false(pc_guid_parse(texts[i], strlen(texts[i]), &guid));
        assert_string_equal(guid.text, "untouched");
    }
    struct pc_guid guid;
    assert_false(pc_guid_parse("3f2504e0-4f89-41d3-9a0c-0305e82c\0003", PC_GUID_LENGTH, &guid));
}

static void generates_different_ones_of_version_4(void **state) {
    (void)state;
    struct pc_guid before = { "" };
    for (int i = 0; i < 1000; i++) {
        struct pc_guid guid, parsed;
        assert_true(pc_guid_generate(&guid));
        assert_true(pc_guid_parse(guid.text, strlen(guid.text), &parsed));
        assert_string_equal(guid.text, parsed.text);
        assert_int_equal(guid.text[14], '4');
        assert_non_null(strchr("89ab", guid.text[19]));
        assert_string_not_equal(guid.text, before.text);
        before = guid;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_documented_spelling),
        cmocka_unit_test(refuses_everything_else),
        cmocka_unit_test(generates_different_ones_of_version_4),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
