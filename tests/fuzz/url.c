/* SPDX-License-Identifier: MIT */

/* The input is a byte, whose lowest bit is allow_insecure_http, and a URL. */

#include "../../src/url.h"

#include "fuzz.h"

#include <curl/curl.h>

static int hex(char digit) {
    return digit <= '9' ? digit - '0' : digit - 'A' + 10;
}

/* What was encoded is decoded to the same, and needs no further encoding. */
static void check_encoding(struct pc_text text) {
    struct pc_buffer encoded = { 0 };
    size_t at = 0;
    CHECK(pc_url_append_encoded(&encoded, text.data, text.length));
    for (size_t i = 0; i < encoded.length; i++, at++) {
        unsigned char byte = (unsigned char)encoded.data[i];
        CHECK(byte > 0x20 && byte < 0x7F && !strchr("&=+?#/\"'<>", byte));
        if (byte == '%') {
            CHECK(i + 2 < encoded.length);
            byte = (unsigned char)(hex(encoded.data[i + 1]) * 16 + hex(encoded.data[i + 2]));
            i += 2;
        }
        CHECK(at < text.length && byte == (unsigned char)text.data[at]);
    }
    CHECK(at == text.length);
    pc_buffer_free(&encoded);
}

/* What is taken as the address of a service holds all that the header promises. */
static void check_base(const struct pc_base_url *base, bool allow_insecure) {
    struct pc_base_url again = { 0 };
    CHECK(base->text && base->text[0] && base->text[strlen(base->text) - 1] != '/');
    CHECK(strncmp(base->text, base->is_tls ? "https://" : "http://", base->is_tls ? 8 : 7) == 0);
    CHECK(base->is_tls || base->is_loopback || allow_insecure);
    const char *host = strstr(base->text, "://") + 3;
    CHECK(!memchr(host, '@', strcspn(host, "/")));
    CHECK(!strpbrk(base->text, "?# "));
    CHECK(!pc_text_has_control(base->text, strlen(base->text)));
    CHECK(pc_base_url_read(base->text, allow_insecure, &again) == NULL);
    CHECK(strcmp(again.text, base->text) == 0);
    CHECK(again.is_tls == base->is_tls && again.is_loopback == base->is_loopback);
    free(again.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    bool allow_insecure = size > 0 && (data[0] & 1);
    bool is_on_loopback = false;
    struct pc_text text = { (const char *)data + (size > 0), size > 0 ? size - 1 : 0 };
    struct pc_base_url base = { 0 };
    check_encoding(text);
    char *url = fuzz_copy(text);
    const char *problem = pc_base_url_read(url, allow_insecure, &base);
    if (problem)
        CHECK(strlen(problem) > 0 && !base.text);
    else
        check_base(&base, allow_insecure);
    (void)pc_proxy_url_check(url, &is_on_loopback);
    free(base.text);
    free(url);
    return 0;
}
