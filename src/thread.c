/* SPDX-License-Identifier: MIT */
#include "thread.h"

#include "fork.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

/* The longest that the thread sleeps where nothing is due, in seconds. It is woken for whatever is
 * new. */
#define LONGEST_SLEEP 3600.0

/* Those that run, of all Lua states. */
static struct {
    pthread_mutex_t lock;
    struct pc_thread *first;
    unsigned forks; /* pc_fork_count() when the list was made */
} running = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void enlist(struct pc_thread *thread) {
    pthread_mutex_lock(&running.lock);
    if (running.forks != thread->forks)
        running.first = NULL; /* the parent's */
    running.forks = thread->forks;
    thread->previous = NULL;
    thread->next = running.first;
    if (thread->next)
        thread->next->previous = thread;
    running.first = thread;
    pthread_mutex_unlock(&running.lock);
}

static void delist(struct pc_thread *thread) {
    pthread_mutex_lock(&running.lock);
    if (thread->previous)
        thread->previous->next = thread->next;
    else
        running.first = thread->next;
    if (thread->next)
        thread->next->previous = thread->previous;
    pthread_mutex_unlock(&running.lock);
}

static void stop_all(void) {
    while (running.first && running.forks == pc_fork_count())
        pc_thread_stop(running.first);
}

void pc_thread_watch_exit(void) {
    atexit(stop_all);
}

static void *run(void *user) {
    struct pc_thread *thread = user;
    while (!thread->is_stopping)
        pc_engine_drive(thread->engine, NULL, LONGEST_SLEEP);
    return NULL;
}

static bool runs(const struct pc_thread *thread) {
    return thread->engine && thread->forks == pc_fork_count();
}

bool pc_thread_start(struct pc_thread *thread, struct pc_engine *engine) {
    sigset_t all, before;
    if (runs(thread))
        return true;
    thread->engine = engine;
    thread->forks = pc_fork_count();
    thread->is_stopping = false;
    engine->is_threaded = true;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int error = pthread_create(&thread->id, NULL, run, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0) {
        enlist(thread);
        return true;
    }
    engine->is_threaded = false;
    thread->engine = NULL;
    errno = error;
    return false;
}

void pc_thread_stop(struct pc_thread *thread) {
    if (runs(thread)) {
        thread->is_stopping = true;
        curl_multi_wakeup(thread->engine->multi);
        pthread_join(thread->id, NULL);
        delist(thread);
        thread->engine->is_threaded = false;
    }
    thread->engine = NULL;
}
