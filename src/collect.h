/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_COLLECT_H
#define PARTNERCENTER_COLLECT_H

#include <lauxlib.h>

#pragma GCC visibility push(hidden)

/* What comes of calls: which have ended, what happened to them, their results and tokens. These are
 * the methods of the client for it, of a closed one too. */
extern const luaL_Reg pc_collect_methods[];

#pragma GCC visibility pop

#endif
