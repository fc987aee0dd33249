/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_TESTS_FUZZ_LUA_STATE_H
#define PARTNERCENTER_TESTS_FUZZ_LUA_STATE_H

#include <lua.h>

/* A state with the libraries and partnercenter.core, which is made once and kept. The lines that
 * run in Lua count as coverage like the edges that run in C. */
lua_State *fuzz_lua_state(void);

/* Loads a Lua file of this folder, which returns a function, and pushes the function. */
void fuzz_load(lua_State *L, const char *name);

/* Calls what is on the stack below its arguments. Nothing may raise. */
void fuzz_call(lua_State *L, int arguments, int results);

#endif
