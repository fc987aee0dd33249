/* SPDX-License-Identifier: MIT */
#include "headers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The name of this library in the MS-PartnerCenter-Client header. */
#define CLIENT_NAME "lua-partnercenter"

static bool add(struct pc_headers *headers, const char *name, const char *value) {
    size_t size = strlen(name) + strlen(value) + 1;
    char *line = malloc(size);
    if (!line)
        return false;
    snprintf(line, size, "%s%s", name, value);
    struct curl_slist *list = curl_slist_append(headers->list, line);
    explicit_bzero(line, size);
    free(line);
    if (list)
        headers->list = list;
    return list != NULL;
}

static void wipe(char *text) {
    if (text)
        explicit_bzero(text, strlen(text));
}

struct pc_headers *pc_headers_new(const struct pc_identity *identity, struct pc_text token) {
    struct pc_headers *headers = calloc(1, sizeof *headers);
    if (!headers)
        return NULL;
    headers->references = 1;
    headers->token = strndup(token.data, token.length);
    const struct {
        const char *name, *value;
    } lines[] = {
        { "Authorization: Bearer ", headers->token },
        { "Accept: ", "application/json" },
        { "MS-Contract-Version: ", "v1" },
        { "X-Locale: ", identity->locale },
        { "MS-PartnerCenter-Client: ", CLIENT_NAME },
        { "MS-PartnerCenter-Application: ", identity->application_name },
    };
    bool added = headers->token != NULL;
    for (size_t i = 0; added && i < sizeof lines / sizeof lines[0]; i++) {
        if (lines[i].value[0] != '\0')
            added = add(headers, lines[i].name, lines[i].value);
    }
    if (added)
        return headers;
    pc_headers_release(headers);
    return NULL;
}

struct pc_headers *pc_headers_hold(struct pc_headers *headers) {
    headers->references++;
    return headers;
}

void pc_headers_release(struct pc_headers *headers) {
    if (!headers || --headers->references > 0)
        return;
    for (struct curl_slist *line = headers->list; line; line = line->next)
        wipe(line->data);
    curl_slist_free_all(headers->list);
    wipe(headers->token);
    free(headers->token);
    free(headers);
}
