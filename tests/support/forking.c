/* SPDX-License-Identifier: MIT */

/* The module forking: what a spec needs to go on in a child process. */

#include <lauxlib.h>
#include <lua.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* fork() -> the child's id, 0 in the child */
static int f_fork(lua_State *L) {
    lua_pushinteger(L, fork());
    return 1;
}

/* exit(status): ends the process as a crash would, without closing the Lua state */
static int f_exit(lua_State *L) {
    _exit((int)luaL_checkinteger(L, 1));
    return 0;
}

/* wait(id) -> the child's exit status, or minus the signal that ended it */
static int f_wait(lua_State *L) {
    int status = 0;
    waitpid((pid_t)luaL_checkinteger(L, 1), &status, 0);
    lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    return 1;
}

int luaopen_forking(lua_State *L);

int luaopen_forking(lua_State *L) {
    lua_newtable(L);
    lua_pushcfunction(L, f_fork);
    lua_setfield(L, -2, "fork");
    lua_pushcfunction(L, f_exit);
    lua_setfield(L, -2, "exit");
    lua_pushcfunction(L, f_wait);
    lua_setfield(L, -2, "wait");
    return 1;
}
