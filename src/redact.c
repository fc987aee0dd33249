/* SPDX-License-Identifier: MIT */
#include "redact.h"

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

/* The ways to write one byte: a prefix, then the byte in so many hexadecimal digits, or itself
 * where there are none. */
static const struct {
    const char *prefix;
    size_t digits;
} spellings[] = { { "", 0 }, { "\\", 0 }, { "%", 2 }, { "\\u", 4 } };

/* How many bytes at `text` spell `byte`; 0 when they spell something else. */
static size_t spelled(const char *text, size_t length, char byte) {
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        size_t prefix = strlen(spellings[i].prefix);
        size_t size = prefix + (spellings[i].digits ? spellings[i].digits : 1);
        if (length < size || memcmp(text, spellings[i].prefix, prefix) != 0)
            continue;
        if (spellings[i].digits == 0) {
            if (text[prefix] == byte)
                return size;
            continue;
        }
        int value = 0;
        for (size_t j = prefix; j < size && value >= 0; j++) {
            int digit = hex_digit(text[j]);
            value = digit < 0 ? -1 : value * 16 + digit;
        }
        if (value == (unsigned char)byte)
            return size;
    }
    return 0;
}

/* How many bytes at `text` spell the whole secret; 0 when they do not. */
static size_t spelled_secret(const char *text, size_t length, const char *secret,
                             size_t secret_length) {
    size_t used = 0;
    for (size_t i = 0; i < secret_length; i++) {
        size_t size = spelled(text + used, length - used, secret[i]);
        if (size == 0)
            return 0;
        used += size;
    }
    return used;
}

bool pc_redact(const char *text, size_t length, const char *secret, size_t secret_length,
               struct pc_buffer *out) {
    size_t kept = 0;
    for (size_t i = 0; i < length && secret_length > 0;) {
        size_t found = spelled_secret(text + i, length - i, secret, secret_length);
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
