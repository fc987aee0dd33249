/* SPDX-License-Identifier: MIT */

/* cost: runs a program on one processor and prints what it took.
 *
 *     cost CPU PROGRAM ARGUMENT...
 *
 * A line on standard output: CPU time and elapsed time in microseconds, the most resident memory in
 * KiB. The CPU time is the kernel's, of the whole process with all its threads, in user and kernel
 * mode. The program's own standard output is thrown away; it may open as many descriptors as the
 * system allows. */

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MICROSECONDS 1000000

static void become(int cpu, char **command) {
    struct rlimit files;
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(cpu, &cpus);
    int nowhere = open("/dev/null", O_WRONLY);
    if (sched_setaffinity(0, sizeof cpus, &cpus) != 0 || getrlimit(RLIMIT_NOFILE, &files) != 0 ||
        dup2(nowhere, STDOUT_FILENO) < 0) {
        perror("cost");
        _exit(126);
    }
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    execvp(command[0], command);
    perror(command[0]);
    _exit(127);
}

static long long microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * MICROSECONDS + now.tv_nsec / 1000;
}

static long long of_timeval(struct timeval time) {
    return (long long)time.tv_sec * MICROSECONDS + time.tv_usec;
}

int main(int count, char **arguments) {
    if (count < 3) {
        fprintf(stderr, "usage: cost CPU PROGRAM ARGUMENT...\n");
        return 2;
    }
    long long begun = microseconds();
    pid_t child = fork();
    if (child == 0)
        become((int)strtol(arguments[1], NULL, 10), arguments + 2);
    int status = 0;
    struct rusage used;
    if (child < 0 || wait4(child, &status, 0, &used) != child) {
        perror("cost");
        return 1;
    }
    printf("%lld %lld %ld\n", of_timeval(used.ru_utime) + of_timeval(used.ru_stime),
           microseconds() - begun, used.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
