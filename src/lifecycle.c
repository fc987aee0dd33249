/* SPDX-License-Identifier: MIT */
#include "lifecycle.h"

#include "admission.h"
#include "category.h"
#include "clock.h"
#include "distrust.h"
#include "random.h"
#include "retry.h"
#include "retry_after.h"

#include <math.h>
#include <string.h>

/* libcurl ends an attempt at its timeout, but for one that waits inside libcurl until a connection
 * can carry it: the engine ends that one so many seconds later. */
#define TIMEOUT_GRACE 0.01

/* Moves a call of the engine to the list of another state. */
static void enter(struct pc_engine *engine, struct pc_call *call, enum pc_call_state state) {
    pc_call_list_remove(&engine->lists[call->state], call);
    pc_call_list_append(&engine->lists[state], call);
    call->state = state;
}

static struct pc_call *call_of(struct pc_due *due) {
    return (struct pc_call *)((char *)due - offsetof(struct pc_call, due));
}

static bool is_token_request(const struct pc_call *call) {
    return call->request.operation->is_token;
}

/* Of a request for a token only its pauses: the Lua side tells of its end. */
static void record(struct pc_engine *engine, struct pc_call *call, struct pc_event event) {
    if (!call->events.is_wanted || (is_token_request(call) && event.type != PC_EVENT_RETRY))
        return;
    if (event.type == PC_EVENT_RESPONSE) /* here: without a listener the clock is not read */
        event.seconds = pc_clock() - call->attempt_begun;
    event.time = pc_time();
    event.attempt = call->retries + (call->is_repeated ? 2u : 1u);
    pc_event_record(&call->events, event);
    if (!engine->is_threaded)
        pc_engine_add_eventful(engine, call);
}

/* The category of an attempt that failed. */
static struct pc_category category_of(const struct pc_call *call) {
    if (call->cancelled)
        return (struct pc_category){ "cancelled", false };
    return call->code == CURLE_OK ? pc_category_of_status(call->answer.status)
                                  : pc_category_of_curl(call->code, call->os_errno);
}

/* Where it says nothing, or memory runs out, the code does (failure.c). */
static void explain(struct pc_call *call, const char *message) {
    pc_buffer_clear(&call->message);
    (void)pc_buffer_append_text(&call->message, message);
}

/* The end of an attempt, whichever way it came. */
static void detach(struct pc_engine *engine, struct pc_call *call, CURLcode code) {
    call->code = code;
    if (!call->transfer)
        return;
    if (code != CURLE_OK && call->message.length == 0)
        explain(call, call->transfer->message);
    if (call->answer.has_status) /* libcurl may still have that of an earlier transfer */
        curl_easy_getinfo(call->transfer->easy, CURLINFO_RESPONSE_CODE, &call->answer.status);
    curl_easy_getinfo(call->transfer->easy, CURLINFO_OS_ERRNO, &call->os_errno);
    pc_distrust_after(engine, call, code);
    curl_multi_remove_handle(engine->multi, call->transfer->easy);
    /* Not one whose transfer failed: libcurl remembers of a failure, CURLINFO_OS_ERRNO for one. */
    pc_transfer_pool_put(&engine->idle, call->transfer,
                         code == CURLE_OK && pc_transfer_is_ordinary(call));
    call->transfer = NULL;
    record(
        engine, call,
        (struct pc_event){ .type = PC_EVENT_RESPONSE,
                           .status = call->answer.status,
                           .category = pc_call_is_success(call) ? NULL : category_of(call).name });
}

/* The end of a call. Releases the engine's reference. */
static void finish(struct pc_engine *engine, struct pc_call *call) {
    pc_due_clear(&engine->dues, &call->due);
    pc_call_list_remove(&engine->lists[call->state], call);
    call->ended = pc_clock();
    bool brings_token = is_token_request(call);
    pc_mailbox_tell_end(&engine->mailbox, call);
    if (brings_token)
        pc_mailbox_wake(&engine->mailbox, &engine->lists[PC_CALL_PARKED]);
    pc_call_release(call);
}

double pc_lifecycle_throttle_left(const struct pc_engine *engine) {
    return engine->throttled_until > 0 ? engine->throttled_until - pc_clock() : 0;
}

