/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_GUID_H
#define PARTNERCENTER_GUID_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

#define PC_GUID_LENGTH 36

/* A GUID as the service writes it: lower case, four hyphens, no braces. An empty text is none. */
struct pc_guid {
    char text[PC_GUID_LENGTH + 1];
};

/* Reads a GUID in either case, with or without braces; anything else is false. */
bool pc_guid_parse(const char *text, size_t length, struct pc_guid *guid);

/* A random GUID (RFC 9562, version 4) from getrandom(2); false when the kernel gives no bytes. */
bool pc_guid_generate(struct pc_guid *guid);

#pragma GCC visibility pop

#endif
