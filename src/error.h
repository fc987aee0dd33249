/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_ERROR_H
#define PARTNERCENTER_ERROR_H

#include "buffer.h"
#include "category.h"
#include "secrets.h"

#include <lua.h>

#pragma GCC visibility push(hidden)

/* The error tables that scripts see. Fields: category, message, retryable and attempts always;
 * status, code, data, source, request_id, correlation_id, retry_after and body where known. */

/* Makes the metatable of errors. */
void pc_error_open(lua_State *L);

/* Replaces the message at the top of the stack by an error. */
void pc_error_new(lua_State *L, struct pc_category category, unsigned attempts);

/* Replaces the message at the top of the stack by a `bad_input` error. */
void pc_error_bad_input(lua_State *L);

/* Pushes `text` with each occurrence of a secret replaced; `own` is an older token, or NULL.
 * `scratch` is overwritten; it must not be the owner of `text`. */
const char *pc_error_push_redacted(lua_State *L, const char *text, size_t length,
                                   const struct pc_secrets *secrets, const char *own,
                                   struct pc_buffer *scratch);

/* Pushes `text` in quotes, to be part of a message: control characters as escapes, and no more than
 * 64 bytes of it. */
void pc_error_push_quoted(lua_State *L, const char *text, size_t length);

/* Pushes the message that an argument or option `name` must be something else than its value. */
void pc_error_push_must(lua_State *L, const char *name, const char *must, struct pc_text value);

/* Raises unless the argument is a table of the caller's own, which may become an error: one with a
 * metatable is something else. */
void pc_error_check_fields(lua_State *L, int index);

/* core.error(fields) -> err: makes an error of a table with at least `category` and `message`. */
int pc_error_f_error(lua_State *L);

#pragma GCC visibility pop

#endif
