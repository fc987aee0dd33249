/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_SECRETS_H
#define PARTNERCENTER_SECRETS_H

#include "buffer.h"
#include "text.h"

#include <stdatomic.h>

#pragma GCC visibility push(hidden)

/* What a client knows and nobody may be shown. One that is replaced is kept until the next takes
 * its place: an answer of before may still repeat it. */
enum pc_secret {
    PC_SECRET_ACCESS_TOKEN,
    PC_SECRET_CLIENT,
    PC_SECRET_REFRESH_TOKEN,
    PC_SECRET_COUNT,
};

/* Shared by reference count between a client and its calls; texts are malloc'ed, NULL where there
 * is none, and wiped before they are freed. Only the script's thread reads or changes them. */
struct pc_secrets {
    atomic_int references;
    bool is_closed; /* the client is */
    char *current[PC_SECRET_COUNT];
    char *former[PC_SECRET_COUNT];
};

/* One reference, for the caller; NULL when memory runs out. */
struct pc_secrets *pc_secrets_new(void);
struct pc_secrets *pc_secrets_hold(struct pc_secrets *secrets);
void pc_secrets_release(struct pc_secrets *secrets); /* NULL is allowed */

/* Keeps a copy of the text. False when memory runs out. */
bool pc_secrets_set(struct pc_secrets *secrets, enum pc_secret which, struct pc_text text);

/* The client is closed: wipes and frees all of them as soon as the client's reference is the only
 * one. Until then a call has an answer whose error is still to be made. */
void pc_secrets_close(struct pc_secrets *secrets);

/* Puts `text` into `out`, which is overwritten, with each secret replaced, and with `own`, an older
 * token, which may be NULL like `secrets`. False when memory runs out: `out` is then not to be
 * shown. */
bool pc_secrets_redact(const struct pc_secrets *secrets, const char *own, const char *text,
                       size_t length, struct pc_buffer *out);

#pragma GCC visibility pop

#endif
