/* SPDX-License-Identifier: MIT */
#include "request.h"

#include "misuse.h"
#include "options.h"
#include "url.h"

#include <lauxlib.h>
#include <stddef.h>
#include <string.h>

struct call_options {
    struct pc_text request_id;
    struct pc_text correlation_id;
    double timeout;
    struct pc_update update;
};

/* The scopes of the options of a call. */
enum { EVERY_CALL = 1, UPDATES = 2 };

#define FIELD(name) offsetof(struct call_options, name)

static const struct pc_option call_options[] = {
    { "request_id", &pc_option_text, FIELD(request_id), EVERY_CALL },
    { "correlation_id", &pc_option_text, FIELD(correlation_id), EVERY_CALL },
    { "timeout", &pc_option_seconds, FIELD(timeout), EVERY_CALL },
    { "validation_code", &pc_option_validation_code, FIELD(update.validation_code), UPDATES },
    { "education_segment", &pc_option_text, FIELD(update.education_segment), UPDATES },
    { "website", &pc_option_text, FIELD(update.website), UPDATES },
    { "body", &pc_option_text, FIELD(update.body), UPDATES },
    { 0 },
};

static bool read_guid(lua_State *L, const char *name, struct pc_text text, struct pc_guid *guid) {
    if (pc_guid_parse(text.data, text.length, guid))
        return true;
    lua_pushfstring(L, "%s must be a GUID, like 3f2504e0-4f89-41d3-9a0c-0305e82c3301", name);
    return false;
}

static bool read_customer_id(lua_State *L, int index, struct pc_guid *customer_id) {
    struct pc_text text = { 0 };
    if (lua_type(L, index) != LUA_TSTRING)
        pc_misuse(L, "bad argument 'customer_id' (string expected, got %s)",
                  luaL_typename(L, index));
    text.data = lua_tolstring(L, index, &text.length);
    return read_guid(L, "customer_id", text, customer_id);
}

/* The id that was given, or a new one: each call is known by two ids of its own. */
static bool read_or_generate_id(lua_State *L, const char *name, struct pc_text text,
                                struct pc_guid *id) {
    if (text.data)
        return read_guid(L, name, text, id);
    if (!pc_guid_generate(id))
        luaL_error(L, "partnercenter: the system gives no random numbers");
    return true;
}

static bool build_url(const char *base_url, const struct pc_operation *operation,
                      const struct pc_guid *customer_id, struct pc_text code,
                      struct pc_buffer *url) {
    const char *place = strstr(operation->path, PC_CUSTOMER_PLACE);
    bool built = pc_buffer_append_text(url, base_url);
    if (place) {
        built = built && pc_buffer_append(url, operation->path, (size_t)(place - operation->path));
        built = built && pc_buffer_append_text(url, customer_id->text);
        built = built && pc_buffer_append_text(url, place + strlen(PC_CUSTOMER_PLACE));
    } else {
        built = built && pc_buffer_append_text(url, operation->path);
    }
    if (code.data) {
        built = built && pc_buffer_append_text(url, "?code=");
        built = built && pc_url_append_encoded(url, code.data, code.length);
    }
    return built;
}

static void build_body(lua_State *L, const struct pc_update *update, struct pc_request *request) {
    size_t length = 0;
    request->operation->push_body(L, update);
    const char *body = lua_tolstring(L, -1, &length);
    if (!pc_buffer_append(&request->body, body, length))
        luaL_error(L, "not enough memory");
    lua_pop(L, 1);
}

bool pc_request_read(lua_State *L, int index, const struct pc_request_defaults *defaults,
                     struct pc_request *request) {
    const struct pc_operation *operation = pc_operation_find(luaL_checkstring(L, index));
    luaL_argcheck(L, operation != NULL, index, "unknown operation");
    bool is_update = operation->push_body != NULL;
    struct pc_guid customer_id = { { 0 } };
    struct call_options options = { .timeout = defaults->timeout };

    if (strstr(operation->path, PC_CUSTOMER_PLACE) && !read_customer_id(L, ++index, &customer_id))
        return false;
    if (is_update && !pc_update_read_qualification(L, ++index, &options.update))
        return false;
    if (!pc_options_read(L, ++index, call_options, is_update ? EVERY_CALL | UPDATES : EVERY_CALL,
                         &options))
        return false;
    if (is_update && !pc_update_check(L, &options.update))
        return false;
    if (!read_or_generate_id(L, "request_id", options.request_id, &request->request_id) ||
        !read_or_generate_id(L, "correlation_id", options.correlation_id, &request->correlation_id))
        return false;

    request->operation = operation;
    request->timeout = options.timeout;
    if (!build_url(defaults->base_url, operation, &customer_id, options.update.validation_code.text,
                   &request->url))
        luaL_error(L, "not enough memory");
    if (is_update)
        build_body(L, &options.update, request);
    return true;
}

void pc_request_clear(struct pc_request *request) {
    struct pc_request empty = { .url = request->url, .body = request->body };
    pc_buffer_clear(&empty.url);
    pc_buffer_clear(&empty.body);
    *request = empty;
}

void pc_request_free(struct pc_request *request) {
    pc_buffer_free(&request->url);
    pc_buffer_free(&request->body);
}
