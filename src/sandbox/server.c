/* SPDX-License-Identifier: MIT */

/* The module partnercenter.sandbox.server: an HTTP server with threads of its own in front of the
 * sandbox's service, so that a script can talk to it over real HTTP from the same process. */

#include "../compat.h"
#include "../misuse.h"
#include "../text.h"
#include "service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TYPE_SERVER "partnercenter.sandbox.server"

/* The largest request body that is read, in bytes; the documented ones are under a kilobyte. */
#define MAX_REQUEST_BODY ((size_t)1024 * 1024)

struct server {
    struct MHD_Daemon *daemon;
    struct pc_service *service;
    struct pc_buffer reply; /* of the last control */
    pthread_mutex_t lock;
    pthread_cond_t stopped; /* signalled once `is_stopping` is set */
    bool is_stopping;
    bool has_lock; /* the two above are initialised */
};

/* One HTTP request while it is read. */
struct exchange {
    char *uri;
    struct pc_buffer body;
    bool begun;
    bool too_large;
};

/* libmicrohttpd gives the URI undecoded only here; what is returned becomes the request's context.
 */
static void *begin_exchange(void *user, const char *uri, struct MHD_Connection *connection) {
    (void)user;
    (void)connection;
    struct exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange)
        exchange->uri = strdup(uri);
    return exchange;
}

static void end_exchange(void *user, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code) {
    (void)user;
    (void)connection;
    (void)code;
    struct exchange *exchange = *context;
    if (!exchange)
        return;
    free(exchange->uri);
    pc_buffer_free(&exchange->body);
    free(exchange);
    *context = NULL;
}

static enum MHD_Result collect_header(void *user, enum MHD_ValueKind kind, const char *name,
                                      const char *value) {
    (void)kind;
    struct pc_buffer *pairs = user;
    if (!value)
        value = "";
    return pc_buffer_append(pairs, name, strlen(name) + 1) &&
                   pc_buffer_append(pairs, value, strlen(value) + 1)
               ? MHD_YES
               : MHD_NO;
}

/* Waits so many seconds, or until the server is stopped; false then. */
static bool pause_answer(struct server *server, double seconds) {
    struct timespec until;
    double whole = floor(seconds);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)whole;
    until.tv_nsec += (long)((seconds - whole) * 1e9);
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    pthread_mutex_lock(&server->lock);
    int code = 0;
    while (!server->is_stopping && code != ETIMEDOUT)
        code = pthread_cond_timedwait(&server->stopped, &server->lock, &until);
    bool goes_on = !server->is_stopping;
    pthread_mutex_unlock(&server->lock);
    return goes_on;
}

static enum MHD_Result send_answer(struct MHD_Connection *connection,
                                   const struct pc_service_answer *answer) {
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body.length, answer->body.data, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    const char *end = answer->headers.data + answer->headers.length;
    for (const char *name = answer->headers.data; name < end;) {
        const char *value = name + strlen(name) + 1;
        MHD_add_response_header(response, name, value);
        name = value + strlen(value) + 1;
    }
    enum MHD_Result queued = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return queued;
}

static enum MHD_Result answer_exchange(struct server *server, struct MHD_Connection *connection,
                                       const char *method, struct exchange *exchange) {
    struct pc_service_request request = { .method = method,
                                          .uri = exchange->uri,
                                          .body = exchange->body,
                                          .too_large = exchange->too_large };
    struct pc_service_answer answer = { 0 };
    MHD_get_connection_values(connection, MHD_HEADER_KIND, collect_header, &request.headers);
    pc_service_answer(server->service, &request, &answer);
    enum MHD_Result sent = MHD_NO;
    if (answer.delay <= 0 || pause_answer(server, answer.delay))
        sent = send_answer(connection, &answer);
    pc_buffer_free(&request.headers);
    pc_buffer_free(&answer.headers);
    pc_buffer_free(&answer.body);
    return sent;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *count, void **context) {
    (void)path;
    (void)version;
    struct exchange *exchange = *context;
    if (!exchange || !exchange->uri)
        return MHD_NO;
    if (!exchange->begun) {
        exchange->begun = true;
        return MHD_YES;
    }
    if (*count == 0)
        return answer_exchange(user, connection, method, exchange);
    if (*count > MAX_REQUEST_BODY - exchange->body.length)
        exchange->too_large = true;
    else if (!pc_buffer_append(&exchange->body, bytes, *count))
        return MHD_NO;
    *count = 0;
    return MHD_YES;
}

