/* SPDX-License-Identifier: MIT */
#include "engine.h"

#include "clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* libcurl's own default for CURLMOPT_MAX_CONCURRENT_STREAMS; it opens another connection when the
 * server allows fewer. */
#define HTTP2_CALLS_PER_CONNECTION 100

static void list_append(struct pc_call_list *list, struct pc_call *call) {
    call->previous = list->last;
    call->next = NULL;
    if (list->last)
        list->last->next = call;
    else
        list->first = call;
    list->last = call;
    list->count++;
}

static void list_remove(struct pc_call_list *list, struct pc_call *call) {
    if (call->previous)
        call->previous->next = call->next;
    else
        list->first = call->next;
    if (call->next)
        call->next->previous = call->previous;
    else
        list->last = call->previous;
    call->previous = call->next = NULL;
    list->count--;
}

/* libcurl's callbacks: bytes go into the call, Lua is far away. */

#if LIBCURL_VERSION_NUM >= 0x075000
/* A connection is there and the request goes out; again when the connection turns out to be dead
 * and libcurl takes another. */
static int on_request(void *user, char *remote, // NOLINT(readability-non-const-parameter)
                      char *local,              // NOLINT(readability-non-const-parameter)
                      int remote_port, int local_port) {
    (void)remote;
    (void)local;
    (void)remote_port;
    (void)local_port;
    struct pc_call *call = user;
    call->attempts++;
    return CURL_PREREQFUNC_OK;
}
#endif

static size_t on_header(char *line, size_t size, size_t count, void *user) {
    struct pc_call *call = user;
    pc_answer_header(&call->answer, line, size * count);
    return size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user) {
    struct pc_call *call = user;
    size_t length = size * count;
    if (length > call->max_answer - call->answer.body.length) {
        call->too_large = true;
        return 0;
    }
    return pc_buffer_append(&call->answer.body, bytes, length) ? length : 0;
}

static long milliseconds(double seconds) {
    return (long)ceil(seconds * 1000);
}

#define SET(option, value)                                                                         \
    do {                                                                                           \
        CURLcode set = curl_easy_setopt(easy, option, value);                                      \
        if (set != CURLE_OK)                                                                       \
            return set;                                                                            \
    } while (0)

static CURLcode configure_connection(CURL *easy, const struct pc_engine_options *options) {
#if LIBCURL_VERSION_NUM >= 0x075700
    /* Older versions write to TLS peers without MSG_NOSIGNAL, and with this option they would no
     * longer ignore SIGPIPE themselves while they do. */
    SET(CURLOPT_NOSIGNAL, 1L);
#endif
    SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options->connect_timeout));
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_HTTP_VERSION,
        (long)(options->http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    SET(CURLOPT_PIPEWAIT, (long)options->http2);
    if (options->ca_file) {
        SET(CURLOPT_CAINFO, options->ca_file);
        SET(CURLOPT_CAPATH, NULL); /* the file alone, not the system's directory beside it */
    }
    if (options->proxy)
        SET(CURLOPT_PROXY, options->proxy);
    /* The token must not follow to another place, and nothing but HTTP is ever spoken. */
    SET(CURLOPT_FOLLOWLOCATION, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
#if LIBCURL_VERSION_NUM >= 0x075700
    /* Older versions join the resolver's thread when a transfer ends early: a name server that
     * does not answer then holds up every call for as long as the resolver tries. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT,
                     1L); /* unknown where libcurl is older than its headers */
#endif
    return CURLE_OK;
}

static CURLcode configure_request(CURL *easy, struct pc_call *call,
                                  const struct pc_engine_options *options) {
    const struct pc_request *request = &call->request;
    SET(CURLOPT_URL, request->url.data);
    SET(CURLOPT_USERAGENT, options->user_agent);
    SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    SET(CURLOPT_TIMEOUT_MS, milliseconds(request->timeout));
    SET(CURLOPT_HTTPHEADER, call->own_lines);
    SET(CURLOPT_PRIVATE, call);
    SET(CURLOPT_ERRORBUFFER, call->message);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, call);
#if LIBCURL_VERSION_NUM >= 0x075000
    SET(CURLOPT_PREREQFUNCTION, on_request);
    SET(CURLOPT_PREREQDATA, call);
#else
    call->attempts++; /* counted as it begins, where its sending cannot be seen */
#endif
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, call);
    if (request->body.length > 0) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
        SET(CURLOPT_POSTFIELDS, request->body.data);
        SET(CURLOPT_CUSTOMREQUEST, request->operation->method);
    }
    return CURLE_OK;
}

#undef SET

static CURL *take_easy(struct pc_engine *engine) {
    if (engine->idle_count > 0)
        return engine->idle[--engine->idle_count];
    return curl_easy_init();
}

/* Keeps a handle for the next call. Not one whose transfer failed: what libcurl remembers of the
 * failure, CURLINFO_OS_ERRNO for one, would outlive the reset. */
static void put_easy(struct pc_engine *engine, CURL *easy, CURLcode code) {
    if (code == CURLE_OK && engine->idle_count < engine->options.max_connections) {
        curl_easy_reset(easy);
        engine->idle[engine->idle_count++] = easy;
    } else {
        curl_easy_cleanup(easy);
    }
}

