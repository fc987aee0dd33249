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

/* Sockets are kept from call to call, on both sides. Which of those kept here belongs to the one
 * that nginx has taken from its own pool is told by a ticket that is sent through it. */

/* Writes a ticket that no other one equals. */
#define PC_WAKEUP_TICKET_SIZE 17
void pc_wakeup_ticket(char ticket[PC_WAKEUP_TICKET_SIZE]);

/* The kept socket through which the ticket has come; -1 when there is none. */
int pc_wakeup_take(const char *ticket);

/* Keeps a socket whose other end nginx has put into its pool. */
void pc_wakeup_keep(int fd);

/* The other end of the socket that this process has connected last; -1 when there is none. Those
 * before it, whose owners are gone, are closed. */
int pc_wakeup_accept(void);

/* Writes the byte. Nothing is lost when the other end is gone: then nobody waits. */
void pc_wakeup_send(int fd);

#pragma GCC visibility pop

#endif
