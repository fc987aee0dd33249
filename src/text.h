/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_TEXT_H
#define PARTNERCENTER_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* Bytes with a length. Who owns them is said where the struct is used. */
struct pc_text {
    const char *data;
    size_t length;
};

/* Whether a control character (0x00 to 0x1F, 0x7F) occurs. Nothing we send may carry one: CR and
 * LF would begin a new header line, NUL would cut the text short. */
bool pc_text_has_control(const char *text, size_t length);

/* Whether the bytes are well-formed UTF-8 (RFC 3629), which is all that JSON may carry. */
bool pc_text_is_utf8(const char *text, size_t length);

/* The longest prefix of at most `limit` bytes that does not cut a UTF-8 character in two. */
size_t pc_text_prefix(const char *text, size_t length, size_t limit);

/* Whether the bytes equal the NUL-terminated `name`, ASCII letters in any case. */
bool pc_text_equals(const char *text, size_t length, const char *name);

/* Frees a malloc'ed text, which may hold a secret: its bytes are wiped first. NULL is allowed. */
void pc_text_free(char *text);

#pragma GCC visibility pop

#endif
