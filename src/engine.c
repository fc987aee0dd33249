/* SPDX-License-Identifier: MIT */
#include "engine.h"

#include "clock.h"
#include "distrust.h"
#include "fork.h"
#include "lifecycle.h"
#include "retry.h"

#include <errno.h>
#include <math.h>

static void note_answer(struct pc_engine *engine, const struct pc_call *call, CURLcode code) {
    bool was_http2 = pc_transfer_was_http2(call->transfer);
    if (!call->request.operation->is_token) {
        engine->is_known = engine->is_known || code == CURLE_OK;
        engine->speaks_http2 = engine->speaks_http2 || was_http2;
    }
    if (code != CURLE_OK)
        return;
    engine->heard = pc_clock();
    if (!was_http2)
        pc_distrust_note_http1(engine, call);
}

/* What libcurl says of an attempt's end, put right where it says something else: what ends inside
 * its head is an answer to it, a header that is too long for it is as if there were no memory, our
 * refusal of too many has another code over HTTP/2, a body that we have no memory for is one that
 * could not be written, and a request that it would have sent again (see transfer.c) is aborted. */
static const char *correct(struct pc_call *call, CURLcode *code) {
    if (*code == CURLE_OK && !call->answer.has_head)
        *code = CURLE_PARTIAL_FILE;
    if (*code == CURLE_OUT_OF_MEMORY && call->is_sent && !call->answer.has_head)
        call->has_large_head = true;
    if (call->has_large_head)
        *code = CURLE_WRITE_ERROR;
    if (call->lacks_memory) {
        *code = CURLE_OUT_OF_MEMORY;
        return "there was no memory for the answer";
    }
    if (*code != CURLE_ABORTED_BY_CALLBACK)
        return NULL;
    *code = CURLE_RECV_ERROR;
    return "the connection was closed before an answer came";
}

