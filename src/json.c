/* SPDX-License-Identifier: MIT */
#include "json.h"

#include "compat.h"

#include <string.h>

/* The address is the key of our own decoder in the registry. */
static const char decoder_key = 0;

/* Nothing documented is nested deeper than six levels. */
#define MAX_DEPTH 64

static void require_cjson(lua_State *L) {
    lua_getglobal(L, "require");
    lua_pushliteral(L, "cjson.safe");
    if (lua_pcall(L, 1, 1, 0) != 0)
        luaL_error(L, "partnercenter needs lua-cjson (Debian: lua-cjson, LuaRocks: lua-cjson): %s",
                   lua_tostring(L, -1));
}

void pc_json_open(lua_State *L) {
    require_cjson(L);
    lua_getfield(L, -1, "new");
    lua_call(L, 0, 1);
    lua_getfield(L, -1, "decode_invalid_numbers");
    lua_pushboolean(L, 0);
    lua_call(L, 1, 0);
    lua_getfield(L, -1, "decode_max_depth");
    lua_pushinteger(L, MAX_DEPTH);
    lua_call(L, 1, 0);
    lua_pushlightuserdata(L, (void *)&decoder_key);
    lua_getfield(L, -2, "decode");
    lua_rawset(L, LUA_REGISTRYINDEX);
    lua_pop(L, 2);
}

static size_t mark_length(const char *text, size_t length) {
    return length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

static bool is_space(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

char pc_json_first_byte(const char *text, size_t length) {
    for (size_t i = mark_length(text, length); i < length; i++) {
        if (!is_space(text[i]))
            return text[i];
    }
    return '\0';
}

static bool is_null(lua_State *L, int index) {
    return lua_type(L, index) == LUA_TLIGHTUSERDATA && !lua_touserdata(L, index);
}

/* Moves the elements of the array at the top of the stack up over its nulls. */
static void close_gaps(lua_State *L) {
    int kept = 0;
    int length = (int)compat_rawlen(L, -1);
    for (int i = 1; i <= length; i++) {
        lua_rawgeti(L, -1, i);
        if (is_null(L, -1)) {
            lua_pop(L, 1);
            continue;
        }
        lua_rawseti(L, -2, ++kept);
    }
    for (int i = kept + 1; i <= length; i++) {
        lua_pushnil(L);
        lua_rawseti(L, -2, i);
    }
}

static void make_table_plain(lua_State *L);

/* Makes the decoded value at the top of the stack plain, and returns whether it is another one
 * then. The depth is bounded by MAX_DEPTH. */
static bool make_plain(lua_State *L) { // NOLINT(misc-no-recursion)
    int type = lua_type(L, -1);
    if (type == LUA_TTABLE)
        make_table_plain(L);
    if (type != LUA_TNUMBER && type != LUA_TLIGHTUSERDATA)
        return false;
    double number = lua_tonumber(L, -1);
    lua_pop(L, 1);
    if (type == LUA_TNUMBER)
        compat_pushnumber(L, number);
    else
        lua_pushnil(L); /* for a null, the only one there is */
    return true;
}

static void make_table_plain(lua_State *L) { // NOLINT(misc-no-recursion)
    bool has_gaps = false;
    luaL_checkstack(L, 4, "JSON");
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (is_null(L, -1) && lua_type(L, -2) == LUA_TNUMBER) {
            has_gaps = true;
            lua_pop(L, 1);
            continue;
        }
        if (!make_plain(L)) {
            lua_pop(L, 1);
            continue;
        }
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
    if (has_gaps)
        close_gaps(L);
}

bool pc_json_decode(lua_State *L, const char *text, size_t length) {
    size_t mark = mark_length(text, length);
    if (length == mark)
        return false;
    lua_pushlightuserdata(L, (void *)&decoder_key);
    lua_rawget(L, LUA_REGISTRYINDEX);
    lua_pushlstring(L, text + mark, length - mark);
    lua_call(L, 1, 1);
    if (lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return false;
    }
    make_plain(L);
    return true;
}
