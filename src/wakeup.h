/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_WAKEUP_H
#define PARTNERCENTER_WAKEUP_H

#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* How the engine's thread wakes a coroutine of nginx: by one byte on a private unix socket that the
 * coroutine reads. nginx offers Lua sockets that connect, so there is a listener, once in a
 * process; nobody else can reach it, since its name is gone as soon as it is open. */

/* Writes the address to connect to, `/proc/self/fd/N`. False, with errno set, when there can be no
 * listener. */
#define PC_WAKEUP_ADDRESS_SIZE 32
bool pc_wakeup_address(char address[PC_WAKEUP_ADDRESS_SIZE]);

/* The other end of the socket that this process has connected last; -1 when there is none. Those
 * before it, whose owners are gone, are closed. */
int pc_wakeup_accept(void);

/* Writes the byte. Nothing is lost when the other end is gone: then nobody waits. */
void pc_wakeup_send(int fd);

#pragma GCC visibility pop

#endif
