/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_CLIENT_H
#define PARTNERCENTER_CLIENT_H

#include <lua.h>

#pragma GCC visibility push(hidden)

/* The client as the Lua side of this library sees it: a userdata that holds the options, the
 * connections and the token, and makes calls of validated arguments. */

/* Makes the metatables of clients and calls. */
void pc_client_open(lua_State *L);

/* core.client(options) -> client, or nil, err */
int pc_client_f_client(lua_State *L);

/* core.begin(call): the clock of a prepared call runs from now on, and not from its submission */
int pc_client_f_begin(lua_State *L);

/* core.unsent(call, err) -> nil, err, meta: the end of a prepared call that is not sent */
int pc_client_f_unsent(lua_State *L);

#pragma GCC visibility pop

#endif
