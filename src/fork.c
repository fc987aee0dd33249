/* SPDX-License-Identifier: MIT */
#include "fork.h"

#include <pthread.h>
#include <stdatomic.h>

static atomic_uint forks;

static void count_fork(void) {
    atomic_fetch_add(&forks, 1);
}

unsigned pc_fork_count(void) {
    return atomic_load(&forks);
}

void pc_fork_watch(void) {
    pthread_atfork(NULL, NULL, count_fork);
}
