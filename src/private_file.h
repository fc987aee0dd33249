/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_PRIVATE_FILE_H
#define PARTNERCENTER_PRIVATE_FILE_H

#include <lua.h>

#pragma GCC visibility push(hidden)

/* Files that nobody else can read. */

/* Makes the metatable of what is read of them. */
void pc_private_file_open(lua_State *L);

/* core.read_private(path) -> text; or nil, message; or nil where there is no such file. One that is
 * not the user's own, or that others may read or write, is refused. */
int pc_private_file_f_read(lua_State *L);

/* core.write_private(path, text) -> true, or nil, message. Makes the folders that are missing.
 * Whatever happens meanwhile, the file holds the old text or the new one. */
int pc_private_file_f_write(lua_State *L);

/* core.create_private(path) -> whether an empty file was made. One that is there is not even
 * opened: closing it again would end the locks that this process has on it. */
int pc_private_file_f_create(lua_State *L);

#pragma GCC visibility pop

#endif
