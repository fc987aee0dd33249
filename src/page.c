/* SPDX-License-Identifier: MIT */
#include "page.h"

#include "json_string.h"
#include "url.h"

#include <stdio.h>
#include <string.h>

static const char *const fields[] = { "Domain", "CompanyName" };

/* The field of the table at the top of the stack, without metamethods; empty where it is no string.
 */
static struct pc_text string_field(lua_State *L, const char *name) {
    struct pc_text text = { "", 0 };
    lua_pushstring(L, name);
    lua_rawget(L, -2);
    if (lua_type(L, -1) == LUA_TSTRING)
        text.data = lua_tolstring(L, -1, &text.length);
    lua_pop(L, 1); /* the table keeps it */
    return text;
}

static bool is_field(struct pc_text text) {
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strlen(fields[i]) == text.length && memcmp(text.data, fields[i], text.length) == 0)
            return true;
    }
    return false;
}

static const char *read_filter(lua_State *L, void *value) {
    struct pc_filter *filter = value;
    if (lua_type(L, -1) == LUA_TTABLE) {
        filter->field = string_field(L, "field");
        filter->value = string_field(L, "value");
    } else {
        filter->field = (struct pc_text){ fields[0], strlen(fields[0]) };
        filter->value.data = lua_tolstring(L, -1, &filter->value.length);
    }
    if (!is_field(filter->field))
        return "must be a domain prefix, or { field = \"Domain\" or \"CompanyName\", value = "
               "prefix }";
    if (filter->value.length == 0 || !pc_text_is_utf8(filter->value.data, filter->value.length) ||
        pc_text_has_control(filter->value.data, filter->value.length))
        return "must have a value: UTF-8, not empty, without control characters";
    return NULL;
}

const struct pc_option_kind pc_option_filter = {
    1u << LUA_TSTRING | 1u << LUA_TTABLE,
    read_filter,
};

static bool append_filter(const struct pc_filter *filter, struct pc_buffer *url) {
    struct pc_buffer json = { 0 };
    bool appended = pc_buffer_append_text(&json, "{\"Field\":") &&
                    pc_json_string_append(&json, filter->field) &&
                    pc_buffer_append_text(&json, ",\"Value\":") &&
                    pc_json_string_append(&json, filter->value) &&
                    pc_buffer_append_text(&json, ",\"Operator\":\"starts_with\"}") &&
                    pc_buffer_append_text(url, "&filter=") &&
                    pc_url_append_encoded(url, json.data, json.length);
    pc_buffer_free(&json);
    return appended;
}

bool pc_page_append_query(const struct pc_page *page, struct pc_buffer *url) {
    char size[32];
    snprintf(size, sizeof size, "?size=%.0f", page->size);
    return pc_buffer_append_text(url, size) &&
           (!page->filter.value.data || append_filter(&page->filter, url));
}

const char *pc_page_check_query(struct pc_text query) {
    for (size_t i = 0; i < query.length; i++) {
        if (query.data[i] <= 0x20 || query.data[i] >= 0x7F || query.data[i] == '#')
            return "must be printable ASCII without spaces or #";
    }
    return NULL;
}
