/* SPDX-License-Identifier: MIT */
#include "json_loss.h"

#include "compat.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* How many digits lua-cjson writes of a number, and the whole number from which on there are more.
 */
#define DIGITS       14
#define FIRST_LONGER 1e14

/* lua-cjson encodes nothing that is nested deeper. */
#define MAX_DEPTH 1000

static bool is_number_lossy(double number) {
    char text[32];
    if (number == floor(number) && fabs(number) < FIRST_LONGER)
        return false;
    snprintf(text, sizeof text, "%.*g", DIGITS, number);
    return fabs(number) > COMPAT_MAX_WHOLE || strtod(text, NULL) != number;
}

static bool is_string_lossy(lua_State *L, int mark) {
    size_t length = 0;
    const char *text = lua_tolstring(L, -1, &length);
    return length > 0 && (unsigned char)text[0] == mark;
}

/* Whether the value at the top of the stack is. */
static bool is_lossy(lua_State *L, int mark, int depth) { // NOLINT(misc-no-recursion)
    int type = lua_type(L, -1);
    if (type == LUA_TNUMBER)
        return is_number_lossy(lua_tonumber(L, -1));
    if (type == LUA_TSTRING)
        return is_string_lossy(L, mark);
    if (type != LUA_TTABLE)
        return false;
    if (depth == MAX_DEPTH)
        return luaL_error(L, "nested too deeply");
    luaL_checkstack(L, 2, "JSON");
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        bool is_one = is_lossy(L, mark, depth + 1);
        lua_pop(L, is_one ? 2 : 1);
        if (is_one)
            return true;
    }
    return false;
}

int pc_json_loss_f_is_lossy(lua_State *L) {
    int mark = (int)luaL_checkinteger(L, 2);
    lua_settop(L, 1);
    lua_pushboolean(L, is_lossy(L, mark, 0));
    return 1;
}
