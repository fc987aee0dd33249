/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_JSON_STRING_H
#define PARTNERCENTER_JSON_STRING_H

#include "buffer.h"
#include "text.h"

#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* Appends the text, which is UTF-8, as a JSON string. False when memory runs out. The bodies of
 * updates are short and of one shape: through lua-cjson they would cost ten times as much. */
bool pc_json_string_append(struct pc_buffer *buffer, struct pc_text text);

#pragma GCC visibility pop

#endif
