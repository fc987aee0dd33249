-- SPDX-License-Identifier: MIT
--- Pieces of code that make calls of a client at the same time, and somebody who waits for them.

local flight = require "partnercenter.flight"
local nginx = require "partnercenter.nginx"
local task = require "partnercenter.task"
local turn = require "partnercenter.turn"

local M = {}

--- The longest single wait, in seconds; it is begun anew.
local LONGEST_WAIT = 3600

---@class partnercenter.Group
---@field running integer how many of the pieces have not ended
local Group = {}
Group.__index = Group

--- A piece has ended: whoever waits for one goes on.
local function ended(group, raised)
  group.running = group.running - 1
  group.has_ended = true
  if raised ~= nil and group.raised == nil then
    group.raised = raised
  end
  local sleeper = group.sleeper
  group.sleeper = nil
  if sleeper then
    sleeper:wake()
  elseif group.pause then
    group.client.core:cancel(group.pause)
  end
end

--- nginx has threads of its own. One that has ended is kept until it is waited for.
local function spawn_in_nginx(group, code, ...)
  local piece = {}
  piece.thread = nginx.spawn(function(...)
    local ok, raised = pcall(code, ...)
    group.ended[#group.ended + 1] = piece
    ended(group, not ok and raised or nil)
  end, group.client, ...)
end

--- Does pieces in one coroutine, which is dear to make, one after the other.
local function serve(group, worker, code, x, y, z)
  group.busy[worker] = true
  code(group.client, x, y, z)
  group.busy[worker] = nil
  ended(group)
  return serve(group, worker, worker:rest(group.idle))
end

--- A piece has raised.
local function give_up(group, worker, _, raised)
  group.busy[worker] = nil
  ended(group, raised)
end

local function spawn_here(group, code, x, y, z)
  local idle = group.idle
  local worker = idle[#idle]
  if worker then
    idle[#idle] = nil
    return worker:go_on(code, x, y, z)
  end
  worker = task.new(group.client, serve, give_up, group)
  return worker:run(group, worker, code, x, y, z)
end

local spawn = nginx.is_here() and spawn_in_nginx or spawn_here

--- Runs `code(client, x, y, z)` until it waits for the first time, and on from there while others run.
function Group:spawn(code, x, y, z)
  self.running = self.running + 1
  return spawn(self, code, x, y, z)
end

--- Raises what a piece has raised.
function Group:check()
  if self.raised ~= nil then
    error(self.raised, 0)
  end
end

--- Waits until a piece has ended since the last wait, at most so many seconds. The others move on, also when
--- one has ended already.
---@param seconds number
---@return partnercenter.Error? err why it cannot wait
function Group:wait(seconds)
  local err = flight.pause(self.client, self.has_ended and 0 or math.min(seconds, LONGEST_WAIT), self)
  if not self.has_ended and self.running > 0 and not self.client.core:is_open() then
    flight.sleep(self.client, self) -- what still runs is in a function of the script's
  end
  self.has_ended = false
  while #self.ended > 0 do
    nginx.reap(table.remove(self.ended).thread)
  end
  return err
end

--- Ends the calls that the pieces wait for as cancelled.
function Group:cancel()
  for worker in pairs(self.busy) do
    worker:cancel()
  end
  turn.advance(self.client)
end

---@param client partnercenter.Client
---@return partnercenter.Group
function M.new(client)
  local busy, run = {}, task.running(client)
  if run then
    run.pieces = busy
  end
  return setmetatable({ client = client, running = 0, busy = busy, idle = {}, ended = {} }, Group)
end

return M
