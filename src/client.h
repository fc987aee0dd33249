/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_CLIENT_H
#define PARTNERCENTER_CLIENT_H

#include "call_pool.h"
#include "engine.h"
#include "secrets.h"
#include "settings.h"
#include "thread.h"

#include <lua.h>

#pragma GCC visibility push(hidden)

/* The client as the Lua side of this library sees it: a userdata that holds the options, the
 * connections and the secrets, and makes calls of validated arguments. */
struct pc_client {
    unsigned long long number; /* of this client alone, in this process */
    bool is_open;
    struct pc_settings settings;
    struct pc_engine engine;
    struct pc_thread thread;
    struct pc_secrets *secrets;
    struct pc_headers *headers;       /* of the current access token; NULL until there is one */
    struct pc_headers *token_headers; /* of the requests for one; NULL until the first */
    struct pc_call_pool spare;
    double last_id; /* of a call */
    struct pc_buffer redacted;
};

/* The upvalues of the client's methods: its own metatable, and that of calls. */
enum { PC_CLIENT_UPVALUE = 1, PC_CALL_UPVALUE = 2 };

/* Makes the metatables of clients and of calls. */
void pc_client_open(lua_State *L);

/* The client at index 1; raises where there is none. */
struct pc_client *pc_client_get(lua_State *L);

/* The same, and raises where it is closed. */
struct pc_client *pc_client_check(lua_State *L);

/* Replaces the access token. Raises when memory runs out. */
void pc_client_set_token(lua_State *L, struct pc_client *client, struct pc_text token);

/* core.client(options) -> client, or nil, err */
int pc_client_f_client(lua_State *L);

#pragma GCC visibility pop

#endif
