/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <errno.h>
#include <lauxlib.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where a process can be seen from: a start of a machine's kernel, and a PID namespace in it. */
static void read_place(char *place, size_t size) {
    char boot[64] = "?";
    char space[64] = "?";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (file) {
        if (fgets(boot, sizeof boot, file))
            boot[strcspn(boot, "\n")] = '\0';
        fclose(file);
    }
    ssize_t length = readlink("/proc/self/ns/pid", space, sizeof space - 1);
    if (length > 0)
        space[length] = '\0';
    snprintf(place, size, "%s %s", boot, space);
}

/* When the process began, in clock ticks since the machine did; false when it does not run. */
static bool read_start(long pid, unsigned long long *start) {
    char path[64];
    char line[1024] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = '\0';
    /* The second field, the name in parentheses, may contain anything; the third is the state. */
    char *field = strrchr(line, ')');
    if (!field || field[1] == '\0' || field[2] == 'Z' || field[2] == 'X')
        return false;
    for (int i = 3; i <= 22 && field; i++)
        field = strchr(field + 1, ' ');
    if (!field)
        return false;
    *start = strtoull(field, NULL, 10);
    return true;
}

/* Whether there is such a process, whose files in /proc this one may not see. */
static bool is_hidden(long pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    return access(path, R_OK) != 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

int pc_process_f_process(lua_State *L) {
    char place[160];
    char name[256];
    unsigned long long start = 0;
    read_place(place, sizeof place);
    (void)read_start((long)getpid(), &start);
    snprintf(name, sizeof name, "%s %ld %llu", place, (long)getpid(), start);
    lua_pushstring(L, name);
    return 1;
}

int pc_process_f_is_running(lua_State *L) {
    const char *name = luaL_checkstring(L, 1);
    char place[160];
    read_place(place, sizeof place);
    size_t length = strlen(place);
    if (strncmp(name, place, length) != 0 || name[length] != ' ') {
        lua_pushnil(L);
        return 1;
    }
    char *rest = NULL;
    unsigned long long start = 0;
    long pid = strtol(name + length, &rest, 10);
    bool is_known = read_start(pid, &start);
    if (!is_known && is_hidden(pid))
        lua_pushnil(L);
    else
        lua_pushboolean(L, is_known && start == strtoull(rest, NULL, 10));
    return 1;
}
