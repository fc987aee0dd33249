/* SPDX-License-Identifier: MIT */
#include "../../src/url.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *url, *text;
    bool is_loopback;
} good[] = {
    { "https://api.example.com", "https://api.example.com", false },
    { "https://api.example.com/", "https://api.example.com", false },
    { "https://api.example.com/gateway/", "https://api.example.com/gateway", false },
    { "https://api.example.com:8443", "https://api.example.com:8443", false },
    { "http://localhost:8080", "http://localhost:8080", true },
    { "http://LOCALHOST", "http://LOCALHOST", true },
    { "http://127.0.0.1:1", "http://127.0.0.1:1", true },
    { "http://127.9.9.9", "http://127.9.9.9", true },
    { "http://[::1]:80", "http://[::1]:80", true },
};

static const struct {
    const char *url, *problem;
} bad[] = {
    { "", "is no URL" },
    { "api.example.com", "is no URL" },
    { "ftp://example.com", "must begin with https:// or http://" },
    { "file:///etc/passwd", "must begin with https:// or http://" },
    { "gopher2://example.com", "is no URL" },
    { "http://example.com", "plain http" },
    { "http://localhost.example.com", "plain http" },
    { "http://127.0.0.1.example.com", "plain http" },
    { "http://[::2]", "plain http" },
    { "http://128.0.0.1", "plain http" },
    { "https://user@example.com", "user name" },
    { "https://user:password@example.com", "user name" },
    { "http://localhost@example.com", "user name" },
    { "https://example.com?a=b", "query" },
    { "https://example.com#a", "query" },
    { "https://example%7f.com", "control character" },
    { "https://%34", "no URL" },
};

static void reads_addresses(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct pc_base_url base = { 0 };
        assert_null(pc_base_url_read(good[i].url, false, &base));
        assert_string_equal(base.text, good[i].text);
        assert_int_equal(base.is_loopback, good[i].is_loopback);
        free(base.text);
    }
}

static void says_what_is_wrong(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct pc_base_url base = { 0 };
        const char *problem = pc_base_url_read(bad[i].url, false, &base);
        assert_non_null(problem);
        assert_non_null(strstr(problem, bad[i].problem));
        assert_null(base.text);
    }
}

static void takes_insecure_http_when_told(void **state) {
    (void)state;
    struct pc_base_url base = { 0 };
    assert_null(pc_base_url_read("http://example.com", true, &base));
    assert_string_equal(base.text, "http://example.com");
    free(base.text);
}

static const struct {
    const char *url;
    bool is_proxy, is_on_loopback;
} proxies[] = {
    { "http://proxy:3128", true, false },
    { "proxy:3128", true, false },
    { "127.0.0.1:3128", true, true },
    { "http://user:password@localhost", true, true },
    { "socks5h://127.0.0.1:9050", true, true },
    { "http://proxy:port", false, false },
    { "http://", false, false },
    { "ftp://proxy:3128", false, false },
};

static void checks_proxies(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(proxies); i++) {
        bool is_on_loopback = false;
        const char *problem = pc_proxy_url_check(proxies[i].url, &is_on_loopback);
        assert_int_equal(problem == NULL, proxies[i].is_proxy);
        assert_int_equal(is_on_loopback, proxies[i].is_on_loopback);
    }
}

static void encodes_all_but_unreserved(void **state) {
    (void)state;
    struct pc_buffer url = { 0 };
    assert_true(pc_url_append_encoded(&url, "aZ09-._~ /+&=%?#\xC3\xA9", 18));
    assert_string_equal(url.data, "aZ09-._~%20%2F%2B%26%3D%25%3F%23%C3%A9");
    pc_buffer_free(&url);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_addresses),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(takes_insecure_http_when_told),
        cmocka_unit_test(checks_proxies),
        cmocka_unit_test(encodes_all_but_unreserved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
