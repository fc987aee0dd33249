/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_FAILURE_H
#define PARTNERCENTER_FAILURE_H

#include "call.h"

#include <lua.h>

#pragma GCC visibility push(hidden)

/* What went wrong with a call that is done, as an error table. Secrets that the service echoed are
 * replaced before anything is read from the answer. */

/* Pushes the error of a call that got no whole answer, or an answer outside 200 to 299. */
void pc_failure_push(lua_State *L, struct pc_call *call);

/* Pushes the error of a success that is not what the operation promises. */
void pc_failure_push_shape(lua_State *L, struct pc_call *call);

/* Pushes the error of a request for a token that brought none. */
void pc_failure_push_token(lua_State *L, struct pc_call *call);

/* Sets the fields request_id and correlation_id of the table at the top of the stack. */
void pc_failure_set_ids(lua_State *L, struct pc_call *call);

#pragma GCC visibility pop

#endif