/* Whether the call may wait so many seconds: not beyond its deadline, nor longer than the client
 * waits for a throttle. */
static bool may_wait(const struct pc_engine *engine, const struct pc_call *call, double seconds) {
    return seconds <= engine->options.max_retry_after && pc_clock() + seconds < call->deadline;
}

/* Ends a waiting call that the throttle would hold for too long, with the answer that it got last
 * or, where it was not sent yet, with the throttle itself. */
static void refuse_throttled(struct pc_engine *engine, struct pc_call *call) {
    double left = pc_lifecycle_throttle_left(engine);
    if (left <= 0 || is_token_request(call) || call->is_patient || may_wait(engine, call, left))
        return;
    call->throttled_for = left;
    finish(engine, call);
}

static void throttle(struct pc_engine *engine, struct pc_call *cause, double seconds) {
    static const enum pc_call_state waiting[] = { PC_CALL_QUEUED, PC_CALL_PAUSED };
    struct pc_call *next = NULL;
    engine->throttled_until = fmax(engine->throttled_until, pc_clock() + seconds);
    record(engine, cause,
           (struct pc_event){ .type = PC_EVENT_THROTTLE,
                              .seconds = seconds,
                              .status = cause->answer.status,
                              .category = category_of(cause).name });
    for (size_t i = 0; i < sizeof waiting / sizeof waiting[0]; i++) {
        for (struct pc_call *call = engine->lists[waiting[i]].first; call; call = next) {
            next = call->next;
            refuse_throttled(engine, call);
        }
    }
}

static double retry_after_of(const struct pc_call *call) {
    if (call->code != CURLE_OK)
        return PC_NO_RETRY_AFTER;
    return pc_retry_after(call->answer.retry_after, call->answer.date, time(NULL));
}

static struct pc_retry_answer decide(const struct pc_engine *engine, const struct pc_call *call,
                                     double retry_after) {
    struct pc_retry_question question = {
        .is_retryable = category_of(call).retryable,
        .timed_out = call->code == CURLE_OPERATION_TIMEDOUT,
        .retries = call->retries,
        .max_retries = call->request.max_retries,
        .retry_after =
            fmax(retry_after, is_token_request(call) ? 0 : pc_lifecycle_throttle_left(engine)),
        .max_retry_after = engine->options.max_retry_after,
        .time_left = call->deadline - pc_clock(),
        .budget = engine->retry_budget,
        .random = pc_random(),
    };
    return pc_retry_decide(&question);
}

/* After an attempt: the call is done, or pauses until it is sent again. */
static void settle(struct pc_engine *engine, struct pc_call *call) {
    if (pc_call_is_success(call)) {
        engine->retry_budget = pc_retry_refund(engine->retry_budget, call->spent);
        finish(engine, call);
        return;
    }
    double retry_after = retry_after_of(call);
    if (call->code == CURLE_OK && call->answer.status == 429 && !is_token_request(call)) {
        engine->refusals++;
        if (retry_after > 0)
            throttle(engine, call, retry_after);
    }
    struct pc_retry_answer decision = decide(engine, call, retry_after);
    if (!decision.again) {
        finish(engine, call);
        return;
    }
    record(engine, call,
           (struct pc_event){ .type = PC_EVENT_RETRY,
                              .seconds = decision.pause,
                              .status = call->answer.status,
                              .category = category_of(call).name });
    engine->retry_budget -= decision.cost;
    call->spent += decision.cost;
    call->retries++;
    enter(engine, call, PC_CALL_PAUSED);
    pc_due_set(&engine->dues, &call->due, pc_clock() + decision.pause);
}

void pc_lifecycle_end_attempt(struct pc_engine *engine, struct pc_call *call, CURLcode code,
                              const char *message) {
    if (message)
        explain(call, message);
    detach(engine, call, code);
    settle(engine, call);
}

void pc_lifecycle_cancel(struct pc_engine *engine, struct pc_call *call) {
    call->cancelled = true;
    detach(engine, call, CURLE_ABORTED_BY_CALLBACK);
    finish(engine, call);
}

