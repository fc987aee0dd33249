/* SPDX-License-Identifier: MIT */
#include "collect.h"

#include "client.h"
#include "compat.h"
#include "failure.h"
#include "flight.h"
#include "fork.h"
#include "result.h"
#include "token.h"

/* client:count_ended() -> how many watched calls have ended of which `ended` has not told */
static int m_count_ended(lua_State *L) {
    size_t count = pc_mailbox_count_ended(&pc_client_get(L)->engine.mailbox);
    lua_pushinteger(L, (lua_Integer)count);
    return 1;
}

/* client:ended() -> the id of the first of them; or nil. One at a time, so that whoever asks next
 * is told of the others also while the script does something about this one. */
static int m_ended(lua_State *L) {
    struct pc_call *call = pc_mailbox_take_ended(&pc_client_get(L)->engine.mailbox);
    if (!call) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushnumber(L, call->id);
    pc_call_release(call);
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
        struct pc_call *call = pc_flight_check(L, client);
        if (!call->is_begun || call->state == PC_CALL_DONE)
            append_events(L, call);
        return 1;
    }
    while (client->engine.eventful) { /* it is there still when the appending raises */
        append_events(L, client->engine.eventful);
        pc_call_release(pc_engine_take_eventful(&client->engine));
    }
    return 1;
}

/* client:refusals() -> how many answers with 429 the service has given */
static int m_refusals(lua_State *L) {
    lua_pushnumber(L, pc_client_get(L)->engine.refusals);
    return 1;
}

/* client:refused_token(call) -> the access token for which the service refused a call that is done,
 * with 401; nil where it did not, and where another process will send it once more: the call came
 * through a fork */
static int m_refused_token(lua_State *L) {
    const struct pc_call *call = pc_flight_check(L, pc_client_get(L));
    if (call->state == PC_CALL_DONE && call->forks == pc_fork_count() && !call->cancelled &&
        call->code == CURLE_OK && call->answer.status == 401 && call->headers &&
        call->headers->token)
        lua_pushstring(L, call->headers->token);
    else
        lua_pushnil(L);
    return 1;
}

/* Lets go of a call whose result was taken. */
static void discard(lua_State *L, struct pc_client *client, int index) {
    struct pc_call_box *box = lua_touserdata(L, index);
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
    struct pc_call *call = pc_flight_check_done(L, client);
    luaL_argcheck(L, !call->request.operation->is_token, 2, "the token has to be taken");
    int count = pc_result_push(L, call);
    discard(L, client, 2);
    return count;
}

/* The client uses what was granted from now on. One that was closed meanwhile has no use for an
 * access token; one of the app alone takes no refresh token. */
static void use_grant(lua_State *L, struct pc_client *client, struct pc_token_grant *grant) {
    if (!client->secrets) /* which was collected */
        return;
    if (client->is_open)
        pc_client_set_token(L, client, grant->access_token);
    if (!client->secrets->current[PC_SECRET_REFRESH_TOKEN])
        grant->refresh_token = (struct pc_text){ NULL, 0 };
    if (grant->refresh_token.data &&
        !pc_secrets_set(client->secrets, PC_SECRET_REFRESH_TOKEN, grant->refresh_token))
        luaL_error(L, "not enough memory");
}

/* client:take_token(call) -> seconds it has left, the access token, the next refresh token or nil;
 * or nil, err. The result of a call of `prepare_token` that is done. */
static int m_take_token(lua_State *L) {
    struct pc_client *client = pc_client_get(L);
    struct pc_call *call = pc_flight_check_done(L, client);
    struct pc_token_grant grant = { 0 };
    luaL_argcheck(L, call->request.operation->is_token, 2, "the call asks for no token");
    lua_settop(L, 2);
    if (!pc_call_is_success(call) || !pc_token_read(L, call, &grant)) {
        lua_pushnil(L);
        pc_failure_push_token(L, call);
        discard(L, client, 2);
        return 2;
    }
    use_grant(L, client, &grant);
    lua_pushnumber(L, grant.seconds);
    lua_pushlstring(L, grant.access_token.data, grant.access_token.length);
    if (grant.refresh_token.data)
        lua_pushlstring(L, grant.refresh_token.data, grant.refresh_token.length);
    else
        lua_pushnil(L);
    discard(L, client, 2);
    return 3;
}

const luaL_Reg pc_collect_methods[] = {
    { "count_ended", m_count_ended },
    { "ended", m_ended },
    { "events", m_events },
    { "refusals", m_refusals },
    { "refused_token", m_refused_token },
    { "result", m_result },
    { "take_token", m_take_token },
    { NULL, NULL },
};
