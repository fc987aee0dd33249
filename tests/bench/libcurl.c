/* SPDX-License-Identifier: MIT */

/* The module libcurl: nothing but libcurl, for what a Lua that loads it cannot be faster than. */

#include <curl/curl.h>
#include <lua.h>

int luaopen_libcurl(lua_State *L);

int luaopen_libcurl(lua_State *L) {
    lua_pushboolean(L, curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    return 1;
}
