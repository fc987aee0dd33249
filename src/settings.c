/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include "options.h"
#include "version.h"

#include <curl/curl.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where Partner Center stands, unless `base_url` says otherwise. */
#define DEFAULT_BASE_URL "https://api.partnercenter.microsoft.com"

/* There are no more ports than this to connect from. */
#define MAX_CONNECTIONS 65535

/* An access_token given as a function: the Lua side calls it. */
struct token_option {
    struct pc_text text;
    bool is_given;
};

struct client_options {
    struct pc_text base_url, ca_file, proxy, user_agent, locale, application_name;
    struct token_option access_token;
    double timeout, connect_timeout, deadline, max_retries, max_retry_after;
    double max_connections, max_response_size;
    bool http2, allow_insecure_http;
};

const char *pc_settings_check_token(struct pc_text token) {
    /* b64token of RFC 6750, section 2.1 */
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";
    if (token.length == 0)
        return "must not be empty";
    for (size_t i = 0; i < token.length; i++) {
        if (token.data[i] == '\0' || !strchr(allowed, token.data[i]))
            return "must be the token alone: letters, digits and - . _ ~ + / = (no \"Bearer\", no "
                   "line end)";
    }
    return NULL;
}

static const char *read_access_token(lua_State *L, void *value) {
    struct token_option *token = value;
    token->is_given = true;
    if (lua_type(L, -1) != LUA_TSTRING)
        return NULL;
    token->text.data = lua_tolstring(L, -1, &token->text.length);
    return pc_settings_check_token(token->text);
}

static const struct pc_option_kind access_token_kind = {
    1u << LUA_TSTRING | 1u << LUA_TFUNCTION,
    read_access_token,
};

/* A text that may be empty: no proxy at all, whatever the environment says. */
static const char *read_proxy(lua_State *L, void *value) {
    struct pc_text *proxy = value;
    proxy->data = lua_tolstring(L, -1, &proxy->length);
    return proxy->length == 0 ? NULL : pc_option_text.read(L, value);
}

static const struct pc_option_kind proxy_kind = { 1u << LUA_TSTRING, read_proxy };

#define FIELD(name) offsetof(struct client_options, name)

static const struct pc_option client_options[] = {
    { "base_url", &pc_option_text, FIELD(base_url), 1 },
    { "access_token", &access_token_kind, FIELD(access_token), 1 },
    { "timeout", &pc_option_seconds, FIELD(timeout), 1 },
    { "connect_timeout", &pc_option_seconds, FIELD(connect_timeout), 1 },
    { "deadline", &pc_option_seconds, FIELD(deadline), 1 },
    { "max_retries", &pc_option_whole, FIELD(max_retries), 1 },
    { "max_retry_after", &pc_option_pause, FIELD(max_retry_after), 1 },
    { "max_connections", &pc_option_count, FIELD(max_connections), 1 },
    { "http2", &pc_option_boolean, FIELD(http2), 1 },
    { "locale", &pc_option_text, FIELD(locale), 1 },
    { "application_name", &pc_option_text, FIELD(application_name), 1 },
    { "user_agent", &pc_option_text, FIELD(user_agent), 1 },
    { "ca_file", &pc_option_text, FIELD(ca_file), 1 },
    { "proxy", &proxy_kind, FIELD(proxy), 1 },
    { "allow_insecure_http", &pc_option_boolean, FIELD(allow_insecure_http), 1 },
    { "max_response_size", &pc_option_count, FIELD(max_response_size), 1 },
    { 0 },
};

#undef FIELD

static bool refuse(lua_State *L, const char *name, const char *problem) {
    lua_pushfstring(L, "%s %s", name, problem);
    return false;
}

static bool is_readable_file(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, R_OK) == 0;
}

static bool check(lua_State *L, const struct client_options *options) {
    if (!options->access_token.is_given)
        return refuse(L, "access_token",
                      "is missing: give a string, or a function that returns "
                      "the token and the seconds it has left");
    if (options->max_connections > MAX_CONNECTIONS)
        return refuse(L, "max_connections", "must be at most 65535");
    if (options->ca_file.data && !is_readable_file(options->ca_file.data))
        return refuse(L, "ca_file", "is no file that can be read");
    return true;
}

/* The proxy, for a service at `base`. Plain http is refused to another machine, and so it is by way
 * of one: a proxy would see the token. */
static bool check_proxy(lua_State *L, const struct client_options *options,
                        const struct pc_base_url *base) {
    bool is_on_loopback = false;
    if (options->proxy.length == 0)
        return true;
    const char *problem = pc_proxy_url_check(options->proxy.data, &is_on_loopback);
    if (!problem && !base->is_tls && !is_on_loopback && !options->allow_insecure_http)
        problem = "would see the access token, since base_url uses plain http: use https, or set "
                  "allow_insecure_http";
    return problem ? refuse(L, "proxy", problem) : true;
}

/* A copy of the text, of `fallback` where it was not given; NULL where that is NULL too. */
static char *copy(lua_State *L, struct pc_text text, const char *fallback) {
    const char *from = text.data ? text.data : fallback;
    char *copied = from ? strdup(from) : NULL;
    if (from && !copied)
        luaL_error(L, "not enough memory");
    return copied;
}

static bool curl_has_http2(void) {
    return (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP2) != 0;
}

static void fill(lua_State *L, const struct client_options *options, struct pc_settings *settings) {
    /* Plain http to this machine must not leave it through a proxy of the environment: libcurl
     * asks none where the proxy is "". */
    const char *no_proxy = settings->base.is_loopback ? "" : NULL;
    settings->ca_file = copy(L, options->ca_file, NULL);
    settings->proxy = copy(L, options->proxy, no_proxy);
    settings->user_agent = copy(L, options->user_agent, "lua-partnercenter/" PARTNERCENTER_VERSION);
    settings->locale = copy(L, options->locale, "en-US");
    settings->application_name = copy(L, options->application_name, "");
    settings->timeout = options->timeout;
    settings->connect_timeout = options->connect_timeout;
    settings->deadline = options->deadline;
    settings->max_retries = options->max_retries;
    settings->max_retry_after = options->max_retry_after;
    settings->max_connections = (size_t)options->max_connections;
    settings->max_response_size = (size_t)options->max_response_size;
    settings->http2 = options->http2 && settings->base.is_tls && curl_has_http2();
}

bool pc_settings_read(lua_State *L, int index, struct pc_settings *settings,
                      struct pc_text *access_token) {
    struct client_options options = {
        .base_url = { DEFAULT_BASE_URL, sizeof DEFAULT_BASE_URL - 1 },
        .timeout = 30,
        .connect_timeout = 10,
        .deadline = 300,
        .max_retries = 3,
        .max_retry_after = 120,
        .max_connections = 32,
        .max_response_size = 8.0 * 1024 * 1024,
        .http2 = true,
    };
    if (!pc_options_read(L, index, client_options, 1, &options) || !check(L, &options))
        return false;
    const char *problem =
        pc_base_url_read(options.base_url.data, options.allow_insecure_http, &settings->base);
    if (problem)
        return refuse(L, "base_url", problem);
    if (!check_proxy(L, &options, &settings->base))
        return false;
    fill(L, &options, settings);
    *access_token = options.access_token.text;
    return true;
}

void pc_settings_free(struct pc_settings *settings) {
    free(settings->base.text);
    free(settings->ca_file);
    free(settings->proxy);
    free(settings->user_agent);
    free(settings->locale);
    free(settings->application_name);
    *settings = (struct pc_settings){ 0 };
}