/* The end of every call, whichever way it came. Releases the engine's reference. */
static void finish(struct pc_engine *engine, struct pc_call *call, CURLcode code) {
    list_remove(call->state == PC_CALL_QUEUED ? &engine->queued : &engine->active, call);
    call->state = PC_CALL_DONE;
    call->engine = NULL;
    call->code = code;
    call->ended = pc_clock();
    if (call->easy) {
        curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &call->answer.status);
        curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &call->os_errno);
        curl_multi_remove_handle(engine->multi, call->easy);
        put_easy(engine, call->easy, code);
        call->easy = NULL;
    }
    if (code != CURLE_OK && call->message[0] == '\0')
        strncpy(call->message, curl_easy_strerror(code), sizeof call->message - 1);
    pc_call_release(call);
}

static void activate(struct pc_engine *engine, struct pc_call *call) {
    list_remove(&engine->queued, call);
    list_append(&engine->active, call);
    call->state = PC_CALL_ACTIVE;
    call->max_answer = engine->options.max_answer;
    CURL *easy = take_easy(engine);
    if (!easy) {
        finish(engine, call, CURLE_OUT_OF_MEMORY);
        return;
    }
    call->easy = easy;
    CURLcode code = configure_connection(easy, &engine->options);
    if (code == CURLE_OK)
        code = configure_request(easy, call, &engine->options);
    if (code == CURLE_OK && curl_multi_add_handle(engine->multi, easy) != CURLM_OK)
        code = CURLE_OUT_OF_MEMORY;
    if (code != CURLE_OK)
        finish(engine, call, code);
}

static void admit(struct pc_engine *engine) {
    size_t limit = engine->options.max_connections * engine->calls_per_connection;
    while (engine->queued.first && engine->active.count < limit)
        activate(engine, engine->queued.first);
}

static void note_http_version(struct pc_engine *engine, CURL *easy) {
    long version = 0;
    curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    if (version == CURL_HTTP_VERSION_2_0)
        engine->calls_per_connection = HTTP2_CALLS_PER_CONNECTION;
}

static void finish_those_done(struct pc_engine *engine) {
    int left = 0;
    for (CURLMsg *end; (end = curl_multi_info_read(engine->multi, &left));) {
        struct pc_call *call = NULL;
        CURLcode code = end->data.result; /* the message goes with its handle */
        curl_easy_getinfo(end->easy_handle, CURLINFO_PRIVATE, (char **)&call);
        note_http_version(engine, end->easy_handle);
        if (code == CURLE_OK && !call->answer.has_head) /* libcurl takes it for an answer */
            code = CURLE_PARTIAL_FILE;
        finish(engine, call, code);
    }
}

/* When libcurl itself fails, as it does when memory runs out, no call can go on. */
static void fail_active(struct pc_engine *engine, CURLMcode code) {
    while (engine->active.first) {
        struct pc_call *call = engine->active.first;
        strncpy(call->message, curl_multi_strerror(code), sizeof call->message - 1);
        finish(engine, call, CURLE_FAILED_INIT);
    }
}

bool pc_engine_open(struct pc_engine *engine, const struct pc_engine_options *options) {
    engine->options = *options;
    engine->calls_per_connection = 1;
    engine->multi = curl_multi_init();
    engine->idle = calloc(options->max_connections, sizeof(CURL *));
    if (!engine->multi || !engine->idle)
        return false;
    long connections = (long)options->max_connections;
    curl_multi_setopt(engine->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
    curl_multi_setopt(engine->multi, CURLMOPT_MAXCONNECTS, connections);
    return true;
}

void pc_engine_close(struct pc_engine *engine) {
    while (engine->queued.first)
        pc_engine_cancel(engine->queued.first);
    while (engine->active.first)
        pc_engine_cancel(engine->active.first);
    while (engine->idle_count > 0)
        curl_easy_cleanup(engine->idle[--engine->idle_count]);
    free(engine->idle);
    engine->idle = NULL;
    curl_multi_cleanup(engine->multi);
    engine->multi = NULL;
}

void pc_engine_submit(struct pc_engine *engine, struct pc_call *call, struct pc_headers *headers) {
    pc_call_hold(call);
    pc_call_link_headers(call, headers);
    call->engine = engine;
    call->state = PC_CALL_QUEUED;
    list_append(&engine->queued, call);
}

void pc_engine_cancel(struct pc_call *call) {
    if (!call->engine)
        return;
    call->cancelled = true;
    finish(call->engine, call, CURLE_ABORTED_BY_CALLBACK);
}

void pc_engine_drive(struct pc_engine *engine, const struct pc_call *call, int max_wait) {
    int running = 0;
    admit(engine);
    CURLMcode code = curl_multi_perform(engine->multi, &running);
    if (code != CURLM_OK)
        fail_active(engine, code);
    finish_those_done(engine);
    if (call->state == PC_CALL_DONE)
        return;
    admit(engine);
    curl_multi_poll(engine->multi, NULL, 0, max_wait, NULL);
}
