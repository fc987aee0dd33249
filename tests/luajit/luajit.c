/* SPDX-License-Identifier: MIT */

/* A bare LuaJIT interpreter: luajit SCRIPT [ARG ...]. Debian's `luajit` conflicts with the library
 * that nginx loads; this runs the specs on that library. */

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdio.h>

static void set_arguments(lua_State *L, int count, char **arguments) {
    lua_newtable(L);
    for (int i = 0; i < count; i++) {
        lua_pushstring(L, arguments[i]);
        lua_rawseti(L, -2, i - 1);
    }
    lua_setglobal(L, "arg");
}

int main(int count, char **arguments) {
    if (count < 2) {
        fprintf(stderr, "usage: %s SCRIPT [ARG ...]\n", arguments[0]);
        return 2;
    }
    lua_State *L = luaL_newstate();
    if (!L)
        return 1;
    luaL_openlibs(L);
    set_arguments(L, count, arguments);
    int failed = luaL_loadfile(L, arguments[1]) || lua_pcall(L, 0, 0, 0);
    if (failed && lua_isstring(L, -1))
        fprintf(stderr, "%s: %s\n", arguments[0], lua_tostring(L, -1));
    lua_close(L);
    return failed ? 1 : 0;
}
