/* SPDX-License-Identifier: MIT */
#include "misuse.h"

#include <lauxlib.h>
#include <stdarg.h>

/* 0 is the C function, 1 the Lua function of ours that called it, 2 the script. */
#define SCRIPT_LEVEL 2

int pc_misuse(lua_State *L, const char *format, ...) {
    va_list arguments;
    luaL_where(L, SCRIPT_LEVEL);
    va_start(arguments, format);
    lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    lua_concat(L, 2);
    return lua_error(L);
}
