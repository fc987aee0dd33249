/* SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdlib.h>
#include <string.h>

bool pc_text_has_control(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte == 0x7F)
            return true;
    }
    return false;
}

/* Ranges of the first and second byte and the number of bytes that follow the first: Table 3-7 of
 * the Unicode Standard. The bytes after the second are always 0x80 to 0xBF. */
static const struct {
    unsigned char first_low, first_high, second_low, second_high, followers;
} utf8_forms[] = {
    { 0x00, 0x7F, 0x00, 0x00, 0 }, { 0xC2, 0xDF, 0x80, 0xBF, 1 }, { 0xE0, 0xE0, 0xA0, 0xBF, 2 },
    { 0xE1, 0xEC, 0x80, 0xBF, 2 }, { 0xED, 0xED, 0x80, 0x9F, 2 }, { 0xEE, 0xEF, 0x80, 0xBF, 2 },
    { 0xF0, 0xF0, 0x90, 0xBF, 3 }, { 0xF1, 0xF3, 0x80, 0xBF, 3 }, { 0xF4, 0xF4, 0x80, 0x8F, 3 },
};

static bool is_continuation(unsigned char byte) {
    return (byte & 0xC0) == 0x80;
}

/* The length of the character that begins at `text`, or 0 when it is malformed. */
static size_t utf8_character(const unsigned char *text, size_t length) {
    for (size_t i = 0; i < sizeof utf8_forms / sizeof utf8_forms[0]; i++) {
        if (text[0] < utf8_forms[i].first_low || text[0] > utf8_forms[i].first_high)
            continue;
        size_t followers = utf8_forms[i].followers;
        if (followers >= length)
            return 0;
        if (followers > 0 &&
            (text[1] < utf8_forms[i].second_low || text[1] > utf8_forms[i].second_high))
            return 0;
        for (size_t j = 2; j <= followers; j++) {
            if (!is_continuation(text[j]))
                return 0;
        }
        return followers + 1;
    }
    return 0;
}

bool pc_text_is_utf8(const char *text, size_t length) {
    for (size_t i = 0; i < length;) {
        size_t size = utf8_character((const unsigned char *)text + i, length - i);
        if (size == 0)
            return false;
        i += size;
    }
    return true;
}

size_t pc_text_prefix(const char *text, size_t length, size_t limit) {
    if (length <= limit)
        return length;
    /* At most three bytes back: bytes that are no UTF-8 at all are cut at the limit. */
    for (size_t back = 0; back <= 3 && back <= limit; back++) {
        if (!is_continuation((unsigned char)text[limit - back]))
            return limit - back;
    }
    return limit;
}

/* The lower case of an ASCII letter; any other byte is itself. The C library's own functions depend
 * on the locale that the host has set. */
static char lower(char byte) {
    return (char)(byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte);
}

bool pc_text_equals(const char *text, size_t length, const char *name) {
    if (strlen(name) != length)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (lower(text[i]) != lower(name[i]))
            return false;
    }
    return true;
}

void pc_text_free(char *text) {
    if (text)
        explicit_bzero(text, strlen(text));
    free(text);
}
