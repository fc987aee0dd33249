/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_MISUSE_H
#define PARTNERCENTER_MISUSE_H

#include <lua.h>

#pragma GCC visibility push(hidden)

/* Raises a programming mistake as a Lua error. Our C functions are called by the Lua function that
 * the script called, so the message bears the line of the script: one level above that function.
 * `format` is that of lua_pushfstring. Returns int for the sake of `return pc_misuse(...)`. */
__attribute__((format(printf, 2, 3))) int pc_misuse(lua_State *L, const char *format, ...);

#pragma GCC visibility pop

#endif
