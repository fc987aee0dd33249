/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include "cloud.h"
#include "error.h"
#include "options.h"
#include "version.h"

#include <curl/curl.h>
#include <lauxlib.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* There are no more ports than this to connect from. */
#define MAX_CONNECTIONS 65535

struct client_options {
    struct pc_credentials credentials;
    struct pc_text cloud, base_url, login_url, ca_file, proxy, user_agent, locale, application_name;
    double timeout, connect_timeout, deadline, max_retries, max_retry_after;
    double max_connections, max_response_size;
    bool http2, allow_insecure_http, has_event_function;
    bool for_lua; /* what only the Lua side uses */
};

/* A text that may be empty: no proxy at all, whatever the environment says. */
static const char *read_proxy(lua_State *L, void *value) {
    struct pc_text *proxy = value;
    proxy->data = lua_tolstring(L, -1, &proxy->length);
    return proxy->length == 0 ? NULL : pc_option_text.read(L, value);
}

static const struct pc_option_kind proxy_kind = { 1u << LUA_TSTRING, read_proxy };

/* Something that the Lua side calls: here counts only that it is given. */
static const char *read_presence(lua_State *L, void *value) {
    (void)L;
    *(bool *)value = true;
    return NULL;
}

static const struct pc_option_kind function_kind = { 1u << LUA_TFUNCTION, read_presence };
static const struct pc_option_kind object_kind = {
    1u << LUA_TTABLE | 1u << LUA_TUSERDATA,
    read_presence,
};

#define FIELD(name) offsetof(struct client_options, name)

static const struct pc_option client_options[] = {
    { "cloud", &pc_option_text, FIELD(cloud), 1 },
    { "base_url", &pc_option_text, FIELD(base_url), 1 },
    { "login_url", &pc_option_text, FIELD(login_url), 1 },
    { "tenant_id", &pc_option_tenant_id, FIELD(credentials.tenant_id), 1 },
    { "client_id", &pc_option_text, FIELD(credentials.client_id), 1 },
    { "client_secret", &pc_option_text, FIELD(credentials.client_secret), 1 },
    { "refresh_token", &pc_option_refresh_token, FIELD(credentials.refresh_token), 1 },
    { "on_refresh_token", &function_kind, FIELD(for_lua), 1 },
    { "access_token", &pc_option_access_token, FIELD(credentials.access_token), 1 },
    { "token_cache", &object_kind, FIELD(for_lua), 1 },
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
    { "on_event", &function_kind, FIELD(has_event_function), 1 },
    { 0 },
};

#undef FIELD

static bool refuse(lua_State *L, const char *name, const char *problem) {
    lua_pushfstring(L, "%s %s", name, problem);
    return false;
}

static bool refuse_value(lua_State *L, const char *name, const char *must, struct pc_text value) {
    pc_error_push_must(L, name, must, value);
    return false;
}

static bool is_readable_file(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, R_OK) == 0;
}

static bool check(lua_State *L, const struct client_options *options) {
    if (!pc_credentials_check(L, &options->credentials))
        return false;
    if (options->max_connections > MAX_CONNECTIONS)
        return refuse(L, "max_connections", "must be at most 65535");
    if (options->ca_file.data && !is_readable_file(options->ca_file.data))
        return refuse_value(L, "ca_file", "a file that can be read", options->ca_file);
    return true;
}

/* The proxy, for a service at `base`. Plain http is refused to another machine, and so it is by way
 * of one: a proxy would see the token. */
