/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_MAILBOX_H
#define PARTNERCENTER_MAILBOX_H

#include "call_list.h"

#include <pthread.h>

#pragma GCC visibility push(hidden)

/* Where the script and the engine meet, whichever thread drives the engine: what the script wants
 * of calls goes one way, calls that have ended go the other. */
struct pc_mailbox {
    pthread_mutex_t lock;
    pthread_cond_t has_ended;                   /* broadcast with each call that ends */
    struct pc_call *first_posted, *last_posted; /* linked by `next_posted` */
    struct pc_call_list ended; /* watched calls, until the script has been told; one reference */
    int fd;           /* an eventfd, readable while `ended` has calls or `is_kept`; -1: none */
    bool is_readable; /* the eventfd */
    bool is_kept;     /* the script wants it readable */
};

void pc_mailbox_open(struct pc_mailbox *mailbox);

/* Closes the descriptor. The script can still be told of what has ended. */
void pc_mailbox_close(struct pc_mailbox *mailbox);

/* What the script can want, a set of bits. */
enum { PC_POST_PARK = 1, PC_POST_SUBMIT = 2, PC_POST_CANCEL = 4 };

/* Posts a call. True when there was none before: whoever drives the engine is to be woken then. */
bool pc_mailbox_post(struct pc_mailbox *mailbox, struct pc_call *call, unsigned wanted);

/* The call that was posted first, with one reference, and what is wanted of it; or NULL. */
struct pc_call *pc_mailbox_take_posted(struct pc_mailbox *mailbox, unsigned *wanted);

/* Marks the call as done. From then on it belongs to the script. */
void pc_mailbox_tell_end(struct pc_mailbox *mailbox, struct pc_call *call);

/* Lets the coroutines that wait for these calls look at what has ended. */
void pc_mailbox_wake(struct pc_mailbox *mailbox, const struct pc_call_list *calls);

/* The same for one that was not among them, since the engine has only just taken it: where
 * something has ended. */
void pc_mailbox_wake_late(struct pc_mailbox *mailbox, const struct pc_call *call);

/* The socket by which a coroutine is to be woken at the call's end. False where it has ended, or
 * another coroutine is to be woken: the socket is still the caller's then. */
bool pc_mailbox_attach(struct pc_mailbox *mailbox, struct pc_call *call, int socket);

/* The socket of a call that has ended, which is the caller's from now on; -1 where it has none. */
int pc_mailbox_detach(struct pc_mailbox *mailbox, struct pc_call *call);

/* How many watched calls have ended, of which the script was not told. */
size_t pc_mailbox_count_ended(struct pc_mailbox *mailbox);

/* The watched call that ended first, with one reference; or NULL. */
struct pc_call *pc_mailbox_take_ended(struct pc_mailbox *mailbox);

/* The script knows of this call's end already, and is not to be told of it. */
void pc_mailbox_forget_end(struct pc_mailbox *mailbox, struct pc_call *call);

/* Waits until `call` (which may be NULL) or some watched call has ended: at most so many seconds.
 */
void pc_mailbox_wait(struct pc_mailbox *mailbox, const struct pc_call *call, double seconds);

/* Whether the descriptor is readable also while nothing has ended. */
void pc_mailbox_keep_readable(struct pc_mailbox *mailbox, bool keep);

/* The descriptor that is readable while watched calls have ended; -1 with errno set when the system
 * gives none. */
int pc_mailbox_fd(struct pc_mailbox *mailbox);

#pragma GCC visibility pop

#endif
