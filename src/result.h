/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_RESULT_H
#define PARTNERCENTER_RESULT_H

#include "call.h"

#include <lua.h>

#pragma GCC visibility push(hidden)

/* What a method of the client returns: `result, nil, meta` or `nil, err, meta`. */

/* Pushes the three values of a call that is done. */
int pc_result_push(lua_State *L, struct pc_call *call);

/* Pushes the three values of a call that was not sent; the error is at the top of the stack. `call`
 * is NULL where its arguments were refused. */
int pc_result_push_unsent(lua_State *L, struct pc_call *call);

/* Pushes the three values of a call that nobody waits for any more, while the engine has it and may
 * be writing its answer; the error is at the top of the stack. */
int pc_result_push_given_up(lua_State *L, const struct pc_call *call);

#pragma GCC visibility pop

#endif
