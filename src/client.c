/* SPDX-License-Identifier: MIT */
#include "client.h"

#include "attach.h"
#include "collect.h"
#include "compat.h"
#include "error.h"
#include "flight.h"
#include "login.h"
#include "misuse.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#define TYPE_CLIENT "partnercenter.core.client"

struct pc_client *pc_client_get(lua_State *L) {
    return compat_checkudata(L, 1, TYPE_CLIENT, PC_CLIENT_UPVALUE);
}

struct pc_client *pc_client_check(lua_State *L) {
    struct pc_client *client = pc_client_get(L);
    if (!client->is_open)
        pc_misuse(L, "the client is closed");
    return client;
}

static void keep_secret(lua_State *L, struct pc_client *client, enum pc_secret which,
                        struct pc_text text) {
    if (text.data && !pc_secrets_set(client->secrets, which, text))
        luaL_error(L, "not enough memory");
}

void pc_client_set_token(lua_State *L, struct pc_client *client, struct pc_text token) {
    const struct pc_settings *settings = &client->settings;
    struct pc_identity identity = { settings->user_agent, settings->locale,
                                    settings->application_name };
    keep_secret(L, client, PC_SECRET_ACCESS_TOKEN, token);
    struct pc_headers *headers = pc_headers_new(&identity, token);
    if (!headers)
        luaL_error(L, "not enough memory");
    pc_headers_release(client->headers);
    client->headers = headers;
}

/* Refuses a secret that cannot be sent. */
static int refuse(lua_State *L, const char *name, const char *problem) {
    lua_pushnil(L);
    lua_pushfstring(L, "%s %s", name, problem);
    pc_error_bad_input(L);
    return 2;
}

/* client:set_access_token(token) -> true, or nil, err. Calls from now on are sent with it. */
static int m_set_access_token(lua_State *L) {
    struct pc_client *client = pc_client_check(L);
    struct pc_text token = { 0 };
    token.data = luaL_checklstring(L, 2, &token.length);
    const char *problem = pc_credentials_check_token(token);
    if (problem)
        return refuse(L, "access_token", problem);
    pc_client_set_token(L, client, token);
    lua_pushboolean(L, 1);
    return 1;
}

/* client:is_access_token(token) -> whether it is the current one */
static int m_is_access_token(lua_State *L) {
    const struct pc_client *client = pc_client_check(L);
    size_t length = 0;
    const char *token = luaL_checklstring(L, 2, &length);
    lua_pushboolean(L, client->headers && strlen(client->headers->token) == length &&
                           memcmp(client->headers->token, token, length) == 0);
    return 1;
}

/* client:set_refresh_token(token) -> true, or nil, err. The next token is asked for with it. */
static int m_set_refresh_token(lua_State *L) {
    struct pc_client *client = pc_client_check(L);
    struct pc_text token = { 0 };
    token.data = luaL_checklstring(L, 2, &token.length);
    if (token.length == 0 || pc_text_has_control(token.data, token.length))
        return refuse(L, "refresh_token", "must not be empty, nor contain control characters");
    keep_secret(L, client, PC_SECRET_REFRESH_TOKEN, token);
    lua_pushboolean(L, 1);
    return 1;
}

/* client:about() -> table of what is no secret: login_url, tenant_id, client_id, base_url */
static int m_about(lua_State *L) {
    const struct pc_settings *settings = &pc_client_check(L)->settings;
    const struct {
        const char *name, *value;
    } fields[] = {
        { "login_url", settings->login.text },
        { "tenant_id", settings->tenant_id },
        { "client_id", settings->client_id },
        { "base_url", settings->base.text },
    };
    lua_createtable(L, 0, 4);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        lua_pushstring(L, fields[i].value);
        lua_setfield(L, -2, fields[i].name);
    }
    return 1;
}

/* client:deadline() -> the seconds of a call that does not say how many it may take */
static int m_deadline(lua_State *L) {
    lua_pushnumber(L, pc_client_get(L)->settings.deadline);
    return 1;
}

/* Leaves the events that the script was not told of to the calls, until they are collected. */
static void forget_events(struct pc_client *client) {
    for (struct pc_call *call; (call = pc_engine_take_eventful(&client->engine));)
        pc_call_release(call);
}

/* client:start_thread() -> true: from now on the engine has a thread of its own; or nil, message */
static int m_start_thread(lua_State *L) {
    struct pc_client *client = pc_client_check(L);
    struct pc_engine *engine = &client->engine;
    bool is_open = pc_engine_open(engine);
    if (!engine->is_threaded)
        forget_events(client);
    if (is_open && pc_thread_start(&client->thread, engine)) {
        lua_pushboolean(L, 1);
        return 1;
    }
    lua_pushnil(L);
    lua_pushfstring(L, "the engine cannot have a thread of its own: %s", strerror(errno));
    return 2;
}

/* client:pollfd() -> a descriptor that is readable while watched calls have ended */
static int m_pollfd(lua_State *L) {
    struct pc_client *client = pc_client_check(L);
    int fd = pc_mailbox_fd(&client->engine.mailbox);
    if (fd < 0)
        return luaL_error(L, "partnercenter: no descriptor to wait for: %s", strerror(errno));
    lua_pushinteger(L, fd);
    return 1;
}

/* client:keep_readable(boolean): whether the descriptor is readable although no watched call has
 * ended: the script has something to take that it does not know of yet */
static int m_keep_readable(lua_State *L) {
    struct pc_engine *engine = &pc_client_get(L)->engine;
    pc_engine_follow_fork(engine);
    pc_mailbox_keep_readable(&engine->mailbox, lua_toboolean(L, 2));
    return 0;
}

