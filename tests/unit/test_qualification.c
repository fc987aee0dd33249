/* SPDX-License-Identifier: MIT */
#include "../../src/qualification.h"

#include "unit.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *spelling, *name;
    int value;
    int may_be_set, needs_validation_code;
} rows[] = {
    { "none", "None", 0, 0, 0 },
    { "EDUCATION", "Education", 1, 1, 0 },
    { "nonProfit", "Nonprofit", 2, 0, 0 },
    { "governmentcommunitycloud", "GovernmentCommunityCloud", 3, 1, 1 },
    { "StateOwnedEntity", "StateOwnedEntity", 4, 1, 0 },
};

static void finds_by_name_and_by_value(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct pc_qualification *found =
            pc_qualification_by_name(rows[i].spelling, strlen(rows[i].spelling));
        assert_non_null(found);
        assert_ptr_equal(found, pc_qualification_by_value(rows[i].value));
        assert_string_equal(found->name, rows[i].name);
        assert_int_equal(found->value, rows[i].value);
        assert_int_equal(found->may_be_set, rows[i].may_be_set);
        assert_int_equal(found->needs_validation_code, rows[i].needs_validation_code);
    }
}

static void finds_nothing_else(void **state) {
    (void)state;
    assert_null(pc_qualification_by_name("", 0));
    assert_null(pc_qualification_by_name("Educatio", 8));
    assert_null(pc_qualification_by_name("Education ", 10));
    assert_null(pc_qualification_by_value(-1));
    assert_null(pc_qualification_by_value(5));
    assert_null(pc_qualification_by_value(1.5));
    assert_null(pc_qualification_by_value((double)NAN));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_name_and_by_value),
        cmocka_unit_test(finds_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
