/* SPDX-License-Identifier: MIT */
#include "transfer.h"

#include "distrust.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libcurl's callbacks: bytes go into the call, Lua is far away. */

#if LIBCURL_VERSION_NUM >= 0x075000
/* A connection is there and the request goes out. When the connection turns out to be dead libcurl
 * would take another and send the request again, at once and up to five times: whether and when a
 * request is sent again is decided in retry.h alone. Not so over HTTP/2, where it cannot be told
 * from a request that the server has refused to begin with, being full, and which is to be sent
 * again. */
static int on_request(void *user, char *remote, // NOLINT(readability-non-const-parameter)
                      char *local,              // NOLINT(readability-non-const-parameter)
                      int remote_port, int local_port) {
    (void)remote;
    (void)local;
    (void)remote_port;
    struct pc_call *call = ((const struct pc_transfer *)user)->call;
    call->local_port = local_port;
    if (call->is_sent && !call->may_resend)
        return CURL_PREREQFUNC_ABORT;
    if (pc_distrust_has_answer(call)) {
        call->has_stray_answer = true;
        return CURL_PREREQFUNC_ABORT;
    }
    call->is_sent = true;
    call->attempts++;
    return CURL_PREREQFUNC_OK;
}
#endif

static size_t on_header(char *line, size_t size, size_t count, void *user) {
    struct pc_call *call = ((const struct pc_transfer *)user)->call;
    size_t length = size * count;
    if (length > PC_TRANSFER_MAX_HEADERS - call->header_bytes) {
        call->has_large_head = true;
        return 0;
    }
    call->header_bytes += length;
    pc_answer_header(&call->answer, line, length);
    return length;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user) {
    struct pc_call *call = ((const struct pc_transfer *)user)->call;
    size_t length = size * count;
    if (length > call->max_answer - call->answer.body.length) {
        call->too_large = true;
        return 0;
    }
    call->lacks_memory = !pc_buffer_append(&call->answer.body, bytes, length);
    return call->lacks_memory ? 0 : length;
}

static int on_socket(void *user, curl_socket_t socket, curlsocktype purpose) {
    (void)purpose;
    pc_sockets_add(user, socket);
    return CURL_SOCKOPT_OK;
}

static int on_close(void *user, curl_socket_t socket) {
    pc_sockets_remove(user, socket);
    return close(socket);
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

/* What the host's address says of proxies: none for this machine. */
static CURLcode set_proxy(CURL *easy, const struct pc_route *route, bool is_loopback) {
    SET(CURLOPT_PROXY, !route->proxy && is_loopback ? "" : route->proxy);
    return CURLE_OK;
}

static CURLcode set_http_version(CURL *easy, bool http2) {
    SET(CURLOPT_HTTP_VERSION, (long)(http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
    SET(CURLOPT_PIPEWAIT, (long)http2);
    return CURLE_OK;
}

static CURLcode set_connection(CURL *easy, const struct pc_route *route) {
#if LIBCURL_VERSION_NUM >= 0x075700
    /* Older versions write to TLS peers without MSG_NOSIGNAL, and with this option they would no
     * longer ignore SIGPIPE themselves while they do. */
    SET(CURLOPT_NOSIGNAL, 1L);
#endif
    SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(route->connect_timeout));
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (route->ca_file) {
        SET(CURLOPT_CAINFO, route->ca_file);
        SET(CURLOPT_CAPATH, NULL); /* the file alone, not the system's directory beside it */
    }
    if (route->proxy_lines)
        SET(CURLOPT_PROXYHEADER, route->proxy_lines);
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

static CURLcode watch_sockets(CURL *easy, struct pc_sockets *sockets) {
    SET(CURLOPT_SOCKOPTFUNCTION, on_socket);
    SET(CURLOPT_SOCKOPTDATA, sockets);
    SET(CURLOPT_CLOSESOCKETFUNCTION, on_close);
    SET(CURLOPT_CLOSESOCKETDATA, sockets);
    return CURLE_OK;
}

static CURLcode set_callbacks(struct pc_transfer *transfer) {
    CURL *easy = transfer->easy;
    /* That it is set lets libcurl decode; the header itself is among the call's lines. */
    SET(CURLOPT_ACCEPT_ENCODING, PC_ACCEPT_ENCODING);
    SET(CURLOPT_PRIVATE, transfer);
    SET(CURLOPT_ERRORBUFFER, transfer->message);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, transfer);
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, transfer);
#if LIBCURL_VERSION_NUM >= 0x075000
    SET(CURLOPT_PREREQFUNCTION, on_request);
    SET(CURLOPT_PREREQDATA, transfer);
#endif
    return CURLE_OK;
}

/* The base URL is parsed here, and not for each call. */
static CURLcode set_base_url(struct pc_transfer *transfer, const struct pc_route *route) {
    CURL *easy = transfer->easy;
    transfer->url = curl_url();
    if (!transfer->url ||
        curl_url_set(transfer->url, CURLUPART_URL, route->base_url, 0) != CURLUE_OK)
        return CURLE_OUT_OF_MEMORY;
    SET(CURLOPT_URL, route->base_url); /* or libcurl would put the parts together to have one */
    SET(CURLOPT_CURLU, transfer->url);
    return CURLE_OK;
}

static CURLcode set_up(struct pc_transfer *transfer, const struct pc_route *route) {
    CURL *easy = transfer->easy;
    CURLcode code = easy ? set_connection(easy, route) : CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK)
        code = set_http_version(easy, route->http2);
    if (code == CURLE_OK)
        code = set_proxy(easy, route, route->is_loopback);
    if (code == CURLE_OK)
        code = set_callbacks(transfer);
    if (code == CURLE_OK)
        code = watch_sockets(easy, route->sockets);
    return code == CURLE_OK ? set_base_url(transfer, route) : code;
}

