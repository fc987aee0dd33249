/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include "text.h"

#include <string.h>

#define FIELD(name) offsetof(struct pc_answer, name), sizeof(((struct pc_answer *)0)->name)

#define NAME(text) text, sizeof(text) - 1

static const struct {
    const char *name;
    size_t length;
    size_t offset, size;
} kept_headers[] = {
    { NAME("MS-RequestId"), FIELD(request_id) },
    { NAME("MS-CorrelationId"), FIELD(correlation_id) },
    { NAME("Retry-After"), FIELD(retry_after) },
    { NAME("Date"), FIELD(date) },
};

static bool is_blank(char byte) {
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static void keep(char *field, size_t size, const char *value, size_t length) {
    while (length > 0 && is_blank(value[0])) {
        value++;
        length--;
    }
    while (length > 0 && is_blank(value[length - 1]))
        length--;
    if (length >= size || pc_text_has_control(value, length))
        length = 0;
    memcpy(field, value, length);
    field[length] = '\0';
}

void pc_answer_header(struct pc_answer *answer, const char *line, size_t length) {
    if (length == 0)
        return;
    if (length >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        pc_answer_clear(answer);
        answer->has_status = true;
        return;
    }
    if (line[0] == '\r' || line[0] == '\n')
        answer->has_head = true;
    const char *colon = memchr(line, ':', length);
    if (!colon)
        return;
    size_t name_length = (size_t)(colon - line);
    for (size_t i = 0; i < sizeof kept_headers / sizeof kept_headers[0]; i++) {
        if (name_length == kept_headers[i].length &&
            pc_text_equals(line, name_length, kept_headers[i].name))
            keep((char *)answer + kept_headers[i].offset, kept_headers[i].size, colon + 1,
                 length - name_length - 1);
    }
}

void pc_answer_clear(struct pc_answer *answer) {
    struct pc_buffer body = answer->body;
    pc_buffer_clear(&body);
    *answer = (struct pc_answer){ .body = body };
}
