/* SPDX-License-Identifier: MIT */
#include "attach.h"

#include "client.h"
#include "flight.h"
#include "wakeup.h"

#include <unistd.h>

/* client:attach(call [, ticket]) -> whether a socket can be read when the call is done, or when
 * `ended` has something to tell: the one that was just connected to core.wakeup_address(), or
 * through which the ticket was sent. It is not where the call is done already, or another socket is
 * attached to it. */
static int m_attach(lua_State *L) {
    struct pc_client *client = pc_client_get(L);
    struct pc_call *call = pc_flight_check(L, client);
    const char *ticket = luaL_optstring(L, 3, NULL);
    int socket = ticket ? pc_wakeup_take(ticket) : pc_wakeup_accept();
    bool is_attached = socket >= 0 && pc_mailbox_attach(&client->engine.mailbox, call, socket);
    if (socket >= 0 && !is_attached)
        close(socket);
    lua_pushboolean(L, is_attached);
    return 1;
}

/* client:detach(call, keep): lets go of the socket of a call that is done, if it has one, and
 * whether it is kept for another call. */
static int m_detach(lua_State *L) {
    struct pc_client *client = pc_client_get(L);
    const struct pc_call_box *box = pc_flight_box(L, client);
    int socket = box->call ? pc_mailbox_detach(&client->engine.mailbox, box->call) : -1;
    if (socket >= 0 && lua_toboolean(L, 3))
        pc_wakeup_keep(socket);
    else if (socket >= 0)
        close(socket);
    return 0;
}

const luaL_Reg pc_attach_methods[] = {
    { "attach", m_attach },
    { "detach", m_detach },
    { NULL, NULL },
};
