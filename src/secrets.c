/* SPDX-License-Identifier: MIT */
#include "secrets.h"

#include "redact.h"

#include <stdlib.h>
#include <string.h>

struct pc_secrets *pc_secrets_new(void) {
    struct pc_secrets *secrets = calloc(1, sizeof *secrets);
    if (secrets)
        secrets->references = 1;
    return secrets;
}

struct pc_secrets *pc_secrets_hold(struct pc_secrets *secrets) {
    atomic_fetch_add(&secrets->references, 1);
    return secrets;
}

static void forget(char **text) {
    pc_text_free(*text);
    *text = NULL;
}

static void forget_all(struct pc_secrets *secrets) {
    for (size_t i = 0; i < PC_SECRET_COUNT; i++) {
        forget(&secrets->current[i]);
        forget(&secrets->former[i]);
    }
}

void pc_secrets_close(struct pc_secrets *secrets) {
    secrets->is_closed = true;
    if (secrets->references == 1)
        forget_all(secrets);
}

void pc_secrets_release(struct pc_secrets *secrets) {
    if (!secrets)
        return;
    int left = atomic_fetch_sub(&secrets->references, 1) - 1;
    if (left == 0 || (left == 1 && secrets->is_closed))
        forget_all(secrets);
    if (left == 0)
        free(secrets);
}

bool pc_secrets_set(struct pc_secrets *secrets, enum pc_secret which, struct pc_text text) {
    char *copy = strndup(text.data, text.length);
    if (!copy)
        return false;
    if (secrets->current[which] && strcmp(secrets->current[which], copy) != 0) {
        forget(&secrets->former[which]);
        secrets->former[which] = secrets->current[which];
        secrets->current[which] = NULL;
    }
    forget(&secrets->current[which]);
    secrets->current[which] = copy;
    return true;
}

/* Replaces one secret in `text`, which is overwritten. */
static bool redact_one(struct pc_buffer *text, const char *secret) {
    struct pc_buffer redacted = { 0 };
    if (!secret || text->length == 0)
        return true;
    if (!pc_redact(text->data, text->length, secret, strlen(secret), &redacted)) {
        pc_buffer_free(&redacted);
        return false;
    }
    pc_buffer_free(text);
    *text = redacted;
    return true;
}

bool pc_secrets_redact(const struct pc_secrets *secrets, const char *own, const char *text,
                       size_t length, struct pc_buffer *out) {
    pc_buffer_clear(out);
    bool done = pc_buffer_append(out, text, length) && redact_one(out, own);
    for (size_t i = 0; done && secrets && i < PC_SECRET_COUNT; i++)
        done = redact_one(out, secrets->current[i]) && redact_one(out, secrets->former[i]);
    return done;
}
