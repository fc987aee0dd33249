/* SPDX-License-Identifier: MIT */
#include "redact.h"

#include "text.h"

#include <string.h>

static int hex_digit(char digit) {
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

/* The number that so many hexadecimal digits at `text` are; -1 where they are none. */
static int hex_number(const char *text, size_t length, size_t digits) {
    int value = 0;
    if (length < digits)
        return -1;
    for (size_t i = 0; i < digits; i++) {
        int digit = hex_digit(text[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* What begins an escape in a text, and does not stand for itself. Which of them do is not known:
 * a text is read in each way. */
struct reading {
    bool backslash, percent;
};

static const struct reading readings[] = {
    { false, false },
    { true, false },
    { false, true },
    { true, true },
};

/* How many bytes of a text spell how many of the secret; zeros where they spell something else. */
struct step {
    size_t text, secret;
};

/* Writes a code point as UTF-8 and returns the number of its bytes. */
static size_t write_utf8(int code, char bytes[4]) {
    static const int beyond[] = { 0x80, 0x800, 0x10000 };
    static const int first[] = { 0, 0xC0, 0xE0, 0xF0 };
    size_t followers = 0;
    while (followers < 3 && code >= beyond[followers])
        followers++;
    for (size_t i = followers; i > 0; i--, code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3F));
    bytes[0] = (char)(first[followers] | code);
    return followers + 1;
}

/* The number behind the \u that is at `text`; -1 where there is none. */
static int unit_at(const char *text, size_t length) {
    return length >= 6 && text[0] == '\\' && text[1] == 'u' ? hex_number(text + 2, 4, 4) : -1;
}

/* Of an escape of JSON's. */
static struct step step_of_backslash(struct pc_text text, struct pc_text secret) {
    const struct step none = { 0, 0 };
    char bytes[4];
    size_t used = 6;
    int code = unit_at(text.data, text.length);
    if (text.length < 2)
        return none;
    if (code < 0)
        return text.data[1] == secret.data[0] ? (struct step){ 2, 1 } : none;
    if (code >= 0xD800 && code <= 0xDBFF) { /* the first half of a pair (RFC 8259, section 7) */
        int low = unit_at(text.data + used, text.length - used);
        if (low < 0xDC00 || low > 0xDFFF)
            return none;
        code = 0x10000 + (code - 0xD800) * 0x400 + (low - 0xDC00);
        used *= 2;
    }
    size_t size = write_utf8(code, bytes);
    if (size > secret.length || memcmp(bytes, secret.data, size) != 0)
        return none;
    return (struct step){ used, size };
}

static struct step step_of(struct pc_text text, struct pc_text secret, struct reading reading) {
    const struct step none = { 0, 0 };
    if (text.length == 0)
        return none;
    if (text.data[0] == '\\' && reading.backslash)
        return step_of_backslash(text, secret);
    if (text.data[0] == '%' && reading.percent)
        return hex_number(text.data + 1, text.length - 1, 2) == (unsigned char)secret.data[0]
                   ? (struct step){ 3, 1 }
                   : none;
    if (text.data[0] == '+' && secret.data[0] == ' ' && reading.percent)
        return (struct step){ 1, 1 };
    return text.data[0] == secret.data[0] ? (struct step){ 1, 1 } : none;
}

static struct pc_text behind(struct pc_text text, size_t count) {
    return (struct pc_text){ text.data + count, text.length - count };
}

/* How many bytes at `text`, read so, spell the whole secret; 0 when they do not. */
static size_t spelled_so(struct pc_text text, struct pc_text secret, struct reading reading) {
    size_t used = 0;
    while (secret.length > 0) {
        struct step step = step_of(behind(text, used), secret, reading);
        if (step.text == 0)
            return 0;
        used += step.text;
        secret = behind(secret, step.secret);
    }
    return used;
}

/* How many bytes at `text` spell the whole secret; 0 when they do not. */
static size_t spelled(struct pc_text text, struct pc_text secret) {
    for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
        size_t used = spelled_so(text, secret, readings[i]);
        if (used > 0)
            return used;
    }
    return 0;
}

bool pc_redact(const char *text, size_t length, const char *secret, size_t secret_length,
               struct pc_buffer *out) {
    size_t kept = 0;
    for (size_t i = 0; i < length && secret_length > 0;) {
        size_t found = spelled((struct pc_text){ text + i, length - i },
                               (struct pc_text){ secret, secret_length });
        if (found == 0) {
            i++;
            continue;
        }
        if (!pc_buffer_append(out, text + kept, i - kept) ||
            !pc_buffer_append_text(out, PC_REDACTED))
            return false;
        i += found;
        kept = i;
    }
    return pc_buffer_append(out, text + kept, length - kept);
}

void pc_redact_userinfo(char *text) {
    for (char *url = text; (url = strstr(url, "://")) != NULL;) {
        url += strlen("://");
        char *end = url + strcspn(url, "/'\"");
        char *at = NULL; /* the last one: a password may have one of its own */
        for (char *next = url; next < end; next++) {
            if (*next == '@')
                at = next;
        }
        if (at)
            memmove(url, at + 1, strlen(at + 1) + 1);
    }
}
