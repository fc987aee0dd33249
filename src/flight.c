/* SPDX-License-Identifier: MIT */
#include "flight.h"

#include "client.h"
#include "clock.h"
#include "compat.h"
#include "error.h"
#include "fork.h"
#include "result.h"
#include "token.h"

#include <math.h>

#define TYPE_CALL "partnercenter.core.call"

/* The longest a script stays inside one wait, in seconds: between two of them Lua runs its
 * hooks, so that Ctrl-C works. */
#define MAX_WAIT 0.25

/* A call that was in flight when the process forked is the parent's. */
static void give_up_after_fork(struct pc_call *call) {
    if (!call->is_begun || call->state == PC_CALL_DONE || call->forks == pc_fork_count())
        return;
    call->cancelled = true;
    call->events.count = 0;
    call->ended = pc_clock();
    call->state = PC_CALL_DONE;
}

struct pc_call_box *pc_flight_box(lua_State *L, const struct pc_client *client) {
    struct pc_call_box *box = compat_checkudata(L, 2, TYPE_CALL, PC_CALL_UPVALUE);
    luaL_argcheck(L, box->client == client->number, 2, "the call is another client's");
    return box;
}

static struct pc_call *check_taken(lua_State *L, const struct pc_call_box *box, int index) {
    luaL_argcheck(L, box->call != NULL, index, "the result of this call was taken");
    give_up_after_fork(box->call);
    return box->call;
}

struct pc_call *pc_flight_check(lua_State *L, const struct pc_client *client) {
    return check_taken(L, pc_flight_box(L, client), 2);
}

struct pc_call *pc_flight_check_done(lua_State *L, const struct pc_client *client) {
    struct pc_call *call = pc_flight_check(L, client);
    luaL_argcheck(L, call->state == PC_CALL_DONE, 2, "the call is not done");
    return call;
}

struct pc_call *pc_flight_push(lua_State *L, struct pc_client *client) {
    struct pc_call_box *box = lua_newuserdata(L, sizeof *box);
    *box = (struct pc_call_box){ .client = client->number };
    luaL_getmetatable(L, TYPE_CALL);
    lua_setmetatable(L, -2);
    struct pc_call *call = pc_call_pool_take(&client->spare);
    if (!call) {
        luaL_error(L, "not enough memory");
        return NULL; /* it does not come here */
    }
    box->call = call;
    call->id = ++client->last_id;
    return call;
}

/* client:prepare(operation, ...) -> call, or nil, err, meta. Nothing is sent. */
static int m_prepare(lua_State *L) {
    struct pc_client *client = pc_client_check(L);
    const struct pc_settings *settings = &client->settings;
    struct pc_request_defaults defaults = { settings->base.text, settings->timeout,
                                            settings->deadline, settings->max_retries };
    lua_settop(L, 5); /* operation, customer id, qualification, options at the most */
    struct pc_call *call = pc_flight_push(L, client);
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
    luaL_argcheck(L, client->settings.client_id, 1, "a client with an access token has no app");
    struct pc_call *call = pc_flight_push(L, client);
    char *const *secrets = client->secrets->current;
    if (!pc_token_request(&client->settings, secrets[PC_SECRET_CLIENT],
                          secrets[PC_SECRET_REFRESH_TOKEN], &call->request))
        return luaL_error(L, "not enough memory");
    return 1;
}

/* client:prepare_pause(seconds) -> call that is parked and ends, without being sent, when they have
 * passed. 0 or more, or it ends at once. */
static int m_prepare_pause(lua_State *L) {
    struct pc_client *client = pc_client_check(L);
    double seconds = luaL_checknumber(L, 2);
    luaL_argcheck(L, !isnan(seconds), 2, "not a number");
    struct pc_call *call = pc_flight_push(L, client);
    call->request.operation = &pc_pause_operation;
    call->request.deadline = seconds;
    return 1;
}

/* client:begin(call [, is_watched [, is_patient]]) -> its id, whether take_fork has something to
 * say. Before it is submitted: its clock runs from now on. `ended` will tell of the end of one that
 * is watched. Of one that is patient the deadline begins when it is first sent, and no throttle
 * refuses it before. */
static int m_begin(lua_State *L) {
    struct pc_client *client = pc_client_get(L);
    struct pc_engine *engine = &client->engine;
    pc_engine_follow_fork(engine);
    struct pc_call *call = pc_flight_check(L, client);
    luaL_argcheck(L, !call->is_begun, 2, "the call has begun already");
    call->begun = pc_clock();
    call->is_watched = lua_toboolean(L, 3);
    call->is_patient = lua_toboolean(L, 4);
    lua_pushnumber(L, call->id);
    lua_pushboolean(L, engine->has_forked);
    return 2;
}

/* client:id(call) -> the number by which `ended` and `events` name it */
static int m_id(lua_State *L) {
    lua_pushnumber(L, pc_flight_check(L, pc_client_get(L))->id);
    return 1;
}

/* Begins the call, without headers as one that waits for an access token; or gives them to a parked
 * one. */
static void submit(lua_State *L, struct pc_client *client, struct pc_call *call,
                   struct pc_headers *headers) {
    luaL_argcheck(L, !call->headers, 2, "the call has begun already");
    if (!call->secrets)
        call->secrets = pc_secrets_hold(client->secrets);
    if (!pc_engine_open(&client->engine))
        luaL_error(L, "not enough memory");
    pc_engine_submit(&client->engine, call, headers);
}