static void activate(struct pc_engine *engine, struct pc_call *call) {
    double now = pc_clock();
    pc_call_begin_attempt(call, engine->options.max_answer, now);
    double seconds = fmin(call->request.timeout, call->deadline - now);
    enter(engine, call, PC_CALL_ACTIVE);
    call->may_resend = engine->options.route.http2 && !call->avoids_http2;
    if (pc_due_set(&engine->dues, &call->due, now + seconds + TIMEOUT_GRACE))
        call->transfer = pc_transfer_pool_take(&engine->idle);
    record(engine, call, (struct pc_event){ .type = PC_EVENT_REQUEST });
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (call->transfer)
        code = pc_transfer_aim(call->transfer, call, &engine->options.route, fmax(seconds, 0.001));
    if (code == CURLE_OK && curl_multi_add_handle(engine->multi, call->transfer->easy) != CURLM_OK)
        code = CURLE_OUT_OF_MEMORY;
    if (code != CURLE_OK) {
        detach(engine, call, code);
        finish(engine, call);
    }
}

void pc_lifecycle_admit(struct pc_engine *engine) {
    const struct pc_call_list *queued = &engine->lists[PC_CALL_QUEUED];
    const struct pc_call_list *active = &engine->lists[PC_CALL_ACTIVE];
    size_t limit = queued->first ? pc_admission_limit(engine) : 0;
    while (queued->first && active->count < limit && pc_lifecycle_throttle_left(engine) <= 0)
        activate(engine, queued->first);
}

/* A call that has what it needs waits for a connection; a request for a token, of which there is
 * one at a time and for which others wait, is sent at once. */
static void queue(struct pc_engine *engine, struct pc_call *call) {
    enter(engine, call, PC_CALL_QUEUED);
    if (!call->is_patient)
        pc_due_set(&engine->dues, &call->due, call->deadline);
    if (is_token_request(call))
        activate(engine, call);
    else
        refuse_throttled(engine, call);
}

void pc_lifecycle_send_again(struct pc_engine *engine, struct pc_call *call, CURLcode code) {
    detach(engine, call, code);
    call->avoids_http2 = true;
    queue(engine, call);
}

/* The deadline of a call that waits has passed. One that was sent before ends with the answer it
 * got then. */
static void end_waiting(struct pc_engine *engine, struct pc_call *call) {
    const char *missing = call->state == PC_CALL_PARKED
                              ? "the deadline passed while the call waited for an access token"
                              : "the deadline passed while the call waited for a connection";
    if (call->retries > 0 || call->is_repeated)
        finish(engine, call);
    else
        pc_lifecycle_end_attempt(engine, call, CURLE_OPERATION_TIMEDOUT, missing);
}

void pc_lifecycle_look_at_due(struct pc_engine *engine) {
    double now = pc_clock();
    for (struct pc_due *due; (due = pc_due_first(&engine->dues)) && due->at <= now;) {
        struct pc_call *call = call_of(due);
        if (call->state == PC_CALL_ACTIVE)
            pc_lifecycle_end_attempt(engine, call, CURLE_OPERATION_TIMEDOUT,
                                     "no connection could carry the call within its timeout");
        else if (call->state == PC_CALL_PAUSED && now < call->deadline)
            queue(engine, call);
        else
            end_waiting(engine, call);
    }
}

/* Takes a call that the script has submitted. */
static void take(struct pc_engine *engine, struct pc_call *call) {
    pc_call_hold(call);
    call->state = PC_CALL_PARKED;
    pc_call_list_append(&engine->lists[PC_CALL_PARKED], call);
    if (!call->is_patient && !pc_due_set(&engine->dues, &call->due, call->deadline)) {
        detach(engine, call, CURLE_OUT_OF_MEMORY);
        finish(engine, call);
    }
}

void pc_lifecycle_obey(struct pc_engine *engine, struct pc_call *call, unsigned wanted) {
    if ((wanted & (PC_POST_PARK | PC_POST_SUBMIT)) && call->state == PC_CALL_PREPARED)
        take(engine, call);
    if ((wanted & PC_POST_SUBMIT) && call->state == PC_CALL_PARKED)
        queue(engine, call);
    else if (call->state == PC_CALL_PARKED)
        pc_mailbox_wake_late(&engine->mailbox, call);
    if ((wanted & PC_POST_CANCEL) && call->state != PC_CALL_PREPARED && call->state != PC_CALL_DONE)
        pc_lifecycle_cancel(engine, call);
}
