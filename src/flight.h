/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_FLIGHT_H
#define PARTNERCENTER_FLIGHT_H

#include "call.h"

#include <lauxlib.h>
#include <lua.h>

#pragma GCC visibility push(hidden)

/* The flight of a call as the Lua side steers it: prepared, submitted, waited for, cancelled. What
 * comes of it is collected (collect.h). */

/* The box around a call on the Lua side; empty once the result was taken. */
struct pc_call_box {
    struct pc_call *call;
    unsigned long long client; /* its number */
};

struct pc_client;

/* Pushes a call that is empty but for its id. */
struct pc_call *pc_flight_push(lua_State *L, struct pc_client *client);

/* The box at index 2, and the call in it; raises where there is none, or another client's. */
struct pc_call_box *pc_flight_box(lua_State *L, const struct pc_client *client);
struct pc_call *pc_flight_check(lua_State *L, const struct pc_client *client);

/* The same, and raises where the call is not done. */
struct pc_call *pc_flight_check_done(lua_State *L, const struct pc_client *client);

/* Makes and pushes the metatable of calls. */
void pc_flight_open(lua_State *L);

/* The methods of the client for it. */
extern const luaL_Reg pc_flight_methods[];

/* core.unsent(call, err) -> nil, err, meta: the end of a call that is not sent, or not again */
int pc_flight_f_unsent(lua_State *L);

#pragma GCC visibility pop

#endif
