/* SPDX-License-Identifier: MIT */

/* failing JOB...: runs jobs of job.lua against a sandbox in another process while memory runs out,
 * at the n-th allocation for each n: those of Lua, those of libcurl, and our own. Each time the job
 * has to end with success or a clean error, the client has to be of use afterwards, nothing may
 * leak, and nothing that is freed may hold a secret. In the environment: STEP,
 * every so manieth n only (17); FIRST, the first n (1); SHOW, to be shown where each failure is. */

#include "memory.h"

#include <lauxlib.h>
#include <lualib.h>
#include <sanitizer/lsan_interface.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The most that one run of a job may take, in seconds. */
#define TIME_LIMIT 30

int luaopen_partnercenter_core(lua_State *L);

static char where[128]; /* what is being tried, for the case that it does not come back */
static char *reach;     /* Lua source of the client options that reach the sandbox */
static long outcomes[3];
enum { SUCCEEDED, RETURNED, RAISED };

static void die(const char *problem, const char *detail) {
    fprintf(stderr, "%s: %s%s%s\n", where, problem, detail ? ": " : "", detail ? detail : "");
    _exit(1);
}

static void on_alarm(int number) {
    (void)number;
    (void)!write(STDERR_FILENO, where, strlen(where));
    static const char text[] = ": it does not end\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(1);
}

/* AddressSanitizer calls it in front of its report. */
void __asan_on_error(void);
void __asan_on_error(void) {
    fprintf(stderr, "%s:\n", where);
}

/* What is left of ours is counted. lua-cjson leaves a buffer of its own when Lua's memory runs out.
 */
const char *__lsan_default_options(void);
const char *__lsan_default_options(void) {
    return "leak_check_at_exit=0";
}

static int f_remember(lua_State *L) {
    const char *secret = luaL_checkstring(L, 1);
    memory_remember(secret);
    return 0;
}

/* What is at the top of the stack, as tostring tells it. */
static const char *text_of(lua_State *L) {
    lua_getglobal(L, "tostring");
    lua_insert(L, -2);
    lua_call(L, 1, 1);
    return lua_tostring(L, -1);
}

/* A state with everything loaded, and the module of the jobs at index 1. */
static lua_State *new_state(void) {
    lua_State *L = lua_newstate(memory_lua, NULL);
    if (!L)
        die("there is no state", NULL);
    luaL_openlibs(L);
    lua_register(L, "remember", f_remember);
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "preload");
    lua_pushcfunction(L, luaopen_partnercenter_core);
    lua_setfield(L, -2, "partnercenter.core");
    lua_settop(L, 0);
    if (luaL_loadfile(L, "tests/memory/job.lua") || lua_pcall(L, 0, 1, 0))
        die("cannot load", lua_tostring(L, -1));
    return L;
}

static void call_job(lua_State *L, const char *name, int arguments) {
    lua_getfield(L, 1, name);
    lua_insert(L, -arguments - 1);
    if (lua_pcall(L, arguments, 0, 0))
        die(name, text_of(L));
}

static void prepare(lua_State *L) {
    if (!reach)
        return;
    if (luaL_dostring(L, reach))
        die("options", lua_tostring(L, -1));
    call_job(L, "prepare", 1);
}

/* What was raised, at the top of the stack, is what may be raised. */
static void check_raised(lua_State *L) {
    int type = lua_type(L, -1);
    lua_getfield(L, 1, "is_clean");
    lua_pushvalue(L, -2);
    if (lua_pcall(L, 1, 1, 0))
        die("is_clean", lua_tostring(L, -1));
    if (!lua_toboolean(L, -1))
        die("it raised something else", (lua_pop(L, 1), text_of(L)));
    outcomes[type == LUA_TTABLE ? RETURNED : RAISED]++;
    lua_pop(L, 2);
}

