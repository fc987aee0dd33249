/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_THREAD_H
#define PARTNERCENTER_THREAD_H

#include "engine.h"

#include <pthread.h>
#include <stdatomic.h>

#pragma GCC visibility push(hidden)

/* A thread that drives an engine, for hosts that must not be blocked. It takes no signals: those
 * are the host's. A zeroed struct is one that does not run. One that still runs when the process
 * exits, since its Lua state is not closed, is stopped then: libcurl and OpenSSL take themselves
 * apart. */
struct pc_thread {
    struct pc_thread *previous, *next; /* of those that run in this process */
    struct pc_engine *engine;          /* NULL: it does not run */
    pthread_t id;
    unsigned forks; /* pc_fork_count() when it was started: a child has no thread of its parent's */
    atomic_bool is_stopping;
};

/* Starts it, where it does not run. The engine must be open. False, with errno set, when the system
 * gives no thread. */
bool pc_thread_start(struct pc_thread *thread, struct pc_engine *engine);

/* Sees to those that run when the process exits; once in a process, after libcurl was initialised.
 */
void pc_thread_watch_exit(void);

/* Stops it and waits for its end. A second stop does nothing. */
void pc_thread_stop(struct pc_thread *thread);

#pragma GCC visibility pop

#endif
