/* SPDX-License-Identifier: MIT */
#include "engine.h"

#include "category.h"
#include "clock.h"
#include "random.h"
#include "retry.h"
#include "retry_after.h"

#include <math.h>
#include <string.h>

/* libcurl ends an attempt at its timeout, but for one that waits inside libcurl until a connection
 * can carry it: the engine ends that one so many seconds later. */
#define TIMEOUT_GRACE 0.1

/* Moves a call of the engine to the list of another state. */
static void enter(struct pc_engine *engine, struct pc_call *call, enum pc_call_state state) {
    pc_call_list_remove(&engine->lists[call->state], call);
    pc_call_list_append(&engine->lists[state], call);
    call->state = state;
}

static struct pc_call *call_of(struct pc_due *due) {
    return (struct pc_call *)((char *)due - offsetof(struct pc_call, due));
}

/* The end of an attempt, whichever way it came. */
static void end_attempt(struct pc_engine *engine, struct pc_call *call, CURLcode code) {
    call->code = code;
    if (call->easy) {
        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &call->answer.status);
        curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &call->os_errno);
        curl_multi_remove_handle(engine->multi, call->easy);
        pc_easy_pool_put(&engine->idle, call->easy, code);
        call->easy = NULL;
    }
    if (code != CURLE_OK && call->message[0] == '\0')
        strncpy(call->message, curl_easy_strerror(code), sizeof call->message - 1);
}

/* The end of a call. Releases the engine's reference. */
static void finish(struct pc_engine *engine, struct pc_call *call) {
    pc_due_clear(&engine->dues, &call->due);
    pc_call_list_remove(&engine->lists[call->state], call);
    call->state = PC_CALL_DONE;
    call->engine = NULL;
    call->ended = pc_clock();
    pc_call_release(call);
}

static double throttle_left(const struct pc_engine *engine) {
    return engine->throttled_until - pc_clock();
}

/* Whether the call may wait so many seconds: not beyond its deadline, nor longer than the client
 * waits for a throttle. */
static bool may_wait(const struct pc_engine *engine, const struct pc_call *call, double seconds) {
    return seconds <= engine->options.max_retry_after && pc_clock() + seconds < call->deadline;
}

/* Ends a waiting call that the throttle would hold for too long, with the answer that it got last
 * or, where it was not sent yet, with the throttle itself. */
static void refuse_throttled(struct pc_engine *engine, struct pc_call *call) {
    double left = throttle_left(engine);
    if (left <= 0 || may_wait(engine, call, left))
        return;
    call->throttled_for = left;
    finish(engine, call);
}

