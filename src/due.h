/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_DUE_H
#define PARTNERCENTER_DUE_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* Something that is due at a time. It is part of a larger struct, which the heap does not own. */
struct pc_due {
    double at;    /* pc_clock() */
    size_t place; /* in the heap, from 1 on; 0: it is in none */
};

/* A heap of such things: what is due first is on top. A zeroed struct is an empty heap. */
struct pc_due_heap {
    struct pc_due **items;
    size_t count, capacity;
};

/* Puts the item in, or moves it, to be due at `at`. False when memory runs out, which can only be
 * for an item that was not in. */
bool pc_due_set(struct pc_due_heap *heap, struct pc_due *item, double at);

/* Takes the item out, if it is in. */
void pc_due_clear(struct pc_due_heap *heap, struct pc_due *item);

/* What is due first; NULL when the heap is empty. */
struct pc_due *pc_due_first(const struct pc_due_heap *heap);

void pc_due_free(struct pc_due_heap *heap);

#pragma GCC visibility pop

#endif
