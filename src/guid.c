/* SPDX-License-Identifier: MIT */
#include "guid.h"

#include "random.h"

#define RANDOM_BYTES 16

static bool is_hyphen_position(size_t position) {
    return position == 8 || position == 13 || position == 18 || position == 23;
}

/* The byte of a GUID as we write it, or NUL where it is none at that position. */
static char canonical(char byte, size_t position) {
    if (is_hyphen_position(position))
        return (char)(byte == '-' ? byte : '\0');
    if (byte >= '0' && byte <= '9')
        return byte;
    char lower = (char)(byte | 0x20); /* of a letter of ASCII */
    return (char)(lower >= 'a' && lower <= 'f' ? lower : '\0');
}

bool pc_guid_parse(const char *text, size_t length, struct pc_guid *guid) {
    if (length == PC_GUID_LENGTH + 2 && text[0] == '{' && text[length - 1] == '}') {
        text++;
        length -= 2;
    }
    if (length != PC_GUID_LENGTH)
        return false;
    struct pc_guid parsed = { { 0 } };
    for (size_t i = 0; i < PC_GUID_LENGTH; i++) {
        parsed.text[i] = canonical(text[i], i);
        if (parsed.text[i] == '\0')
            return false;
    }
    *guid = parsed;
    return true;
}

bool pc_guid_generate(struct pc_guid *guid) {
    unsigned char bytes[RANDOM_BYTES];
    if (!pc_random_bytes(bytes, sizeof bytes))
        return false;
    bytes[6] = (unsigned char)((bytes[6] & 0x0F) | 0x40); /* version 4 */
    bytes[8] = (unsigned char)((bytes[8] & 0x3F) | 0x80); /* variant of RFC 9562 */
    size_t position = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (is_hyphen_position(position))
            guid->text[position++] = '-';
        guid->text[position++] = "0123456789abcdef"[bytes[i] >> 4];
        guid->text[position++] = "0123456789abcdef"[bytes[i] & 0x0F];
    }
    guid->text[position] = '\0';
    return true;
}
