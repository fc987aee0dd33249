/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_REDACT_H
#define PARTNERCENTER_REDACT_H

#include "buffer.h"

#pragma GCC visibility push(hidden)

/* What stands in the place of a secret. It needs no escaping in JSON, URLs or HTML. */
#define PC_REDACTED "[redacted]"

/* Appends `text` to `out` with each occurrence of `secret` replaced. A server can echo a secret
 * as it stands, with JSON's escapes (\/ or \u002f) or percent-encoded, as a form (a space is a
 * plus) or not; all of them are found, mixed ones too. False when memory runs out: `out` is then
 * not to be shown. */
bool pc_redact(const char *text, size_t length, const char *secret, size_t secret_length,
               struct pc_buffer *out);

/* Takes out, in place, what stands between `://` and `@` in URLs: a user name and a password. */
void pc_redact_userinfo(char *text);

#pragma GCC visibility pop

#endif
