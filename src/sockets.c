/* SPDX-License-Identifier: MIT */
#include "sockets.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#define FIRST_CAPACITY 8

void pc_sockets_add(struct pc_sockets *sockets, int fd) {
    if (sockets->count == sockets->capacity) {
        size_t capacity = sockets->capacity ? sockets->capacity * 2 : FIRST_CAPACITY;
        struct pc_socket *items = realloc(sockets->items, capacity * sizeof *items);
        if (!items)
            return;
        sockets->items = items;
        sockets->capacity = capacity;
    }
    sockets->items[sockets->count++] = (struct pc_socket){ .fd = fd };
}

void pc_sockets_remove(struct pc_sockets *sockets, int fd) {
    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->items[i].fd == fd) {
            sockets->items[i] = sockets->items[--sockets->count];
            return;
        }
    }
}

static int port_of(int fd) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = { .any.sa_family = AF_UNSPEC };
    socklen_t size = sizeof address;
    if (getsockname(fd, &address.any, &size) != 0)
        return 0;
    if (address.any.sa_family == AF_INET6)
        return ntohs(address.v6.sin6_port);
    return address.any.sa_family == AF_INET ? ntohs(address.v4.sin_port) : 0;
}

struct pc_socket *pc_sockets_find(struct pc_sockets *sockets, int port) {
    for (size_t i = 0; port != 0 && i < sockets->count; i++) {
        struct pc_socket *item = &sockets->items[i];
        if (item->port == 0)
            item->port = port_of(item->fd);
        if (item->port == port)
            return item;
    }
    return NULL;
}

void pc_sockets_free(struct pc_sockets *sockets) {
    free(sockets->items);
    *sockets = (struct pc_sockets){ 0 };
}
