/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_CREDENTIALS_H
#define PARTNERCENTER_CREDENTIALS_H

#include "options.h"
#include "text.h"

#include <lua.h>

#pragma GCC visibility push(hidden)

/* A secret given as a string, or as a function that the Lua side calls: `text` is empty then. */
struct pc_secret_option {
    struct pc_text text;
    bool is_given;
};

/* What the options of a client say about who it is. The texts are owned by the Lua strings. */
struct pc_credentials {
    struct pc_secret_option access_token, refresh_token;
    struct pc_text tenant_id, client_id, client_secret;
};

/* The kinds of the options; their values are a struct pc_secret_option and a struct pc_text. */
extern const struct pc_option_kind pc_option_access_token;
extern const struct pc_option_kind pc_option_refresh_token;
extern const struct pc_option_kind pc_option_tenant_id;

/* Whether the client can get a token with them: there is an access token, or what is needed to ask
 * the authority for one. Raises for both together; where something is missing pushes a message and
 * returns false. */
bool pc_credentials_check(lua_State *L, const struct pc_credentials *credentials);

/* NULL when `token` can be sent as a bearer token, or what is wrong with it. */
const char *pc_credentials_check_token(struct pc_text token);

#pragma GCC visibility pop

#endif
