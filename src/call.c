/* SPDX-License-Identifier: MIT */
#include "call.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pc_call *pc_call_new(void) {
    struct pc_call *call = calloc(1, sizeof *call);
    if (call)
        call->references = 1;
    return call;
}

void pc_call_hold(struct pc_call *call) {
    atomic_fetch_add(&call->references, 1);
}

/* Closes the socket of the coroutine that waited, if one did. */
static void close_wakeup(struct pc_call *call) {
    if (call->has_wakeup)
        close(call->wakeup);
    call->has_wakeup = false;
}

void pc_call_release(struct pc_call *call) {
    if (atomic_fetch_sub(&call->references, 1) > 1)
        return;
    close_wakeup(call);
    pc_headers_release(call->headers);
    pc_secrets_release(call->secrets);
    pc_request_free(&call->request);
    pc_event_log_free(&call->events);
    pc_buffer_free(&call->answer.body);
    pc_buffer_free(&call->message);
    pc_buffer_free(&call->redacted);
    free(call);
}

void pc_call_clear(struct pc_call *call) {
    close_wakeup(call);
    pc_headers_release(call->headers);
    pc_secrets_release(call->secrets);
    pc_request_clear(&call->request);
    pc_answer_clear(&call->answer);
    pc_buffer_clear(&call->message);
    pc_buffer_clear(&call->redacted);
    pc_event_log_clear(&call->events);
    struct pc_call kept = { .request = call->request,
                            .answer = call->answer,
                            .message = call->message,
                            .redacted = call->redacted,
                            .events = call->events };
    kept.references = 1;
    *call = kept;
}

void pc_call_begin_attempt(struct pc_call *call, size_t max_answer, double now) {
    pc_answer_clear(&call->answer);
    call->code = CURLE_OK;
    call->os_errno = 0;
    pc_buffer_clear(&call->message);
    call->is_sent = false;
    call->has_stray_answer = call->has_large_head = false;
    call->too_large = call->lacks_memory = false;
    call->header_bytes = 0;
    call->local_port = 0;
    call->max_answer = max_answer;
    call->attempt_begun = now;
    if (!call->is_patient)
        return;
    call->begun = now;
    call->deadline = now + call->request.deadline;
    call->is_patient = false; /* last: from now on the script may look at the deadline */
}

bool pc_call_is_success(const struct pc_call *call) {
    return call->code == CURLE_OK && call->answer.status >= 200 && call->answer.status <= 299;
}

void pc_call_repeat(struct pc_call *call) {
    pc_headers_release(call->headers);
    call->headers = NULL;
    call->engine = NULL;
    call->is_repeated = true;
    call->is_begun = false;
    call->state = PC_CALL_PREPARED;
}
