/* SPDX-License-Identifier: MIT */
#include "../../src/guid.h"

#include "fuzz.h"

#include <ctype.h>

static int is_guid(const char *text, size_t length) {
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    if (length != sizeof form - 1)
        return 0;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (form[i] == '-' ? byte != '-' : byte > 0x7F || !isxdigit(byte))
            return 0;
    }
    return 1;
}

/* Whatever was read is read again as the same, in either case and with braces. */
static void check_round_trip(const struct pc_guid *guid) {
    char written[PC_GUID_LENGTH + 3];
    struct pc_guid again;
    CHECK(strlen(guid->text) == PC_GUID_LENGTH && is_guid(guid->text, PC_GUID_LENGTH));
    CHECK(pc_guid_parse(guid->text, PC_GUID_LENGTH, &again));
    CHECK(strcmp(again.text, guid->text) == 0);
    snprintf(written, sizeof written, "{%s}", guid->text);
    for (char *byte = written; *byte; byte++)
        *byte = (char)toupper((unsigned char)*byte);
    CHECK(pc_guid_parse(written, strlen(written), &again));
    CHECK(strcmp(again.text, guid->text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data;
    struct pc_guid guid = { "before" };
    int has_braces = size > 2 && text[0] == '{' && text[size - 1] == '}';
    int expected = is_guid(text, size) || (has_braces && is_guid(text + 1, size - 2));
    CHECK(pc_guid_parse(text, size, &guid) == expected);
    if (expected)
        check_round_trip(&guid);
    else
        CHECK(strcmp(guid.text, "before") == 0);
    CHECK(pc_guid_generate(&guid));
    check_round_trip(&guid);
    return 0;
}
