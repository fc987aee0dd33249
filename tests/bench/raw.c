/* SPDX-License-Identifier: MIT */

/* raw: the reference of the benchmark: the requests of `update_qualification` with libcurl alone.
 * Answers are thrown away but for their status; there is no JSON, no retry, no error table.
 *
 *     raw CALLS AT_ONCE URL CA_FILE [CONNECTIONS]
 *
 * One at once is a kept easy handle, more are a multi handle with as many easy handles. Everything
 * that is the same for all calls is set once. It is libcurl as it should be used: certificates
 * verified, timeouts, no signals, connections kept, HTTP/2 where it is negotiated, and no more
 * connections than are needed (as many as there are calls at once, unless it is told). The multi
 * handle is driven with curl_multi_perform and curl_multi_poll: curl_multi_socket_action over epoll
 * cost a tenth more at 64 connections without TLS, and with TLS or at 1,000 it was within 6%. */

#include "../../src/version.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define TOKEN_LENGTH       1200 /* of a real token, about */
#define TIMEOUT_MS         30000L
#define CONNECT_TIMEOUT_MS 10000L

#define GUID_LENGTH 36
#define ZERO_GUID   "00000000-0000-0000-0000-000000000000"

static const char body[] =
    "{\"qualification\":\"Education\",\"educationSegment\":\"K12\",\"website\":\"example.edu\"}";

/* What is the same for all calls. */
struct setting {
    const char *base_url;
    const char *ca_file;
    long connections; /* at the most */
    struct curl_slist *headers;
};

/* A call, whose handle and lines are used again for the next one. */
struct call {
    CURL *easy;
    char request_id[sizeof "MS-RequestId: " ZERO_GUID];
    char correlation_id[sizeof "MS-CorrelationId: " ZERO_GUID];
    struct curl_slist lines[2]; /* before the headers that all calls share */
};

static void fail(const char *what) {
    fprintf(stderr, "raw: %s\n", what);
    exit(1);
}

static void check(CURLcode code) {
    if (code != CURLE_OK)
        fail(curl_easy_strerror(code));
}

static void check_multi(CURLMcode code) {
    if (code != CURLM_OK)
        fail(curl_multi_strerror(code));
}

static size_t throw_away(char *bytes, size_t size, size_t count, void *user) {
    (void)bytes;
    (void)user;
    return size * count;
}

static struct curl_slist *make_headers(void) {
    static const char *const lines[] = {
        "Accept: application/json",
        "MS-Contract-Version: v1",
        "X-Locale: en-US",
        "MS-PartnerCenter-Client: lua-partnercenter",
    };
    char token[sizeof "Authorization: Bearer " + TOKEN_LENGTH] = "Authorization: Bearer ";
    memset(token + strlen(token), 'x', TOKEN_LENGTH);
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");
    list = curl_slist_append(list, token);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        list = curl_slist_append(list, lines[i]);
    return list;
}

#define SET(option, value) check(curl_easy_setopt(call->easy, option, value))

static void prepare(struct call *call, const struct setting *setting) {
    strcpy(call->request_id, "MS-RequestId: " ZERO_GUID);
    strcpy(call->correlation_id, "MS-CorrelationId: " ZERO_GUID);
    call->lines[0] = (struct curl_slist){ call->request_id, &call->lines[1] };
    call->lines[1] = (struct curl_slist){ call->correlation_id, setting->headers };
    call->easy = curl_easy_init();
    if (!call->easy)
        fail("not enough memory");
    SET(CURLOPT_PRIVATE, call);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    SET(CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_CAINFO, setting->ca_file);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    SET(CURLOPT_PIPEWAIT, 1L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_USERAGENT, "lua-partnercenter/" PARTNERCENTER_VERSION);
    SET(CURLOPT_ACCEPT_ENCODING, "gzip");
    SET(CURLOPT_HTTPHEADER, call->lines);
    SET(CURLOPT_POSTFIELDSIZE, (long)sizeof body - 1);
    SET(CURLOPT_POSTFIELDS, body);
    SET(CURLOPT_WRITEFUNCTION, throw_away);
}

