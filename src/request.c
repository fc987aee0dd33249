/* SPDX-License-Identifier: MIT */
#include "request.h"

#include "error.h"
#include "misuse.h"
#include "options.h"
#include "page.h"
#include "url.h"

#include <lauxlib.h>
#include <stddef.h>
#include <string.h>

struct call_options {
    struct pc_text request_id;
    struct pc_text correlation_id;
    double timeout, deadline, max_retries;
    struct pc_update update;
    struct pc_page page;
};

/* The scopes of the options of a call. */
enum { EVERY_CALL = 1, UPDATES = 2, PAGES = 4 };

/* Customers a page: how many come with one request unless the option page_size says otherwise. */
#define DEFAULT_PAGE_SIZE 500

#define FIELD(name) offsetof(struct call_options, name)

static const struct pc_option call_options[] = {
    { "request_id", &pc_option_text, FIELD(request_id), EVERY_CALL },
    { "correlation_id", &pc_option_text, FIELD(correlation_id), EVERY_CALL },
    { "timeout", &pc_option_seconds, FIELD(timeout), EVERY_CALL },
    { "deadline", &pc_option_seconds, FIELD(deadline), EVERY_CALL },
    { "max_retries", &pc_option_whole, FIELD(max_retries), EVERY_CALL },
    { "validation_code", &pc_option_validation_code, FIELD(update.validation_code), UPDATES },
    { "education_segment", &pc_option_text, FIELD(update.education_segment), UPDATES },
    { "website", &pc_option_text, FIELD(update.website), UPDATES },
    { "body", &pc_option_text, FIELD(update.body), UPDATES },
    { "page_size", &pc_option_count, FIELD(page.size), PAGES },
    { "filter", &pc_option_filter, FIELD(page.filter), PAGES },
    { 0 },
};

static bool read_guid(lua_State *L, const char *name, struct pc_text text, struct pc_guid *guid) {
    if (pc_guid_parse(text.data, text.length, guid))
        return true;
    pc_error_push_must(L, name, "a GUID, like 3f2504e0-4f89-41d3-9a0c-0305e82c3301", text);
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

/* The arguments of one call, as they were read. */
struct arguments {
    const struct pc_operation *operation;
    struct pc_guid customer_id;
    struct pc_text next_query, continuation_token; /* of a page that is not the first */
    struct call_options options;
};

/* Appends base URL and path, with the customer's id in its place. */
static bool append_path(const struct arguments *arguments, const char *base_url,
                        struct pc_buffer *url) {
    const char *path = arguments->operation->path;
    const char *place = strstr(path, PC_CUSTOMER_PLACE);
    if (!pc_buffer_append_text(url, base_url))
        return false;
    if (!place)
        return pc_buffer_append_text(url, path);
    return pc_buffer_append(url, path, (size_t)(place - path)) &&
           pc_buffer_append_text(url, arguments->customer_id.text) &&
           pc_buffer_append_text(url, place + strlen(PC_CUSTOMER_PLACE));
}

static bool append_query(const struct arguments *arguments, struct pc_buffer *url) {
    struct pc_text code = arguments->options.update.validation_code.text;
    struct pc_text next = arguments->next_query;
    if (code.data)
        return pc_buffer_append_text(url, "?code=") &&
               pc_url_append_encoded(url, code.data, code.length);
    if (next.data)
        return pc_buffer_append_text(url, "?") && pc_buffer_append(url, next.data, next.length);
    if (arguments->operation->is_page)
        return pc_page_append_query(&arguments->options.page, url);
    return true;
}

static bool append_continuation(struct pc_text token, struct pc_buffer *line) {
    return !token.data || (pc_buffer_append_text(line, "MS-ContinuationToken: ") &&
                           pc_buffer_append(line, token.data, token.length));
}

/* Reads what leads to a page: the query and the token of a link that the service gave. */
static bool read_link(lua_State *L, int index, struct arguments *arguments) {
    arguments->next_query.data = luaL_optlstring(L, index, NULL, &arguments->next_query.length);
    arguments->continuation_token.data =
        luaL_optlstring(L, index + 1, NULL, &arguments->continuation_token.length);
    struct pc_text token = arguments->continuation_token;
    const char *problem = pc_page_check_query(arguments->next_query);
    if (problem)
        lua_pushfstring(L, "the query of the next page %s", problem);
    else if (token.data && pc_text_has_control(token.data, token.length))
        lua_pushliteral(L, "the continuation token must not contain control characters");
    else
        return true;
    return false;
}

static unsigned scope_of(const struct pc_operation *operation) {
    return EVERY_CALL | (operation->append_body ? UPDATES : 0u) | (operation->is_page ? PAGES : 0u);
}

static bool read_arguments(lua_State *L, int index, struct arguments *arguments) {
    const struct pc_operation *operation = arguments->operation;
    struct call_options *options = &arguments->options;
    if (operation->is_page) {
        if (!read_link(L, index, arguments))
            return false;
        index += 2;
    }
    if (strstr(operation->path, PC_CUSTOMER_PLACE) &&
        !read_customer_id(L, index++, &arguments->customer_id))
        return false;
    if (operation->append_body && !pc_update_read_qualification(L, index++, &options->update))
        return false;
    if (!pc_options_read(L, index, call_options, scope_of(operation), options))
        return false;
    return !operation->append_body ||
           pc_update_check(L, &options->update, operation->append_body == pc_update_append_integer);
}

bool pc_request_read(lua_State *L, int index, const struct pc_request_defaults *defaults,
                     struct pc_request *request) {
    struct arguments arguments = {
        .operation = pc_operation_find(luaL_checkstring(L, index)),
        .options = { .timeout = defaults->timeout,
                     .deadline = defaults->deadline,
                     .max_retries = defaults->max_retries,
                     .page.size = DEFAULT_PAGE_SIZE },
    };
    const struct call_options *options = &arguments.options;
    luaL_argcheck(L, arguments.operation != NULL, index, "unknown operation");
    if (!read_arguments(L, index + 1, &arguments) ||
        !read_or_generate_id(L, "request_id", options->request_id, &request->request_id) ||
        !read_or_generate_id(L, "correlation_id", options->correlation_id,
                             &request->correlation_id))
        return false;

    request->operation = arguments.operation;
    request->customer_id = arguments.customer_id;
    if (options->update.qualification)
        request->qualification = options->update.qualification->name;
    request->timeout = options->timeout;
    request->deadline = options->deadline;
    request->max_retries = options->max_retries;
    if (!append_path(&arguments, defaults->base_url, &request->url) ||
        !append_query(&arguments, &request->url) ||
        (request->operation->append_body &&
         !request->operation->append_body(&request->body, &options->update)) ||
        !append_continuation(arguments.continuation_token, &request->continuation_line))
        luaL_error(L, "not enough memory");
    return true;
}

void pc_request_clear(struct pc_request *request) {
    struct pc_request empty = { .url = request->url,
                                .body = request->body,
                                .continuation_line = request->continuation_line };
    pc_buffer_clear(&empty.url);
    pc_buffer_clear(&empty.body);
    pc_buffer_clear(&empty.continuation_line);
    *request = empty;
}

void pc_request_free(struct pc_request *request) {
    pc_buffer_free(&request->url);
    pc_buffer_free(&request->body);
    pc_buffer_free(&request->continuation_line);
}
