/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_TERMINAL_H
#define PARTNERCENTER_TERMINAL_H

#include <lua.h>

#pragma GCC visibility push(hidden)

/* core.terminal(descriptor) -> how many columns the terminal has that it leads to; nil where it
 * leads to something else */
int pc_terminal_f_terminal(lua_State *L);

/* core.open_standard_files(): lets the descriptors 0 to 2 that are closed lead where nothing can be
 * read or written, before a connection gets one of them. */
int pc_terminal_f_open_standard_files(lua_State *L);

/* core.fit(text, columns) -> how many bytes of a text in UTF-8 take at most so many columns, and
 * how many columns these take */
int pc_terminal_f_fit(lua_State *L);

#pragma GCC visibility pop

#endif
