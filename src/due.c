/* SPDX-License-Identifier: MIT */
#include "due.h"

#include <stdlib.h>

#define FIRST_CAPACITY 16

static void place(struct pc_due_heap *heap, struct pc_due *item, size_t at) {
    heap->items[at - 1] = item;
    item->place = at;
}

static struct pc_due *item_at(const struct pc_due_heap *heap, size_t at) {
    return heap->items[at - 1];
}

static void move_up(struct pc_due_heap *heap, struct pc_due *item) {
    size_t at = item->place;
    while (at > 1 && item_at(heap, at / 2)->at > item->at) {
        place(heap, item_at(heap, at / 2), at);
        at /= 2;
    }
    place(heap, item, at);
}

static void move_down(struct pc_due_heap *heap, struct pc_due *item) {
    size_t at = item->place;
    for (size_t child = at * 2; child <= heap->count; child = at * 2) {
        if (child < heap->count && item_at(heap, child + 1)->at < item_at(heap, child)->at)
            child++;
        if (item_at(heap, child)->at >= item->at)
            break;
        place(heap, item_at(heap, child), at);
        at = child;
    }
    place(heap, item, at);
}

static bool reserve(struct pc_due_heap *heap) {
    if (heap->count < heap->capacity)
        return true;
    size_t capacity = heap->capacity ? heap->capacity * 2 : FIRST_CAPACITY;
    struct pc_due **items = realloc(heap->items, capacity * sizeof(struct pc_due *));
    if (!items)
        return false;
    heap->items = items;
    heap->capacity = capacity;
    return true;
}

bool pc_due_set(struct pc_due_heap *heap, struct pc_due *item, double at) {
    if (item->place == 0) {
        if (!reserve(heap))
            return false;
        place(heap, item, ++heap->count);
    }
    item->at = at;
    move_up(heap, item);
    move_down(heap, item);
    return true;
}

void pc_due_clear(struct pc_due_heap *heap, struct pc_due *item) {
    if (item->place == 0)
        return;
    struct pc_due *last = item_at(heap, heap->count--);
    if (last != item) {
        place(heap, last, item->place);
        move_up(heap, last);
        move_down(heap, last);
    }
    item->place = 0;
}

struct pc_due *pc_due_first(const struct pc_due_heap *heap) {
    return heap->count > 0 ? item_at(heap, 1) : NULL;
}

void pc_due_free(struct pc_due_heap *heap) {
    free(heap->items);
    *heap = (struct pc_due_heap){ 0 };
}
