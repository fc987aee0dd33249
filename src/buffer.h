/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_BUFFER_H
#define PARTNERCENTER_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* Growable bytes. A zeroed struct is an empty buffer. `data` is NULL until something was
 * appended, and from then on NUL-terminated; the NUL is not counted in `length`. The bytes may be a
 * secret: they are wiped before the memory is given back or kept for something else. */
struct pc_buffer {
    char *data;
    size_t length;
    size_t capacity;
};

/* The appending functions return false, and leave the buffer as it was, when memory runs out. */
bool pc_buffer_append(struct pc_buffer *buffer, const void *bytes, size_t length);
bool pc_buffer_append_text(struct pc_buffer *buffer, const char *text);

/* Wipes the contents. Memory is kept for the next use unless it has grown beyond
 * PC_BUFFER_KEEP bytes: one large answer must not be paid for by every later call. */
void pc_buffer_clear(struct pc_buffer *buffer);
#define PC_BUFFER_KEEP ((size_t)64 * 1024)

void pc_buffer_free(struct pc_buffer *buffer);

#pragma GCC visibility pop

#endif
