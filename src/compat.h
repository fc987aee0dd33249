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

#else

#define compat_rawlen lua_rawlen

static inline void compat_setfuncs(lua_State *L, const luaL_Reg *functions) {
    luaL_setfuncs(L, functions, 0);
}

#endif

#if LUA_VERSION_NUM < 503

/* LuaJIT has it, Lua 5.1 and 5.2 do not: there it is NULL, and only LuaJIT is ever in nginx. */
__attribute__((weak)) int lua_isyieldable(lua_State *L);

static inline bool compat_isyieldable(lua_State *L) {
    return lua_isyieldable && lua_isyieldable(L);
}

#else

static inline bool compat_isyieldable(lua_State *L) {
    return lua_isyieldable(L);
}

#endif

/* Adds the functions to the table below the two values at the top of the stack, which become their
 * upvalues and are popped. */
static inline void compat_setfuncs_with_two(lua_State *L, const luaL_Reg *functions) {
    for (; functions->name; functions++) {
        lua_pushvalue(L, -2);
        lua_pushvalue(L, -2);
        lua_pushcclosure(L, functions->func, 2);
        lua_setfield(L, -4, functions->name);
    }
    lua_pop(L, 2);
}

/* luaL_checkudata, at half its cost in a function that has the type's metatable as its `upvalue`.
 */
static inline void *compat_checkudata(lua_State *L, int index, const char *type, int upvalue) {
    void *userdata = lua_touserdata(L, index);
    if (userdata && lua_getmetatable(L, index)) {
        bool is_of_type = lua_rawequal(L, -1, lua_upvalueindex(upvalue));
        lua_pop(L, 1);
        if (is_of_type)
            return userdata;
    }
    return luaL_checkudata(L, index, type);
}

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
