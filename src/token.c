/* SPDX-License-Identifier: MIT */
#include "token.h"

#include "clock.h"
#include "json.h"

#include <curl/curl.h>
#include <math.h>
#include <string.h>

/* Of the app-only flow; the App+User flow asks for the service's own address. */
#define APP_ONLY_RESOURCE "https://graph.windows.net"

static const struct pc_operation token_operation = {
    .name = "token",
    .method = "POST",
    .path = "/oauth2/token",
    .promise = "an access token",
    .is_token = true,
};

static const struct pc_operation device_code_operation = {
    .name = "device_code",
    .method = "POST",
    .path = "/oauth2/devicecode",
    .promise = "a device code",
    .is_token = true,
};

/* A field of a form; one without a value is left out. */
struct field {
    const char *name, *value;
};

static bool append_field(struct pc_buffer *form, const char *name, const char *value) {
    return (form->length == 0 || pc_buffer_append_text(form, "&")) &&
           pc_buffer_append_text(form, name) && pc_buffer_append_text(form, "=") &&
           pc_url_append_encoded(form, value, strlen(value));
}

/* The fields end with one that has no name. */
static bool make_request(const struct pc_settings *settings, const struct pc_operation *operation,
                         const struct field *fields, struct pc_request *request) {
    request->operation = operation;
    request->is_loopback = settings->login.is_loopback;
    request->timeout = settings->timeout;
    request->deadline = settings->deadline;
    request->max_retries = settings->max_retries;
    bool appended = pc_buffer_append_text(&request->url, settings->login.text) &&
                    pc_buffer_append_text(&request->url, "/") &&
                    pc_buffer_append_text(&request->url, settings->tenant_id) &&
                    pc_buffer_append_text(&request->url, operation->path);
    for (const struct field *field = fields; appended && field->name; field++) {
        if (field->value)
            appended = append_field(&request->body, field->name, field->value);
    }
    return appended;
}

bool pc_token_request(const struct pc_settings *settings, const char *client_secret,
                      const char *refresh_token, struct pc_request *request) {
    const struct field fields[] = {
        { "grant_type", refresh_token ? "refresh_token" : "client_credentials" },
        { "resource", refresh_token ? settings->base.text : APP_ONLY_RESOURCE },
        { "client_id", settings->client_id },
        { "client_secret", client_secret },
        { "refresh_token", refresh_token },
        { "scope", refresh_token ? "openid" : NULL },
        { NULL, NULL },
    };
    return make_request(settings, &token_operation, fields, request);
}

bool pc_token_login_request(const struct pc_settings *settings, const char *device_code,
                            struct pc_request *request) {
    const struct field fields[] = {
        { "grant_type", device_code ? "device_code" : NULL },
        { "client_id", settings->client_id },
        { "resource", settings->base.text },
        { "code", device_code },
        { NULL, NULL },
    };
    return make_request(settings, device_code ? &token_operation : &device_code_operation, fields,
                        request);
}

/* The string field of the table at the top of the stack, which keeps it; or NULL data. */
static struct pc_text text_field(lua_State *L, const char *name) {
    struct pc_text text = { NULL, 0 };
    lua_getfield(L, -1, name);
    if (lua_type(L, -1) == LUA_TSTRING)
        text.data = lua_tolstring(L, -1, &text.length);
    lua_pop(L, 1);
    return text;
}

/* A number, or a string of one, as the authority writes either; negative where it is neither. */
static double number_field(lua_State *L, const char *name) {
    lua_getfield(L, -1, name);
    double number = lua_isnumber(L, -1) ? lua_tonumber(L, -1) : -1;
    lua_pop(L, 1);
    return isfinite(number) ? number : -1;
}

/* How long the token lives. The absolute time is measured against the answer's own `Date`, so that
 * a wrong local clock does not matter. */
static double seconds_left(lua_State *L, const struct pc_answer *answer) {
    double expires_in = number_field(L, "expires_in");
    if (expires_in >= 0)
        return expires_in;
    double expires_on = number_field(L, "expires_on");
    time_t answered = curl_getdate(answer->date, NULL);
    double now = answered == (time_t)-1 ? pc_time() : (double)answered;
    return fmax(0, expires_on - now);
}

/* The next refresh token, where the answer has one that can be sent. */
static struct pc_text refresh_token_field(lua_State *L) {
    const struct pc_text none = { NULL, 0 };
    struct pc_text text = text_field(L, "refresh_token");
    bool is_usable = text.length > 0 && !pc_text_has_control(text.data, text.length);
    return is_usable ? text : none;
}

bool pc_token_read_device_code(lua_State *L, const struct pc_call *call) {
    const struct pc_buffer *body = &call->answer.body;
    if (body->length == 0 || !pc_json_decode(L, body->data, body->length))
        return false;
    if (lua_istable(L, -1) && text_field(L, "device_code").length > 0)
        return true;
    lua_pop(L, 1);
    return false;
}

bool pc_token_read(lua_State *L, const struct pc_call *call, struct pc_token_grant *grant) {
    const struct pc_buffer *body = &call->answer.body;
    if (body->length == 0 || !pc_json_decode(L, body->data, body->length))
        return false;
    if (lua_istable(L, -1)) {
        grant->access_token = text_field(L, "access_token");
        grant->refresh_token = refresh_token_field(L);
        grant->seconds = seconds_left(L, &call->answer);
        if (grant->access_token.data && !pc_credentials_check_token(grant->access_token))
            return true;
    }
    lua_pop(L, 1);
    return false;
}
