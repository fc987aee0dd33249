/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_JSON_H
#define PARTNERCENTER_JSON_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* The glue to lua-cjson: an instance of our own, so that what a script configures in its cjson
 * does not change how we read, and ours changes nothing for the script. */

/* Loads lua-cjson; raises a Lua error that names the module where it is not installed. */
void pc_json_open(lua_State *L);

/* The first byte of the JSON text, after a byte order mark and white space; NUL when there is no
 * text. Tells an object from an array, which look alike in Lua when empty. */
char pc_json_first_byte(const char *text, size_t length);

/* Decodes a JSON text, which may begin with a byte order mark. Pushes the value, plain: a null is
 * an absent field (in an array the elements after it move up), a whole number within 2^53 is an
 * integer where this Lua has integers. A text that is `null` is nil. On malformed text pushes
 * nothing and returns false. */
bool pc_json_decode(lua_State *L, const char *text, size_t length);

#pragma GCC visibility pop

#endif
