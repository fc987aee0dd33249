/* SPDX-License-Identifier: MIT */
#include "client.h"
#include "clock.h"
#include "compat.h"
#include "error.h"
#include "flight.h"
#include "fork.h"
#include "guid.h"
#include "interrupt.h"
#include "json.h"
#include "json_loss.h"
#include "operation.h"
#include "pin.h"
#include "private_file.h"
#include "process.h"
#include "qualification.h"
#include "terminal.h"
#include "thread.h"
#include "version.h"
#include "wakeup.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

static struct {
    pthread_mutex_t lock;
    bool is_ready;
} process = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* What a process needs once. Where libcurl cannot be initialised, the next who loads the module
 * tries again. It is never cleaned up: others in the process may use it too. */
static CURLcode init_process(void) {
    CURLcode code = CURLE_OK;
    pthread_mutex_lock(&process.lock);
    if (!process.is_ready) {
        pc_pin_module();
        code = curl_global_init(CURL_GLOBAL_DEFAULT);
    }
    if (!process.is_ready && code == CURLE_OK) {
        pc_fork_watch();
        pc_thread_watch_exit();
        process.is_ready = true;
    }
    pthread_mutex_unlock(&process.lock);
    return code;
}

/* core.now() -> seconds of the monotonic clock */
static int f_now(lua_State *L) {
    lua_pushnumber(L, pc_clock());
    return 1;
}

/* core.time() -> seconds since the epoch, with fractions */
static int f_time(lua_State *L) {
    lua_pushnumber(L, pc_time());
    return 1;
}

/* core.wakeup_address() -> where a coroutine of nginx connects to, to be woken; or nil, message */
static int f_wakeup_address(lua_State *L) {
    char address[PC_WAKEUP_ADDRESS_SIZE];
    if (pc_wakeup_address(address)) {
        lua_pushstring(L, address);
        return 1;
    }
    lua_pushnil(L);
    lua_pushstring(L, strerror(errno));
    return 2;
}

/* core.wakeup_ticket() -> string to send through a socket of nginx's pool */
static int f_wakeup_ticket(lua_State *L) {
    char ticket[PC_WAKEUP_TICKET_SIZE];
    pc_wakeup_ticket(ticket);
    lua_pushstring(L, ticket);
    return 1;
}

/* core.new_guid() -> a random GUID */
static int f_new_guid(lua_State *L) {
    struct pc_guid guid;
    if (!pc_guid_generate(&guid))
        return luaL_error(L, "partnercenter: the system gives no random numbers");
    lua_pushstring(L, guid.text);
    return 1;
}

/* core.customer_id(text) -> the GUID as we write it, or nil */
static int f_customer_id(lua_State *L) {
    struct pc_guid guid;
    size_t length = 0;
    const char *text = lua_type(L, 1) == LUA_TSTRING ? lua_tolstring(L, 1, &length) : NULL;
    if (!text || !pc_guid_parse(text, length, &guid))
        lua_pushnil(L);
    else if (strcmp(text, guid.text) == 0)
        lua_settop(L, 1); /* which it is already */
    else
        lua_pushstring(L, guid.text);
    return 1;
}

/* core.is_utf8(text) -> whether it is well-formed UTF-8 */
static int f_is_utf8(lua_State *L) {
    size_t length = 0;
    const char *text = luaL_checklstring(L, 1, &length);
    lua_pushboolean(L, pc_text_is_utf8(text, length));
    return 1;
}

/* core.qualification_name(name in any case, or integer) -> its name in the enumeration; nil for
 * what is none */
static int f_qualification_name(lua_State *L) {
    const struct pc_qualification *known = NULL;
    size_t length = 0;
    if (lua_type(L, 1) == LUA_TNUMBER) {
        known = pc_qualification_by_value(lua_tonumber(L, 1));
    } else if (lua_type(L, 1) == LUA_TSTRING) {
        const char *name = lua_tolstring(L, 1, &length);
        known = pc_qualification_by_name(name, length);
    }
    lua_pushstring(L, known ? known->name : NULL);
    return 1;
}

/* core.is_yieldable() -> whether the running coroutine can wait here */
static int f_is_yieldable(lua_State *L) {
    lua_pushboolean(L, compat_isyieldable(L));
    return 1;
}

#ifdef PARTNERCENTER_TEST_CLOCK
/* core.advance(seconds) */
static int f_advance(lua_State *L) {
    pc_clock_advance(luaL_checknumber(L, 1));
    return 0;
}
#endif

static const luaL_Reg functions[] = {
#ifdef PARTNERCENTER_TEST_CLOCK
    { "advance", f_advance },
#endif
    { "client", pc_client_f_client },
    { "customer_id", f_customer_id },
    { "error", pc_error_f_error },
    { "fit", pc_terminal_f_fit },
    { "catch_signals", pc_interrupt_f_catch_signals },
    { "caught_signal", pc_interrupt_f_caught_signal },
    { "create_private", pc_private_file_f_create },
    { "unsent", pc_flight_f_unsent },
    { "is_lossy", pc_json_loss_f_is_lossy },
    { "is_utf8", f_is_utf8 },
    { "is_yieldable", f_is_yieldable },
    { "is_running", pc_process_f_is_running },
    { "new_guid", f_new_guid },
    { "now", f_now },
    { "open_standard_files", pc_terminal_f_open_standard_files },
    { "process", pc_process_f_process },
    { "qualification_name", f_qualification_name },
    { "read_private", pc_private_file_f_read },
    { "sleep", pc_interrupt_f_sleep },
    { "terminal", pc_terminal_f_terminal },
    { "wakeup_address", f_wakeup_address },
    { "wakeup_ticket", f_wakeup_ticket },
    { "time", f_time },
    { "write_private", pc_private_file_f_write },
    { NULL, NULL },
};

/* Pushes the names of the operations, each a method of the client. */
static void push_operations(lua_State *L) {
    int count = 0;
    lua_newtable(L);
    for (const struct pc_operation *row = pc_operations; row->name; row++) {
        if (row->is_page)
            continue;
        lua_pushstring(L, row->name);
        lua_rawseti(L, -2, ++count);
    }
}

/* The only symbol that the module exports. */
__attribute__((visibility("default"))) int luaopen_partnercenter_core(lua_State *L);

int luaopen_partnercenter_core(lua_State *L) {
    CURLcode code = init_process();
    if (code != CURLE_OK)
        return luaL_error(L, "partnercenter: libcurl cannot be initialised: %s",
                          curl_easy_strerror(code));
    pc_json_open(L);
    pc_error_open(L);
    pc_client_open(L);
    pc_private_file_open(L);
    lua_newtable(L);
    compat_setfuncs(L, functions);
    push_operations(L);
    lua_setfield(L, -2, "operations");
    lua_pushliteral(L, PARTNERCENTER_VERSION);
    lua_setfield(L, -2, "version");
    return 1;
}
