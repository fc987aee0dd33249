/* SPDX-License-Identifier: MIT */
#include "failure.h"

#include "compat.h"
#include "error.h"
#include "json.h"
#include "redact.h"
#include "retry_after.h"

#include <string.h>
#include <time.h>

/* The most of a raw answer that an error carries, in bytes. */
#define MAX_BODY ((size_t)4096)

static const char *push_redacted(lua_State *L, struct pc_call *call, const char *text,
                                 size_t length) {
    const char *own = call->headers ? call->headers->token : NULL;
    return pc_error_push_redacted(L, text, length, call->secrets, own, &call->redacted);
}

/* An id of the answer wins over the one that was sent: it is the one that support asks for. */
static void set_id(lua_State *L, struct pc_call *call, const char *field, const char *answered,
                   const char *sent) {
    if (answered[0] != '\0' && strcmp(answered, sent) != 0)
        push_redacted(L, call, answered, strlen(answered));
    else if (sent[0] != '\0')
        lua_pushlstring(L, sent, PC_GUID_LENGTH);
    else
        return;
    lua_setfield(L, -2, field);
}

void pc_failure_set_ids(lua_State *L, struct pc_call *call) {
    set_id(L, call, "request_id", call->answer.request_id, call->request.request_id.text);
    set_id(L, call, "correlation_id", call->answer.correlation_id,
           call->request.correlation_id.text);
}

/* Sets err.body to the start of the answer, whose redacted text is at `index`. */
static void set_body(lua_State *L, int index) {
    size_t length = 0;
    const char *body = lua_tolstring(L, index, &length);
    if (length == 0)
        return;
    lua_pushlstring(L, body, pc_text_prefix(body, length, MAX_BODY));
    lua_setfield(L, -2, "body");
}

/* Pushes the redacted body and returns its index. */
static int push_body(lua_State *L, struct pc_call *call) {
    push_redacted(L, call, call->answer.body.data ? call->answer.body.data : "",
                  call->answer.body.length);
    return lua_gettop(L);
}

/* Pushes the error of an answer; the message is at the top of the stack and is replaced. */
static void make_answer_error(lua_State *L, struct pc_call *call, struct pc_category category) {
    pc_error_new(L, category, call->attempts);
    lua_pushinteger(L, (lua_Integer)call->answer.status);
    lua_setfield(L, -2, "status");
    pc_failure_set_ids(L, call);
    double seconds = pc_retry_after(call->answer.retry_after, call->answer.date, time(NULL));
    if (seconds != PC_NO_RETRY_AFTER) {
        compat_pushnumber(L, seconds);
        lua_setfield(L, -2, "retry_after");
    }
}

/* Where the known error bodies keep their message and their code. The first row is the documented
 * error object, the second the gateway's, the third Entra ID's. */
static const struct {
    const char *message, *code;
} error_forms[] = {
    { "description", "code" },
    { "message", NULL },
    { "error_description", "error" },
};

/* Pushes a string field of the table at `index`, numbers as strings too; or returns false. */
static bool push_string_field(lua_State *L, int index, const char *name) {
    lua_getfield(L, index, name);
    if (lua_type(L, -1) == LUA_TSTRING || lua_type(L, -1) == LUA_TNUMBER) {
        lua_tostring(L, -1);
        return true;
    }
    lua_pop(L, 1);
    return false;
}

/* Copies a field of the decoded body to the error at the top of the stack. */
static void copy_field(lua_State *L, int decoded, const char *name) {
    lua_getfield(L, decoded, name);
    lua_setfield(L, -2, name);
}

static bool is_documented(lua_State *L, int decoded) {
    if (!push_string_field(L, decoded, "code"))
        return false;
    lua_pop(L, 1);
    if (!push_string_field(L, decoded, "description"))
        return false;
    lua_pop(L, 1);
    return true;
}

/* Pushes the message of a decoded error object and returns true, or pushes nothing. An empty one
 * says nothing. */
static bool push_object_message(lua_State *L, int decoded) {
    for (size_t i = 0; i < sizeof error_forms / sizeof error_forms[0]; i++) {
        if (!push_string_field(L, decoded, error_forms[i].message))
            continue;
        if (compat_rawlen(L, -1) > 0)
            return true;
        lua_pop(L, 1);
    }
    return false;
}

/* Sets err.code from the first form that has one. */
static void set_code(lua_State *L, int decoded) {
    for (size_t i = 0; i < sizeof error_forms / sizeof error_forms[0]; i++) {
        if (error_forms[i].code && push_string_field(L, decoded, error_forms[i].code)) {
            lua_setfield(L, -2, "code");
            return;
        }
    }
}

/* Pushes a message for an answer that brings none of its own. */
static void push_plain_message(lua_State *L, const struct pc_call *call) {
    const char *what = call->answer.body.length > 0 ? "a body that is no error object" : "no body";
    const char *who = call->request.operation->is_token ? "authority" : "service";
    lua_pushfstring(L, "the %s answered %d with %s", who, (int)call->answer.status, what);
}

/* What the authority refuses with a 4xx will not be granted by asking again: the credentials are
 * not good, whatever the number. */
static struct pc_category category_of_answer(const struct pc_call *call) {
    struct pc_category category = pc_category_of_status(call->answer.status);
    bool is_client_error = call->answer.status >= 400 && call->answer.status <= 499;
    if (call->request.operation->is_token && is_client_error && !category.retryable)
        return pc_category_of_status(401);
    return category;
}

