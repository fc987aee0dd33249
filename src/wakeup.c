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

/* The listener of this process, which all its Lua states share. */
static struct {
    pthread_mutex_t lock;
    int listener; /* -1: none yet */
    int name;     /* an O_PATH descriptor of the socket's name */
    unsigned forks;
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
    for (int fd; (fd = accept4(process.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
        int stray = is_own(fd) ? last : fd;
        if (stray >= 0)
            close(stray);
        if (stray != fd)
            last = fd;
    }
    return last;
}

void pc_wakeup_send(int fd) {
    (void)send(fd, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}