static bool check_proxy(lua_State *L, const struct client_options *options,
                        const struct pc_settings *settings) {
    bool is_on_loopback = false;
    if (options->proxy.length == 0)
        return true;
    const char *problem = pc_proxy_url_check(options->proxy.data, &is_on_loopback);
    bool is_plain = !settings->base.is_tls || !settings->login.is_tls;
    if (!problem && is_plain && !is_on_loopback && !options->allow_insecure_http)
        problem = "would see the access token, since base_url or login_url uses plain http: use "
                  "https, or set allow_insecure_http";
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

/* A list of the one header with which a proxy is told who we are, as the service is. */
static struct curl_slist *proxy_lines(lua_State *L, const char *user_agent) {
    struct curl_slist *list =
        curl_slist_append(NULL, lua_pushfstring(L, "User-Agent: %s", user_agent));
    lua_pop(L, 1);
    if (!list)
        luaL_error(L, "not enough memory");
    return list;
}

static bool curl_has_http2(void) {
    return (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_HTTP2) != 0;
}

static void fill(lua_State *L, const struct client_options *options, struct pc_settings *settings) {
    settings->tenant_id = copy(L, options->credentials.tenant_id, NULL);
    settings->client_id = copy(L, options->credentials.client_id, NULL);
    settings->ca_file = copy(L, options->ca_file, NULL);
    settings->proxy = copy(L, options->proxy, NULL);
    settings->user_agent = copy(L, options->user_agent, "lua-partnercenter/" PARTNERCENTER_VERSION);
    if (settings->base.is_tls) /* else it reads the service's own headers */
        settings->proxy_lines = proxy_lines(L, settings->user_agent);
    settings->locale = copy(L, options->locale, "en-US");
    settings->application_name = copy(L, options->application_name, "");
    settings->timeout = options->timeout;
    settings->connect_timeout = options->connect_timeout;
    settings->deadline = options->deadline;
    settings->max_retries = options->max_retries;
    settings->max_retry_after = options->max_retry_after;
    settings->max_connections = (size_t)options->max_connections;
    settings->max_response_size = (size_t)fmin(options->max_response_size, (double)(SIZE_MAX / 2));
    settings->http2 = options->http2 && settings->base.is_tls && curl_has_http2();
    settings->wants_events = options->has_event_function;
}

/* Reads an address that was given, or the cloud's. */
static bool read_url(lua_State *L, const char *name, struct pc_text given, const char *of_cloud,
                     bool allow_insecure, struct pc_base_url *url) {
    const char *problem = pc_base_url_read(given.data ? given.data : of_cloud, allow_insecure, url);
    return problem ? refuse(L, name, problem) : true;
}

static bool read_urls(lua_State *L, const struct client_options *options,
                      struct pc_settings *settings) {
    const struct pc_cloud *cloud = pc_cloud_find(options->cloud.data);
    bool allow_insecure = options->allow_insecure_http;
    if (!cloud)
        return refuse_value(L, "cloud", PC_CLOUD_NAMES, options->cloud);
    return read_url(L, "base_url", options->base_url, cloud->base_url, allow_insecure,
                    &settings->base) &&
           read_url(L, "login_url", options->login_url, cloud->login_url, allow_insecure,
                    &settings->login);
}

bool pc_settings_read(lua_State *L, int index, struct pc_settings *settings,
                      struct pc_credentials *credentials) {
    struct client_options options = {
        .cloud = { PC_DEFAULT_CLOUD, sizeof PC_DEFAULT_CLOUD - 1 },
        .timeout = 30,
        .connect_timeout = 10,
        .deadline = 300,
        .max_retries = 3,
        .max_retry_after = 120,
        .max_connections = 32,
        .max_response_size = 8.0 * 1024 * 1024,
        .http2 = true,
    };
    if (!pc_options_read(L, index, client_options, 1, &options) || !check(L, &options) ||
        !read_urls(L, &options, settings) || !check_proxy(L, &options, settings))
        return false;
    fill(L, &options, settings);
    *credentials = options.credentials;
    return true;
}

void pc_settings_free(struct pc_settings *settings) {
    free(settings->base.text);
    free(settings->login.text);
    free(settings->tenant_id);
    free(settings->client_id);
    free(settings->ca_file);
    pc_text_free(settings->proxy); /* its password may be in it */
    free(settings->user_agent);
    curl_slist_free_all(settings->proxy_lines);
    free(settings->locale);
    free(settings->application_name);
    *settings = (struct pc_settings){ 0 };
}
