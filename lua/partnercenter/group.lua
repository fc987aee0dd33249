-- SPDX-License-Identifier: MIT
--- Calls of a client, and pieces of code that make some, at the same time; and somebody who waits for them.

local flight = require "partnercenter.flight"
local launch = require "partnercenter.launch"
local nginx = require "partnercenter.host".nginx
local pause = require "partnercenter.pause"
local task = require "partnercenter.task"
local turn = require "partnercenter.turn"

local M = {}

--- The longest single wait, in seconds; it is begun anew.
local LONGEST_WAIT = 3600

---@class partnercenter.Group
---@field running integer how many of the calls and the pieces have not ended
---@field client partnercenter.Client
---@field is_cancelled boolean nothing more is begun
---@field raised any what a piece has raised, or the owner's work: the first
---@field package launched table<partnercenter.Launch, true> the calls that were not attended to
---@field package first partnercenter.Launch|false of those that have ended
---@field package last partnercenter.Launch|false
local Group = {}
Group.__index = Group

--- Something has ended: whoever waits for that goes on.
local function rouse(group)
  group.has_ended = true
  local sleeper = group.sleeper
  group.sleeper = nil
  if sleeper then
    sleeper:wake()
  elseif group.pause then
    group.client.core:cancel(group.pause)
  end
end

--- Keeps what was raised first.
local function keep_raised(group, raised)
  if group.raised == nil then
    group.raised = raised
  end
end

--- A piece has ended.
local function ended(group, raised)
  group.running = group.running - 1
  keep_raised(group, raised)
  rouse(group)
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

--- Does the work of the group's owner in a coroutine, one after the other.
local function labour(group, hand, code, x)
  group.outcome = code(x)
  return labour(group, hand, hand:rest(group.hands))
end

--- The owner's work has raised.
local function let_go(group, _, _, raised)
  keep_raised(group, raised)
end

--- Lets a coroutine that rests in the pool run the code, or a new one, whose loop is `serve_all`.
local function run_in(group, pool, serve_all, on_end, ...)
  local worker = table.remove(pool)
  if worker then
    return worker:go_on(...)
  end
  worker = task.new(group.client, serve_all, on_end, group)
  return worker:run(group, worker, ...)
end

--- Runs `code(x)`, which does not wait, for whoever owns the group: in a coroutine, where the hook that Ctrl-C sets
--- does not come between a call's end and what is to be done then, and where what yields goes on at once. What it
--- raises is for `check`.
---@return any outcome what it returns
function Group:work(code, x)
  if nginx then
    return code(x)
  end
  self.outcome = nil
  run_in(self, self.hands, labour, let_go, code, x)
  return self.outcome
end

local function spawn_here(group, ...)
  return run_in(group, group.idle, serve, give_up, ...)
end

local spawn = nginx and spawn_in_nginx or spawn_here

--- Runs `code(client, x, y, z)` until it waits for the first time, and on from there while others run.
function Group:spawn(code, x, y, z)
  self.running = self.running + 1
  return spawn(self, code, x, y, z)
end

local function make_in_nginx(client, call, on_end, x, y)
  on_end(x, y, flight.perform(client, call, true))
end

--- Makes a prepared call, whose deadline begins when it is first sent. Behind its end `on_end(x, y, result, err, meta)`
--- is called: by `wait` and `cancel`, so that a call needs no coroutine; in nginx by a light thread.
function Group:launch(call, on_end, x, y)
  if nginx then
    self.running = self.running + 1
    return spawn_in_nginx(self, make_in_nginx, call, on_end, x, y)
  end
  local launched = launch.new(call, self, on_end, x, y)
  self.launched[launched] = true -- first: what is in flight can be cancelled
  self.running = self.running + 1
  launched:begin()
end

--- A call has ended: it is queued until it is attended to. Whoever waits goes on, unless told before. It needs no memory.
---@param launched partnercenter.Launch
function Group:note_end(launched)
  launched.next = false
  if self.first then
    self.last.next = launched
  else
    self.first = launched
  end
  self.last = launched
  if not self.has_ended then
    rouse(self)
  end
end

local function settle(group, launched, has_ended, ...)
  if has_ended then
    return launched.on_end(launched.x, launched.y, ...)
  end
  group.launched[launched] = true -- it was sent once more
  group.running = group.running + 1
end

--- Does what is to be done about the calls that have ended.
local function attend(group)
  while group.first do
    local launched = group.first
    group.first = launched.next
    group.launched[launched] = nil -- first: whatever raises below, it does not run any more
    group.running = group.running - 1
    settle(group, launched, launched:finish())
  end
end

--- Raises what was raised.
function Group:check()
  if self.raised ~= nil then
    error(self.raised, 0)
  end
end

--- Waits until something has ended since the last wait, at most so many seconds, and does what is to be done then. The
--- others move on, also where something has ended already.
---@param seconds number
---@return partnercenter.Error? err why it cannot wait
function Group:wait(seconds)
  local err = pause.wait(self.client, self.has_ended and 0 or math.min(seconds, LONGEST_WAIT), self)
  if not self.has_ended and self.running > 0 and not self.client.core:is_open() then
    pause.pass(self.client, self) -- what still runs is in a function of the script's
  end
  self.has_ended = false
  while #self.ended > 0 do
    nginx.reap(table.remove(self.ended).thread)
  end
  if self.first then
    self:work(attend, self)
  end
  return err
end

--- Does what is to be done about all that has ended, whatever turns have told.
local function attend_all(group)
  group.first = false
  for launched in pairs(group.launched) do
    if launched:has_ended() then
      group:note_end(launched)
    end
  end
  attend(group)
end

--- Ends the calls as cancelled, those that the pieces wait for, and all that are begun from now on. What is to be done
--- about those that have ended is done.
function Group:cancel()
  self.is_cancelled = true
  for launched in pairs(self.launched) do
    if not launched:cancel() then
      self.launched[launched] = nil
      self.running = self.running - 1
    end
  end
  local workers = {}
  for worker in pairs(self.busy) do
    worker:cancel()
    workers[#workers + 1] = worker
  end
  turn.advance(self.client)
  for _, worker in ipairs(workers) do
    worker:catch_up()
  end
  self:work(attend_all, self)
end

---@param client partnercenter.Client
---@return partnercenter.Group
function M.new(client)
  local busy, run = {}, task.running(client)
  if run then
    run.pieces = busy
  end
  return setmetatable({
    client = client, running = 0, is_cancelled = false, has_ended = false, launched = {}, first = false, last = false,
    busy = busy, idle = {}, hands = {}, ended = {},
  }, Group)
end

return M
