/* SPDX-License-Identifier: MIT */
#include "json_string.h"

#include <stdio.h>

/* What cannot stand in a JSON string as it is (RFC 8259, section 7). */
static bool is_special(char byte) {
    return byte == '"' || byte == '\\' || (unsigned char)byte < 0x20;
}

static bool append_escaped(struct pc_buffer *buffer, char byte) {
    char escaped[8];
    if ((unsigned char)byte < 0x20)
        snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned char)byte);
    else
        snprintf(escaped, sizeof escaped, "\\%c", byte);
    return pc_buffer_append_text(buffer, escaped);
}

bool pc_json_string_append(struct pc_buffer *buffer, struct pc_text text) {
    size_t plain = 0; /* where the bytes that are not appended yet begin */
    bool appended = pc_buffer_append(buffer, "\"", 1);
    for (size_t i = 0; appended && i < text.length; i++) {
        if (!is_special(text.data[i]))
            continue;
        appended = pc_buffer_append(buffer, text.data + plain, i - plain) &&
                   append_escaped(buffer, text.data[i]);
        plain = i + 1;
    }
    return appended && pc_buffer_append(buffer, text.data + plain, text.length - plain) &&
           pc_buffer_append(buffer, "\"", 1);
}
