/* SPDX-License-Identifier: MIT */
#include "../../src/due.h"

#include "unit.h"

#include <stdlib.h>

static void gives_what_is_due_first(void **state) {
    (void)state;
    enum { ITEMS = 1000 };
    static struct pc_due items[ITEMS];
    struct pc_due_heap heap = { 0 };
    assert_null(pc_due_first(&heap));
    srand(7); // NOLINT(cert-msc*): the same numbers each time
    for (int i = 0; i < ITEMS; i++)
        assert_true(pc_due_set(&heap, &items[i], rand() % 500)); // NOLINT(cert-msc*)
    for (int i = 0; i < ITEMS; i += 3)
        assert_true(pc_due_set(&heap, &items[i], rand() % 500)); // NOLINT(cert-msc*)
    for (int i = 1; i < ITEMS; i += 3) {
        pc_due_clear(&heap, &items[i]);
        pc_due_clear(&heap, &items[i]);
        assert_int_equal(items[i].place, 0);
    }
    double before = -1;
    size_t count = 0;
    for (struct pc_due *first; (first = pc_due_first(&heap)); count++) {
        assert_true(first->at >= before);
        before = first->at;
        pc_due_clear(&heap, first);
    }
    assert_int_equal(count, ITEMS - ITEMS / 3);
    pc_due_free(&heap);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(gives_what_is_due_first) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
