/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_SHAPE_H
#define PARTNERCENTER_SHAPE_H

#include <lua.h>
#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* The shapes of the documented answers. Each function checks the decoded JSON value at the top of
 * the stack, completes it in place and leaves it there; false when it is something else. `first`
 * is the first byte of the JSON text. Fields that are not documented are passed through. */

/* An object with a `qualification`, which becomes the enumeration's own spelling. The vetting date
 * arrives under two names; it can always be read as `vettingCreateDate`. */
bool pc_shape_qualification(lua_State *L, char first);

/* An array of such objects, empty for a customer without any. */
bool pc_shape_qualifications(lua_State *L, char first);

/* The name of a qualification as a JSON string. It becomes a table with the field `qualification`.
 */
bool pc_shape_qualification_name(lua_State *L, char first);

/* Any object, and any array of objects. */
bool pc_shape_object(lua_State *L, char first);
bool pc_shape_objects(lua_State *L, char first);

/* An object with an array of objects as `items`. */
bool pc_shape_collection(lua_State *L, char first);

#pragma GCC visibility pop

#endif
