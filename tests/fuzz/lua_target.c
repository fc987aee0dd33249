/* SPDX-License-Identifier: MIT */

/* A target whose properties are written in Lua: SCRIPT, in this folder, returns the function that
 * takes the bytes, and raises where something does not hold. */

#include "fuzz.h"
#include "lua_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char key = 0;
    lua_State *L = fuzz_lua_state();
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key) == LUA_TNIL) {
        fuzz_load(L, SCRIPT);
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
    }
    lua_pushlstring(L, (const char *)data, size);
    fuzz_call(L, 1, 0);
    return 0;
}
