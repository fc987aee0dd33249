/* SPDX-License-Identifier: MIT */
#include "flight.h"

#include "client.h"
#include "clock.h"
#include "compat.h"
#include "error.h"
#include "failure.h"
#include "fork.h"
#include "result.h"
#include "token.h"

#define TYPE_CALL "partnercenter.core.call"

/* The longest a script stays inside one wait, in seconds: between two of them Lua runs its
 * hooks, so that Ctrl-C works. */
#define MAX_WAIT 0.25

/* The box around a call; empty once the result was taken. */
struct call_box {
    struct pc_call *call;
};

/* A call that was in flight when the process forked is the parent's. */
static void give_up_after_fork(struct pc_call *call) {
    if (!call->is_begun || call->state == PC_CALL_DONE || call->forks == pc_fork_count())
        return;
    call->cancelled = true;
    call->events.count = 0;
    call->ended = pc_clock();
    call->state = PC_CALL_DONE;
}

static struct pc_call *check_call(lua_State *L, int index) {
    struct call_box *box = luaL_checkudata(L, index, TYPE_CALL);
    luaL_argcheck(L, box->call != NULL, index, "the result of this call was taken");
    give_up_after_fork(box->call);
    return box->call;
}

/* Pushes a call that is empty but for its id. */
static struct pc_call *push_call(lua_State *L, struct pc_client *client) {
    struct call_box *box = lua_newuserdata(L, sizeof *box);
    *box = (struct call_box){ 0 };
    luaL_getmetatable(L, TYPE_CALL);
    lua_setmetatable(L, -2);
    box->call = pc_call_pool_take(&client->spare);
    if (!box->call)
        luaL_error(L, "not enough memory");
    box->call->secrets = pc_secrets_hold(client->secrets);
    box->call->id = ++client->last_id;
    return box->call;
}

/* client:prepare(operation, ...) -> call, or nil, err, meta. Nothing is sent. */
static int m_prepare(lua_State *L) {
    struct pc_client *client = pc_client_check(L);
    const struct pc_settings *settings = &client->settings;
    struct pc_request_defaults defaults = { settings->base.text, settings->base.is_loopback,
                                            settings->timeout, settings->deadline,
                                            settings->max_retries };
    lua_settop(L, 5); /* operation, customer id, qualification, options at the most */
    struct pc_call *call = push_call(L, client);
    if (pc_request_read(L, 2, &defaults, &call->request)) {
        lua_settop(L, 6);
        return 1;
    }
    size_t length = 0;
    const char *message = lua_tolstring(L, -1, &length);
    pc_error_push_redacted(L, message, length, client->secrets, NULL, &client->redacted);
    pc_error_bad_input(L);
    return pc_result_push_unsent(L, NULL);
}

/* client:prepare_token() -> call that asks the authority for an access token */
static int m_prepare_token(lua_State *L) {
    struct pc_client *client = pc_client_check(L);
    struct pc_call *call = push_call(L, client);
    char *const *secrets = client->secrets->current;
    if (!pc_token_request(&client->settings, secrets[PC_SECRET_CLIENT],
                          secrets[PC_SECRET_REFRESH_TOKEN], &call->request))
        return luaL_error(L, "not enough memory");
    return 1;
}

/* client:id(call) -> the number by which `ended` and `events` name it */
static int m_id(lua_State *L) {
    lua_pushnumber(L, check_call(L, 2)->id);
    return 1;
}

/* client:watch(call): `ended` will tell of its end. Before it is submitted. */
static int m_watch(lua_State *L) {
    check_call(L, 2)->is_watched = true;
    return 0;
}

/* Begins the call, without headers as one that waits for an access token; or gives them to a parked
 * one. */
static void submit(lua_State *L, struct pc_client *client, struct pc_headers *headers) {
    struct pc_call *call = check_call(L, 2);
    luaL_argcheck(L, !call->headers, 2, "the call has begun already");
    if (!pc_engine_open(&client->engine))
        luaL_error(L, "not enough memory");
    pc_engine_submit(&client->engine, call, headers);
}

/* client:park(call): begins a prepared call, which waits for an access token. */
static int m_park(lua_State *L) {
    struct pc_client *client = pc_client_check(L);
    luaL_argcheck(L, !check_call(L, 2)->is_begun, 2, "the call has begun already");
    submit(L, client, NULL);
    return 0;
}

/* client:submit(call): begins a prepared call with the current token, or lets a parked one go on;
 * one that has ended meanwhile is left as it is. */
