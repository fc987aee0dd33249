/* SPDX-License-Identifier: MIT */
#include "call.h"

#include <stdio.h>
#include <stdlib.h>

static char content_type_line[] = "Content-Type: application/json";

struct pc_call *pc_call_new(void) {
    struct pc_call *call = calloc(1, sizeof *call);
    if (call)
        call->references = 1;
    return call;
}

void pc_call_hold(struct pc_call *call) {
    call->references++;
}

void pc_call_release(struct pc_call *call) {
    if (--call->references > 0)
        return;
    pc_headers_release(call->headers);
    pc_request_free(&call->request);
    pc_buffer_free(&call->answer.body);
    pc_buffer_free(&call->redacted);
    free(call);
}

void pc_call_clear(struct pc_call *call) {
    pc_headers_release(call->headers);
    pc_request_clear(&call->request);
    pc_answer_clear(&call->answer);
    pc_buffer_clear(&call->redacted);
    *call = (struct pc_call){ .references = call->references,
                              .request = call->request,
                              .answer = call->answer,
                              .redacted = call->redacted };
}

void pc_call_begin_attempt(struct pc_call *call, size_t max_answer) {
    pc_answer_clear(&call->answer);
    call->code = CURLE_OK;
    call->os_errno = 0;
    call->message[0] = '\0';
    call->too_large = false;
    call->max_answer = max_answer;
}

bool pc_call_is_success(const struct pc_call *call) {
    return call->code == CURLE_OK && call->answer.status >= 200 && call->answer.status <= 299;
}

void pc_call_link_headers(struct pc_call *call, struct pc_headers *headers) {
    const struct pc_request *request = &call->request;
    char *lines[] = {
        call->request_id_line,
        call->correlation_id_line,
        request->body.length > 0 ? content_type_line : NULL,
        request->continuation_line.length > 0 ? request->continuation_line.data : NULL,
    };
    snprintf(call->request_id_line, sizeof call->request_id_line, "MS-RequestId: %s",
             request->request_id.text);
    snprintf(call->correlation_id_line, sizeof call->correlation_id_line, "MS-CorrelationId: %s",
             request->correlation_id.text);
    call->headers = pc_headers_hold(headers);

    struct curl_slist *list = headers->list;
    for (size_t i = sizeof lines / sizeof lines[0]; i-- > 0;) {
        if (!lines[i])
            continue;
        call->own_lines[i] = (struct curl_slist){ .data = lines[i], .next = list };
        list = &call->own_lines[i];
    }
}

const char *pc_call_secret(const struct pc_call *call) {
    return call->headers ? call->headers->token : "";
}
