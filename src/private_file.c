/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE // NOLINT(*-reserved-identifier,cert-dcl*): for mkostemp

#include "private_file.h"

#include "buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TYPE_TEXT "partnercenter.core.private_text"

/* The longest file that is read, in bytes. */
#define MAX_LENGTH ((size_t)65536)

static int fail(lua_State *L, const char *path, const char *problem) {
    lua_pushnil(L);
    lua_pushfstring(L, "%s %s", path, problem);
    return 2;
}

static int fail_with_errno(lua_State *L, const char *path) {
    lua_pushnil(L);
    lua_pushfstring(L, "%s: %s", path, strerror(errno));
    return 2;
}

/* NULL when the open file is the user's alone, or what is wrong with it. */
static const char *problem_of(int fd) {
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return "is no regular file";
    if (status.st_uid != geteuid())
        return "belongs to another user";
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return "can be read or changed by others: give it to its owner alone (chmod 600)";
    return NULL;
}

/* Reads all of it; false where that fails, with errno. */
static bool read_all(int fd, struct pc_buffer *text) {
    char part[1024];
    ssize_t length = 0;
    while ((length = read(fd, part, sizeof part)) != 0) {
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            break;
        errno = text->length + (size_t)length > MAX_LENGTH ? EFBIG : ENOMEM;
        if (errno == EFBIG || !pc_buffer_append(text, part, (size_t)length))
            break;
    }
    explicit_bzero(part, sizeof part);
    return length == 0;
}

static int m__gc(lua_State *L) {
    pc_buffer_free(luaL_checkudata(L, 1, TYPE_TEXT));
    return 0;
}

void pc_private_file_open(lua_State *L) {
    luaL_newmetatable(L, TYPE_TEXT);
    lua_pushcfunction(L, m__gc);
    lua_setfield(L, -2, "__gc");
    lua_pop(L, 1);
}

/* Pushes an empty buffer, which is wiped and freed also where something raises. */
static struct pc_buffer *push_buffer(lua_State *L) {
    struct pc_buffer *buffer = lua_newuserdata(L, sizeof *buffer);
    *buffer = (struct pc_buffer){ 0 };
    luaL_getmetatable(L, TYPE_TEXT);
    lua_setmetatable(L, -2);
    return buffer;
}

int pc_private_file_f_read(lua_State *L) {
    const char *path = luaL_checkstring(L, 1);
    struct pc_buffer *text = push_buffer(L);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        lua_pushnil(L);
        return 1;
    }
    if (fd < 0)
        return fail_with_errno(L, path);
    const char *problem = problem_of(fd);
    if (problem) {
        close(fd);
        return fail(L, path, problem);
    }
    bool is_read = read_all(fd, text);
    close(fd);
    int count = 1;
    if (is_read)
        lua_pushlstring(L, text->data ? text->data : "", text->length);
    else
        count = fail_with_errno(L, path);
    pc_buffer_free(text);
    return count;
}

/* Makes the folders in which the file will be; `path` is changed and given back as it was. */
static bool make_folders(char *path) {
    bool made = true;
    for (char *slash = strchr(path + 1, '/'); slash && made; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        made = mkdir(path, S_IRWXU) == 0 || errno == EEXIST;
        *slash = '/';
    }
    return made;
}

static bool write_all(int fd, const char *text, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, text, length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
    return fsync(fd) == 0;
}

/* Puts the renamed file's name on the disk too. */
static void sync_folder(char *path) {
    char *slash = strrchr(path, '/');
    if (slash)
        slash[slash == path ? 1 : 0] = '\0';
    int fd = open(slash ? path : ".", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

int pc_private_file_f_write(lua_State *L) {
    size_t length = 0;
    const char *path = luaL_checkstring(L, 1);
    const char *text = luaL_checklstring(L, 2, &length);
    char new_path[PATH_MAX];
    int written = snprintf(new_path, sizeof new_path, "%s.XXXXXX", path);
    if (written < 0 || (size_t)written >= sizeof new_path)
        return fail(L, path, "is too long a path");
    if (!make_folders(new_path))
        return fail_with_errno(L, path);
    int fd = mkostemp(new_path, O_CLOEXEC); /* with mode 0600 */
    if (fd < 0)
        return fail_with_errno(L, path);
    bool kept = write_all(fd, text, length);
    kept = close(fd) == 0 && kept && rename(new_path, path) == 0;
    if (!kept) {
        int problem = errno;
        unlink(new_path);
        errno = problem;
        return fail_with_errno(L, path);
    }
    sync_folder(new_path);
    lua_pushboolean(L, 1);
    return 1;
}

int pc_private_file_f_create(lua_State *L) {
    int fd =
        open(luaL_checkstring(L, 1), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd >= 0)
        close(fd);
    lua_pushboolean(L, fd >= 0);
    return 1;
}
