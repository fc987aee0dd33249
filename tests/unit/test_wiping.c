/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* for memmem */
#include "../../src/headers.h"
#include "../../src/secrets.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define SECRET "a-secret-that-nobody-may-find"

/* AddressSanitizer's: called with each block before it is given back. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                              void (*on_free)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *block);

static int given_back, with_secret;

static void look_at_new(const volatile void *block, size_t size) {
    (void)block;
    (void)size;
}

static void look_at_freed(const volatile void *block) {
    const char *bytes = (const char *)block;
    given_back++;
    if (block && memmem(bytes, __sanitizer_get_allocated_size(block), SECRET, strlen(SECRET)))
        with_secret++;
}

static struct pc_text text_of(const char *text) {
    return (struct pc_text){ text, strlen(text) };
}

static int begin(void **state) {
    (void)state;
    given_back = with_secret = 0;
    return 0;
}

static void sees_a_secret_that_is_not_wiped(void **state) {
    (void)state;
    free(strdup(SECRET));
    assert_int_equal(with_secret, 1);
}

static void a_buffer_that_grows_or_is_freed(void **state) {
    (void)state;
    struct pc_buffer buffer = { 0 };
    for (int i = 0; i < 200; i++)
        assert_true(pc_buffer_append_text(&buffer, SECRET));
    assert_true(given_back > 0);
    pc_buffer_free(&buffer);
    assert_int_equal(with_secret, 0);
}

static void a_buffer_that_is_cleared_and_kept(void **state) {
    (void)state;
    struct pc_buffer buffer = { 0 };
    assert_true(pc_buffer_append_text(&buffer, SECRET));
    pc_buffer_clear(&buffer);
    assert_null(memmem(buffer.data, buffer.capacity, "secret", strlen("secret")));
    pc_buffer_free(&buffer);
}

static void a_secret_that_is_replaced_or_closed(void **state) {
    (void)state;
    struct pc_secrets *secrets = pc_secrets_new();
    for (int i = 0; i < 4; i++) {
        assert_true(pc_secrets_set(secrets, PC_SECRET_ACCESS_TOKEN, text_of(SECRET)));
        assert_true(pc_secrets_set(secrets, PC_SECRET_ACCESS_TOKEN, text_of(SECRET "2")));
    }
    assert_true(pc_secrets_set(secrets, PC_SECRET_REFRESH_TOKEN, text_of(SECRET)));
    assert_true(given_back > 0);
    pc_secrets_close(secrets);
    pc_secrets_release(secrets);
    assert_int_equal(with_secret, 0);
}

static void a_text_that_was_redacted(void **state) {
    (void)state;
    struct pc_secrets *secrets = pc_secrets_new();
    struct pc_buffer out = { 0 };
    assert_true(pc_secrets_set(secrets, PC_SECRET_CLIENT, text_of(SECRET)));
    struct pc_text text = text_of("it is " SECRET ", or " SECRET);
    assert_true(pc_secrets_redact(secrets, NULL, text.data, text.length, &out));
    assert_string_equal(out.data, "it is [redacted], or [redacted]");
    pc_buffer_free(&out);
    pc_secrets_release(secrets);
    assert_int_equal(with_secret, 0);
}

static void headers_that_nobody_holds(void **state) {
    (void)state;
    struct pc_identity identity = { "agent", "en-US", "" };
    struct pc_headers *headers = pc_headers_new(&identity, text_of(SECRET));
    assert_non_null(headers);
    pc_headers_release(headers);
    assert_true(given_back > 0);
    assert_int_equal(with_secret, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(sees_a_secret_that_is_not_wiped, begin),
        cmocka_unit_test_setup(a_buffer_that_grows_or_is_freed, begin),
        cmocka_unit_test_setup(a_buffer_that_is_cleared_and_kept, begin),
        cmocka_unit_test_setup(a_secret_that_is_replaced_or_closed, begin),
        cmocka_unit_test_setup(a_text_that_was_redacted, begin),
        cmocka_unit_test_setup(headers_that_nobody_holds, begin),
    };
    if (!__sanitizer_install_malloc_and_free_hooks(look_at_new, look_at_freed))
        return 1;
    return cmocka_run_group_tests_name("what is given back holds no secret: of", tests, NULL, NULL);
}
