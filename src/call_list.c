/* SPDX-License-Identifier: MIT */
#include "call_list.h"

void pc_call_list_append(struct pc_call_list *list, struct pc_call *call) {
    call->previous = list->last;
    call->next = NULL;
    if (list->last)
        list->last->next = call;
    else
        list->first = call;
    list->last = call;
    list->count++;
}

void pc_call_list_remove(struct pc_call_list *list, struct pc_call *call) {
    if (call->previous)
        call->previous->next = call->next;
    else
        list->first = call->next;
    if (call->next)
        call->next->previous = call->previous;
    else
        list->last = call->previous;
    call->previous = call->next = NULL;
    list->count--;
}
