/* SPDX-License-Identifier: MIT */
#ifndef PARTNERCENTER_RETRY_H
#define PARTNERCENTER_RETRY_H

#include <stdbool.h>

#pragma GCC visibility push(hidden)

/* What a client may spend on retries. A retry takes from it, a success gives back: when nearly
 * every call fails it runs dry, and an outage is not made worse by repeating each call. */
#define PC_RETRY_BUDGET 500.0

/* How one attempt of a call ended, and what is left to it. */
struct pc_retry_question {
    bool is_retryable;      /* the same request may succeed later */
    bool timed_out;         /* costs more: the service may be doing the work all the same */
    unsigned retries;       /* made so far */
    double max_retries;     /* after the first attempt */
    double retry_after;     /* seconds that the service asks to wait; negative: it does not */
    double max_retry_after; /* seconds: a longer pause is not made */
    double time_left;       /* seconds until the call's deadline */
    double budget;          /* what the client has left */
    double random;          /* 0 up to 1 */
};

struct pc_retry_answer {
    bool again;
    double pause; /* seconds before the next attempt */
    double cost;  /* to take from the budget */
};

/* Whether and when to try again: exponential backoff with full jitter, base half a second, cap 20,
 * never shorter than the service asks. A pause that is longer than it may be, or would end after
 * the deadline, is not begun. */
struct pc_retry_answer pc_retry_decide(const struct pc_retry_question *question);

/* The budget after a call succeeded whose retries had cost `spent`: that, and at least 1, comes
 * back. */
double pc_retry_refund(double budget, double spent);

#pragma GCC visibility pop

#endif
