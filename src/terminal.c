/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE // NOLINT(*-reserved-identifier,cert-dcl*): for wcwidth

#include "terminal.h"

#include <fcntl.h>
#include <lauxlib.h>
#include <locale.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

/* Of a terminal that does not say how wide it is. */
#define USUAL_COLUMNS 80

int pc_terminal_f_terminal(lua_State *L) {
    int fd = (int)luaL_checkinteger(L, 1);
    struct winsize size = { 0 };
    if (!isatty(fd)) {
        lua_pushnil(L);
        return 1;
    }
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        size.ws_col = USUAL_COLUMNS;
    lua_pushinteger(L, size.ws_col);
    return 1;
}

int pc_terminal_f_open_standard_files(lua_State *L) {
    (void)L;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        /* The lowest that is closed is the one that open takes. */
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    }
    return 0;
}

/* The bytes of the first character; `width` becomes its columns. One that is malformed is a byte
 * and a column. */
static size_t character(const char *text, size_t length, int *width) {
    wchar_t wide = 0;
    mbstate_t state = { 0 };
    size_t bytes = mbrtowc(&wide, text, length, &state);
    if (bytes == 0 || bytes > length) {
        *width = 1;
        return 1;
    }
    *width = wcwidth(wide);
    *width = *width < 0 ? 0 : *width;
    return bytes;
}

int pc_terminal_f_fit(lua_State *L) {
    size_t length = 0;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_Number most = luaL_checknumber(L, 2);
    /* The program's own locale, of which the script is the owner, may be any. */
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t former = utf8 ? uselocale(utf8) : (locale_t)0;
    size_t fitting = 0;
    int used = 0;
    int width = 0;
    while (fitting < length) {
        size_t bytes = character(text + fitting, length - fitting, &width);
        if (used + width > most)
            break;
        fitting += bytes;
        used += width;
    }
    if (utf8) {
        uselocale(former);
        freelocale(utf8);
    }
    lua_pushinteger(L, (lua_Integer)fitting);
    lua_pushinteger(L, used);
    return 2;
}
