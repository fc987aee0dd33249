/* SPDX-License-Identifier: MIT */
#include "client.h"

#include "call_pool.h"
#include "clock.h"
#include "compat.h"
#include "engine.h"
#include "error.h"
#include "misuse.h"
#include "result.h"
#include "settings.h"

#define TYPE_CLIENT "partnercenter.core.client"
#define TYPE_CALL   "partnercenter.core.call"

/* The longest a script stays inside one wait, in seconds: between two of them Lua runs its
 * hooks, so that Ctrl-C works. libcurl wakes up earlier for whatever it has to do. */
#define MAX_WAIT 0.25

struct client {
    bool is_open;
    struct pc_settings settings;
    struct pc_engine engine;
    struct pc_headers *headers; /* of the current token; NULL until there is one */
    struct pc_call_pool spare;
    struct pc_buffer redacted;
};

/* The box around a call; empty once the result was taken. */
struct call_box {
    struct pc_call *call;
};

static struct client *check_client(lua_State *L) {
    struct client *client = luaL_checkudata(L, 1, TYPE_CLIENT);
    if (!client->is_open)
        pc_misuse(L, "the client is closed");
    return client;
}

static struct pc_call *check_call(lua_State *L, int index) {
    struct call_box *box = luaL_checkudata(L, index, TYPE_CALL);
    luaL_argcheck(L, box->call != NULL, index, "the result of this call was taken");
    return box->call;
}

static struct call_box *push_call_box(lua_State *L) {
    struct call_box *box = lua_newuserdata(L, sizeof *box);
    *box = (struct call_box){ 0 };
    luaL_getmetatable(L, TYPE_CALL);
    lua_setmetatable(L, -2);
    return box;
}

static void set_token(lua_State *L, struct client *client, struct pc_text token) {
    struct pc_identity identity = { client->settings.locale, client->settings.application_name };
    struct pc_headers *headers = pc_headers_new(&identity, token);
    if (!headers)
        luaL_error(L, "not enough memory");
    pc_headers_release(client->headers);
    client->headers = headers;
}

/* client:set_access_token(token) -> true, or nil, err. Calls from now on are sent with it. */
static int m_set_access_token(lua_State *L) {
    struct client *client = check_client(L);
    struct pc_text token = { 0 };
    token.data = luaL_checklstring(L, 2, &token.length);
    const char *problem = pc_settings_check_token(token);
    if (problem) {
        lua_pushnil(L);
        lua_pushfstring(L, "access_token %s", problem);
        pc_error_bad_input(L);
        return 2;
    }
    set_token(L, client, token);
    lua_pushboolean(L, 1);
    return 1;
}

/* client:prepare(operation, ...) -> call, or nil, err, meta. Nothing is sent. */
static int m_prepare(lua_State *L) {
    struct client *client = check_client(L);
    const struct pc_settings *settings = &client->settings;
    struct pc_request_defaults defaults = { settings->base.text, settings->timeout,
                                            settings->deadline, settings->max_retries };
    lua_settop(L, 5); /* operation, customer id, qualification, options at the most */
    struct call_box *box = push_call_box(L);
    box->call = pc_call_pool_take(&client->spare);
    if (!box->call)
        return luaL_error(L, "not enough memory");
    if (pc_request_read(L, 2, &defaults, &box->call->request)) {
        lua_settop(L, 6);
        return 1;
    }
    size_t length = 0;
    const char *message = lua_tolstring(L, -1, &length);
    pc_error_push_redacted(L, message, length, client->headers ? client->headers->token : "",
                           &client->redacted);
    pc_error_bad_input(L);
    return pc_result_push_unsent(L, NULL);
}

/* client:submit(call): begins a prepared call, with the current token. */
static int m_submit(lua_State *L) {
    struct client *client = check_client(L);
    struct pc_call *call = check_call(L, 2);
    luaL_argcheck(L, call->state == PC_CALL_PREPARED, 2, "the call has begun already");
    if (!client->headers)
        luaL_error(L, "there is no access token");
    pc_engine_submit(&client->engine, call, client->headers);
    return 0;
}

/* client:drive(call [, seconds]) -> whether the call is done. Moves all calls on; if it is not
 * done, waits for something to happen, so many seconds at the most. */
static int m_drive(lua_State *L) {
    struct client *client = check_client(L);
    struct pc_call *call = check_call(L, 2);
    if (call->state != PC_CALL_DONE)
        pc_engine_drive(&client->engine, call, luaL_optnumber(L, 3, MAX_WAIT));
    lua_pushboolean(L, call->state == PC_CALL_DONE);
    return 1;
}

/* client:state(call) -> "prepared", "queued", "active", "paused" or "done" */
static int m_state(lua_State *L) {
    static const char *const names[] = {
        [PC_CALL_PREPARED] = "prepared", [PC_CALL_QUEUED] = "queued", [PC_CALL_ACTIVE] = "active",
        [PC_CALL_PAUSED] = "paused",     [PC_CALL_DONE] = "done",
    };
    lua_pushstring(L, names[check_call(L, 2)->state]);
    return 1;
}