/* Writes a random GUID over the one at the end of a line. */
static void renew_guid(char *line, size_t size, const unsigned char *random) {
    char *guid = line + size - 1 - GUID_LENGTH;
    for (size_t i = 0; i < GUID_LENGTH; i++) {
        if (guid[i] == '-')
            continue;
        guid[i++] = "0123456789abcdef"[*random >> 4];
        guid[i] = "0123456789abcdef"[*random++ & 15];
    }
}

/* Makes the handle the request for the customer of this number. */
static void renew(struct call *call, const struct setting *setting, long number) {
    char url[256];
    unsigned char random[32];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        fail("no random numbers");
    random[6] = random[22] = 0x40; /* version 4 */
    random[8] = random[24] = 0x80; /* variant of RFC 9562 */
    renew_guid(call->request_id, sizeof call->request_id, random);
    renew_guid(call->correlation_id, sizeof call->correlation_id, random + 16);
    snprintf(url, sizeof url, "%s/v1/customers/00000000-0000-4000-8000-%012lx/qualifications",
             setting->base_url, number);
    SET(CURLOPT_URL, url);
}

#undef SET

static void check_status(const struct call *call) {
    long status = 0;
    curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 201)
        fail("an answer that is no success");
}

static void call_in_sequence(struct call *call, const struct setting *setting, long calls) {
    for (long number = 1; number <= calls; number++) {
        renew(call, setting, number);
        check(curl_easy_perform(call->easy));
        check_status(call);
    }
}

/* Takes the calls that have ended, and begins the next ones with their handles; returns how many
 * were begun so far. */
static long take_ends(CURLM *multi, const struct setting *setting, long begun, long calls) {
    int queued = 0;
    for (CURLMsg *end; (end = curl_multi_info_read(multi, &queued));) {
        struct call *call = NULL;
        check(end->data.result);
        check(curl_easy_getinfo(end->easy_handle, CURLINFO_PRIVATE, (char **)&call));
        check_status(call);
        check_multi(curl_multi_remove_handle(multi, call->easy));
        if (begun == calls)
            continue;
        renew(call, setting, ++begun);
        check_multi(curl_multi_add_handle(multi, call->easy));
    }
    return begun;
}

static void call_at_once(struct call *handles, long at_once, const struct setting *setting,
                         long calls) {
    CURLM *multi = curl_multi_init();
    int running = 0;
    long begun = 0;
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, setting->connections);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, setting->connections);
    while (begun < at_once) {
        renew(&handles[begun], setting, begun + 1);
        check_multi(curl_multi_add_handle(multi, handles[begun++].easy));
    }
    do {
        check_multi(curl_multi_perform(multi, &running));
        long before = begun;
        begun = take_ends(multi, setting, begun, calls);
        if (begun > before)
            running = 1; /* they want to be performed at once */
        else if (running > 0)
            check_multi(curl_multi_poll(multi, NULL, 0, 1000, NULL));
    } while (running > 0);
    for (long i = 0; i < at_once; i++)
        curl_easy_cleanup(handles[i].easy);
    curl_multi_cleanup(multi);
}

int main(int count, char **arguments) {
    if (count < 5) {
        fprintf(stderr, "usage: raw CALLS AT_ONCE URL CA_FILE [CONNECTIONS]\n");
        return 2;
    }
    long calls = strtol(arguments[1], NULL, 10);
    long at_once = strtol(arguments[2], NULL, 10);
    if (at_once > calls)
        at_once = calls;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct setting setting = { arguments[3], arguments[4],
                               count > 5 ? strtol(arguments[5], NULL, 10) : at_once,
                               make_headers() };
    struct call *handles = calloc((size_t)at_once + 1, sizeof *handles);
    for (long i = 0; i < at_once; i++)
        prepare(&handles[i], &setting);
    if (at_once > 1) {
        call_at_once(handles, at_once, &setting, calls);
    } else if (at_once == 1) {
        call_in_sequence(&handles[0], &setting, calls);
        curl_easy_cleanup(handles[0].easy);
    }
    free(handles);
    curl_slist_free_all(setting.headers);
    curl_global_cleanup();
    return 0;
}
