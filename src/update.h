/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_UPDATE_H
#define PARTNERCENTER_UPDATE_H

#include "buffer.h"
#include "options.h"
#include "qualification.h"
#include "text.h"

#include <lua.h>

#pragma GCC visibility push(hidden)

/* A validation code as the script gave it: a string is kept as it is, leading zeros too, and a
 * whole number becomes its digits, which then stand in `digits`. */
struct pc_validation_code {
    struct pc_text text;
    char digits[24];
};

/* What an update of a qualification is to say. Texts that were not given have NULL data; the
 * others are owned by the Lua strings they came from. */
struct pc_update {
    const struct pc_qualification *qualification;
    struct pc_validation_code validation_code;
    struct pc_text education_segment;
    struct pc_text website;
    struct pc_text body; /* which of the two documented forms: "object" or "integer" */
};

/* The kind of the option `validation_code`; its value is a struct pc_validation_code. */
extern const struct pc_option_kind pc_option_validation_code;

/* Reads the qualification at `index`, a name in any case or an integer. Raises for another type;
 * for one that no partner can set pushes a message and returns false. */
bool pc_update_read_qualification(lua_State *L, int index, struct pc_update *update);

/* Checks the options against each other and the qualification, and gives the segment its
 * documented spelling. `integer_only`: the operation knows no object form. For bad data pushes a
 * message and returns false. */
bool pc_update_check(lua_State *L, struct pc_update *update, bool integer_only);

/* Append the request body: of the form that the update asks for, or the integer form. False when
 * memory runs out. */
bool pc_update_append_body(struct pc_buffer *body, const struct pc_update *update);
bool pc_update_append_integer(struct pc_buffer *body, const struct pc_update *update);

#pragma GCC visibility pop

#endif
