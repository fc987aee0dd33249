/* SPDX-License-Identifier: MIT */

#include "lua_state.h"

#include "categories.h"
#include "fuzz.h"

#include <lauxlib.h>
#include <lualib.h>

#include <curl/curl.h>

int luaopen_partnercenter_core(lua_State *L);

/* libFuzzer looks at what is in this section as at its own counters. */
__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t lines[8192];

static void count_line(lua_State *L, lua_Debug *at) {
    lua_getinfo(L, "S", at);
    size_t hash = (size_t)at->currentline * 31;
    for (const char *name = at->source; *name; name++)
        hash = hash * 131 + (unsigned char)*name;
    lines[hash % sizeof lines]++;
}

/* Nothing is ever sent: where libcurl would begin, memory runs out. How often that was is what the
 * Lua function `begun` returns. */
static int begun;

CURLMcode __wrap_curl_multi_add_handle(CURLM *multi, CURL *easy);
CURLMcode __wrap_curl_multi_add_handle(CURLM *multi, CURL *easy) {
    (void)multi;
    (void)easy;
    begun++;
    return CURLM_OUT_OF_MEMORY;
}

static int f_begun(lua_State *L) {
    lua_pushinteger(L, begun);
    return 1;
}

static int f_is_category(lua_State *L) {
    lua_pushboolean(L, is_category(lua_tostring(L, 1)));
    return 1;
}

static int close_text(lua_State *L) {
    luaL_Stream *stream = luaL_checkudata(L, 1, LUA_FILEHANDLE);
    fclose(stream->f);
    return 0;
}

/* open_text(text) -> a file to read it from */
static int f_open_text(lua_State *L) {
    size_t length = 0;
    const char *text = luaL_checklstring(L, 1, &length);
    luaL_Stream *stream = lua_newuserdatauv(L, sizeof *stream, 1);
    stream->closef = NULL; /* it is closed as yet */
    luaL_setmetatable(L, LUA_FILEHANDLE);
    stream->f = length > 0 ? fmemopen((void *)text, length, "r") : fopen("/dev/null", "r");
    CHECK(stream->f != NULL);
    stream->closef = close_text;
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, 1); /* it reads what the string owns */
    return 1;
}

lua_State *fuzz_lua_state(void) {
    static lua_State *L;
    static unsigned uses;
    if (L) {
        lua_settop(L, 0);
        if (++uses % 64 == 0)
            lua_gc(L, LUA_GCCOLLECT, 0);
        return L;
    }
    L = luaL_newstate();
    CHECK(L != NULL);
    luaL_openlibs(L);
    luaL_requiref(L, "partnercenter.core", luaopen_partnercenter_core, 0);
    lua_register(L, "begun", f_begun);
    lua_register(L, "is_category", f_is_category);
    lua_register(L, "open_text", f_open_text);
    CHECK(luaL_dostring(L, "package.path = '" SOURCE_DIR "/lua/?.lua;" SOURCE_DIR "/?.lua'") == 0);
    lua_sethook(L, count_line, LUA_MASKLINE, 0);
    lua_settop(L, 0);
    return L;
}

static int add_traceback(lua_State *L) {
    luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
    return 1;
}

void fuzz_call(lua_State *L, int arguments, int results) {
    int handler = lua_gettop(L) - arguments;
    lua_pushcfunction(L, add_traceback);
    lua_insert(L, handler);
    if (lua_pcall(L, arguments, results, handler) != LUA_OK) {
        fprintf(stderr, "raised: %s\n", lua_tostring(L, -1));
        abort();
    }
    lua_remove(L, handler);
}

void fuzz_load(lua_State *L, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/fuzz/%s", SOURCE_DIR, name);
    if (luaL_loadfile(L, path) != LUA_OK) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        abort();
    }
    fuzz_call(L, 0, 1);
}
