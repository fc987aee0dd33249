/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_CALL_LIST_H
#define PARTNERCENTER_CALL_LIST_H

#include "call.h"

#pragma GCC visibility push(hidden)

/* Calls in the order in which they came. A call is in one list at the most. A zeroed struct is an
 * empty list. */
struct pc_call_list {
    struct pc_call *first, *last;
    size_t count;
};

void pc_call_list_append(struct pc_call_list *list, struct pc_call *call);
void pc_call_list_remove(struct pc_call_list *list, struct pc_call *call);

#pragma GCC visibility pop

#endif
