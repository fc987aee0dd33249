/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_SOCKETS_H
#define PARTNERCENTER_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

/* The sockets of libcurl's connections, known by their local ports: for a request that is about to
 * leave libcurl tells the port, but not the socket. */
struct pc_sockets {
    struct pc_socket {
        int fd;
        int port;      /* 0: not looked up yet */
        bool is_http1; /* an answer came on it over HTTP/1.1 */
    } * items;
    size_t count, capacity;
};

/* Notes one that was opened. Where memory runs out it is not found. */
void pc_sockets_add(struct pc_sockets *sockets, int fd);

/* Forgets one that is closed. */
void pc_sockets_remove(struct pc_sockets *sockets, int fd);

/* The socket with that local port; NULL where there is none. */
struct pc_socket *pc_sockets_find(struct pc_sockets *sockets, int port);

void pc_sockets_free(struct pc_sockets *sockets);

#pragma GCC visibility pop

#endif
