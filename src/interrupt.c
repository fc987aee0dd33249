/* SPDX-License-Identifier: MIT */
#include "interrupt.h"

#include <lauxlib.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

static const struct {
    int number;
    const char *name;
} endings[] = { { SIGINT, "SIGINT" }, { SIGTERM, "SIGTERM" }, { SIGHUP, "SIGHUP" } };

/* In seconds: no script is to be lost in a sleep. */
#define LONGEST_SLEEP 60

static volatile sig_atomic_t caught; /* a signal has no other place to tell of itself */

static void note(int number) {
    caught = number;
}

int pc_interrupt_f_catch_signals(lua_State *L) {
    int restart = lua_toboolean(L, 1) ? 0 : SA_RESTART;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        struct sigaction action = { 0 };
        struct sigaction former = { 0 };
        action.sa_handler = note;
        action.sa_flags = restart | (int)SA_RESETHAND;
        sigemptyset(&action.sa_mask);
        if (sigaction(endings[i].number, NULL, &former) == 0 && former.sa_handler != SIG_IGN)
            (void)sigaction(endings[i].number, &action, NULL);
    }
    (void)signal(SIGPIPE, SIG_IGN);
    return 0;
}

int pc_interrupt_f_caught_signal(lua_State *L) {
    const char *name = NULL;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (endings[i].number == caught)
            name = endings[i].name;
    }
    lua_pushstring(L, name);
    return 1;
}

int pc_interrupt_f_sleep(lua_State *L) {
    double seconds = luaL_checknumber(L, 1);
    struct timespec pause = { 0 };
    luaL_argcheck(L, seconds >= 0 && seconds <= LONGEST_SLEEP, 1, "seconds expected, at most 60");
    pause.tv_sec = (time_t)seconds;
    pause.tv_nsec = (long)((seconds - (double)pause.tv_sec) * 1e9);
    (void)nanosleep(&pause, NULL);
    return 0;
}
