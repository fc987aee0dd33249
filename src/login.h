/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_LOGIN_H
#define PARTNERCENTER_LOGIN_H

#include <lauxlib.h>
#include <lua.h>

#pragma GCC visibility push(hidden)

/* The client's methods for the login of a person at another device, whose end is a refresh token.
 */
extern const luaL_Reg pc_login_methods[];

#pragma GCC visibility pop

#endif
