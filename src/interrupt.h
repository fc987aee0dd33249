/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_INTERRUPT_H
#define PARTNERCENTER_INTERRUPT_H

#include <lua.h>

#pragma GCC visibility push(hidden)

/* The signals that ask a program to end. For the command alone: a library leaves them to its host.
 */

/* core.catch_signals(interrupts): from now on SIGINT, SIGTERM and SIGHUP are noted; a second one of
 * the same kind ends the process at once. One that was ignored stays so, and so will SIGPIPE: a
 * closed pipe is an error of the write. `interrupts`: whether one ends a read that waits. */
int pc_interrupt_f_catch_signals(lua_State *L);

/* core.caught_signal() -> "SIGINT", "SIGTERM" or "SIGHUP", the last one noted; nil: none was */
int pc_interrupt_f_caught_signal(lua_State *L);

/* core.sleep(seconds): waits, less long where a signal comes. */
int pc_interrupt_f_sleep(lua_State *L);

#pragma GCC visibility pop

#endif