static void throttle(struct pc_engine *engine, double seconds) {
    static const enum pc_call_state waiting[] = { PC_CALL_QUEUED, PC_CALL_PAUSED };
    struct pc_call *next = NULL;
    engine->throttled_until = fmax(engine->throttled_until, pc_clock() + seconds);
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
    struct pc_category category = call->code == CURLE_OK
                                      ? pc_category_of_status(call->answer.status)
                                      : pc_category_of_curl(call->code, call->os_errno);
    struct pc_retry_question question = {
        .is_retryable = category.retryable,
        .timed_out = call->code == CURLE_OPERATION_TIMEDOUT,
        .retries = call->retries,
        .max_retries = call->request.max_retries,
        .retry_after = fmax(retry_after, throttle_left(engine)),
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
    if (call->code == CURLE_OK && call->answer.status == 429 && retry_after > 0)
        throttle(engine, retry_after);
    struct pc_retry_answer decision = decide(engine, call, retry_after);
    if (!decision.again) {
        finish(engine, call);
        return;
    }
    engine->retry_budget -= decision.cost;
    call->spent += decision.cost;
    call->retries++;
    enter(engine, call, PC_CALL_PAUSED);
    pc_due_set(&engine->dues, &call->due, pc_clock() + decision.pause);
}

static void fail_attempt(struct pc_engine *engine, struct pc_call *call, CURLcode code,
                         const char *message) {
    if (message)
        strncpy(call->message, message, sizeof call->message - 1);
    end_attempt(engine, call, code);
    settle(engine, call);
}

static void activate(struct pc_engine *engine, struct pc_call *call) {
    double seconds = fmax(fmin(call->request.timeout, call->deadline - pc_clock()), 0.001);
    enter(engine, call, PC_CALL_ACTIVE);
    pc_due_set(&engine->dues, &call->due, pc_clock() + seconds + TIMEOUT_GRACE);
    pc_call_begin_attempt(call, engine->options.max_answer);
    call->easy = pc_easy_pool_take(&engine->idle);
    CURLcode code = CURLE_OUT_OF_MEMORY;
    if (call->easy)
        code = pc_transfer_configure(call->easy, call, &engine->options.route, seconds);
    if (code == CURLE_OK && curl_multi_add_handle(engine->multi, call->easy) != CURLM_OK)
        code = CURLE_OUT_OF_MEMORY;
    if (code != CURLE_OK) {
        end_attempt(engine, call, code);
        finish(engine, call);
    }
}

static void admit(struct pc_engine *engine) {
    const struct pc_call_list *queued = &engine->lists[PC_CALL_QUEUED];
    size_t limit = engine->options.max_connections * engine->calls_per_connection;
    const struct pc_call_list *active = &engine->lists[PC_CALL_ACTIVE];
    if (engine->calls_per_connection > 1)
        pc_transfer_limit_connections(engine->multi, queued->count + active->count,
                                      engine->options.max_connections);
    while (queued->first && active->count < limit && throttle_left(engine) <= 0)
        activate(engine, queued->first);
}

/* The deadline of a call that waits has passed. One that was sent before ends with the answer it
 * got then. */
static void end_waiting(struct pc_engine *engine, struct pc_call *call) {
    if (call->retries > 0)
        finish(engine, call);
    else
        fail_attempt(engine, call, CURLE_OPERATION_TIMEDOUT,
                     "the deadline passed while the call waited for a connection");
}

/* Looks at the calls whose time has come: a pause, a wait in the queue or an attempt has ended. */
static void look_at_due(struct pc_engine *engine) {
    double now = pc_clock();
    for (struct pc_due *due; (due = pc_due_first(&engine->dues)) && due->at <= now;) {
        struct pc_call *call = call_of(due);
        if (call->state == PC_CALL_ACTIVE) {
            fail_attempt(engine, call, CURLE_OPERATION_TIMEDOUT,
                         "no connection could carry the call within its timeout");
        } else if (call->state == PC_CALL_PAUSED && now < call->deadline) {
            enter(engine, call, PC_CALL_QUEUED);
            pc_due_set(&engine->dues, due, call->deadline);
        } else {
            end_waiting(engine, call);
        }
    }
}

/* An attempt whose answer libcurl has lost is made again, once, and is no retry. */
static void send_again(struct pc_engine *engine, struct pc_call *call, CURLcode code) {
    end_attempt(engine, call, code);
    call->avoids_http2 = true;
    enter(engine, call, PC_CALL_QUEUED);
    pc_due_set(&engine->dues, &call->due, call->deadline);
    refuse_throttled(engine, call);
}

static void settle_those_done(struct pc_engine *engine) {
    int left = 0;
    for (CURLMsg *end; (end = curl_multi_info_read(engine->multi, &left));) {
        struct pc_call *call = NULL;
        CURLcode code = end->data.result; /* the message goes with its handle */
        curl_easy_getinfo(end->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        if (pc_transfer_was_http2(end->easy_handle))
            engine->calls_per_connection = PC_HTTP2_CALLS_PER_CONNECTION;
        if (code == CURLE_OK && !call->answer.has_head) /* libcurl takes it for an answer */
            code = CURLE_PARTIAL_FILE;
        if (pc_transfer_lost_answer(end->easy_handle, call, code))
            send_again(engine, call, code);
        else
            fail_attempt(engine, call, code, NULL);
    }
}

/* When libcurl itself fails, as it does when memory runs out, no attempt can go on. */
static void fail_active(struct pc_engine *engine, CURLMcode code) {
    for (size_t left = engine->lists[PC_CALL_ACTIVE].count; left > 0; left--)
        fail_attempt(engine, engine->lists[PC_CALL_ACTIVE].first, CURLE_FAILED_INIT,
                     curl_multi_strerror(code));
}

/* Milliseconds until the engine has to do something of its own accord, at most `max_wait` s. */
static int time_to_wait(const struct pc_engine *engine, double max_wait) {
    const struct pc_due *due = pc_due_first(&engine->dues);
    double wait = max_wait;
    if (due)
        wait = fmin(wait, due->at - pc_clock());
    if (engine->lists[PC_CALL_QUEUED].first && throttle_left(engine) > 0)
        wait = fmin(wait, throttle_left(engine));
    return wait > 0 ? (int)ceil(wait * 1000) : 0;
}

bool pc_engine_open(struct pc_engine *engine, const struct pc_engine_options *options) {
    engine->options = *options;
    engine->calls_per_connection = 1;
    engine->retry_budget = PC_RETRY_BUDGET;
    engine->multi = curl_multi_init();
    if (!engine->multi || !pc_easy_pool_open(&engine->idle, options->max_connections))
        return false;
    pc_transfer_configure_multi(engine->multi, options->max_connections);
    return true;
}

void pc_engine_close(struct pc_engine *engine) {
    for (int state = 0; state < PC_CALL_DONE; state++) {
        while (engine->lists[state].first)
            pc_engine_cancel(engine->lists[state].first);
    }
    pc_easy_pool_close(&engine->idle);
    pc_due_free(&engine->dues);
    curl_multi_cleanup(engine->multi);
    engine->multi = NULL;
}

void pc_engine_submit(struct pc_engine *engine, struct pc_call *call, struct pc_headers *headers) {
    pc_call_hold(call);
    pc_call_link_headers(call, headers);
    call->engine = engine;
    if (call->begun == 0)
        call->begun = pc_clock();
    call->deadline = call->begun + call->request.deadline;
    call->state = PC_CALL_QUEUED;
    pc_call_list_append(&engine->lists[PC_CALL_QUEUED], call);
    if (!pc_due_set(&engine->dues, &call->due, call->deadline)) {
        end_attempt(engine, call, CURLE_OUT_OF_MEMORY);
        finish(engine, call);
        return;
    }
    refuse_throttled(engine, call);
}

void pc_engine_cancel(struct pc_call *call) {
    if (!call->engine)
        return;
    call->cancelled = true;
    end_attempt(call->engine, call, CURLE_ABORTED_BY_CALLBACK);
    finish(call->engine, call);
}

void pc_engine_drive(struct pc_engine *engine, const struct pc_call *call, double max_wait) {
    int running = 0;
    look_at_due(engine);
    admit(engine);
    CURLMcode code = curl_multi_perform(engine->multi, &running);
    if (code != CURLM_OK)
        fail_active(engine, code);
    settle_those_done(engine);
    if (call->state == PC_CALL_DONE)
        return;
    admit(engine);
    curl_multi_poll(engine->multi, NULL, 0, time_to_wait(engine, max_wait), NULL);
}
