/* SPDX-License-Identifier: MIT */
#include "error.h"

#include "text.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define TYPE_ERROR "partnercenter.error"

/* Of a value that a message repeats, in bytes. */
#define MAX_QUOTED ((size_t)64)

/* What __tostring puts in brackets behind the message, where the error has it. */
static const struct {
    const char *field, *before, *after;
    bool is_seconds;
} details[] = {
    { "status", "status ", "", false },
    { "code", "code ", "", false },
    { "retry_after", "retry after ", " s", true },
    { "request_id", "request id ", "", false },
};

/* Adds the string at `index`, its control characters as spaces: a line break in a message must not
 * forge a line in a log. */
static void add_line(lua_State *L, luaL_Buffer *line, int index) {
    size_t length = 0;
    const char *text = lua_tolstring(L, index, &length);
    for (size_t i = 0; text && i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        luaL_addchar(line, byte < 0x20 || byte == 0x7F ? ' ' : (char)byte);
    }
}

/* Pushes the field as a string, or returns false and pushes nothing. */
static bool push_field(lua_State *L, const char *name) {
    lua_pushstring(L, name);
    lua_rawget(L, 1);
    if (lua_isstring(L, -1) && lua_tostring(L, -1))
        return true;
    lua_pop(L, 1);
    return false;
}

/* Makes the number of seconds at the top of the stack a text without fractions that nobody reads.
 */
static void shorten_seconds(lua_State *L) {
    char text[32];
    double seconds = lua_tonumber(L, -1);
    snprintf(text, sizeof text, seconds < 10 ? "%.2g" : "%.0f", seconds);
    lua_pop(L, 1);
    lua_pushstring(L, text);
}

/* One readable line: category: message (status 409, code 600061, request id ...). */
static int m__tostring(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    if (!push_field(L, "category"))
        lua_pushliteral(L, "error");
    if (!push_field(L, "message"))
        lua_pushliteral(L, "");
    int first_detail = lua_gettop(L) + 1;
    bool present[sizeof details / sizeof details[0]];
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        present[i] = push_field(L, details[i].field);
        if (present[i] && details[i].is_seconds)
            shorten_seconds(L);
    }

    luaL_Buffer line;
    luaL_buffinit(L, &line);
    add_line(L, &line, 2);
    luaL_addstring(&line, ": ");
    add_line(L, &line, 3);
    const char *separator = " (";
    int index = first_detail;
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++) {
        if (!present[i])
            continue;
        luaL_addstring(&line, separator);
        luaL_addstring(&line, details[i].before);
        add_line(L, &line, index++);
        luaL_addstring(&line, details[i].after);
        separator = ", ";
    }
    if (index > first_detail)
        luaL_addchar(&line, ')');
    luaL_pushresult(&line);
    return 1;
}

/* An error in a message that is put together with `..` reads as its line. */
static int m__concat(lua_State *L) {
    lua_settop(L, 2);
    for (int i = 1; i <= 2; i++) {
        if (lua_istable(L, i) && luaL_callmeta(L, i, "__tostring"))
            lua_replace(L, i);
    }
    if (!lua_isstring(L, 1) || !lua_isstring(L, 2))
        return luaL_error(L, "attempt to concatenate a %s value",
                          luaL_typename(L, lua_isstring(L, 1) ? 2 : 1));
    lua_concat(L, 2);
    return 1;
}

void pc_error_open(lua_State *L) {
    luaL_newmetatable(L, TYPE_ERROR);
    lua_pushcfunction(L, m__tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushcfunction(L, m__concat);
    lua_setfield(L, -2, "__concat");
    lua_pushliteral(L, TYPE_ERROR);
    lua_setfield(L, -2, "__name");
    lua_pop(L, 1);
}

static void set_metatable(lua_State *L) {
    luaL_getmetatable(L, TYPE_ERROR);
    lua_setmetatable(L, -2);
}

void pc_error_new(lua_State *L, struct pc_category category, unsigned attempts) {
    lua_createtable(L, 0, 8);
    lua_insert(L, -2);
    lua_setfield(L, -2, "message");
    lua_pushstring(L, category.name);
    lua_setfield(L, -2, "category");
    lua_pushboolean(L, category.retryable);
    lua_setfield(L, -2, "retryable");
    lua_pushinteger(L, (lua_Integer)attempts);
    lua_setfield(L, -2, "attempts");
    set_metatable(L);
}

void pc_error_bad_input(lua_State *L) {
    pc_error_new(L, (struct pc_category){ "bad_input", false }, 0);
}

const char *pc_error_push_redacted(lua_State *L, const char *text, size_t length,
                                   const struct pc_secrets *secrets, const char *own,
                                   struct pc_buffer *scratch) {
    if (!pc_secrets_redact(secrets, own, text, length, scratch))
        luaL_error(L, "not enough memory");
    lua_pushlstring(L, scratch->data, scratch->length);
    return lua_tostring(L, -1);
}

void pc_error_push_quoted(lua_State *L, const char *text, size_t length) {
    char quoted[MAX_QUOTED * 4 + 8] = "'";
    size_t used = 1;
    size_t shown = pc_text_prefix(text, length, MAX_QUOTED);
    for (size_t i = 0; i < shown; i++) {
        bool is_control = pc_text_has_control(text + i, 1);
        used += (size_t)snprintf(quoted + used, sizeof quoted - used, is_control ? "\\x%02X" : "%c",
                                 (unsigned char)text[i]);
    }
    snprintf(quoted + used, sizeof quoted - used, "%s'", shown < length ? "..." : "");
    lua_pushstring(L, quoted);
}

void pc_error_push_must(lua_State *L, const char *name, const char *must, struct pc_text value) {
    lua_pushfstring(L, "%s must be %s, and not ", name, must);
    pc_error_push_quoted(L, value.data, value.length);
    lua_concat(L, 2);
}

/* Sets a field that the table at index 1 lacks to the value at the top of the stack; pops it. */
static void set_default(lua_State *L, const char *name) {
    lua_getfield(L, 1, name);
    if (lua_isnil(L, -1)) {
        lua_pushvalue(L, -2);
        lua_setfield(L, 1, name);
    }
    lua_pop(L, 2);
}

void pc_error_check_fields(lua_State *L, int index) {
    luaL_checktype(L, index, LUA_TTABLE);
    luaL_argcheck(L, !lua_getmetatable(L, index), index, "table without metatable expected");
}

int pc_error_f_error(lua_State *L) {
    pc_error_check_fields(L, 1);
    lua_settop(L, 1);
    lua_pushboolean(L, 0);
    set_default(L, "retryable");
    lua_pushinteger(L, 0);
    set_default(L, "attempts");
    set_metatable(L);
    return 1;
}
