/* SPDX-License-Identifier: MIT */
#include "../../src/retry.h"

#include "unit.h"

#include <math.h>

/* An ordinary failure, which is tried again after half of the longest pause. */
static struct pc_retry_question ordinary(void) {
    return (struct pc_retry_question){
        .is_retryable = true,
        .max_retries = 3,
        .retry_after = -1,
        .max_retry_after = 120,
        .time_left = 300,
        .budget = PC_RETRY_BUDGET,
        .random = 0.5,
    };
}

static void backs_off_exponentially_up_to_a_cap(void **state) {
    (void)state;
    static const double longest[] = { 0.5, 1, 2, 4, 8, 16, 20, 20 };
    struct pc_retry_question question = ordinary();
    question.max_retries = 1e9;
    for (unsigned i = 0; i < COUNT(longest); i++) {
        question.retries = i;
        assert_true(pc_retry_decide(&question).again);
        assert_float_equal(pc_retry_decide(&question).pause, longest[i] / 2, 1e-9);
    }
    question.retries = 1000000;
    assert_float_equal(pc_retry_decide(&question).pause, 10, 1e-9);
}

static void has_full_jitter(void **state) {
    (void)state;
    struct pc_retry_question question = ordinary();
    question.retries = 2;
    for (int i = 0; i < 10; i++) {
        question.random = i / 10.0;
        assert_float_equal(pc_retry_decide(&question).pause, 2 * question.random, 1e-9);
    }
}

static void never_comes_before_retry_after(void **state) {
    (void)state;
    struct pc_retry_question question = ordinary();
    question.retry_after = 57;
    assert_float_equal(pc_retry_decide(&question).pause, 57, 0);
    assert_true(pc_retry_decide(&question).again);
    question.retry_after = 0;
    assert_float_equal(pc_retry_decide(&question).pause, 0.25, 1e-9);
}

static void stops(void **state) {
    (void)state;
    struct pc_retry_question question = ordinary();
    question.is_retryable = false;
    assert_false(pc_retry_decide(&question).again);

    question = ordinary();
    question.retries = 2;
    assert_true(pc_retry_decide(&question).again);
    question.retries = 3;
    assert_false(pc_retry_decide(&question).again);

    question = ordinary();
    question.retry_after = 120;
    assert_true(pc_retry_decide(&question).again);
    question.retry_after = 121;
    assert_false(pc_retry_decide(&question).again);

    question = ordinary();
    question.time_left = 0.26;
    assert_true(pc_retry_decide(&question).again);
    question.time_left = 0.25;
    assert_false(pc_retry_decide(&question).again);
    question.time_left = -1;
    question.random = 0;
    assert_false(pc_retry_decide(&question).again);
}

static void costs_more_after_a_timeout(void **state) {
    (void)state;
    struct pc_retry_question question = ordinary();
    question.budget = 5;
    assert_float_equal(pc_retry_decide(&question).cost, 5, 0);
    assert_true(pc_retry_decide(&question).again);
    question.budget = 4.5;
    assert_false(pc_retry_decide(&question).again);
    question.timed_out = true;
    question.budget = 10;
    assert_float_equal(pc_retry_decide(&question).cost, 10, 0);
    assert_true(pc_retry_decide(&question).again);
    question.budget = 9;
    assert_false(pc_retry_decide(&question).again);
}

static void a_success_refunds(void **state) {
    (void)state;
    assert_float_equal(pc_retry_refund(100, 0), 101, 0);
    assert_float_equal(pc_retry_refund(100, 15), 115, 0);
    assert_float_equal(pc_retry_refund(PC_RETRY_BUDGET - 1, 15), PC_RETRY_BUDGET, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(backs_off_exponentially_up_to_a_cap), cmocka_unit_test(has_full_jitter),
        cmocka_unit_test(never_comes_before_retry_after),      cmocka_unit_test(stops),
        cmocka_unit_test(costs_more_after_a_timeout),          cmocka_unit_test(a_success_refunds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