static struct server *check_server(lua_State *L) {
    struct server *server = luaL_checkudata(L, 1, TYPE_SERVER);
    if (!server->daemon)
        pc_misuse(L, "the sandbox is stopped");
    return server;
}

/* server:port() -> the port it listens on */
static int m_port(lua_State *L) {
    struct server *server = check_server(L);
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    lua_pushinteger(L, info->port);
    return 1;
}

/* server:control(name, json) -> json. Raises what the control raises. */
static int m_control(lua_State *L) {
    struct server *server = check_server(L);
    struct pc_text argument = { 0 };
    const char *name = luaL_checkstring(L, 2);
    argument.data = luaL_checklstring(L, 3, &argument.length);
    pc_buffer_clear(&server->reply);
    bool done = pc_service_control(server->service, name, argument, &server->reply);
    lua_pushlstring(L, server->reply.length > 0 ? server->reply.data : "", server->reply.length);
    return done ? 1 : lua_error(L);
}

/* server:stop(): ends the connections and threads. Also __gc and __close. */
static int m_stop(lua_State *L) {
    struct server *server = luaL_checkudata(L, 1, TYPE_SERVER);
    if (server->daemon) {
        pthread_mutex_lock(&server->lock);
        server->is_stopping = true;
        pthread_cond_broadcast(&server->stopped);
        pthread_mutex_unlock(&server->lock);
        MHD_stop_daemon(server->daemon);
    }
    if (server->service)
        pc_service_close(server->service);
    if (server->has_lock) {
        pthread_cond_destroy(&server->stopped);
        pthread_mutex_destroy(&server->lock);
    }
    pc_buffer_free(&server->reply);
    *server = (struct server){ 0 };
    return 0;
}

static void init_lock(struct server *server) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&server->stopped, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&server->lock, NULL);
    server->has_lock = true;
}

/* Starts listening. The threads take no signals: those are the host's. */
static void listen_on(struct server *server, const struct addrinfo *address) {
    unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_THREAD_PER_CONNECTION;
    sigset_t all, before;
    if (address->ai_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    errno = 0;
    server->daemon =
        MHD_start_daemon(flags, 0, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR,
                         address->ai_addr, MHD_OPTION_URI_LOG_CALLBACK, begin_exchange, server,
                         MHD_OPTION_NOTIFY_COMPLETED, end_exchange, server, MHD_OPTION_END);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
}

/* Pushes nil and a message. */
static int fail(lua_State *L, const char *host, const char *port, const char *problem) {
    lua_pushnil(L);
    lua_pushfstring(L, "cannot listen on %s, port %s: %s", host, port, problem);
    return 2;
}

/* start(host, port, path, cpath, settings) -> server, or nil, message */
static int f_start(lua_State *L) {
    const char *host = luaL_checkstring(L, 1);
    const char *port = luaL_checkstring(L, 2);
    const char *path = luaL_checkstring(L, 3);
    const char *cpath = luaL_checkstring(L, 4);
    const char *settings = luaL_checkstring(L, 5);
    struct server *server = lua_newuserdata(L, sizeof *server);
    *server = (struct server){ 0 };
    luaL_getmetatable(L, TYPE_SERVER);
    lua_setmetatable(L, -2);

    init_lock(server);
    server->service = pc_service_open(path, cpath, settings, &server->reply);
    if (!server->service)
        return luaL_error(L, "%s", server->reply.data ? server->reply.data : "not enough memory");

    struct addrinfo *address = NULL;
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    int problem = getaddrinfo(host, port, &hints, &address);
    if (problem != 0)
        return fail(L, host, port, gai_strerror(problem));
    listen_on(server, address);
    int error = errno;
    freeaddrinfo(address);
    if (!server->daemon)
        return fail(L, host, port, error ? strerror(error) : "libmicrohttpd could not start");
    return 1;
}

static const luaL_Reg methods[] = {
    { "port", m_port }, { "control", m_control }, { "stop", m_stop },
    { "__gc", m_stop }, { "__close", m_stop },    { NULL, NULL },
};

static const luaL_Reg functions[] = {
    { "start", f_start },
    { NULL, NULL },
};

/* The only symbol that the module exports. */
__attribute__((visibility("default"))) int luaopen_partnercenter_sandbox_server(lua_State *L);

int luaopen_partnercenter_sandbox_server(lua_State *L) {
    luaL_newmetatable(L, TYPE_SERVER);
    compat_setfuncs(L, methods);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    lua_newtable(L);
    compat_setfuncs(L, functions);
    return 1;
}
