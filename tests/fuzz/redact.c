/* SPDX-License-Identifier: MIT */

/* The input is a byte for how a server spells the secret, a secret, and behind a line end a text;
 * at its first line end a server has put the secret. */

#include "../../src/redact.h"

#include "fuzz.h"

/* The code point that begins the text, which is UTF-8, and the number of its bytes. */
static unsigned code_point(struct pc_text text, size_t *size) {
    unsigned char first = (unsigned char)text.data[0];
    *size = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    unsigned code = *size == 1 ? first : first & (0xFFu >> (*size + 1));
    for (size_t i = 1; i < *size; i++)
        code = code << 6 | ((unsigned char)text.data[i] & 0x3Fu);
    return code;
}

static void append_escaped(struct pc_buffer *text, unsigned code, const char *form) {
    char escaped[16];
    if (code >= 0x10000) {
        append_escaped(text, 0xD800 + ((code - 0x10000) >> 10), form);
        code = 0xDC00 + ((code - 0x10000) & 0x3FF);
    }
    snprintf(escaped, sizeof escaped, form, code);
    CHECK(pc_buffer_append_text(text, escaped));
}

/* Writes the secret as a string of JSON, each character in a way that `how` chooses. */
static void append_json(struct pc_buffer *text, struct pc_text secret, unsigned how) {
    bool is_utf8 = pc_text_is_utf8(secret.data, secret.length);
    size_t size = 1;
    for (size_t i = 0; i < secret.length; i += size) {
        struct pc_text rest = { secret.data + i, secret.length - i };
        unsigned way = how >> (i % 6) & 3;
        char byte = rest.data[0];
        unsigned code = is_utf8 ? code_point(rest, &size) : (unsigned char)byte;
        if (way == 1 && (is_utf8 || code < 0x80))
            append_escaped(text, code, "\\u%04x");
        else if (way == 3 && (is_utf8 || code < 0x80))
            append_escaped(text, code, "\\u%04X");
        else
            CHECK((!(byte == '\\' || byte == '"' || (byte == '/' && way == 2)) ||
                   pc_buffer_append_text(text, "\\")) &&
                  pc_buffer_append(text, rest.data, size));
    }
}

/* Writes it as a URL or a form carries it. */
static void append_percent(struct pc_buffer *text, struct pc_text secret, unsigned how) {
    for (size_t i = 0; i < secret.length; i++) {
        unsigned way = how >> (i % 6) & 3;
        char byte = secret.data[i];
        if (byte == ' ' && way == 0)
            CHECK(pc_buffer_append_text(text, "+"));
        else if (way > 0 || strchr("%+&", byte))
            append_escaped(text, (unsigned char)byte, way == 1 ? "%%%02x" : "%%%02X");
        else
            CHECK(pc_buffer_append(text, &byte, 1));
    }
}

/* The secret is in no part of the text that is not our own marker. */
static void check_gone(const struct pc_buffer *text, const char *secret) {
    const char *part = text->data, *end = text->data + text->length;
    while (part && part <= end) {
        const char *marker = memmem(part, (size_t)(end - part), PC_REDACTED, strlen(PC_REDACTED));
        CHECK(!fuzz_has(part, (size_t)((marker ? marker : end) - part), secret));
        part = marker ? marker + strlen(PC_REDACTED) : NULL;
    }
}

static void check_userinfo(struct pc_text text) {
    char *copy = fuzz_copy(text);
    size_t length = strlen(copy);
    pc_redact_userinfo(copy);
    CHECK(strlen(copy) <= length);
    for (const char *url = copy; (url = strstr(url, "://")) != NULL;) {
        url += 3;
        CHECK(memchr(url, '@', strcspn(url, "/'\"")) == NULL);
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pc_text input = { (const char *)data, size };
    if (size < 2)
        return 0;
    unsigned how = data[0];
    input = (struct pc_text){ input.data + 1, input.length - 1 };
    struct pc_text line = fuzz_line(&input);
    check_userinfo(input);
    if (line.length == 0 || pc_text_has_control(line.data, line.length))
        return 0; /* no secret that we would take */
    char *secret = fuzz_copy(line);
    struct pc_buffer text = { 0 }, out = { 0 };
    struct pc_text before = fuzz_line(&input);
    CHECK(pc_buffer_append(&text, before.data, before.length));
    (how & 0x80 ? append_percent : append_json)(&text, line, how);
    CHECK(pc_buffer_append(&text, input.data, input.length));
    CHECK(pc_redact(text.data, text.length, secret, line.length, &out));
    check_gone(&out, secret);
    CHECK(fuzz_has(out.data, out.length, PC_REDACTED));
    CHECK(out.length <= text.length + (text.length / line.length + 1) * strlen(PC_REDACTED));
    pc_buffer_free(&text);
    pc_buffer_free(&out);
    free(secret);
    return 0;
}
