/* SPDX-License-Identifier: MIT */
#include "lines.h"

#include <string.h>

/* Into a text that has room for it. */
static void write_line(char *line, const char *name, const struct pc_guid *id) {
    size_t length = strlen(name);
    memcpy(line, name, length + 1);
    memcpy(line + length, id->text, sizeof id->text);
}

struct curl_slist *pc_lines_link(struct pc_lines *lines, const struct pc_request *request,
                                 struct pc_headers *headers) {
    static char json_line[] = "Content-Type: application/json";
    static char form_line[] = "Content-Type: application/x-www-form-urlencoded";
    bool has_ids = !request->operation->is_token;
    char *texts[] = {
        request->body.length > 0 ? (has_ids ? json_line : form_line) : NULL,
        has_ids ? lines->request_id : NULL,
        has_ids ? lines->correlation_id : NULL,
        request->continuation_line.length > 0 ? request->continuation_line.data : NULL,
    };
    write_line(lines->request_id, "MS-RequestId: ", &request->request_id);
    write_line(lines->correlation_id, "MS-CorrelationId: ", &request->correlation_id);

    struct curl_slist *first = headers->list;
    for (size_t i = sizeof texts / sizeof texts[0]; i-- > 0;) {
        if (!texts[i])
            continue;
        lines->links[i] = (struct curl_slist){ .data = texts[i], .next = first };
        first = &lines->links[i];
    }
    return first;
}
