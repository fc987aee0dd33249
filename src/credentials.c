/* SPDX-License-Identifier: MIT */
#include "credentials.h"

#include "misuse.h"

#include <lauxlib.h>
#include <string.h>

#define LETTERS_AND_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

const char *pc_credentials_check_token(struct pc_text token) {
    static const char allowed[] = LETTERS_AND_DIGITS "-._~+/="; /* RFC 6750, section 2.1 */
    if (token.length == 0)
        return "must not be empty";
    if (strspn(token.data, allowed) != token.length)
        return "must be the token alone: letters, digits and - . _ ~ + / = (no \"Bearer\", no "
               "line end)";
    return NULL;
}

static const char *read_access_token(lua_State *L, void *value) {
    struct pc_secret_option *token = value;
    token->is_given = true;
    if (lua_type(L, -1) != LUA_TSTRING)
        return NULL;
    token->text.data = lua_tolstring(L, -1, &token->text.length);
    return pc_credentials_check_token(token->text);
}

static const char *read_refresh_token(lua_State *L, void *value) {
    struct pc_secret_option *token = value;
    token->is_given = true;
    return lua_type(L, -1) == LUA_TSTRING ? pc_option_text.read(L, &token->text) : NULL;
}

/* The tenant stands in the path of the authority's URL: a GUID, or one of the tenant's domains. */
static const char *read_tenant_id(lua_State *L, void *value) {
    struct pc_text *tenant = value;
    tenant->data = lua_tolstring(L, -1, &tenant->length);
    if (tenant->length == 0 || tenant->data[0] == '.' ||
        strspn(tenant->data, LETTERS_AND_DIGITS "-.") != tenant->length)
        return "must be the tenant's GUID or one of its domains, like contoso.onmicrosoft.com";
    return NULL;
}

const struct pc_option_kind pc_option_access_token = {
    1u << LUA_TSTRING | 1u << LUA_TFUNCTION,
    read_access_token,
};
const struct pc_option_kind pc_option_refresh_token = {
    1u << LUA_TSTRING | 1u << LUA_TFUNCTION,
    read_refresh_token,
};
const struct pc_option_kind pc_option_tenant_id = { 1u << LUA_TSTRING, read_tenant_id };

bool pc_credentials_check(lua_State *L, const struct pc_credentials *credentials) {
    const struct {
        const char *name;
        bool is_given;
    } parts[] = {
        { "tenant_id", credentials->tenant_id.data != NULL },
        { "client_id", credentials->client_id.data != NULL },
        { "client_secret", credentials->client_secret.data != NULL },
    };
    bool has_part = credentials->refresh_token.is_given;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        has_part = has_part || parts[i].is_given;
    if (credentials->access_token.is_given && has_part)
        pc_misuse(L, "bad options (access_token is given instead of tenant_id, client_id, "
                     "client_secret and refresh_token, not together with any of them)");
    if (credentials->access_token.is_given)
        return true;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].is_given)
            continue;
        lua_pushfstring(L,
                        "%s is missing: give tenant_id, client_id and client_secret (and for the "
                        "updates refresh_token), or an access_token",
                        parts[i].name);
        return false;
    }
    return true;
}