static void take_ends(struct pc_engine *engine) {
    int left = 0;
    for (CURLMsg *end; (end = curl_multi_info_read(engine->multi, &left));) {
        struct pc_transfer *transfer = NULL;
        CURLcode code = end->data.result; /* the message goes with its handle */
        curl_easy_getinfo(end->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
        struct pc_call *call = transfer->call;
        note_answer(engine, call, code);
        const char *message = correct(call, &code);
        if (call->has_stray_answer || pc_transfer_lost_answer(call, code))
            pc_lifecycle_send_again(engine, call, code);
        else
            pc_lifecycle_end_attempt(engine, call, code, message);
    }
}

/* When libcurl itself fails, as it does when memory runs out, no attempt can go on. */
static void fail_active(struct pc_engine *engine, CURLMcode code) {
    for (size_t left = engine->lists[PC_CALL_ACTIVE].count; left > 0; left--)
        pc_lifecycle_end_attempt(engine, engine->lists[PC_CALL_ACTIVE].first, CURLE_FAILED_INIT,
                                 curl_multi_strerror(code));
}

static void take_posted(struct pc_engine *engine) {
    unsigned wanted = 0;
    for (struct pc_call *call; (call = pc_mailbox_take_posted(&engine->mailbox, &wanted));) {
        pc_lifecycle_obey(engine, call, wanted);
        pc_call_release(call);
    }
}

/* Milliseconds until the engine has to do something of its own accord, at most `max_wait` s. */
static int time_to_wait(const struct pc_engine *engine, double max_wait) {
    const struct pc_due *due = pc_due_first(&engine->dues);
    double wait = max_wait;
    if (due)
        wait = fmin(wait, due->at - pc_clock());
    if (engine->lists[PC_CALL_QUEUED].first && pc_lifecycle_throttle_left(engine) > 0)
        wait = fmin(wait, pc_lifecycle_throttle_left(engine));
    return wait > 0 ? (int)ceil(wait * 1000) : 0;
}

void pc_engine_init(struct pc_engine *engine, const struct pc_engine_options *options) {
    *engine = (struct pc_engine){ .options = *options, .retry_budget = PC_RETRY_BUDGET };
    pc_mailbox_open(&engine->mailbox);
}

void pc_engine_follow_fork(struct pc_engine *engine) {
    const struct pc_engine_options options = engine->options;
    if (!engine->multi || engine->forks == pc_fork_count())
        return;
    pc_mailbox_close(&engine->mailbox);
    pc_engine_init(engine, &options);
    engine->has_forked = true;
}

bool pc_engine_open(struct pc_engine *engine) {
    pc_engine_follow_fork(engine);
    if (engine->multi)
        return true;
    CURLM *multi = curl_multi_init();
    engine->options.route.sockets = &engine->sockets;
    if (!multi || !pc_transfer_pool_open(&engine->idle, &engine->options.route,
                                         engine->options.max_connections)) {
        curl_multi_cleanup(multi);
        errno = ENOMEM;
        return false;
    }
    pc_transfer_configure_multi(multi, engine->options.max_connections);
    engine->multi = multi;
    engine->forks = pc_fork_count();
    return true;
}

void pc_engine_close(struct pc_engine *engine) {
    pc_engine_follow_fork(engine);
    take_posted(engine);
    for (int state = 0; state < PC_CALL_DONE; state++) {
        while (engine->lists[state].first)
            pc_lifecycle_cancel(engine, engine->lists[state].first);
    }
    pc_transfer_pool_close(&engine->idle);
    pc_due_free(&engine->dues);
    pc_mailbox_close(&engine->mailbox);
    curl_multi_cleanup(engine->multi);
    pc_sockets_free(&engine->sockets);
    engine->multi = NULL;
}

/* Tells whoever drives the engine what the script wants. */
static void post(struct pc_engine *engine, struct pc_call *call, unsigned wanted) {
    bool is_first = pc_mailbox_post(&engine->mailbox, call, wanted);
    if (!engine->is_threaded)
        take_posted(engine);
    else if (is_first)
        curl_multi_wakeup(engine->multi);
}

void pc_engine_submit(struct pc_engine *engine, struct pc_call *call, struct pc_headers *headers) {
    if (!call->is_begun) {
        call->is_begun = true;
        if (call->begun == 0)
            call->begun = pc_clock();
        call->deadline = call->begun + call->request.deadline;
        call->engine = engine;
        call->forks = engine->forks;
        call->events.is_wanted = engine->options.wants_events;
    }
    if (headers)
        call->headers = pc_headers_hold(headers);
    post(engine, call, headers ? PC_POST_SUBMIT : PC_POST_PARK);
}

void pc_engine_cancel(struct pc_call *call) {
    if (call->is_begun && call->state != PC_CALL_DONE)
        post(call->engine, call, PC_POST_CANCEL);
}

/* Whether whoever drives the engine has to look at something before it waits, at a token that has
 * come for instance. The engine's own thread only wakes others. */
static bool has_news(struct pc_engine *engine) {
    return !engine->is_threaded &&
           (engine->eventful || pc_mailbox_count_ended(&engine->mailbox) > 0);
}

/* Moves all calls on as far as they can be without waiting. */
static void move_on(struct pc_engine *engine) {
    int running = 0;
    take_posted(engine);
    pc_lifecycle_admit(engine);
    CURLMcode code = curl_multi_perform(engine->multi, &running);
    if (code != CURLM_OK)
        fail_active(engine, code);
    take_ends(engine);
    pc_lifecycle_look_at_due(engine);
}

void pc_engine_drive(struct pc_engine *engine, const struct pc_call *call, double max_wait) {
    move_on(engine);
    if ((call && call->state == PC_CALL_DONE) || has_news(engine))
        return;
    pc_lifecycle_admit(engine);
    curl_multi_poll(engine->multi, NULL, 0, time_to_wait(engine, max_wait), NULL);
    if (!engine->is_threaded && max_wait > 0) /* or else it is driven again anyway */
        move_on(engine);
}

void pc_engine_add_eventful(struct pc_engine *engine, struct pc_call *call) {
    if (call->is_eventful)
        return;
    pc_call_hold(call);
    call->is_eventful = true;
    call->next_eventful = NULL;
    if (engine->eventful)
        engine->last_eventful->next_eventful = call;
    else
        engine->eventful = call;
    engine->last_eventful = call;
}

struct pc_call *pc_engine_take_eventful(struct pc_engine *engine) {
    struct pc_call *call = engine->eventful;
    if (call) {
        engine->eventful = call->next_eventful;
        call->is_eventful = false;
    }
    return call;
}
