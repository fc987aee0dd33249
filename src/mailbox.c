/* SPDX-License-Identifier: MIT */
#include "mailbox.h"

#include "wakeup.h"

#include <errno.h>
#include <math.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

void pc_mailbox_open(struct pc_mailbox *mailbox) {
    pthread_condattr_t attributes;
    *mailbox = (struct pc_mailbox){ .fd = -1 };
    pthread_mutex_init(&mailbox->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&mailbox->has_ended, &attributes);
    pthread_condattr_destroy(&attributes);
}

void pc_mailbox_close(struct pc_mailbox *mailbox) {
    if (mailbox->fd >= 0)
        close(mailbox->fd);
    mailbox->fd = -1;
}

bool pc_mailbox_post(struct pc_mailbox *mailbox, struct pc_call *call, unsigned wanted) {
    pthread_mutex_lock(&mailbox->lock);
    bool was_empty = !mailbox->first_posted;
    if (!call->wanted) {
        pc_call_hold(call);
        call->next_posted = NULL;
        if (was_empty)
            mailbox->first_posted = call;
        else
            mailbox->last_posted->next_posted = call;
        mailbox->last_posted = call;
    }
    call->wanted |= wanted;
    pthread_mutex_unlock(&mailbox->lock);
    return was_empty;
}

struct pc_call *pc_mailbox_take_posted(struct pc_mailbox *mailbox, unsigned *wanted) {
    pthread_mutex_lock(&mailbox->lock);
    struct pc_call *call = mailbox->first_posted;
    if (call) {
        mailbox->first_posted = call->next_posted;
        *wanted = call->wanted;
        call->wanted = 0;
    }
    pthread_mutex_unlock(&mailbox->lock);
    return call;
}

/* Makes the descriptor readable where it is to be, or not. Its counter is 0 or 1: neither blocks.
 */
static void update_readable(struct pc_mailbox *mailbox) {
    eventfd_t value = 1;
    bool readable = mailbox->is_kept || mailbox->ended.count > 0;
    if (mailbox->fd < 0 || readable == mailbox->is_readable)
        return;
    mailbox->is_readable = readable;
    if (readable)
        (void)eventfd_write(mailbox->fd, value);
    else
        (void)eventfd_read(mailbox->fd, &value);
}

void pc_mailbox_keep_readable(struct pc_mailbox *mailbox, bool keep) {
    pthread_mutex_lock(&mailbox->lock);
    mailbox->is_kept = keep;
    update_readable(mailbox);
    pthread_mutex_unlock(&mailbox->lock);
}

void pc_mailbox_tell_end(struct pc_mailbox *mailbox, struct pc_call *call) {
    pthread_mutex_lock(&mailbox->lock);
    if (call->is_watched) {
        pc_call_hold(call);
        pc_call_list_append(&mailbox->ended, call);
        update_readable(mailbox);
    }
    call->state = PC_CALL_DONE;
    if (call->has_wakeup)
        pc_wakeup_send(call->wakeup);
    pthread_cond_broadcast(&mailbox->has_ended);
    pthread_mutex_unlock(&mailbox->lock);
}

void pc_mailbox_wake(struct pc_mailbox *mailbox, const struct pc_call_list *calls) {
    pthread_mutex_lock(&mailbox->lock);
    for (const struct pc_call *call = calls->first; call; call = call->next) {
        if (call->has_wakeup)
            pc_wakeup_send(call->wakeup);
    }
    pthread_mutex_unlock(&mailbox->lock);
}

void pc_mailbox_wake_late(struct pc_mailbox *mailbox, const struct pc_call *call) {
    pthread_mutex_lock(&mailbox->lock);
    if (mailbox->ended.count > 0 && call->has_wakeup)
        pc_wakeup_send(call->wakeup);
    pthread_mutex_unlock(&mailbox->lock);
}

bool pc_mailbox_attach(struct pc_mailbox *mailbox, struct pc_call *call, int socket) {
    pthread_mutex_lock(&mailbox->lock);
    bool is_free = call->state != PC_CALL_DONE && !call->has_wakeup;
    if (is_free) {
        call->has_wakeup = true;
        call->wakeup = socket;
    }
    pthread_mutex_unlock(&mailbox->lock);
    return is_free;
}

int pc_mailbox_detach(struct pc_mailbox *mailbox, struct pc_call *call) {
    int socket = -1;
    pthread_mutex_lock(&mailbox->lock); /* behind which its byte has been sent */
    if (call->state == PC_CALL_DONE && call->has_wakeup) {
        call->has_wakeup = false;
        socket = call->wakeup;
    }
    pthread_mutex_unlock(&mailbox->lock);
    return socket;
}

size_t pc_mailbox_count_ended(struct pc_mailbox *mailbox) {
    pthread_mutex_lock(&mailbox->lock);
    size_t count = mailbox->ended.count;
    pthread_mutex_unlock(&mailbox->lock);
    return count;
}

struct pc_call *pc_mailbox_take_ended(struct pc_mailbox *mailbox) {
    pthread_mutex_lock(&mailbox->lock);
    struct pc_call *call = mailbox->ended.first;
    if (call) {
        pc_call_list_remove(&mailbox->ended, call);
        update_readable(mailbox);
    }
    pthread_mutex_unlock(&mailbox->lock);
    return call;
}

void pc_mailbox_forget_end(struct pc_mailbox *mailbox, struct pc_call *call) {
    pthread_mutex_lock(&mailbox->lock);
    /* A call that is done is in no other list. */
    bool is_in = call->previous || mailbox->ended.first == call;
    if (is_in) {
        pc_call_list_remove(&mailbox->ended, call);
        update_readable(mailbox);
    }
    pthread_mutex_unlock(&mailbox->lock);
    if (is_in)
        pc_call_release(call);
}

static struct timespec time_in(double seconds) {
    struct timespec at;
    double whole = floor(seconds);
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)whole;
    at.tv_nsec += (long)((seconds - whole) * 1e9);
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

void pc_mailbox_wait(struct pc_mailbox *mailbox, const struct pc_call *call, double seconds) {
    struct timespec until = time_in(seconds);
    int code = 0;
    pthread_mutex_lock(&mailbox->lock);
    while (code != ETIMEDOUT && mailbox->ended.count == 0 && !(call && call->state == PC_CALL_DONE))
        code = pthread_cond_timedwait(&mailbox->has_ended, &mailbox->lock, &until);
    pthread_mutex_unlock(&mailbox->lock);
}

int pc_mailbox_fd(struct pc_mailbox *mailbox) {
    pthread_mutex_lock(&mailbox->lock);
    if (mailbox->fd < 0) {
        mailbox->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        mailbox->is_readable = false;
        update_readable(mailbox);
    }
    int fd = mailbox->fd;
    pthread_mutex_unlock(&mailbox->lock);
    return fd;
}
