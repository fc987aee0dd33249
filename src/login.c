/* SPDX-License-Identifier: MIT */
#include "login.h"

#include "client.h"
#include "compat.h"
#include "failure.h"
#include "flight.h"
#include "token.h"

/* client:prepare_login([has_code]) -> call that asks the authority for a device code; or, where it
 * was given one with set_refresh_token, whether the person has logged in with it. The code is as
 * secret as the refresh token, whose place it has until that is there. */
static int m_prepare_login(lua_State *L) {
    struct pc_client *client = pc_client_check(L);
    luaL_argcheck(L, client->settings.client_id, 1, "a client with an access token has no app");
    const char *code =
        lua_toboolean(L, 2) ? client->secrets->current[PC_SECRET_REFRESH_TOKEN] : NULL;
    struct pc_call *call = pc_flight_push(L, client);
    if (!pc_token_login_request(&client->settings, code, &call->request))
        return luaL_error(L, "not enough memory");
    return 1;
}

/* client:take_device_code(call) -> the authority's answer as a table; or nil, err. The result of a
 * call for a device code that is done. */
static int m_take_device_code(lua_State *L) {
    struct pc_call *call = pc_flight_check_done(L, pc_client_get(L));
    luaL_argcheck(L, call->request.operation->is_token, 2, "the call asks for no code");
    if (pc_call_is_success(call) && pc_token_read_device_code(L, call))
        return 1;
    lua_pushnil(L);
    pc_failure_push_token(L, call);
    return 2;
}

const luaL_Reg pc_login_methods[] = {
    { "prepare_login", m_prepare_login },
    { "take_device_code", m_take_device_code },
    { NULL, NULL },
};
