/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_QUALIFICATION_H
#define PARTNERCENTER_QUALIFICATION_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* One value of Partner Center's CustomerQualification enumeration. */
struct pc_qualification {
    const char *name;
    int value;
    bool may_be_set;            /* by a partner; the others only ever arrive in answers */
    bool needs_validation_code; /* the service refuses an update without one */
};

/* NULL when there is no such value. Names are taken in any letter case, as the service writes
 * them in any. */
const struct pc_qualification *pc_qualification_by_name(const char *name, size_t length);
const struct pc_qualification *pc_qualification_by_value(double value);

#pragma GCC visibility pop

#endif
