/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_PROCESS_H
#define PARTNERCENTER_PROCESS_H

#include <lua.h>

#pragma GCC visibility push(hidden)

/* Who works on a journal. A number alone does not name a process for long: machines start anew,
 * containers count by themselves, numbers come again, and a dead process may stay as a zombie. */

/* core.process() -> string that names this process among all, of all machines and times */
int pc_process_f_process(lua_State *L);

/* core.is_running(process) -> whether the process of that name runs; nil when it cannot be seen
 * from here: it is another machine's, or another container's */
int pc_process_f_is_running(lua_State *L);

#pragma GCC visibility pop

#endif