/* Runs the job once. Returns whether an allocation has failed. */
static int run_once(const char *job, enum memory_kind kind, struct memory_failure failure) {
    struct memory_count before = memory_count();
    lua_State *L = new_state();
    prepare(L);
    lua_getfield(L, 1, job);
    alarm(TIME_LIMIT);
    memory_fail(kind, failure);
    int failed = lua_pcall(L, 0, 0, 0);
    long refused = memory_stop_failing();
    if (failed && refused == 0)
        die("it failed although there was memory", text_of(L));
    if (failed)
        check_raised(L);
    else
        outcomes[SUCCEEDED]++;
    call_job(L, "after", 0);
    lua_close(L);
    alarm(0);
    struct memory_count after = memory_count();
    if (before.known &&
        (after.lua != before.lua || after.ours != before.ours || after.curl != before.curl)) {
        char text[160];
        snprintf(text, sizeof text, "%ld of Lua, %ld of ours, %ld of libcurl",
                 after.lua - before.lua, after.ours - before.ours, after.curl - before.curl);
        __lsan_do_recoverable_leak_check(); /* which says where they were allocated */
        die("blocks are left", text);
    }
    if (memory_problem())
        die(memory_problem(), NULL);
    return refused > 0;
}

static long number_of(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text ? atol(text) : otherwise;
}

static void run_all(const char *job, enum memory_kind kind, const char *form,
                    struct memory_failure failure) {
    long stride = number_of("STEP", 17), runs = 0;
    memset(outcomes, 0, sizeof outcomes);
    for (failure.at = number_of("FIRST", 1);; failure.at += stride, runs++) {
        snprintf(where, sizeof where, "%s, %s allocation %ld of %s", job, form, failure.at,
                 memory_names[kind]);
        if (!run_once(job, kind, failure))
            break;
    }
    printf("%s: %s of %ld allocations of %s: %ld succeeded, %ld errors, %ld raised\n", job, form,
           runs, memory_names[kind], outcomes[SUCCEEDED] - 1, outcomes[RETURNED], outcomes[RAISED]);
    fflush(stdout);
}

/* Loads the module where libcurl cannot be initialised, which has to be said, and can be tried
 * again.
 */
static void load_without_curl(void) {
    lua_State *L = luaL_newstate();
    snprintf(where, sizeof where, "without libcurl");
    luaL_openlibs(L);
    lua_pushcfunction(L, luaopen_partnercenter_core);
    memory_fail(MEMORY_CURL, (struct memory_failure){ .at = 1, .tries = 1 });
    int failed = lua_pcall(L, 0, 1, 0);
    if (memory_stop_failing() != 1 || !failed)
        die("the module loads", NULL);
    if (!strstr(lua_tostring(L, -1), "libcurl cannot be initialised"))
        die("it says something else", lua_tostring(L, -1));
    lua_close(L);
}

/* Starts the sandbox, in a state of its own, and notes how it is reached. */
static lua_State *start_sandbox(void) {
    static const char source[] =
        "local options = require 'tests.support.servers'.sandbox_process(os.getenv 'LUA')\n"
        "local text = {}\n"
        "for name, value in pairs(options) do\n"
        "  text[#text + 1] = ('%s = %s'):format(name, type(value) == 'string' and "
        "('%q'):format(value) or "
        "tostring(value))\n"
        "end\n"
        "return 'return { ' .. table.concat(text, ', ') .. ' }'";
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (luaL_dostring(L, source)) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        exit(1);
    }
    reach = strdup(lua_tostring(L, -1));
    return L;
}

int main(int count, char **jobs) {
    static const struct {
        enum memory_kind kind;
        const char *name;
        struct memory_failure failure;
    } forms[] = {
#if LUA_VERSION_NUM >= 502 /* which collects garbage and tries again */
        { MEMORY_LUA, "the first try of each", { .tries = 1 } },
#endif
        { MEMORY_LUA, "each", { .tries = LUA_VERSION_NUM >= 502 ? 2 : 1 } },
        { MEMORY_LUA, "all from each", { .tries = -1 } },
        { MEMORY_OURS, "each", { .tries = 1 } },
        { MEMORY_OURS, "all from each", { .tries = -1 } },
        { MEMORY_CURL, "each", { .tries = 1 } },
        { MEMORY_CURL, "all from each", { .tries = -1 } },
    };
    signal(SIGALRM, on_alarm);
    load_without_curl();
    lua_State *starter = start_sandbox();
    for (int i = 1; i < count; i++) {
        snprintf(where, sizeof where, "%s", jobs[i]);
        run_once(jobs[i], MEMORY_OURS,
                 (struct memory_failure){ 0 }); /* what is kept for good is made */
        memory_is_warm();
        for (size_t j = 0; j < sizeof forms / sizeof forms[0]; j++) {
            run_all(jobs[i], forms[j].kind, forms[j].name, forms[j].failure);
        }
    }
    memory_report();
    lua_close(starter);
    free(reach);
    return 0;
}
