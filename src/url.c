/* SPDX-License-Identifier: MIT */
#include "url.h"

#include "text.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define OUT_OF_MEMORY "could not be read: out of memory"
#define NO_URL        "is no URL: it must look like https://host or https://host/path"

static bool host_is_loopback(const char *host) {
    struct in_addr address;
    if (inet_pton(AF_INET, host, &address) == 1)
        return (ntohl(address.s_addr) >> 24) == 127;
    return pc_text_equals(host, strlen(host), "localhost") || strcmp(host, "[::1]") == 0;
}

static bool has_part(CURLU *handle, CURLUPart part) {
    char *value = NULL;
    bool found = curl_url_get(handle, part, &value, 0) == CURLUE_OK;
    curl_free(value);
    return found;
}

/* libcurl decodes the host, and of the control characters takes 0x7F. */
static bool host_has_control(CURLU *handle) {
    char *host = NULL;
    bool found = curl_url_get(handle, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
                 pc_text_has_control(host, strlen(host));
    curl_free(host);
    return found;
}

static const char *check_parts(CURLU *handle) {
    if (host_has_control(handle))
        return "must not contain a control character";
    if (has_part(handle, CURLUPART_USER) || has_part(handle, CURLUPART_PASSWORD))
        return "must not contain a user name or a password";
    if (has_part(handle, CURLUPART_QUERY) || has_part(handle, CURLUPART_FRAGMENT))
        return "must not contain a query or a fragment";
    return NULL;
}

static bool part_is(CURLU *handle, CURLUPart part, const char *wanted) {
    char *value = NULL;
    bool same = curl_url_get(handle, part, &value, 0) == CURLUE_OK && strcmp(value, wanted) == 0;
    curl_free(value);
    return same;
}

static bool is_loopback(CURLU *handle) {
    char *host = NULL;
    bool loopback =
        curl_url_get(handle, CURLUPART_HOST, &host, 0) == CURLUE_OK && host_is_loopback(host);
    curl_free(host);
    return loopback;
}

static const char *check_scheme(CURLU *handle, bool may_be_plain) {
    bool is_plain = part_is(handle, CURLUPART_SCHEME, "http");
    if (!is_plain && !part_is(handle, CURLUPART_SCHEME, "https"))
        return "must begin with https:// or http://";
    if (is_plain && !may_be_plain)
        return "uses plain http, which would show the access token to the network: use https, or "
               "set allow_insecure_http";
    return NULL;
}

static const char *copy_without_last_slash(CURLU *handle, char **text) {
    char *url = NULL;
    if (curl_url_get(handle, CURLUPART_URL, &url, 0) != CURLUE_OK)
        return OUT_OF_MEMORY;
    size_t length = strlen(url);
    while (length > 0 && url[length - 1] == '/')
        length--;
    *text = strndup(url, length);
    curl_free(url);
    return *text ? NULL : OUT_OF_MEMORY;
}

/* libcurl decodes the host but reads nothing into what comes of that: %34 becomes 4, and read again
 * 0.0.0.4. What we show and what is asked has to be the same. */
static const char *check_read_again(const char *text) {
    CURLU *handle = curl_url();
    if (!handle)
        return OUT_OF_MEMORY;
    char *again = NULL;
    const char *problem = NO_URL;
    if (curl_url_set(handle, CURLUPART_URL, text, 0) == CURLUE_OK)
        problem = copy_without_last_slash(handle, &again);
    if (!problem && strcmp(again, text) != 0)
        problem = NO_URL;
    free(again);
    curl_url_cleanup(handle);
    return problem;
}

const char *pc_base_url_read(const char *url, bool allow_insecure, struct pc_base_url *base) {
    CURLU *handle = curl_url();
    if (!handle)
        return OUT_OF_MEMORY;
    const char *problem = NULL;
    if (curl_url_set(handle, CURLUPART_URL, url, 0) != CURLUE_OK)
        problem = NO_URL;
    if (!problem)
        problem = check_parts(handle);
    base->is_loopback = is_loopback(handle);
    base->is_tls = part_is(handle, CURLUPART_SCHEME, "https");
    if (!problem)
        problem = check_scheme(handle, base->is_loopback || allow_insecure);
    if (!problem)
        problem = copy_without_last_slash(handle, &base->text);
    if (!problem)
        problem = check_read_again(base->text);
    if (problem) {
        free(base->text);
        base->text = NULL;
    }
    curl_url_cleanup(handle);
    return problem;
}

const char *pc_proxy_url_check(const char *url, bool *is_on_loopback) {
    static const char *const schemes[] = {
        "http", "https", "socks4", "socks4a", "socks5", "socks5h"
    };
    CURLU *handle = curl_url();
    if (!handle)
        return OUT_OF_MEMORY;
    bool is_known = false;
    if (curl_url_set(handle, CURLUPART_URL, url, CURLU_DEFAULT_SCHEME | CURLU_NON_SUPPORT_SCHEME) ==
        CURLUE_OK) {
        bool has_scheme = strstr(url, "://") != NULL; /* http where it is left out */
        is_known = !has_scheme;
        for (size_t i = 0; i < sizeof schemes / sizeof schemes[0] && !is_known; i++)
            is_known = part_is(handle, CURLUPART_SCHEME, schemes[i]);
    }
    *is_on_loopback = is_loopback(handle);
    curl_url_cleanup(handle);
    return is_known ? NULL : "must look like http://host:port, or with https, socks4 or socks5";
}

bool pc_url_append_encoded(struct pc_buffer *url, const char *bytes, size_t length) {
    if (length == 0)
        return true;
    if (length > INT_MAX)
        return false;
    char *encoded = curl_easy_escape(NULL, bytes, (int)length);
    if (!encoded)
        return false;
    bool appended = pc_buffer_append_text(url, encoded);
    explicit_bzero(encoded, strlen(encoded)); /* it may be a secret */
    curl_free(encoded);
    return appended;
}
