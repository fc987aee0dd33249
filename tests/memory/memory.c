/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE // NOLINT(*-reserved-identifier,cert-dcl*): for memmem

#include "memory.h"

#include <curl/curl.h>
#include <lua.h>
#include <malloc.h>
#include <pthread.h>
#include <sanitizer/common_interface_defs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const memory_names[MEMORY_KINDS] = { "Lua", "ours", "libcurl" };

/* The C library's, behind the linker's --wrap. */
void *__real_calloc(size_t count, size_t size);
void __real_free(void *block);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* the engine may have a thread */
static struct memory_failure failure;
static enum memory_kind failing;
static long asked, refused;
static long live[MEMORY_KINDS];
static long with_secret[MEMORY_KINDS]; /* blocks that were freed with one in it */
static const char *problem;
static int is_warm;

/* The secrets, the oldest of which gives way. */
static char secrets[16][2048];
static unsigned secret_count;

/* The shortest text that is looked for: a shorter one is in blocks by chance. */
#define SHORTEST 8

void memory_fail(enum memory_kind kind, struct memory_failure next) {
    pthread_mutex_lock(&lock);
    failing = kind;
    failure = next;
    asked = refused = 0;
    pthread_mutex_unlock(&lock);
}

long memory_stop_failing(void) {
    pthread_mutex_lock(&lock);
    failure.at = 0;
    long count = refused;
    pthread_mutex_unlock(&lock);
    return count;
}

struct memory_count memory_count(void) {
    pthread_mutex_lock(&lock);
    struct memory_count count = { is_warm, live[MEMORY_LUA], live[MEMORY_OURS], live[MEMORY_CURL] };
    pthread_mutex_unlock(&lock);
    return count;
}

void memory_is_warm(void) {
    is_warm = 1;
}

void memory_remember(const char *secret) {
    size_t length = strlen(secret);
    if (length < SHORTEST || length >= sizeof secrets[0])
        return;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (strcmp(secrets[i], secret) == 0)
            length = 0;
    }
    if (length > 0)
        strcpy(secrets[secret_count++ % (sizeof secrets / sizeof secrets[0])], secret);
    pthread_mutex_unlock(&lock);
}

const char *memory_problem(void) {
    return problem;
}

void memory_report(void) {
    printf("Freed with a secret in them: %ld blocks of ours, %ld strings and buffers of Lua's, %ld "
           "blocks of libcurl's\n",
           with_secret[MEMORY_OURS], with_secret[MEMORY_LUA], with_secret[MEMORY_CURL]);
}

/* Whether this allocation is to fail. The lock is held. */
static int refuses(enum memory_kind kind) {
    if (failure.at == 0 || kind != failing)
        return 0;
    long beyond = ++asked - failure.at;
    if (beyond < 0 || (failure.tries >= 0 && beyond >= failure.tries))
        return 0;
    refused++;
    if (getenv("SHOW"))
        __sanitizer_print_stack_trace();
    return 1;
}

static void look_at(enum memory_kind kind, const void *block, size_t size, int is_our_userdata) {
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        if (secrets[i][0] == '\0' || !memmem(block, size, secrets[i], strlen(secrets[i])))
            continue;
        with_secret[kind]++;
        if (kind == MEMORY_OURS)
            problem = "a block of ours was freed with a secret in it";
        if (is_our_userdata)
            problem = "a userdata was freed with a secret in it";
        return;
    }
}

static void *allocate(enum memory_kind kind, size_t count, size_t size) {
    pthread_mutex_lock(&lock);
    void *block = refuses(kind) ? NULL : __real_calloc(count, size);
    live[kind] += block != NULL;
    pthread_mutex_unlock(&lock);
    return block;
}

static void release(enum memory_kind kind, void *block) {
    if (!block)
        return;
    pthread_mutex_lock(&lock);
    look_at(kind, block, malloc_usable_size(block), 0);
    live[kind]--;
    pthread_mutex_unlock(&lock);
    __real_free(block);
}

/* Moves each block: what was behind the old address is freed, and looked at. */
static void *reallocate(enum memory_kind kind, void *block, size_t size) {
    void *moved = allocate(kind, 1, size > 0 ? size : 1);
    if (!moved || !block)
        return moved;
    size_t old_size = malloc_usable_size(block);
    memcpy(moved, block, old_size < size ? old_size : size);
    release(kind, block);
    return moved;
}

static char *duplicate(enum memory_kind kind, const char *text, size_t limit) {
    size_t length = strnlen(text, limit);
    char *copy = allocate(kind, length + 1, 1);
    return copy ? memcpy(copy, text, length) : NULL;
}

#define OURS(result, name, parameters, expression)                                                 \
    result __wrap_##name parameters;                                                               \
    result __wrap_##name parameters {                                                              \
        return expression;                                                                         \
    }

OURS(void *, malloc, (size_t size), allocate(MEMORY_OURS, 1, size))
OURS(void *, calloc, (size_t count, size_t size), allocate(MEMORY_OURS, count, size))
OURS(void *, realloc, (void *block, size_t size), reallocate(MEMORY_OURS, block, size))
OURS(char *, strdup, (const char *text), duplicate(MEMORY_OURS, text, (size_t)-1))
OURS(char *, strndup, (const char *text, size_t limit), duplicate(MEMORY_OURS, text, limit))
void __wrap_free(void *block);
void __wrap_free(void *block) {
    release(MEMORY_OURS, block);
}

static void *curl_malloc(size_t size) {
    return allocate(MEMORY_CURL, 1, size);
}

static void *curl_calloc(size_t count, size_t size) {
    return allocate(MEMORY_CURL, count, size);
}

static void *curl_realloc(void *block, size_t size) {
    return reallocate(MEMORY_CURL, block, size);
}

static char *curl_strdup(const char *text) {
    return duplicate(MEMORY_CURL, text, (size_t)-1);
}

static void curl_release(void *block) {
    release(MEMORY_CURL, block);
}

CURLcode __wrap_curl_global_init(long flags);
CURLcode __wrap_curl_global_init(long flags) {
    pthread_mutex_lock(&lock);
    int is_refused = refuses(MEMORY_CURL);
    pthread_mutex_unlock(&lock);
    if (is_refused)
        return CURLE_OUT_OF_MEMORY;
    return curl_global_init_mem(flags, curl_malloc, curl_release, curl_realloc, curl_strdup,
                                curl_calloc);
}

/* In front of each of Lua's blocks: what it is for, as far as Lua tells. */
struct head {
    _Alignas(max_align_t) size_t tag;
};

void *memory_lua(void *user, void *block, size_t old_size, size_t new_size) {
    (void)user;
    struct head *head = block ? (struct head *)block - 1 : NULL;
    struct head *moved = NULL;
    pthread_mutex_lock(&lock);
    int grows = new_size > (block ? old_size : 0);
    if (new_size > 0 && !(grows && refuses(MEMORY_LUA)))
        moved = __real_calloc(1, sizeof *moved + new_size);
    if (moved && head)
        memcpy(moved, head, sizeof *head + (old_size < new_size ? old_size : new_size));
    else if (moved)
        moved->tag = old_size;
    int is_freed = head && (moved || new_size == 0);
    if (is_freed)
        look_at(MEMORY_LUA, block, old_size, LUA_VERSION_NUM >= 502 && head->tag == LUA_TUSERDATA);
    live[MEMORY_LUA] += (moved && !head) - (head && new_size == 0);
    pthread_mutex_unlock(&lock);
    if (is_freed)
        __real_free(head);
    return moved ? moved + 1 : NULL;
}
