/* SPDX-License-Identifier: MIT */
#include "qualification.h"

#include "text.h"

static const struct pc_qualification qualifications[] = {
    { "None", 0, false, false },
    { "Education", 1, true, false },
    { "Nonprofit", 2, false, false },
    { "GovernmentCommunityCloud", 3, true, true },
    { "StateOwnedEntity", 4, true, false },
};

#define COUNT (sizeof qualifications / sizeof qualifications[0])

const struct pc_qualification *pc_qualification_by_name(const char *name, size_t length) {
    for (size_t i = 0; i < COUNT; i++) {
        if (pc_text_equals(name, length, qualifications[i].name))
            return &qualifications[i];
    }
    return NULL;
}

const struct pc_qualification *pc_qualification_by_value(double value) {
    for (size_t i = 0; i < COUNT; i++) {
        if (qualifications[i].value == value)
            return &qualifications[i];
    }
    return NULL;
}
