/* SPDX-License-Identifier: MIT */
#include "shape.h"

#include "compat.h"
#include "qualification.h"

#include <string.h>

/* Replaces the qualification at the top of the stack, a name in any case or an integer, by the
 * enumeration's spelling. A name that is not in the enumeration stays: the service may add one. */
static bool spell_qualification(lua_State *L) {
    const struct pc_qualification *known = NULL;
    if (lua_type(L, -1) == LUA_TSTRING) {
        size_t length = 0;
        const char *name = lua_tolstring(L, -1, &length);
        known = pc_qualification_by_name(name, length);
        if (!known)
            return length > 0;
        if (strcmp(name, known->name) == 0)
            return true;
    } else if (lua_type(L, -1) == LUA_TNUMBER) {
        known = pc_qualification_by_value(lua_tonumber(L, -1));
    }
    if (!known)
        return false;
    lua_pop(L, 1);
    lua_pushstring(L, known->name);
    return true;
}

/* Lets the date be read under the name of the POST answer where the GET answer's came. */
static void complete_vetting_date(lua_State *L) {
    lua_getfield(L, -1, "vettingCreateDate");
    bool present = !lua_isnil(L, -1);
    lua_pop(L, 1);
    if (present)
        return;
    lua_getfield(L, -1, "vettingCreatedDate");
    lua_setfield(L, -2, "vettingCreateDate");
}

bool pc_shape_qualification(lua_State *L, char first) {
    if (first != '{' || !lua_istable(L, -1))
        return false;
    lua_getfield(L, -1, "qualification");
    bool spelled = spell_qualification(L);
    lua_setfield(L, -2, "qualification");
    complete_vetting_date(L);
    return spelled;
}

bool pc_shape_qualification_name(lua_State *L, char first) {
    if (first != '"' || !spell_qualification(L))
        return false;
    lua_createtable(L, 0, 1);
    lua_insert(L, -2);
    lua_setfield(L, -2, "qualification");
    return true;
}

bool pc_shape_object(lua_State *L, char first) {
    return first == '{' && lua_istable(L, -1);
}

/* Whether it is an array whose elements all have the shape. */
static bool shape_elements(lua_State *L, char first, bool (*shape)(lua_State *L, char first)) {
    if (first != '[' || !lua_istable(L, -1))
        return false;
    size_t length = compat_rawlen(L, -1);
    for (size_t i = 1; i <= length; i++) {
        lua_rawgeti(L, -1, (int)i);
        /* An empty array cannot be told from an empty object here; neither has a documented field.
         */
        bool shaped = lua_istable(L, -1) && compat_rawlen(L, -1) == 0 && shape(L, '{');
        lua_pop(L, 1);
        if (!shaped)
            return false;
    }
    return true;
}

bool pc_shape_qualifications(lua_State *L, char first) {
    return shape_elements(L, first, pc_shape_qualification);
}

bool pc_shape_objects(lua_State *L, char first) {
    return shape_elements(L, first, pc_shape_object);
}

bool pc_shape_collection(lua_State *L, char first) {
    if (!pc_shape_object(L, first))
        return false;
    lua_getfield(L, -1, "items");
    bool shaped = pc_shape_objects(L, '[');
    lua_pop(L, 1);
    return shaped;
}
