-- SPDX-License-Identifier: MIT
--- Calls that were started: each is a coroutine that runs a method of the client, and waits where the
--- method waits, while others go on.

local finished = require "partnercenter.finished"
local nginx = require "partnercenter.host".nginx
local task = require "partnercenter.task"
local turn = require "partnercenter.turn"

---@class partnercenter.Call
---@field package client partnercenter.Client
---@field package task partnercenter.Task? that runs the method; none where that has ended at once
---@field package results table|false once it has ended: what the method returned, with `n`
---@field package raised any what it raised instead, where `has_raised`
local Call = {}
Call.__index = Call
Call.__name = "partnercenter.call"

local unpack = rawget(table, "unpack") or _G.unpack

local function check(call, method)
  if getmetatable(call) ~= Call or not rawget(call, "client") then
    error(("bad self of '%s' (call expected, got %s): call it as call:%s()"):format(method, type(call), method), 3)
  end
end

local NONE = { n = 0 } -- results; also where there was no memory for more
local OUT_OF_MEMORY = "not enough memory" -- as Lua itself says

local function finish(call, _, ok, ...)
  call.results, call.has_raised, call.raised = NONE, true, OUT_OF_MEMORY
  if ok then
    call.results, call.has_raised = { n = select("#", ...), ... }, false
  else
    call.raised = (...)
  end
  finished.add(call.client, call)
end

--- Runs the code of a call that was not woken: in nginx only its own request can, and memory may have run out.
local function catch_up(call)
  if not call.results and call.task:status() == "dead" then -- nor to tell of its end
    finish(call, call.task, false, OUT_OF_MEMORY)
  else
    call.task:catch_up()
  end
end

--- Moves things on, without waiting.
local function advance(call)
  turn.advance(call.client)
  catch_up(call)
end

--- In nginx: waits for the core's call. Where there is none, its code runs in another light thread.
local function wait_in_nginx(call)
  local awaited = call.task.call
  if not awaited then
    return nginx.pass()
  end
  local err = nginx.wait(call.client, awaited, turn.turn)
  if call.task.call == awaited then
    call.task:wake(err)
  end
end

--- Moves things on, and waits where nothing can be done.
local function advance_or_wait(call)
  if nginx then
    return wait_in_nginx(call)
  elseif select(2, call.client.core:drive()) then
    turn.turn(call.client)
  end
  catch_up(call)
end

--- Whether it has ended. Moves all calls of the client on, without waiting.
---@return boolean
function Call:done()
  check(self, "done")
  if not self.results and (nginx or self.client.core:is_open()) then
    advance(self)
  end
  return self.results ~= false
end

--- Waits until it has ended. All other calls of the client progress too.
---@return any ... what the method returns
function Call:result()
  check(self, "result")
  if self.task and self.task:has_called_us() then
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
  if not self.results and self.task:cancel() then
    advance(self)
  end
end

local M = {}

--- Begins a method of the client. What it raises at once, for a programming mistake, is raised here.
---@param client partnercenter.Client
---@param method function
---@return partnercenter.Call
function M.start(client, method, ...)
  local call = setmetatable({ client = client, results = false, has_raised = false, raised = false }, Call)
  if nginx and nginx.problem(client) then
    finish(call, nil, pcall(method, client, ...)) -- it says so at once, and needs no coroutine
  else
    call.task = task.new(client, method, finish, call)
    call.task:run(client, ...)
  end
  if call.has_raised then
    finished.forget(client, call)
    error(call.raised, 3)
  end
  return call
end

return M
