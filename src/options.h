/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_OPTIONS_H
#define PARTNERCENTER_OPTIONS_H

#include "text.h"

#include <lua.h>

#pragma GCC visibility push(hidden)

/* What values an option takes and how one is read. */
struct pc_option_kind {
    unsigned types; /* a set of 1u << LUA_T...: any other type is a programming mistake */
    /* Reads the value at the top of the stack into `*value` and leaves it there. Returns NULL, or
     * what is wrong with it, in a form that follows the option's name. */
    const char *(*read)(lua_State *L, void *value);
};

/* The kinds that more than one table of options needs, with the type that `value` points to. */
extern const struct pc_option_kind pc_option_text;    /* struct pc_text; owned by the Lua string */
extern const struct pc_option_kind pc_option_seconds; /* double; more than 0, at most 24 days */
extern const struct pc_option_kind pc_option_count;   /* double; whole, 1 to 2^53 */
extern const struct pc_option_kind pc_option_whole;   /* double; whole, 0 to 2^53 */
extern const struct pc_option_kind pc_option_pause;   /* double; seconds, 0 to 24 days */
extern const struct pc_option_kind pc_option_boolean; /* bool */

/* A row of a table of options; the row with a NULL name ends the table. */
struct pc_option {
    const char *name;
    const struct pc_option_kind *kind;
    size_t offset;   /* of the value in the struct that is filled */
    unsigned scopes; /* a set of bits: what the option may be given to */
};

/* Fills `values` from the Lua table at `index`, which may also be nil or absent. Options that the
 * table does not name keep the value they have. Raises for a wrong type and for an unknown name.
 * For bad data pushes a message that names the option and returns false. Texts stay valid while
 * the table does; it is read without metamethods. */
bool pc_options_read(lua_State *L, int index, const struct pc_option *rows, unsigned scope,
                     void *values);

#pragma GCC visibility pop

#endif
