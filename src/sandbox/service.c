/* SPDX-License-Identifier: MIT */
#include "service.h"

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SERVICE_MODULE "partnercenter.sandbox.service"

/* Where the running service stands in the state's registry. */
#define SERVICE_KEY "partnercenter.sandbox"

struct pc_service {
    pthread_mutex_t lock; /* of the Lua state */
    lua_State *L;
};

/* Every use of the state is one of these jobs, run by a C function inside a protected call: an
 * error in the service's code, or a lack of memory, must not end the host. */
struct job {
    void (*run)(lua_State *L, struct job *job);
    const char *path, *cpath;
    const char *settings;
    const struct pc_service_request *request;
    struct pc_service_answer *answer;
    const char *control;
    struct pc_text argument;
    struct pc_buffer *reply;
};

static int run_job(lua_State *L) {
    struct job *job = lua_touserdata(L, 1);
    lua_settop(L, 0);
    job->run(L, job);
    return 0;
}

/* Appends what is at the top of the stack, a string, to the buffer. */
static void append_string(lua_State *L, struct pc_buffer *buffer) {
    size_t length = 0;
    const char *text = luaL_checklstring(L, -1, &length);
    if (!pc_buffer_append(buffer, text, length))
        luaL_error(L, "not enough memory");
}

/* True, or false with the error message appended to `error`. */
static bool run(struct pc_service *service, struct job *job, struct pc_buffer *error) {
    lua_State *L = service->L;
    pthread_mutex_lock(&service->lock);
    lua_settop(L, 0);
    lua_pushcfunction(L, run_job);
    lua_pushlightuserdata(L, job);
    bool done = lua_pcall(L, 1, 0, 0) == 0;
    if (!done) {
        const char *message = lua_tostring(L, -1);
        pc_buffer_append_text(error, message ? message : "the sandbox failed");
    }
    pthread_mutex_unlock(&service->lock);
    return done;
}

static void set_package_field(lua_State *L, const char *name, const char *value) {
    lua_getglobal(L, "package");
    lua_pushstring(L, value);
    lua_setfield(L, -2, name);
    lua_pop(L, 1);
}

static void load(lua_State *L, struct job *job) {
    luaL_openlibs(L);
    set_package_field(L, "path", job->path);
    set_package_field(L, "cpath", job->cpath);
    lua_getglobal(L, "require");
    lua_pushliteral(L, SERVICE_MODULE);
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "new");
    lua_pushstring(L, job->settings);
    lua_call(L, 1, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, SERVICE_KEY);
}

/* Pushes a method of the service and the service. */
static void push_method(lua_State *L, const char *name) {
    lua_getfield(L, LUA_REGISTRYINDEX, SERVICE_KEY);
    lua_getfield(L, -1, name);
    lua_insert(L, -2);
}

static void push_pairs(lua_State *L, const struct pc_buffer *pairs) {
    const char *end = pairs->data + pairs->length;
    lua_newtable(L);
    for (const char *name = pairs->data; name < end;) {
        const char *value = name + strlen(name) + 1;
        lua_pushstring(L, name);
        lua_pushstring(L, value);
        lua_rawset(L, -3);
        name = value + strlen(value) + 1;
    }
}

static void set_seconds(lua_State *L, const char *name, clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec / 1e9);
    lua_setfield(L, -2, name);
}

static void push_request(lua_State *L, const struct pc_service_request *request) {
    lua_newtable(L);
    lua_pushstring(L, request->method);
    lua_setfield(L, -2, "method");
    lua_pushstring(L, request->uri);
    lua_setfield(L, -2, "uri");
    lua_pushlstring(L, request->body.length > 0 ? request->body.data : "", request->body.length);
    lua_setfield(L, -2, "body");
    lua_pushboolean(L, request->too_large);
    lua_setfield(L, -2, "is_too_large");
    push_pairs(L, &request->headers);
    lua_setfield(L, -2, "headers");
    set_seconds(L, "now", CLOCK_MONOTONIC);
    set_seconds(L, "time", CLOCK_REALTIME);
}

/* Appends the table of headers at the top of the stack as pairs. */
static void take_pairs(lua_State *L, struct pc_buffer *pairs) {
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        const char *name = luaL_checkstring(L, -2);
        const char *value = luaL_checkstring(L, -1);
        if (!pc_buffer_append(pairs, name, strlen(name) + 1) ||
            !pc_buffer_append(pairs, value, strlen(value) + 1))
            luaL_error(L, "not enough memory");
        lua_pop(L, 1);
    }
}

static void answer(lua_State *L, struct job *job) {
    push_method(L, "answer");
    push_request(L, job->request);
    lua_call(L, 2, 1);
    lua_getfield(L, -1, "status");
    job->answer->status = (unsigned)luaL_checknumber(L, -1);
    lua_getfield(L, -2, "delay");
    job->answer->delay = luaL_checknumber(L, -1);
    lua_getfield(L, -3, "body");
    append_string(L, &job->answer->body);
    lua_getfield(L, -4, "headers");
    take_pairs(L, &job->answer->headers);
}

static void control(lua_State *L, struct job *job) {
    push_method(L, "control");
    lua_pushstring(L, job->control);
    lua_pushlstring(L, job->argument.data, job->argument.length);
    lua_call(L, 3, 1);
    append_string(L, job->reply);
}

struct pc_service *pc_service_open(const char *path, const char *cpath, const char *settings,
                                   struct pc_buffer *error) {
    struct pc_service *service = calloc(1, sizeof *service);
    if (!service || !(service->L = luaL_newstate())) {
        free(service);
        pc_buffer_append_text(error, "not enough memory");
        return NULL;
    }
    pthread_mutex_init(&service->lock, NULL);
    struct job job = { .run = load, .path = path, .cpath = cpath, .settings = settings };
    if (run(service, &job, error))
        return service;
    pc_service_close(service);
    return NULL;
}

void pc_service_close(struct pc_service *service) {
    lua_close(service->L);
    pthread_mutex_destroy(&service->lock);
    free(service);
}

void pc_service_answer(struct pc_service *service, const struct pc_service_request *request,
                       struct pc_service_answer *answered) {
    struct job job = { .run = answer, .request = request, .answer = answered };
    struct pc_buffer error = { 0 };
    if (!run(service, &job, &error)) {
        pc_buffer_free(&answered->headers);
        pc_buffer_free(&answered->body);
        *answered = (struct pc_service_answer){ .status = 500, .body = error };
        return;
    }
    pc_buffer_free(&error);
}

bool pc_service_control(struct pc_service *service, const char *name, struct pc_text argument,
                        struct pc_buffer *reply) {
    struct job job = { .run = control, .control = name, .argument = argument, .reply = reply };
    return run(service, &job, reply);
}
