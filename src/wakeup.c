/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE // NOLINT(*-reserved-identifier,cert-dcl*): for accept4, O_PATH, struct ucred

#include "wakeup.h"

#include "fork.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Where the listener may have its name for a moment: the first folder that takes it. */
static const char *const folders[] = { "/tmp", "/dev/shm", "/var/tmp", "/run" };

/* The most sockets that are kept; nginx keeps fewer (lua/partnercenter/nginx.lua). */
#define MAX_KEPT 1024

/* The listener of this process, which all its Lua states share. */
static struct {
    pthread_mutex_t lock;
    int listener; /* -1: none yet */
    int name;     /* an O_PATH descriptor of the socket's name */
    unsigned forks;
    unsigned long long tickets;
    int kept[MAX_KEPT]; /* the one used last is the last, as in nginx's pool */
    size_t kept_count;
    size_t next_look; /* which of them is looked at next, whether it is still good */
} process = { .lock = PTHREAD_MUTEX_INITIALIZER, .listener = -1, .name = -1 };

/* Binds and listens under a name in `directory`, and opens the name. */
static bool listen_in(const char *directory, int listener, int *name) {
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0)
        return false;
    *name = open(address.sun_path, O_PATH | O_CLOEXEC);
    int error = errno;
    unlink(address.sun_path);
    errno = error;
    return *name >= 0 && listen(listener, SOMAXCONN) == 0;
}

static bool open_listener(void) {
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        char directory[64];
        snprintf(directory, sizeof directory, "%s/partnercenter.XXXXXX", folders[i]);
        if (!mkdtemp(directory)) /* mode 0700 */
            continue;
        int name = -1;
        int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        bool listens = listener >= 0 && listen_in(directory, listener, &name);
        int error = errno;
        rmdir(directory);
        if (listens) {
            process.listener = listener;
            process.name = name;
            return true;
        }
        if (listener >= 0)
            close(listener);
        if (name >= 0)
            close(name);
        errno = error;
    }
    return false;
}

/* One that came with a fork is the parent's: both would accept what either connects. */
static void close_inherited(void) {
    if (process.listener < 0 || process.forks == pc_fork_count())
        return;
    close(process.listener);
    close(process.name);
    process.listener = process.name = -1;
    while (process.kept_count > 0)
        close(process.kept[--process.kept_count]);
}

bool pc_wakeup_address(char address[PC_WAKEUP_ADDRESS_SIZE]) {
    pthread_mutex_lock(&process.lock);
    close_inherited();
    bool listens = process.listener >= 0 || open_listener();
    process.forks = pc_fork_count();
    if (listens)
        snprintf(address, PC_WAKEUP_ADDRESS_SIZE, "/proc/self/fd/%d", process.name);
    pthread_mutex_unlock(&process.lock);
    return listens;
}

static bool is_own(int fd) {
    struct ucred peer = { 0 };
    socklen_t size = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == getpid();
}

int pc_wakeup_accept(void) {
    int last = -1;
    pthread_mutex_lock(&process.lock);
    for (int fd; (fd = accept4(process.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        int stray = is_own(fd) ? last : fd;
        if (stray >= 0)
            close(stray);
        if (stray != fd)
            last = fd;
    }
    pthread_mutex_unlock(&process.lock);
    return last;
}

void pc_wakeup_send(int fd) {
    (void)send(fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void forget(size_t i) {
    memmove(&process.kept[i], &process.kept[i + 1],
            (process.kept_count - i - 1) * sizeof process.kept[0]);
    process.kept_count--;
}

void pc_wakeup_ticket(char ticket[PC_WAKEUP_TICKET_SIZE]) {
    pthread_mutex_lock(&process.lock);
    snprintf(ticket, PC_WAKEUP_TICKET_SIZE, "%016llx", ++process.tickets);
    pthread_mutex_unlock(&process.lock);
}

int pc_wakeup_take(const char *ticket) {
    int found = -1;
    pthread_mutex_lock(&process.lock);
    for (size_t i = process.kept_count; i-- > 0 && found < 0;) {
        char bytes[PC_WAKEUP_TICKET_SIZE] = { 0 };
        int fd = process.kept[i];
        ssize_t length = recv(fd, bytes, sizeof bytes - 1, MSG_DONTWAIT);
        if (length < 0)
            continue;
        forget(i);
        if (strcmp(bytes, ticket) == 0)
            found = fd;
        else
            close(fd); /* the other end is gone */
    }
    pthread_mutex_unlock(&process.lock);
    return found;
}

/* Closes one of the kept sockets if its other end is gone: nginx does not keep them for ever. */
static void look_at_one(void) {
    char byte = 0;
    if (process.kept_count == 0)
        return;
    size_t i = process.next_look++ % process.kept_count;
    if (recv(process.kept[i], &byte, 1, MSG_DONTWAIT | MSG_PEEK) != 0)
        return;
    close(process.kept[i]);
    forget(i);
}

void pc_wakeup_keep(int fd) {
    pthread_mutex_lock(&process.lock);
    look_at_one();
    if (process.kept_count < MAX_KEPT)
        process.kept[process.kept_count++] = fd;
    else
        close(fd);
    pthread_mutex_unlock(&process.lock);
}
