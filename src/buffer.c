/* SPDX-License-Identifier: MIT */
#include "buffer.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)128)

static void release(struct pc_buffer *buffer) {
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->capacity);
    free(buffer->data);
}

static bool reserve(struct pc_buffer *buffer, size_t extra) {
    if (extra > SIZE_MAX / 2 - buffer->length - 1)
        return false;
    size_t needed = buffer->length + extra + 1;
    if (needed <= buffer->capacity)
        return true;
    size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    char *data = malloc(capacity);
    if (!data)
        return false;
    if (buffer->length > 0)
        memcpy(data, buffer->data, buffer->length + 1);
    release(buffer);
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

bool pc_buffer_append(struct pc_buffer *buffer, const void *bytes, size_t length) {
    if (!reserve(buffer, length))
        return false;
    if (length > 0)
        memcpy(buffer->data + buffer->length, bytes, length);
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
    return true;
}

bool pc_buffer_append_text(struct pc_buffer *buffer, const char *text) {
    return pc_buffer_append(buffer, text, strlen(text));
}

void pc_buffer_clear(struct pc_buffer *buffer) {
    if (buffer->capacity > PC_BUFFER_KEEP) {
        pc_buffer_free(buffer);
        return;
    }
    if (buffer->data)
        explicit_bzero(buffer->data, buffer->length);
    buffer->length = 0;
}

void pc_buffer_free(struct pc_buffer *buffer) {
    release(buffer);
    *buffer = (struct pc_buffer){ 0 };
}
