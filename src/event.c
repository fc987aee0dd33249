/* SPDX-License-Identifier: MIT */
#include "event.h"

#include "call.h"

#include <stdlib.h>

/* Few calls have more than one attempt, which is two events. */
#define FIRST_CAPACITY 4

void pc_event_record(struct pc_event_log *log, struct pc_event event) {
    if (!log->is_wanted)
        return;
    if (log->count == log->capacity) {
        size_t capacity = log->capacity ? log->capacity * 2 : FIRST_CAPACITY;
        struct pc_event *items = realloc(log->items, capacity * sizeof *items);
        if (!items)
            return;
        log->items = items;
        log->capacity = capacity;
    }
    log->items[log->count++] = event;
}

void pc_event_log_clear(struct pc_event_log *log) {
    log->count = 0;
    log->is_wanted = false;
}

void pc_event_log_free(struct pc_event_log *log) {
    free(log->items);
    *log = (struct pc_event_log){ 0 };
}

/* What each type of event has beyond what all have. */
static const struct {
    const char *name;
    const char *seconds; /* the name of that field; NULL: it has none */
} types[] = {
    [PC_EVENT_REQUEST] = { "request", NULL },
    [PC_EVENT_RESPONSE] = { "response", "elapsed" },
    [PC_EVENT_RETRY] = { "retry", "pause" },
    [PC_EVENT_THROTTLE] = { "throttle", "retry_after" },
};

static void set_string(lua_State *L, const char *name, const char *value) {
    if (!value || value[0] == '\0')
        return;
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
}

void pc_event_push(lua_State *L, const struct pc_call *call, const struct pc_event *event) {
    const struct pc_request *request = &call->request;
    lua_createtable(L, 0, 12);
    set_string(L, "type", types[event->type].name);
    lua_pushnumber(L, event->time);
    lua_setfield(L, -2, "time");
    set_string(L, "operation", request->operation->name);
    set_string(L, "method", request->operation->method);
    set_string(L, "customer_id", request->customer_id.text);
    set_string(L, "qualification", request->qualification);
    set_string(L, "request_id", request->request_id.text);
    set_string(L, "correlation_id", request->correlation_id.text);
    set_string(L, "category", event->category);
    lua_pushinteger(L, (lua_Integer)event->attempt);
    lua_setfield(L, -2, "attempt");
    if (event->status != 0) {
        lua_pushinteger(L, (lua_Integer)event->status);
        lua_setfield(L, -2, "status");
    }
    if (types[event->type].seconds) {
        lua_pushnumber(L, event->seconds);
        lua_setfield(L, -2, types[event->type].seconds);
    }
}