static int m_submit(lua_State *L) {
    struct pc_client *client = pc_client_check(L);
    if (!client->headers)
        luaL_error(L, "there is no access token");
    if (check_call(L, 2)->state != PC_CALL_DONE)
        submit(L, client, client->headers);
    return 0;
}

/* client:submit_token(call): begins a call of `prepare_token`. */
static int m_submit_token(lua_State *L) {
    struct pc_client *client = pc_client_check(L);
    if (!client->token_headers)
        client->token_headers = pc_headers_new_for_token();
    if (!client->token_headers)
        return luaL_error(L, "not enough memory");
    submit(L, client, client->token_headers);
    return 0;
}

/* client:drive(call or nil [, seconds]) -> whether the call is done, whether `ended` or `events`
 * have something to tell. Moves all calls on, and waits where nothing can be done: so many seconds
 * at the most. */
static int m_drive(lua_State *L) {
    struct pc_client *client = pc_client_get(L);
    const struct pc_call *call = lua_isnoneornil(L, 2) ? NULL : check_call(L, 2);
    struct pc_engine *engine = &client->engine;
    double seconds = luaL_optnumber(L, 3, MAX_WAIT);
    if (!(call && call->state == PC_CALL_DONE)) {
        pc_client_check(L);
        pc_engine_follow_fork(engine);
        if (engine->is_threaded)
            pc_mailbox_wait(&engine->mailbox, call, seconds);
        else if (pc_engine_open(engine))
            pc_engine_drive(engine, call, seconds);
    }
    lua_pushboolean(L, call && call->state == PC_CALL_DONE);
    lua_pushboolean(L, engine->eventful || engine->has_forked ||
                           pc_mailbox_has_ended(&engine->mailbox));
    return 2;
}

/* client:ended() -> array of the ids of watched calls that have ended since it was asked last */
static int m_ended(lua_State *L) {
    struct pc_mailbox *mailbox = &pc_client_get(L)->engine.mailbox;
    lua_newtable(L);
    int count = 0;
    for (struct pc_call *call; (call = pc_mailbox_take_ended(mailbox));) {
        lua_pushnumber(L, call->id);
        pc_call_release(call);
        lua_rawseti(L, -2, ++count);
    }
    return 1;
}

/* Appends the call's events to the array at the top of the stack, each behind the call's id, and
 * forgets them. */
static void append_events(lua_State *L, struct pc_call *call) {
    int count = (int)compat_rawlen(L, -1);
    for (size_t i = 0; i < call->events.count; i++) {
        lua_pushnumber(L, call->id);
        lua_rawseti(L, -2, ++count);
        pc_event_push(L, call, &call->events.items[i]);
        lua_rawseti(L, -2, ++count);
    }
    call->events.count = 0;
}

/* client:events([call]) -> array of id, event, id, event ...: what happened to all calls since it
 * was asked last; or, of an engine with a thread, to a call that is done */
static int m_events(lua_State *L) {
    struct pc_client *client = pc_client_get(L);
    lua_settop(L, 2);
    lua_newtable(L);
    if (!lua_isnil(L, 2)) {
        struct pc_call *call = check_call(L, 2);
        luaL_argcheck(L, call->state == PC_CALL_DONE || !call->is_begun, 2,
                      "the call is in flight");
        append_events(L, call);
        return 1;
    }
    struct pc_call *next = NULL;
    for (struct pc_call *call = pc_engine_take_eventful(&client->engine); call; call = next) {
        next = call->next_eventful;
        append_events(L, call);
        pc_call_release(call);
    }
    return 1;
}

/* client:state(call) -> "prepared", "parked", "queued", "active", "paused" or "done" */
static int m_state(lua_State *L) {
    static const char *const names[] = {
        [PC_CALL_PREPARED] = "prepared", [PC_CALL_PARKED] = "parked", [PC_CALL_QUEUED] = "queued",
        [PC_CALL_ACTIVE] = "active",     [PC_CALL_PAUSED] = "paused", [PC_CALL_DONE] = "done",
    };
    enum pc_call_state state = check_call(L, 2)->state; /* gcc reads an index without atomicity */
    lua_pushstring(L, names[state]);
    return 1;
}

/* client:refused_token(call) -> the access token for which the service refused a call that is done,
 * with 401; nil where it did not */
