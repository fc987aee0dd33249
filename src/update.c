/* SPDX-License-Identifier: MIT */
#include "update.h"

#include "compat.h"
#include "error.h"
#include "json_string.h"
#include "misuse.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define OBJECT_FORM  "object"
#define INTEGER_FORM "integer"

static const char *const education_segments[] = { "K12", "HigherEducation" };

static const char *read_validation_code(lua_State *L, void *value) {
    struct pc_validation_code *code = value;
    if (lua_type(L, -1) == LUA_TSTRING)
        return pc_option_text.read(L, &code->text);
    double number = lua_tonumber(L, -1);
    if (!(number >= 0 && number <= COMPAT_MAX_WHOLE && number == floor(number)))
        return "must be a string or a whole number from 0 to 2^53";
    int length = snprintf(code->digits, sizeof code->digits, "%.0f", number);
    code->text = (struct pc_text){ code->digits, (size_t)length };
    return NULL;
}

const struct pc_option_kind pc_option_validation_code = {
    1u << LUA_TSTRING | 1u << LUA_TNUMBER,
    read_validation_code,
};

static bool is_given(struct pc_text text) {
    return text.data != NULL;
}

static bool refuse(lua_State *L, const char *message) {
    lua_pushstring(L, message);
    return false;
}

static bool refuse_qualification(lua_State *L, int index, const char *problem) {
    size_t length = 0;
    lua_pushvalue(L, index); /* lua_tolstring would turn the number itself into a string */
    const char *text = lua_tolstring(L, -1, &length);
    lua_pushliteral(L, "qualification ");
    pc_error_push_quoted(L, text, length);
    lua_pushfstring(L, " %s: it must be Education, GovernmentCommunityCloud or StateOwnedEntity",
                    problem);
    lua_concat(L, 3);
    return false;
}

bool pc_update_read_qualification(lua_State *L, int index, struct pc_update *update) {
    if (lua_type(L, index) == LUA_TNUMBER) {
        update->qualification = pc_qualification_by_value(lua_tonumber(L, index));
    } else if (lua_type(L, index) == LUA_TSTRING) {
        size_t length = 0;
        const char *name = lua_tolstring(L, index, &length);
        update->qualification = pc_qualification_by_name(name, length);
    } else {
        pc_misuse(L, "bad argument 'qualification' (string or number expected, got %s)",
                  luaL_typename(L, index));
    }
    if (!update->qualification)
        return refuse_qualification(L, index, "is unknown");
    if (!update->qualification->may_be_set)
        return refuse_qualification(L, index, "cannot be set by a partner");
    return true;
}

static bool spell_segment(struct pc_text *segment) {
    for (size_t i = 0; i < sizeof education_segments / sizeof education_segments[0]; i++) {
        if (pc_text_equals(segment->data, segment->length, education_segments[i])) {
            segment->data = education_segments[i];
            return true;
        }
    }
    return false;
}

static bool has_integer_form(const struct pc_update *update) {
    return is_given(update->body) && strcmp(update->body.data, INTEGER_FORM) == 0;
}

bool pc_update_check(lua_State *L, struct pc_update *update, bool integer_only) {
    if (is_given(update->body) && strcmp(update->body.data, OBJECT_FORM) != 0 &&
        strcmp(update->body.data, INTEGER_FORM) != 0)
        return refuse(L, "body must be \"object\" or \"integer\"");
    if (integer_only && is_given(update->body) && !has_integer_form(update))
        return refuse(L, "body must be \"integer\": this update has no object form");
    if (update->qualification->needs_validation_code && !is_given(update->validation_code.text))
        return refuse(L, "GovernmentCommunityCloud needs a validation_code");
    if ((integer_only || has_integer_form(update)) &&
        (is_given(update->education_segment) || is_given(update->website)))
        return refuse(L, "education_segment and website cannot be sent in the integer form: leave "
                         "them out, or use update_qualification with body = \"object\"");
    if (is_given(update->education_segment) && !spell_segment(&update->education_segment)) {
        pc_error_push_must(L, "education_segment", "K12 or HigherEducation",
                           update->education_segment);
        return false;
    }
    if (is_given(update->website) && !pc_text_is_utf8(update->website.data, update->website.length))
        return refuse(L, "website must be UTF-8");
    if (is_given(update->validation_code.text) &&
        !pc_text_is_utf8(update->validation_code.text.data, update->validation_code.text.length))
        return refuse(L, "validation_code must be UTF-8");
    return true;
}

bool pc_update_append_integer(struct pc_buffer *body, const struct pc_update *update) {
    char digits[16];
    snprintf(digits, sizeof digits, "%d", update->qualification->value);
    return pc_buffer_append_text(body, digits);
}

/* The same bytes for the same update in every process: a table would be encoded in the order of its
 * hashes, which differ, and a service may refuse a request id that comes with another body. */
bool pc_update_append_body(struct pc_buffer *body, const struct pc_update *update) {
    if (has_integer_form(update))
        return pc_update_append_integer(body, update);
    const char *name = update->qualification->name;
    const struct {
        const char *key;
        struct pc_text value;
    } fields[] = {
        { "{\"qualification\":", { name, strlen(name) } },
        { ",\"educationSegment\":", update->education_segment },
        { ",\"website\":", update->website },
        { ",\"validationCode\":", update->validation_code.text },
    };
    bool appended = true;
    for (size_t i = 0; appended && i < sizeof fields / sizeof fields[0]; i++) {
        if (is_given(fields[i].value))
            appended = pc_buffer_append_text(body, fields[i].key) &&
                       pc_json_string_append(body, fields[i].value);
    }
    return appended && pc_buffer_append_text(body, "}");
}
