/* SPDX-License-Identifier: MIT */
#include "../../src/retry_after.h"

#include "unit.h"

/* Fri, 04 Dec 2020 20:54:24 GMT */
#define NOW ((time_t)1607115264)

static const struct {
    const char *retry_after, *date;
    double seconds;
} rows[] = {
    { "", "", PC_NO_RETRY_AFTER },
    { "0", "", 0 },
    { "57", "", 57 },
    { "99999999999", "", 99999999999.0 },
    { "Fri, 04 Dec 2020 20:55:24 GMT", "", 60 },
    /* the answer's own clock counts, however wrong ours is */
    { "Fri, 04 Dec 2020 20:55:24 GMT", "Fri, 04 Dec 2020 20:55:14 GMT", 10 },
    { "Fri, 04 Dec 2020 20:54:00 GMT", "", 0 },
    { "Fri, 04 Dec 2020 20:55:24 GMT", "no date", 60 },
    { "-5", "", PC_NO_RETRY_AFTER },
    { "1.5", "", PC_NO_RETRY_AFTER },
    { "soon", "", PC_NO_RETRY_AFTER },
};

static void reads_both_forms(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_float_equal(pc_retry_after(rows[i].retry_after, rows[i].date, NOW), rows[i].seconds,
                           0);
}

int main(void) {
    const struct CMUnitTest tests[] = { cmocka_unit_test(reads_both_forms) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
