/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_EVENT_H
#define PARTNERCENTER_EVENT_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* What happened to a call, for the logs and metrics of a script: recorded by the engine without
 * Lua, made into a table when the script is told. */

struct pc_call;

enum pc_event_type {
    PC_EVENT_REQUEST,  /* an attempt begins */
    PC_EVENT_RESPONSE, /* it has ended: with an answer, or without one */
    PC_EVENT_RETRY,    /* the call pauses before its next attempt */
    PC_EVENT_THROTTLE, /* the service holds back all calls of the client */
};

struct pc_event {
    enum pc_event_type type;
    unsigned attempt;     /* of the call, from 1 on */
    double time;          /* pc_time() */
    double seconds;       /* how long the attempt took, the pause is, the throttle holds */
    long status;          /* of HTTP; 0: there was no answer */
    const char *category; /* of the failure; static; NULL where there is none */
};

/* A zeroed struct is an empty log of a client that records none. */
struct pc_event_log {
    bool is_wanted;
    struct pc_event *items;
    size_t count, capacity;
};

/* Appends the event, if the log is wanted; one that there is no memory for is lost. */
void pc_event_record(struct pc_event_log *log, struct pc_event event);

/* Forgets the events and whether they are wanted; the memory is kept, or freed. */
void pc_event_log_clear(struct pc_event_log *log);
void pc_event_log_free(struct pc_event_log *log);

/* Pushes an event of the call as a table. README documents its fields. */
void pc_event_push(lua_State *L, const struct pc_call *call, const struct pc_event *event);

#pragma GCC visibility pop

#endif
