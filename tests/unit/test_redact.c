/* SPDX-License-Identifier: MIT */
#include "../../src/redact.h"

#include "unit.h"

#include <string.h>

static const struct {
    const char *text, *secret, *redacted;
} rows[] = {
    { "", "se/cret", "" },
    { "nothing here", "se/cret", "nothing here" },
    { "se/cret", "se/cret", "[redacted]" },
    { "a se/cret and se/cret.", "se/cret", "a [redacted] and [redacted]." },
    { "se/cretse/cret", "se/cret", "[redacted][redacted]" },
    { "se/cre", "se/cret", "se/cre" },
    { "sse/cret", "se/cret", "s[redacted]" },
    { "{\"t\":\"se\\/cret\"}", "se/cret", "{\"t\":\"[redacted]\"}" },
    { "{\"t\":\"se\\u002Fcret\"}", "se/cret", "{\"t\":\"[redacted]\"}" },
    { "{\"t\":\"se\\u002fc\\u0072et\"}", "se/cret", "{\"t\":\"[redacted]\"}" },
    { "?t=se%2Fcret&x", "se/cret", "?t=[redacted]&x" },
    { "?t=%73e%2fcret&x", "se/cret", "?t=[redacted]&x" },
    { "se%2", "se/cret", "se%2" },
    { "se\\u00", "se/cret", "se\\u00" },
    { "SE/CRET", "se/cret", "SE/CRET" },
    { "kept", "", "kept" },
    { "\\u0075\\u0070", "up", "[redacted]" }, /* its first byte could be taken for that of \u */
    { "\\up", "up", "[redacted]" },
    { "100%25x", "100%x", "[redacted]" },
    { "100%x", "100%x", "[redacted]" },
    { "%31%30%30%25%78", "100%x", "[redacted]" },
    { "a\\\\\\/b", "a\\/b", "[redacted]" },
    { "a\\/b", "a\\/b", "[redacted]" },
    { "a\\\\b", "a\\\\b", "[redacted]" },
    { "a\\\\\\\\b", "a\\\\b", "[redacted]" },
    { "a%5Cb", "a\\b", "[redacted]" },
    { "a+b%2Bc%20d", "a b+c d", "[redacted]" },
    { "a+b", "a b", "[redacted]" },
    { "a+b", "a+b", "[redacted]" },
    { "a b", "a+b", "a b" },
    { "caf\xC3\xA9", "caf\xC3\xA9", "[redacted]" },
    { "caf\\u00e9!", "caf\xC3\xA9", "[redacted]!" },
    { "caf%C3%A9", "caf\xC3\xA9", "[redacted]" },
    { "\\u20AC5", "\xE2\x82\xAC\x35", "[redacted]" },
    { "caf\\u00e9", "caf\xC3", "caf\\u00e9" },
    { "caf\\u00", "caf\xC3\xA9", "caf\\u00" },
    { "\\ud83d\\uDE00k", "\xF0\x9F\x98\x80k", "[redacted]" },
    { "\\ud83dk", "\xF0\x9F\x98\x80k", "\\ud83dk" },
    { "\\ud83d\\u0041k", "\xF0\x9F\x98\x80k", "\\ud83d\\u0041k" },
    { "se\\", "se\\", "[redacted]" },
    { "\\", "se", "\\" },
};

static void replaces_each_spelling(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct pc_buffer out = { 0 };
        assert_true(pc_redact(rows[i].text, strlen(rows[i].text), rows[i].secret,
                              strlen(rows[i].secret), &out));
        assert_string_equal(out.data, rows[i].redacted);
        pc_buffer_free(&out);
    }
}

static void passes_nul_bytes(void **state) {
    (void)state;
    struct pc_buffer out = { 0 };
    assert_true(pc_redact("a\0secret", 8, "secret", 6, &out));
    assert_int_equal(out.length, 2 + strlen(PC_REDACTED));
    assert_memory_equal(out.data, "a\0" PC_REDACTED, out.length);
    pc_buffer_free(&out);
}

static void takes_out_user_and_password(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } texts[] = {
        { "", "" },
        { "no URL, a@b", "no URL, a@b" },
        { "bad 'ftp://user:secret@host:3128' here", "bad 'ftp://host:3128' here" },
        { "http://user:se@cret@ho st:1 and http://x:y@z", "http://ho st:1 and http://z" },
        { "http://host/path@x", "http://host/path@x" },
        { "http://user:secret@", "http://" },
    };
    for (size_t i = 0; i < COUNT(texts); i++) {
        char text[100] = "";
        strcpy(text, texts[i].text); // NOLINT: they fit
        pc_redact_userinfo(text);
        assert_string_equal(text, texts[i].expected);
        assert_null(strstr(text, "secret"));
        assert_null(strstr(text, "cret@"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_out_user_and_password),
        cmocka_unit_test(replaces_each_spelling),
        cmocka_unit_test(passes_nul_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
