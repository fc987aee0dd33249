/* SPDX-License-Identifier: MIT */

/* pinned: after a Lua state that loaded partnercenter.core was closed, the module is still mapped.
 * LUA_PATH and LUA_CPATH say where it is. */

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <string.h>

static int is_mapped(const char *name) {
    char line[4096];
    int found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && fgets(line, sizeof line, maps))
        found |= strstr(line, name) != NULL;
    if (maps)
        fclose(maps);
    return found;
}

int main(void) {
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    if (luaL_dostring(L, "require 'partnercenter.core'")) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        return 1;
    }
    lua_close(L);
    if (!is_mapped("partnercenter/core.so")) {
        fprintf(stderr, "the module was unmapped with the state\n");
        return 1;
    }
    return 0;
}
