/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_LIFECYCLE_H
#define PARTNERCENTER_LIFECYCLE_H

#include "engine.h"

#pragma GCC visibility push(hidden)

/* The life of a call inside an engine: the states it goes through, and when. Whoever drives the
 * engine calls these; nobody else does. */

/* Does what the script wants of the call: a set of PC_POST_... */
void pc_lifecycle_obey(struct pc_engine *engine, struct pc_call *call, unsigned wanted);

/* Gives libcurl as many of the calls that wait as its connections can carry. */
void pc_lifecycle_admit(struct pc_engine *engine);

/* Looks at the calls whose time has come: a pause, a wait or an attempt has ended. */
void pc_lifecycle_look_at_due(struct pc_engine *engine);

/* libcurl has ended an attempt, or `message` says why there can be none. The call is done now, or
 * pauses until it is sent again. */
void pc_lifecycle_end_attempt(struct pc_engine *engine, struct pc_call *call, CURLcode code,
                              const char *message);

/* libcurl has lost the answer of an attempt, or its connection had one already: it is made again on
 * another, and is no retry. */
void pc_lifecycle_send_again(struct pc_engine *engine, struct pc_call *call, CURLcode code);

/* Ends the call as cancelled. */
void pc_lifecycle_cancel(struct pc_engine *engine, struct pc_call *call);

/* Seconds that the service asked the client to wait; 0 or less: it may send. */
double pc_lifecycle_throttle_left(const struct pc_engine *engine);

#pragma GCC visibility pop

#endif
