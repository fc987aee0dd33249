/* SPDX-License-Identifier: MIT */
#include "terminal.h"

#include <lauxlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

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
