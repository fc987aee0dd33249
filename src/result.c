/* SPDX-License-Identifier: MIT */
#include "result.h"

#include "clock.h"
#include "failure.h"
#include "json.h"

#include <stdbool.h>

static void push_meta_so_far(lua_State *L, const struct pc_call *call, double until) {
    lua_createtable(L, 0, 5);
    lua_pushinteger(L, (lua_Integer)call->attempts);
    lua_setfield(L, -2, "attempts");
    lua_pushnumber(L, until - call->begun);
    lua_setfield(L, -2, "elapsed");
}

static void push_meta(lua_State *L, struct pc_call *call) {
    push_meta_so_far(L, call, call->ended);
    if (call->answer.status != 0) {
        lua_pushinteger(L, (lua_Integer)call->answer.status);
        lua_setfield(L, -2, "status");
    }
    pc_failure_set_ids(L, call);
}

/* Pushes the result of a success and returns true, or pushes nothing. */
static bool push_promised(lua_State *L, const struct pc_call *call) {
    const struct pc_buffer *body = &call->answer.body;
    if (body->length == 0 || !pc_json_decode(L, body->data, body->length))
        return false;
    if (call->request.operation->shape(L, pc_json_first_byte(body->data, body->length)))
        return true;
    lua_pop(L, 1);
    return false;
}

int pc_result_push(lua_State *L, struct pc_call *call) {
    if (pc_call_is_success(call) && push_promised(L, call)) {
        lua_pushnil(L);
        push_meta(L, call);
        return 3;
    }
    lua_pushnil(L);
    if (pc_call_is_success(call))
        pc_failure_push_shape(L, call);
    else
        pc_failure_push(L, call);
    push_meta(L, call);
    return 3;
}

int pc_result_push_unsent(lua_State *L, struct pc_call *call) {
    lua_pushnil(L);
    lua_insert(L, -2);
    if (call) {
        push_meta(L, call);
        return 3;
    }
    lua_createtable(L, 0, 2);
    lua_pushinteger(L, 0);
    lua_setfield(L, -2, "attempts");
    lua_pushnumber(L, 0);
    lua_setfield(L, -2, "elapsed");
    return 3;
}

int pc_result_push_given_up(lua_State *L, const struct pc_call *call) {
    lua_pushnil(L);
    lua_insert(L, -2);
    push_meta_so_far(L, call, pc_clock());
    lua_pushstring(L, call->request.request_id.text);
    lua_setfield(L, -2, "request_id");
    lua_pushstring(L, call->request.correlation_id.text);
    lua_setfield(L, -2, "correlation_id");
    return 3;
}