/* client:take_fork() -> whether this process came by a fork since it was asked last: what was in
 * flight is the parent's */
static int m_take_fork(lua_State *L) {
    struct pc_engine *engine = &pc_client_get(L)->engine;
    pc_engine_follow_fork(engine);
    lua_pushboolean(L, engine->has_forked);
    engine->has_forked = false;
    return 1;
}

/* client:close(): cancels what is in flight, wipes the secrets. Also __close. */
static int m_close(lua_State *L) {
    struct pc_client *client = pc_client_get(L);
    client->is_open = false;
    pc_thread_stop(&client->thread);
    pc_engine_close(&client->engine);
    pc_headers_release(client->headers);
    pc_headers_release(client->token_headers);
    client->headers = client->token_headers = NULL;
    if (client->secrets)
        pc_secrets_close(client->secrets);
    pc_call_pool_close(&client->spare);
    pc_settings_free(&client->settings);
    pc_buffer_free(&client->redacted);
    return 0;
}

/* Also lets go of what the script was never told. */
static int m__gc(lua_State *L) {
    struct pc_client *client = pc_client_get(L);
    m_close(L);
    for (struct pc_call *call; (call = pc_mailbox_take_ended(&client->engine.mailbox));)
        pc_call_release(call);
    forget_events(client);
    pc_secrets_release(client->secrets);
    client->secrets = NULL;
    return 0;
}

/* client:is_open() -> boolean */
static int m_is_open(lua_State *L) {
    lua_pushboolean(L, pc_client_get(L)->is_open);
    return 1;
}

/* client:error(fields) -> err: as core.error, for texts that may repeat a secret */
static int m_error(lua_State *L) {
    static const char *const fields[] = { "message", "cause" };
    struct pc_client *client = pc_client_get(L);
    pc_error_check_fields(L, 2);
    lua_settop(L, 2);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        size_t length = 0;
        lua_getfield(L, 2, fields[i]);
        if (lua_type(L, -1) == LUA_TSTRING) {
            const char *text = lua_tolstring(L, -1, &length);
            pc_error_push_redacted(L, text, length, client->secrets, NULL, &client->redacted);
            lua_setfield(L, 2, fields[i]);
        }
        lua_pop(L, 1);
    }
    lua_remove(L, 1);
    return pc_error_f_error(L);
}

static const luaL_Reg methods[] = {
    { "set_access_token", m_set_access_token },
    { "is_access_token", m_is_access_token },
    { "set_refresh_token", m_set_refresh_token },
    { "about", m_about },
    { "error", m_error },
    { "deadline", m_deadline },
    { "start_thread", m_start_thread },
    { "pollfd", m_pollfd },
    { "keep_readable", m_keep_readable },
    { "take_fork", m_take_fork },
    { "is_open", m_is_open },
    { "close", m_close },
    { "__gc", m__gc },
    { "__close", m_close },
    { NULL, NULL },
};

void pc_client_open(lua_State *L) {
    const luaL_Reg *const parts[] = { methods, pc_attach_methods, pc_flight_methods,
                                      pc_collect_methods, pc_login_methods };
    pc_flight_open(L);
    luaL_newmetatable(L, TYPE_CLIENT);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        lua_pushvalue(L, -1);
        lua_pushvalue(L, -3);
        compat_setfuncs_with_two(L, parts[i]); /* PC_CLIENT_UPVALUE and PC_CALL_UPVALUE */
    }
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_pop(L, 2);
}

static struct pc_engine_options engine_options(const struct pc_settings *settings) {
    const char *host = strstr(settings->base.text, "://") + strlen("://");
    return (struct pc_engine_options){
        .route = { .base_url = settings->base.text,
                   .path_at = (size_t)(host - settings->base.text) + strcspn(host, "/"),
                   .connect_timeout = settings->connect_timeout,
                   .http2 = settings->http2,
                   .is_loopback = settings->base.is_loopback,
                   .ca_file = settings->ca_file,
                   .proxy = settings->proxy,
                   .proxy_lines = settings->proxy_lines },
        .max_connections = settings->max_connections,
        .max_answer = settings->max_response_size,
        .max_retry_after = settings->max_retry_after,
        .wants_events = settings->wants_events,
    };
}

int pc_client_f_client(lua_State *L) {
    static atomic_ullong clients; /* how many there have been: an address comes again */
    const struct pc_engine_options none = { 0 };
    struct pc_credentials credentials = { 0 };
    lua_settop(L, 1);
    struct pc_client *client = lua_newuserdata(L, sizeof *client);
    *client = (struct pc_client){ .number = ++clients };
    pc_engine_init(&client->engine, &none);
    luaL_getmetatable(L, TYPE_CLIENT);
    lua_setmetatable(L, -2);

    client->secrets = pc_secrets_new();
    if (!client->secrets)
        return luaL_error(L, "not enough memory");
    if (!pc_settings_read(L, 1, &client->settings, &credentials)) {
        lua_pushnil(L);
        lua_insert(L, -2);
        pc_error_bad_input(L);
        return 2;
    }
    client->engine.options = engine_options(&client->settings);
    client->spare.capacity = client->settings.max_connections;
    keep_secret(L, client, PC_SECRET_CLIENT, credentials.client_secret);
    keep_secret(L, client, PC_SECRET_REFRESH_TOKEN, credentials.refresh_token.text);
    if (credentials.access_token.text.data)
        pc_client_set_token(L, client, credentials.access_token.text);
    client->is_open = true;
    return 1;
}