/* client:park(call): begins a prepared call, which waits for an access token. */
static int m_park(lua_State *L) {
    struct pc_client *client = pc_client_check(L);
    struct pc_call *call = pc_flight_check(L, client);
    luaL_argcheck(L, !call->is_begun, 2, "the call has begun already");
    submit(L, client, call, NULL);
    return 0;
}

/* client:submit(call): begins a prepared call with the current token, or lets a parked one go on;
 * one that has ended meanwhile is left as it is. */
static int m_submit(lua_State *L) {
    struct pc_client *client = pc_client_check(L);
    struct pc_call *call = pc_flight_check(L, client);
    const struct pc_operation *operation = call->request.operation;
    luaL_argcheck(L, operation->path && !operation->is_token, 2, "the call takes no access token");
    if (!client->headers)
        luaL_error(L, "there is no access token");
    if (call->state != PC_CALL_DONE)
        submit(L, client, call, client->headers);
    return 0;
}

/* client:submit_token(call): begins a call of `prepare_token` or `prepare_login`. */
static int m_submit_token(lua_State *L) {
    struct pc_client *client = pc_client_check(L);
    struct pc_call *call = pc_flight_check(L, client);
    luaL_argcheck(L, call->request.operation->is_token, 2, "the call asks for no token");
    if (!client->token_headers)
        client->token_headers = pc_headers_new_for_token(client->settings.user_agent);
    if (!client->token_headers)
        return luaL_error(L, "not enough memory");
    submit(L, client, call, client->token_headers);
    return 0;
}

/* client:time_left(call) -> seconds until its deadline; infinity where that has not begun to run */
static int m_time_left(lua_State *L) {
    const struct pc_call *call = pc_flight_check(L, pc_client_get(L));
    lua_pushnumber(L, call->is_patient ? HUGE_VAL : call->deadline - pc_clock());
    return 1;
}

/* client:drive(call or nil [, seconds]) -> whether the call is done, whether `ended` or `events`
 * have something to tell. Moves all calls on, and waits where nothing can be done: so many seconds
 * at the most, and no longer than MAX_WAIT. */
static int m_drive(lua_State *L) {
    struct pc_client *client = pc_client_get(L);
    const struct pc_call *call = lua_isnoneornil(L, 2) ? NULL : pc_flight_check(L, client);
    struct pc_engine *engine = &client->engine;
    double seconds = fmin(fmax(luaL_optnumber(L, 3, MAX_WAIT), 0), MAX_WAIT);
    if (!(call && call->state == PC_CALL_DONE)) {
        pc_client_check(L);
        pc_engine_follow_fork(engine);
        if (engine->is_threaded)
            pc_mailbox_wait(&engine->mailbox, call, seconds);
        else if (pc_engine_open(engine))
            pc_engine_drive(engine, call, seconds);
        else
            luaL_error(L, "not enough memory");
    }
    lua_pushboolean(L, call && call->state == PC_CALL_DONE);
    lua_pushboolean(L, engine->eventful || engine->has_forked ||
                           pc_mailbox_count_ended(&engine->mailbox) > 0);
    return 2;
}

/* client:state(call) -> "prepared", "parked", "queued", "active", "paused" or "done", which it
 * still is when its result was taken */
static int m_state(lua_State *L) {
    static const char *const names[] = {
        [PC_CALL_PREPARED] = "prepared", [PC_CALL_PARKED] = "parked", [PC_CALL_QUEUED] = "queued",
        [PC_CALL_ACTIVE] = "active",     [PC_CALL_PAUSED] = "paused", [PC_CALL_DONE] = "done",
    };
    const struct pc_call_box *box = pc_flight_box(L, pc_client_get(L));
    enum pc_call_state state = PC_CALL_DONE; /* not an index: gcc reads that without atomicity */
    if (box->call)
        state = check_taken(L, box, 2)->state;
    lua_pushstring(L, names[state]);
    return 1;
}

/* client:repeat_call(call): lets a call that is done be submitted once more, with another token.
 * `ended` tells of its next end alone. */
static int m_repeat(lua_State *L) {
    struct pc_client *client = pc_client_get(L);
    struct pc_call *call = pc_flight_check_done(L, client);
    pc_mailbox_forget_end(&client->engine.mailbox, call);
    pc_call_repeat(call);
    return 0;
}

/* client:cancel(call): ends it with a `cancelled` error, unless it has ended. */
static int m_cancel(lua_State *L) {
    pc_engine_cancel(pc_flight_check(L, pc_client_get(L)));
    return 0;
}

static int m__gc(lua_State *L) {
    struct pc_call_box *box = luaL_checkudata(L, 1, TYPE_CALL);
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
    { "prepare_pause", m_prepare_pause },
    { "begin", m_begin },
    { "id", m_id },
    { "park", m_park },
    { "submit", m_submit },
    { "submit_token", m_submit_token },
    { "time_left", m_time_left },
    { "drive", m_drive },
    { "state", m_state },
    { "repeat_call", m_repeat },
    { "cancel", m_cancel },
    { NULL, NULL },
};

void pc_flight_open(lua_State *L) {
    luaL_newmetatable(L, TYPE_CALL);
    lua_pushcfunction(L, m__gc);
    lua_setfield(L, -2, "__gc");
}

int pc_flight_f_unsent(lua_State *L) {
    struct pc_call *call = check_taken(L, luaL_checkudata(L, 1, TYPE_CALL), 1);
    lua_settop(L, 2);
    if (call->is_begun && call->state != PC_CALL_DONE)
        return pc_result_push_given_up(L, call);
    call->ended = pc_clock();
    int count = pc_result_push_unsent(L, call);
    pc_secrets_release(call->secrets);
    call->secrets = NULL;
    return count;
}
