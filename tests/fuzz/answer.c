/* SPDX-License-Identifier: MIT */

/* From the bytes of an answer to the tables that a script gets. The input is a line with the name
 * of an operation, a code of libcurl's and a letter (c: cancelled, l: too large, t: throttled);
 * then the answer, as it comes over the wire. */

#include "../../src/call.h"
#include "../../src/failure.h"
#include "../../src/operation.h"
#include "../../src/result.h"
#include "../../src/token.h"
#include "categories.h"
#include "fuzz.h"
#include "lua_state.h"

#include <lauxlib.h>

/* As a server might repeat them. */
#define ACCESS_TOKEN  "eyJhbGciOiJ.acce55+t0ken/"
#define CLIENT_SECRET "cl1ent \"secret\" & \xC3\xA4/%41"
#define REFRESH_TOKEN "0.AXrefre5h-t0ken"

static const char *const secrets[PC_SECRET_COUNT] = { ACCESS_TOKEN, CLIENT_SECRET, REFRESH_TOKEN };

static struct pc_text text_of(const char *text) {
    return (struct pc_text){ text, strlen(text) };
}

static void set_operation(struct pc_call *call, const char *name) {
    static char login[] = "https://login.microsoftonline.com", base[] = "https://api.example";
    static char tenant[] = "contoso", client[] = "app";
    const struct pc_settings settings = {
        .login.text = login, .base.text = base, .tenant_id = tenant, .client_id = client
    };
    call->request.operation = pc_operation_find(name);
    if (call->request.operation)
        return;
    if (strcmp(name, "device_code") == 0)
        CHECK(pc_token_login_request(&settings, NULL, &call->request));
    else
        CHECK(pc_token_request(&settings, CLIENT_SECRET, REFRESH_TOKEN, &call->request));
}

static struct pc_call *new_call(struct pc_text line) {
    char *text = fuzz_copy(line);
    char name[32] = "", letter = 0;
    unsigned code = 0;
    struct pc_call *call = pc_call_new();
    const struct pc_identity identity = { "partnercenter", "en-US", "" };
    CHECK(call != NULL);
    sscanf(text, "%31s %4u %c", name, &code, &letter);
    free(text);
    set_operation(call, name);
    call->code = (CURLcode)(code % CURL_LAST);
    call->cancelled = letter == 'c';
    call->too_large = letter == 'l' && call->code != CURLE_OK;
    call->throttled_for = letter == 't' ? 7 : 0;
    call->attempts = letter == 't' ? 0 : 1;
    call->ended = 1;
    call->request.deadline = 300;
    call->headers = pc_headers_new(&identity, text_of(ACCESS_TOKEN));
    call->secrets = pc_secrets_new();
    CHECK(call->headers && call->secrets && pc_guid_generate(&call->request.request_id));
    for (int i = 0; i < PC_SECRET_COUNT; i++)
        CHECK(pc_secrets_set(call->secrets, (enum pc_secret)i, text_of(secrets[i])));
    return call;
}

/* Gives the answer to the call as libcurl does: lines with their ends, then the body in pieces.
 * Where libcurl has failed, the first line of the body is what it says. */
static void receive(struct pc_call *call, struct pc_text input) {
    struct pc_text line;
    long status = 0;
    do {
        const char *begin = input.data;
        line = fuzz_line(&input);
        pc_answer_header(&call->answer, begin, (size_t)(input.data - begin));
        char *text = fuzz_copy(line);
        (void)sscanf(text, "HTTP/%*s %3ld", &status);
        free(text);
    } while (line.length > 0 && line.data[0] != '\r');
    bool is_one = status >= 100 && status <= 999;
    call->answer.status = is_one ? status : call->code == CURLE_OK ? 200 : 0;
    struct pc_text message = input;
    if (call->code != CURLE_OK) {
        message = fuzz_line(&message);
        message.length = strnlen(message.data, message.length); /* it is a string of C */
        CHECK(pc_buffer_append(&call->message, message.data, message.length));
    }
    size_t half = input.length / 2;
    CHECK(pc_buffer_append(&call->answer.body, input.data, half) &&
          pc_buffer_append(&call->answer.body, input.data + half, input.length - half));
}

/* collect(call) -> result, error, meta: what client:result, take_token and take_device_code do */
static int f_collect(lua_State *L) {
    struct pc_call *call = lua_touserdata(L, 1);
    struct pc_token_grant grant = { 0 };
    lua_settop(L, 0);
    if (!call->request.operation->is_token)
        return pc_result_push(L, call);
    bool is_code = strstr(call->request.operation->path, "devicecode") != NULL;
    if (pc_call_is_success(call) &&
        (is_code ? pc_token_read_device_code(L, call) : pc_token_read(L, call, &grant))) {
        CHECK(is_code || (grant.access_token.length > 0 && grant.seconds >= 0));
        return 1;
    }
    lua_pushnil(L);
    pc_failure_push_token(L, call);
    return 2;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const char key = 0;
    struct pc_text input = { (const char *)data, size };
    lua_State *L = fuzz_lua_state();
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key) == LUA_TNIL) {
        fuzz_load(L, "answer.lua");
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
    }
    struct pc_call *call = new_call(fuzz_line(&input));
    receive(call, input);
    lua_pushstring(L, call->request.operation->name);
    lua_createtable(L, PC_SECRET_COUNT, 0);
    for (int i = 0; i < PC_SECRET_COUNT; i++) {
        lua_pushstring(L, secrets[i]);
        lua_rawseti(L, -2, i + 1);
    }
    int before = lua_gettop(L);
    lua_pushcfunction(L, f_collect);
    lua_pushlightuserdata(L, call);
    fuzz_call(L, 1, LUA_MULTRET);
    fuzz_call(L, lua_gettop(L) - before + 2, 0);
    pc_call_release(call);
    return 0;
}
