/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_DISTRUST_H
#define PARTNERCENTER_DISTRUST_H

#include "call.h"

#include <curl/curl.h>
#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* Connections that were kept from earlier calls and that no call should use again. */

/* An attempt has got its answer over HTTP/1.1. */
void pc_distrust_note_http1(struct pc_engine *engine, const struct pc_call *call);

/* Whether a request that is about to leave on a kept HTTP/1.1 connection would be answered with
 * what somebody has sent there before it was asked for. libcurl 7.88.1 takes that for the answer.
 */
bool pc_distrust_has_answer(const struct pc_call *call);

/* Cuts the connection under an attempt that has failed with this code, if it is kept for others
 * although it is of no use. Over HTTP/1.1 libcurl does so itself; over HTTP/2 it closes a stream
 * and goes on, also on a connection from which nothing comes any more. One that other calls use is
 * only cut when nothing was heard of the server during the whole attempt. */
void pc_distrust_after(struct pc_engine *engine, const struct pc_call *call, CURLcode code);

#pragma GCC visibility pop

#endif