/* client:cancel(call): ends it with a `cancelled` error, unless it has ended. */
static int m_cancel(lua_State *L) {
    check_client(L);
    pc_engine_cancel(check_call(L, 2));
    return 0;
}

/* client:result(call) -> result, nil, meta or nil, err, meta. Once, of a call that is done. */
static int m_result(lua_State *L) {
    struct client *client = check_client(L);
    struct pc_call *call = check_call(L, 2);
    struct call_box *box = lua_touserdata(L, 2);
    luaL_argcheck(L, call->state == PC_CALL_DONE, 2, "the call is not done");
    int count = pc_result_push(L, call);
    box->call = NULL;
    pc_call_pool_put(&client->spare, call);
    return count;
}

/* client:close(): cancels what is in flight, wipes the token. Also __gc and __close. */
static int m_close(lua_State *L) {
    struct client *client = luaL_checkudata(L, 1, TYPE_CLIENT);
    client->is_open = false;
    pc_engine_close(&client->engine);
    pc_headers_release(client->headers);
    client->headers = NULL;
    pc_call_pool_close(&client->spare);
    pc_settings_free(&client->settings);
    pc_buffer_free(&client->redacted);
    return 0;
}

/* client:is_open() -> boolean */
static int m_is_open(lua_State *L) {
    const struct client *client = luaL_checkudata(L, 1, TYPE_CLIENT);
    lua_pushboolean(L, client->is_open);
    return 1;
}

static int m__gc_call(lua_State *L) {
    struct call_box *box = luaL_checkudata(L, 1, TYPE_CALL);
    if (box->call) {
        pc_engine_cancel(box->call);
        pc_call_release(box->call);
    }
    box->call = NULL;
    return 0;
}

/* client:error(fields) -> err: as core.error, for a message that may repeat the client's token */
static int m_error(lua_State *L) {
    static const char *const fields[] = { "message", "cause" };
    struct client *client = luaL_checkudata(L, 1, TYPE_CLIENT);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        size_t length = 0;
        lua_getfield(L, 2, fields[i]);
        if (lua_type(L, -1) == LUA_TSTRING) {
            const char *text = lua_tolstring(L, -1, &length);
            pc_error_push_redacted(L, text, length, client->headers ? client->headers->token : "",
                                   &client->redacted);
            lua_setfield(L, 2, fields[i]);
        }
        lua_pop(L, 1);
    }
    lua_remove(L, 1);
    return pc_error_f_error(L);
}

static const luaL_Reg client_methods[] = {
    { "set_access_token", m_set_access_token },
    { "prepare", m_prepare },
    { "submit", m_submit },
    { "drive", m_drive },
    { "state", m_state },
    { "cancel", m_cancel },
    { "result", m_result },
    { "error", m_error },
    { "is_open", m_is_open },
    { "close", m_close },
    { "__gc", m_close },
    { "__close", m_close },
    { NULL, NULL },
};

static const luaL_Reg call_methods[] = {
    { "__gc", m__gc_call },
    { NULL, NULL },
};

static void new_type(lua_State *L, const char *name, const luaL_Reg *methods) {
    luaL_newmetatable(L, name);
    compat_setfuncs(L, methods);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 1);
}

void pc_client_open(lua_State *L) {
    new_type(L, TYPE_CLIENT, client_methods);
    new_type(L, TYPE_CALL, call_methods);
}

static bool open_engine(struct client *client) {
    const struct pc_settings *settings = &client->settings;
    const struct pc_engine_options options = {
        .route = { .connect_timeout = settings->connect_timeout,
                   .http2 = settings->http2,
                   .user_agent = settings->user_agent,
                   .ca_file = settings->ca_file,
                   .proxy = settings->proxy },
        .max_connections = settings->max_connections,
        .max_answer = settings->max_response_size,
        .max_retry_after = settings->max_retry_after,
    };
    return pc_engine_open(&client->engine, &options);
}

int pc_client_f_client(lua_State *L) {
    struct pc_text token = { 0 };
    lua_settop(L, 1);
    struct client *client = lua_newuserdata(L, sizeof *client);
    *client = (struct client){ 0 };
    luaL_getmetatable(L, TYPE_CLIENT);
    lua_setmetatable(L, -2);

    if (!pc_settings_read(L, 1, &client->settings, &token)) {
        lua_pushnil(L);
        lua_insert(L, -2);
        pc_error_bad_input(L);
        return 2;
    }
    if (!open_engine(client))
        luaL_error(L, "not enough memory");
    client->is_open = true;
    client->spare.capacity = client->settings.max_connections;
    if (token.data)
        set_token(L, client, token);
    return 1;
}

int pc_client_f_begin(lua_State *L) {
    check_call(L, 1)->begun = pc_clock();
    return 0;
}

int pc_client_f_unsent(lua_State *L) {
    struct pc_call *call = check_call(L, 1);
    lua_settop(L, 2);
    call->ended = pc_clock();
    return pc_result_push_unsent(L, call);
}
