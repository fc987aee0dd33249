/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_TESTS_COLLECTOR_H
#define PARTNERCENTER_TESTS_COLLECTOR_H

/* Compiled into each of our sources: whatever of Lua's makes an object does so behind a full
 * collection of garbage, so that what is not held by then is gone. */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE // NOLINT(*-reserved-identifier,cert-dcl*): as some of the sources do, in front
                    // of every header
#endif

#include <lauxlib.h>
#include <lua.h>

void collector_run(lua_State *L);

#define COLLECTED(call) (collector_run(L), call)

#undef lua_newtable
#undef lua_newuserdata
#undef lua_pushcfunction
#undef lua_pushliteral
#define lua_newtable(L)           COLLECTED((lua_createtable)(L, 0, 0))
#define lua_createtable(L, n, m)  COLLECTED((lua_createtable)(L, n, m))
#define lua_pushstring(L, s)      COLLECTED((lua_pushstring)(L, s))
#define lua_pushliteral(L, s)     COLLECTED((lua_pushstring)(L, s))
#define lua_pushlstring(L, s, n)  COLLECTED((lua_pushlstring)(L, s, n))
#define lua_pushfstring(L, ...)   COLLECTED((lua_pushfstring)(L, __VA_ARGS__))
#define lua_pushcclosure(L, f, n) COLLECTED((lua_pushcclosure)(L, f, n))
#define lua_pushcfunction(L, f)   COLLECTED((lua_pushcclosure)(L, f, 0))
#define lua_concat(L, n)          COLLECTED((lua_concat)(L, n))
#define lua_rawset(L, i)          COLLECTED((lua_rawset)(L, i))
#define lua_rawseti(L, i, n)      COLLECTED((lua_rawseti)(L, i, n))
#define lua_setfield(L, i, k)     COLLECTED((lua_setfield)(L, i, k))
#define lua_getfield(L, i, k)     COLLECTED((lua_getfield)(L, i, k))
#define lua_tolstring(L, i, n)    COLLECTED((lua_tolstring)(L, i, n))
#if LUA_VERSION_NUM >= 504
#define lua_newuserdata(L, n) COLLECTED((lua_newuserdatauv)(L, n, 1))
#else
#define lua_newuserdata(L, n) COLLECTED((lua_newuserdata)(L, n))
#endif

#endif