static void push_answer_failure(lua_State *L, struct pc_call *call) {
    int body = push_body(L, call);
    size_t length = 0;
    const char *text = lua_tolstring(L, body, &length);
    if (!pc_json_decode(L, text, length))
        lua_pushnil(L);
    int decoded = lua_gettop(L);
    bool is_object = lua_istable(L, decoded) && pc_json_first_byte(text, length) == '{';
    bool has_message = false;
    if (lua_type(L, decoded) == LUA_TSTRING && compat_rawlen(L, decoded) > 0) {
        lua_pushvalue(L, decoded);
        has_message = true;
    } else if (is_object) {
        has_message = push_object_message(L, decoded);
    }
    if (!has_message)
        push_plain_message(L, call);
    make_answer_error(L, call, category_of_answer(call));
    if (is_object) {
        set_code(L, decoded);
        if (call->request.operation->is_token && push_string_field(L, decoded, "correlation_id"))
            lua_setfield(L, -2, "correlation_id");
        copy_field(L, decoded, "data");
        copy_field(L, decoded, "source");
    }
    if (!is_object || !is_documented(L, decoded))
        set_body(L, body);
    lua_replace(L, body);
    lua_settop(L, body);
}

/* What was said of a failed attempt. */
static const char *message_of(const struct pc_call *call) {
    return call->message.length > 0 ? call->message.data : curl_easy_strerror(call->code);
}

/* Puts in front of the message at the top of the stack what libcurl does not know: that the bound
 * which an attempt has met was the whole call's. */
static void name_deadline(lua_State *L, const struct pc_call *call) {
    static const char by_name[] = "the deadline"; /* of a call that waited */
    bool is_named = strncmp(message_of(call), by_name, sizeof by_name - 1) == 0;
    if (call->code != CURLE_OPERATION_TIMEDOUT || call->ended < call->deadline || is_named)
        return;
    compat_pushnumber(L, call->request.deadline);
    lua_pushfstring(L, "the deadline of the call (%s s) has passed: ", lua_tostring(L, -1));
    lua_remove(L, -2);
    lua_insert(L, -2);
    lua_concat(L, 2);
}

static void push_transfer_failure(lua_State *L, struct pc_call *call) {
    struct pc_category category = pc_category_of_curl(call->code, call->os_errno);
    if (call->too_large) {
        compat_pushnumber(L, (double)call->max_answer);
        lua_pushfstring(L, "the answer is larger than max_response_size (%s bytes)",
                        lua_tostring(L, -1));
        lua_remove(L, -2);
    } else if (call->has_large_head) {
        lua_pushliteral(L, "the headers of the answer are larger than is taken (256 KiB, and "
                           "where libcurl has a smaller limit 100 KiB for one)");
    } else {
        if (call->message.data)
            pc_redact_userinfo(call->message.data); /* of a proxy that the environment names */
        push_redacted(L, call, message_of(call), strlen(message_of(call)));
        if (strncmp(message_of(call), "CONNECT ", strlen("CONNECT ")) == 0) {
            lua_pushliteral(L, "the proxy refused: "); /* libcurl does not say who */
            lua_insert(L, -2);
            lua_concat(L, 2);
        }
        name_deadline(L, call);
    }
    pc_error_new(L, category, call->attempts);
    pc_failure_set_ids(L, call);
    if (call->too_large || (call->has_large_head && call->answer.status != 0)) {
        lua_pushinteger(L, (lua_Integer)call->answer.status);
        lua_setfield(L, -2, "status");
    }
}

static void push_cancelled(lua_State *L, struct pc_call *call) {
    lua_pushliteral(L, "the call was cancelled");
    pc_error_new(L, (struct pc_category){ "cancelled", false }, call->attempts);
    pc_failure_set_ids(L, call);
}

/* A call that came while the service's Retry-After to another one held. */
static void push_throttled(lua_State *L, struct pc_call *call) {
    lua_pushliteral(L, "the service asked this client to wait longer than the call may");
    pc_error_new(L, pc_category_of_status(429), call->attempts);
    pc_failure_set_ids(L, call);
    lua_pushnumber(L, call->throttled_for);
    lua_setfield(L, -2, "retry_after");
}

void pc_failure_push(lua_State *L, struct pc_call *call) {
    luaL_checkstack(L, 16, "error");
    if (call->cancelled)
        push_cancelled(L, call);
    else if (call->throttled_for > 0 && call->attempts == 0)
        push_throttled(L, call);
    else if (call->code != CURLE_OK)
        push_transfer_failure(L, call);
    else
        push_answer_failure(L, call);
}

void pc_failure_push_token(lua_State *L, struct pc_call *call) {
    luaL_checkstack(L, 16, "error");
    if (!call->cancelled &&
        pc_call_is_success(call)) { /* the body is not shown: it may hold a token */
        lua_pushfstring(L, "the authority answered %d, but not with %s", (int)call->answer.status,
                        call->request.operation->promise);
        make_answer_error(L, call, (struct pc_category){ "response_parsing", false });
    } else {
        pc_failure_push(L, call);
    }
    lua_pushfstring(L, "no %s: ", strchr(call->request.operation->promise, ' ') + 1);
    lua_getfield(L, -2, "message");
    lua_concat(L, 2);
    lua_setfield(L, -2, "message");
}

void pc_failure_push_shape(lua_State *L, struct pc_call *call) {
    luaL_checkstack(L, 16, "error");
    int body = push_body(L, call);
    lua_pushfstring(L, "the service answered %d, but not with %s", (int)call->answer.status,
                    call->request.operation->promise);
    make_answer_error(L, call, (struct pc_category){ "response_parsing", false });
    set_body(L, body);
    lua_remove(L, body);
}
