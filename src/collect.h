/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_COLLECT_H
#define PARTNERCENTER_COLLECT_H

#include <lauxlib.h>

#pragma GCC visibility push(hidden)

/* What comes of calls: which have ended, what happened to them, their results and tokens. These are
 * the methods of the client for it; all but the tokens can also be had of a closed one. */
extern const luaL_Reg pc_collect_methods[];

#pragma GCC visibility pop

#endif
