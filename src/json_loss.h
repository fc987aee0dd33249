/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_JSON_LOSS_H
#define PARTNERCENTER_JSON_LOSS_H

#include <lua.h>

#pragma GCC visibility push(hidden)

/* core.is_lossy(value, mark) -> whether JSON, as lua-cjson writes it, would not keep something in
 * the value: a number that has more digits than it writes, or a string that begins with the byte
 * `mark`. For a value that lua-cjson has encoded, which is nested no deeper than it allows. */
int pc_json_loss_f_is_lossy(lua_State *L);

#pragma GCC visibility pop

#endif
