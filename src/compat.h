/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_COMPAT_H
#define PARTNERCENTER_COMPAT_H

/* The only place that knows which Lua this is: 5.1 (which LuaJIT loads too) to 5.4. The names are
 * our own, so that they can never clash with what a Lua defines under its own. */

#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>

/* The largest whole number up to which a double holds every whole number: 2^53. */
#define COMPAT_MAX_WHOLE 9007199254740992.0

#if LUA_VERSION_NUM < 502

#define compat_rawlen lua_objlen

static inline void compat_setfuncs(lua_State *L, const luaL_Reg *functions) {
    luaL_register(L, NULL, functions);
}

static inline void *compat_testudata(lua_State *L, int index, const char *type) {
    void *box = lua_touserdata(L, index);
    if (!box || !lua_getmetatable(L, index))
        return NULL;
    luaL_getmetatable(L, type);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same ? box : NULL;
}

#else

#define compat_rawlen    lua_rawlen
#define compat_testudata luaL_testudata

static inline void compat_setfuncs(lua_State *L, const luaL_Reg *functions) {
    luaL_setfuncs(L, functions, 0);
}

#endif

/* Pushes a number, as an integer where it is whole and this Lua has integers. */
static inline void compat_pushnumber(lua_State *L, double number) {
#if LUA_VERSION_NUM >= 503
    if (number >= -COMPAT_MAX_WHOLE && number <= COMPAT_MAX_WHOLE &&
        number == (double)(lua_Integer)number) {
        lua_pushinteger(L, (lua_Integer)number);
        return;
    }
#endif
    lua_pushnumber(L, number);
}

#endif
