/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_TOKEN_H
#define PARTNERCENTER_TOKEN_H

#include "call.h"
#include "settings.h"

#include <lua.h>

#pragma GCC visibility push(hidden)

/* Requests to the token authority (Entra ID, OAuth 2.0): with a refresh token for App+User
 * credentials, without one for the app alone; and the login that brings the first refresh token. */

/* Fills `request`, which must be empty. `refresh_token` is NULL where there is none. False when
 * memory runs out. */
bool pc_token_request(const struct pc_settings *settings, const char *client_secret,
                      const char *refresh_token, struct pc_request *request);

/* A person's login at another device: without a device code the request for one, with it the
 * question whether the person has logged in. */
bool pc_token_login_request(const struct pc_settings *settings, const char *device_code,
                            struct pc_request *request);

/* What the authority granted. The texts are owned by the decoded answer on the Lua stack. */
struct pc_token_grant {
    struct pc_text access_token;
    struct pc_text refresh_token; /* the next one to use; NULL data: the present one stays */
    double seconds;               /* until the access token expires */
};

/* Reads the answer of a call that is done and a success. Pushes the decoded answer and returns
 * true; or, where it grants nothing, pushes nothing and returns false. */
bool pc_token_read(lua_State *L, const struct pc_call *call, struct pc_token_grant *grant);

/* The same for a call that has asked for a device code. */
bool pc_token_read_device_code(lua_State *L, const struct pc_call *call);

#pragma GCC visibility pop

#endif
