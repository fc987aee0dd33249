/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "compat.h"
#include "misuse.h"

#include <math.h>
#include <string.h>

/* libcurl takes milliseconds in a long, which may have 32 bits: 2^31 ms are 24.8 days. */
#define MAX_SECONDS (24.0 * 24 * 60 * 60)

static const char *read_text(lua_State *L, void *value) {
    struct pc_text *text = value;
    text->data = lua_tolstring(L, -1, &text->length);
    if (strspn(text->data, " ") == text->length)
        return "must not be empty";
    if (pc_text_has_control(text->data, text->length))
        return "must not contain control characters (CR, LF, NUL, ...)";
    return NULL;
}

static const char *read_seconds(lua_State *L, void *value) {
    double seconds = lua_tonumber(L, -1);
    if (!(seconds > 0 && seconds <= MAX_SECONDS))
        return "must be seconds, more than 0 and at most 2073600 (24 days)";
    *(double *)value = seconds;
    return NULL;
}

static const char *read_count(lua_State *L, void *value) {
    double count = lua_tonumber(L, -1);
    if (!(count >= 1 && count <= COMPAT_MAX_WHOLE && count == floor(count)))
        return "must be a whole number from 1 to 2^53";
    *(double *)value = count;
    return NULL;
}

static const char *read_whole(lua_State *L, void *value) {
    double number = lua_tonumber(L, -1);
    if (!(number >= 0 && number <= COMPAT_MAX_WHOLE && number == floor(number)))
        return "must be a whole number from 0 to 2^53";
    *(double *)value = number;
    return NULL;
}

static const char *read_pause(lua_State *L, void *value) {
    double seconds = lua_tonumber(L, -1);
    if (!(seconds >= 0 && seconds <= MAX_SECONDS))
        return "must be seconds, at least 0 and at most 2073600 (24 days)";
    *(double *)value = seconds;
    return NULL;
}

static const char *read_boolean(lua_State *L, void *value) {
    *(bool *)value = lua_toboolean(L, -1);
    return NULL;
}

const struct pc_option_kind pc_option_text = { 1u << LUA_TSTRING, read_text };
const struct pc_option_kind pc_option_seconds = { 1u << LUA_TNUMBER, read_seconds };
const struct pc_option_kind pc_option_count = { 1u << LUA_TNUMBER, read_count };
const struct pc_option_kind pc_option_whole = { 1u << LUA_TNUMBER, read_whole };
const struct pc_option_kind pc_option_pause = { 1u << LUA_TNUMBER, read_pause };
const struct pc_option_kind pc_option_boolean = { 1u << LUA_TBOOLEAN, read_boolean };

static const struct pc_option *find(const struct pc_option *rows, unsigned scope,
                                    const char *name) {
    for (const struct pc_option *row = rows; row->name; row++) {
        if ((row->scopes & scope) && row->name[0] == name[0] && strcmp(row->name, name) == 0)
            return row;
    }
    return NULL;
}

/* Raises with the names that are allowed. The unknown name, of any type, is at index -2. */
static void raise_unknown(lua_State *L, const struct pc_option *rows, unsigned scope) {
    const char *separator = "";
    luaL_Buffer names;
    lua_pushvalue(L, -2);
    const char *name = lua_tostring(L, -1);
    if (!name)
        name = lua_typename(L, lua_type(L, -1));
    luaL_buffinit(L, &names);
    for (const struct pc_option *row = rows; row->name; row++) {
        if (!(row->scopes & scope))
            continue;
        luaL_addstring(&names, separator);
        luaL_addstring(&names, row->name);
        separator = ", ";
    }
    luaL_pushresult(&names);
    pc_misuse(L, "unknown option '%s' (allowed: %s)", name, lua_tostring(L, -1));
}

static void raise_type(lua_State *L, const struct pc_option *row) {
    const char *separator = "";
    const char *got = luaL_typename(L, -1);
    luaL_Buffer types;
    luaL_buffinit(L, &types);
    for (int type = LUA_TBOOLEAN; type <= LUA_TTHREAD; type++) {
        if (!(row->kind->types & 1u << type))
            continue;
        luaL_addstring(&types, separator);
        luaL_addstring(&types, lua_typename(L, type));
        separator = " or ";
    }
    luaL_pushresult(&types);
    pc_misuse(L, "bad option '%s' (%s expected, got %s)", row->name, lua_tostring(L, -1), got);
}

bool pc_options_read(lua_State *L, int index, const struct pc_option *rows, unsigned scope,
                     void *values) {
    if (lua_isnoneornil(L, index))
        return true;
    if (!lua_istable(L, index))
        pc_misuse(L, "bad options (table expected, got %s)", luaL_typename(L, index));
    lua_pushnil(L);
    while (lua_next(L, index)) {
        const struct pc_option *row = NULL;
        if (lua_type(L, -2) == LUA_TSTRING)
            row = find(rows, scope, lua_tostring(L, -2));
        if (!row)
            raise_unknown(L, rows, scope);
        else if (!(row->kind->types & 1u << lua_type(L, -1)))
            raise_type(L, row);
        else {
            const char *problem = row->kind->read(L, (char *)values + row->offset);
            if (problem) {
                lua_pushfstring(L, "%s %s", row->name, problem);
                return false;
            }
            lua_pop(L, 1);
        }
    }
    return true;
}
