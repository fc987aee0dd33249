/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_ATTACH_H
#define PARTNERCENTER_ATTACH_H

#include <lauxlib.h>

#pragma GCC visibility push(hidden)

/* The methods of the client by which a coroutine of nginx waits for a call: with a socket that is
 * attached to it. */
extern const luaL_Reg pc_attach_methods[];

#pragma GCC visibility pop

#endif
