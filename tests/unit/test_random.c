/* SPDX-License-Identifier: MIT */
#include "../../src/random.h"

#include "../../src/fork.h"
#include "unit.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE ((size_t)32)

static void gives_other_bytes_each_time(void **state) {
    (void)state;
    unsigned char drawn[20][SIZE]; /* from more than two pools */
    for (size_t i = 0; i < COUNT(drawn); i++) {
        assert_true(pc_random_bytes(drawn[i], SIZE));
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(drawn[i], drawn[j], SIZE);
    }
}

static void refuses_more_than_it_can_draw_at_once(void **state) {
    (void)state;
    unsigned char bytes[257];
    assert_true(pc_random_bytes(bytes, 256));
    assert_false(pc_random_bytes(bytes, 257));
}

static void spreads_over_the_unit_interval(void **state) {
    (void)state;
    int lower = 0;
    for (int i = 0; i < 1000; i++) {
        double number = pc_random();
        assert_true(number >= 0 && number < 1);
        lower += number < 0.5;
    }
    assert_in_range(lower, 300, 700); /* 12 standard deviations */
}

static void gives_a_child_other_bytes_than_its_parent(void **state) {
    (void)state;
    unsigned char own[SIZE], childs[SIZE];
    int ends[2], status = 0;
    pc_fork_watch();
    assert_true(pc_random_bytes(own, SIZE)); /* the pool is there */
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        bool drawn = pc_random_bytes(childs, SIZE);
        _exit(drawn && write(ends[1], childs, SIZE) == (ssize_t)SIZE ? 0 : 1);
    }
    assert_true(pc_random_bytes(own, SIZE));
    assert_int_equal(read(ends[0], childs, SIZE), SIZE);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_memory_not_equal(own, childs, SIZE);
    close(ends[0]);
    close(ends[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_other_bytes_each_time),
        cmocka_unit_test(refuses_more_than_it_can_draw_at_once),
        cmocka_unit_test(spreads_over_the_unit_interval),
        cmocka_unit_test(gives_a_child_other_bytes_than_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
