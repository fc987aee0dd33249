-- SPDX-License-Identifier: MIT
--- Calls that were started: each is a coroutine that runs a method of the client, and waits where the
--- method waits, while others go on.

local finished = require "partnercenter.finished"
local flight = require "partnercenter.flight"
local nginx = require "partnercenter.nginx"

local is_nginx = nginx.is_here()

--- What our own coroutines yield: anything else comes from a function of the script's.
local WAITING = {}

---@class partnercenter.Call
---@field package client partnercenter.Client
---@field package co thread
---@field package call userdata? the core's call that it waits for
---@field package results table|false once it has ended: what the method returned, with `n`
---@field package raised any what it raised instead, where `has_raised`
local Call = {}
Call.__index = Call
Call.__name = "partnercenter.call"

local unpack = rawget(table, "unpack") or _G.unpack

--- The object of a method; of a step of its own code, in the coroutine that `runs`.
local function check(call, method, runs)
  if getmetatable(call) ~= Call or not rawget(call, "client") or runs and runs ~= call.co then
    error(("bad self of '%s' (call expected, got %s): call it as call:%s()"):format(method, type(call), method), 3)
  end
end

local NONE = { n = 0 } -- results; also where there was no memory for more
local OUT_OF_MEMORY = "not enough memory" -- as Lua itself says

local function new(client, on_end)
  return setmetatable({ client = client, on_end = on_end, results = false, has_raised = false, raised = false }, Call)
end

local function finish(call, ok, ...)
  call.results, call.has_raised, call.raised = NONE, true, OUT_OF_MEMORY
  if ok then
    call.results, call.has_raised = { n = select("#", ...), ... }, false
  else
    call.raised = (...)
  end
  local client = call.client
  client.tasks[call.co or false] = nil
  if call.on_end then
    return call.on_end(call)
  end
  finished.add(client, call)
end

--- Runs the call's code until it waits or ends. Where a function of the script's yields, it goes on at once.
local function settle(call, ok, ...)
  if ok and (...) == WAITING then
    return
  elseif coroutine.status(call.co) == "dead" then
    return finish(call, ok, ...)
  end
  return settle(call, coroutine.resume(call.co))
end

local function run(call, ...)
  settle(call, coroutine.resume(call.co, ...))
end

--- Suspends the call's code until the core's call is done.
---@return partnercenter.Error? err why it cannot be waited for
function Call:wait(call)
  check(self, "wait", coroutine.running() or "main")
  local client = self.client
  self.call = call
  if not is_nginx then
    client.waiters[client.core:id(call)] = self
  end
  if self.is_cancelled then
    client.core:cancel(call)
  end
  local _, err = coroutine.yield(WAITING)
  self.call = nil
  return err
end

--- Suspends the call's code until it is woken.
function Call:sleep()
  check(self, "sleep", coroutine.running() or "main")
  coroutine.yield(WAITING)
end

--- What it waits for is done: its code goes on, where that is so.
function Call:wake()
  check(self, "wake")
  local awaited = self.call
  if coroutine.status(self.co) == "suspended" and not (awaited and self.client.core:state(awaited) ~= "done") then
    run(self)
  end
end

--- Suspends the call's code, which has nothing to do, until it is told to go on.
---@param idle partnercenter.Call[] those of which that is so
---@return any ... what it is told
function Call:rest(idle)
  check(self, "rest", coroutine.running() or "main")
  self.client.tasks[self.co] = nil
  idle[#idle + 1] = self
  return coroutine.yield(WAITING)
end

function Call:go_on(...)
  check(self, "go_on")
  if coroutine.status(self.co) == "suspended" and not self.client.tasks[self.co] then
    self.client.tasks[self.co] = self
    run(self, ...)
  end
end

--- Runs the code of a call that was not woken: in nginx only its own request can, and memory may have run out.
local function catch_up(call)
  local awaited, client = call.call, call.client
  if not call.results and coroutine.status(call.co) == "dead" then -- nor to tell of its end
    finish(call, false, OUT_OF_MEMORY)
  elseif awaited and client.core:state(awaited) == "done" then
    client.waiters[client.core:id(awaited)] = nil
    run(call)
  end
end

--- Moves things on, without waiting.
local function advance(call)
  if not is_nginx then
    call.client.core:drive(nil, 0)
  end
  flight.turn(call.client)
  catch_up(call)
end

--- In nginx: waits for the core's call. Where there is none, its code runs in another light thread.
local function wait_in_nginx(call)
  local awaited = call.call
  if not awaited then
    return nginx.pass()
  end
  local err = nginx.wait(call.client, awaited, flight.turn)
  if call.call == awaited then
    run(call, nil, err)
  end
end

--- Moves things on, and waits where nothing can be done.
local function advance_or_wait(call)
  if is_nginx then
    return wait_in_nginx(call)
  elseif select(2, call.client.core:drive()) then
    flight.turn(call.client)
  end
  catch_up(call)
end

--- Whether it has ended. Moves all calls of the client on, without waiting.
---@return boolean
function Call:done()
  check(self, "done")
  if not self.results and (is_nginx or self.client.core:is_open()) then
    advance(self)
  end
  return self.results ~= false
end

--- Waits until it has ended. All other calls of the client progress too.
---@return any ... what the method returns
function Call:result()
  check(self, "result")
  local status = self.co and coroutine.status(self.co)
  if status == "running" or status == "normal" then -- we are inside one of its functions
    error("a call cannot wait for itself", 2)
  end
  while not self.results do
    advance_or_wait(self)
  end
  finished.forget(self.client, self)
  if self.has_raised then
    error(self.raised, 0)
  end
  return unpack(self.results, 1, self.results.n)
end

--- Ends it with a `cancelled` error, unless it has ended. A request that has left may have its effect.
function Call:cancel()
  check(self, "cancel")
  if self.results then
    return
  end
  self.is_cancelled = true
  if self.call and self.client.core:is_open() then -- (a close has cancelled it)
    self.client.core:cancel(self.call)
    advance(self)
  end
end

local M = {}

--- What a client needs for started calls. In nginx one that nobody holds ends with its request, and
--- leaves nothing behind.
---@param client partnercenter.Client
function M.prepare(client)
  client.tasks = setmetatable({}, is_nginx and { __mode = "kv" } or nil)
  client.finished = setmetatable({}, is_nginx and { __mode = "k" } or nil)
end

--- Begins a method of the client. What it raises at once, for a programming mistake, is raised here.
---@param client partnercenter.Client
---@param method function
---@return partnercenter.Call
function M.start(client, method, ...)
  local call = new(client)
  if is_nginx and nginx.problem(client) then
    finish(call, pcall(method, client, ...)) -- it says so at once, and needs no coroutine
  else
    call.co = coroutine.create(method)
    client.tasks[call.co] = call
    run(call, client, ...)
  end
  if call.has_raised then
    finished.forget(client, call)
    error(call.raised, 3)
  end
  return call
end

--- Runs code that makes calls of the client in a coroutine of its own, for whom it is told of its end.
---@param client partnercenter.Client
---@param on_end fun(call: partnercenter.Call)
---@param code fun(call: partnercenter.Call, ...)
function M.spawn(client, on_end, code, ...)
  local call = new(client, on_end)
  call.co = coroutine.create(code)
  client.tasks[call.co] = call
  run(call, call, ...)
end

return M