static int m_refused_token(lua_State *L) {
    const struct pc_call *call = check_call(L, 2);
    if (call->state == PC_CALL_DONE && !call->cancelled && call->code == CURLE_OK &&
        call->answer.status == 401 && call->headers && call->headers->token)
        lua_pushstring(L, call->headers->token);
    else
        lua_pushnil(L);
    return 1;
}

/* client:repeat_call(call): lets a call that is done be submitted once more, with another token. */
static int m_repeat(lua_State *L) {
    struct pc_call *call = check_call(L, 2);
    luaL_argcheck(L, call->state == PC_CALL_DONE, 2, "the call is not done");
    pc_call_repeat(call);
    return 0;
}

/* client:cancel(call): ends it with a `cancelled` error, unless it has ended. */
static int m_cancel(lua_State *L) {
    pc_engine_cancel(check_call(L, 2));
    return 0;
}

/* Lets go of a call whose result was taken. */
static void discard(lua_State *L, struct pc_client *client, int index) {
    struct call_box *box = lua_touserdata(L, index);
    struct pc_call *call = box->call;
    box->call = NULL;
    if (client->is_open)
        pc_call_pool_put(&client->spare, call);
    else
        pc_call_release(call);
}

/* client:result(call) -> result, nil, meta or nil, err, meta. Once, of a call that is done. */
static int m_result(lua_State *L) {
    struct pc_client *client = pc_client_get(L);
    struct pc_call *call = check_call(L, 2);
    luaL_argcheck(L, call->state == PC_CALL_DONE, 2, "the call is not done");
    int count = pc_result_push(L, call);
    discard(L, client, 2);
    return count;
}

/* client:take_token(call) -> seconds it has left, the access token, the next refresh token or nil;
 * or nil, err. The result of a call of `prepare_token` that is done: the client uses the tokens
 * from then on. */
static int m_take_token(lua_State *L) {
    struct pc_client *client = pc_client_get(L);
    struct pc_call *call = check_call(L, 2);
    struct pc_token_grant grant = { 0 };
    luaL_argcheck(L, call->state == PC_CALL_DONE, 2, "the call is not done");
    lua_settop(L, 2);
    if (!client->is_open)
        call->cancelled = true; /* whatever was answered: the client cannot use it any more */
    if (call->cancelled || !pc_call_is_success(call) || !pc_token_read(L, call, &grant)) {
        lua_pushnil(L);
        pc_failure_push_token(L, call);
        discard(L, client, 2);
        return 2;
    }
    pc_client_set_token(L, client, grant.access_token);
    if (grant.refresh_token.data &&
        !pc_secrets_set(client->secrets, PC_SECRET_REFRESH_TOKEN, grant.refresh_token))
        return luaL_error(L, "not enough memory");
    lua_pushnumber(L, grant.seconds);
    lua_pushlstring(L, grant.access_token.data, grant.access_token.length);
    if (grant.refresh_token.data)
        lua_pushlstring(L, grant.refresh_token.data, grant.refresh_token.length);
    else
        lua_pushnil(L);
    discard(L, client, 2);
    return 3;
}

static int m__gc(lua_State *L) {
    struct call_box *box = luaL_checkudata(L, 1, TYPE_CALL);
    if (box->call) {
        give_up_after_fork(box->call);
        pc_engine_cancel(box->call);
        pc_call_release(box->call);
    }
    box->call = NULL;
    return 0;
}

const luaL_Reg pc_flight_methods[] = {
    { "prepare", m_prepare },
    { "prepare_token", m_prepare_token },
    { "id", m_id },
    { "watch", m_watch },
    { "park", m_park },
    { "submit", m_submit },
    { "submit_token", m_submit_token },
    { "drive", m_drive },
    { "ended", m_ended },
    { "events", m_events },
    { "state", m_state },
    { "refused_token", m_refused_token },
    { "repeat_call", m_repeat },
    { "cancel", m_cancel },
    { "result", m_result },
    { "take_token", m_take_token },
    { NULL, NULL },
};

void pc_flight_open(lua_State *L) {
    luaL_newmetatable(L, TYPE_CALL);
    lua_pushcfunction(L, m__gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
}

int pc_flight_f_begin(lua_State *L) {
    check_call(L, 1)->begun = pc_clock();
    return 0;
}

int pc_flight_f_unsent(lua_State *L) {
    struct pc_call *call = check_call(L, 1);
    lua_settop(L, 2);
    call->ended = pc_clock();
    return pc_result_push_unsent(L, call);
}