struct pc_transfer *pc_transfer_new(const struct pc_route *route) {
    struct pc_transfer *transfer = calloc(1, sizeof *transfer);
    if (!transfer)
        return NULL;
    transfer->easy = curl_easy_init();
    if (set_up(transfer, route) == CURLE_OK)
        return transfer;
    pc_transfer_free(transfer);
    return NULL;
}

void pc_transfer_free(struct pc_transfer *transfer) {
    curl_easy_cleanup(transfer->easy);
    curl_url_cleanup(transfer->url);
    free(transfer);
}

bool pc_transfer_is_ordinary(const struct pc_call *call) {
    return !call->avoids_http2 && !call->request.operation->is_token;
}

/* What is different for a call that is not ordinary, on a handle of its own. */
static CURLcode set_differences(CURL *easy, const struct pc_call *call,
                                const struct pc_route *route) {
    if (call->avoids_http2) {
        SET(CURLOPT_FRESH_CONNECT, 1L); /* on which the answer cannot be lost again */
        return set_http_version(easy, false);
    }
    return set_proxy(easy, route, call->request.is_loopback);
}

/* Gives libcurl the call's URL in parts: to parse its text would cost a tenth of the whole
 * transfer. The texts of queries, and what is encoded, are parsed nevertheless: a part that is set
 * has its percent-encodings put in lower case. */
static CURLcode set_target(struct pc_transfer *transfer, const struct pc_request *request,
                           const struct pc_route *route) {
    CURL *easy = transfer->easy;
    if (request->operation->is_token) {
        SET(CURLOPT_CURLU, NULL);
        SET(CURLOPT_URL, request->url.data);
        return CURLE_OK;
    }
    const char *path = request->url.data + route->path_at;
    bool is_set = strpbrk(path, "?%")
                      ? !curl_url_set(transfer->url, CURLUPART_URL, request->url.data, 0)
                      : !curl_url_set(transfer->url, CURLUPART_PATH, path, 0) &&
                            !curl_url_set(transfer->url, CURLUPART_QUERY, NULL, 0);
    return is_set ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

static CURLcode set_body(CURL *easy, const struct pc_request *request) {
    const char *method = request->operation->method;
    bool has_body = request->body.length > 0;
    if (has_body) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.length);
        SET(CURLOPT_POSTFIELDS, request->body.data);
    } else {
        SET(CURLOPT_HTTPGET, 1L);
    }
    SET(CURLOPT_CUSTOMREQUEST, strcmp(method, has_body ? "POST" : "GET") == 0 ? NULL : method);
    return CURLE_OK;
}

static CURLcode set_call(struct pc_transfer *transfer, struct pc_call *call, double seconds) {
    CURL *easy = transfer->easy;
    SET(CURLOPT_TIMEOUT_MS, milliseconds(seconds));
    SET(CURLOPT_HTTPHEADER, pc_lines_link(&transfer->lines, &call->request, call->headers));
#if LIBCURL_VERSION_NUM < 0x075000
    call->attempts++; /* counted as it begins, where its sending cannot be seen */
#endif
    return set_body(easy, &call->request);
}

#undef SET

CURLcode pc_transfer_aim(struct pc_transfer *transfer, struct pc_call *call,
                         const struct pc_route *route, double seconds) {
    transfer->call = call;
    transfer->message[0] = '\0';
    CURLcode code = set_target(transfer, &call->request, route);
    if (code == CURLE_OK && !pc_transfer_is_ordinary(call))
        code = set_differences(transfer->easy, call, route);
    return code == CURLE_OK ? set_call(transfer, call, seconds) : code;
}

void pc_transfer_forget(struct pc_transfer *transfer) {
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, NULL);
    transfer->call = NULL;
}

bool pc_transfer_was_http2(const struct pc_transfer *transfer) {
    long version = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_HTTP_VERSION, &version);
    return version == CURL_HTTP_VERSION_2_0;
}

bool pc_transfer_lost_answer(const struct pc_call *call, CURLcode code) {
    if (call->request.body.length == 0 || call->avoids_http2)
        return false;
    if (code == CURLE_HTTP2_STREAM)
        return call->transfer->message[0] == '\0'; /* the server's own reasons have a message */
    return code == CURLE_PARTIAL_FILE && pc_transfer_was_http2(call->transfer);
}

void pc_transfer_configure_multi(CURLM *multi, size_t max_connections) {
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)max_connections);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)max_connections);
    /* How many an HTTP/2 server allows is the server's to say; libcurl's own limit is 100. */
    curl_multi_setopt(multi, CURLMOPT_MAX_CONCURRENT_STREAMS, 1000L);
}
