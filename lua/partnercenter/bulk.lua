-- SPDX-License-Identifier: MIT
--- A run: the updates of many customers, and what becomes of them. Its code begins things and waits, and finishes the
--- updates that have ended; each poll has a coroutine of its own. What has happened to which item is known to
--- the ledger: the run's memory, or its journal.

local beginning = require "partnercenter.bulk.beginning"
local core = require "partnercenter.core"
local flight = require "partnercenter.flight"
local group = require "partnercenter.group"
local item = require "partnercenter.bulk.item"
local journal = require "partnercenter.journal.option"
local ledger = require "partnercenter.bulk.ledger"
local options = require "partnercenter.options"
local pace = require "partnercenter.pace"
local source = require "partnercenter.bulk.source"
local tally = require "partnercenter.bulk.tally"
local work = require "partnercenter.bulk.work"

local M = {}

M.OPTIONS = {
  { name = "concurrency", types = "number", default = 16, check = options.whole(1, 65535) },
  { name = "on_result", types = "function" },
  { name = "on_progress", types = "function" },
  { name = "journal", types = "string|table", check = journal.check },
  { name = "wait", types = "boolean", default = false },
  { name = "interval", types = "number", default = 60, check = options.positive_seconds },
  { name = "max_interval", types = "number", default = 3600, check = options.positive_seconds },
  { name = "wait_timeout", types = "number", check = options.positive_seconds },
  { name = "timeout", types = "number", check = options.positive_seconds },
  { name = "deadline", types = "number", check = options.positive_seconds },
  { name = "max_retries", types = "number", check = options.whole(0, 2 ^ 53) },
}

M.mistake = source.mistake

local INTERRUPTED = core.error { category = "cancelled", message = "the run was interrupted" }

---@class partnercenter.Run
---@field values table the options
---@field sent partnercenter.Sent
---@field task partnercenter.Task? whose code it is, where it was started
---@field ledger partnercenter.Memory|partnercenter.Journal
---@field tally partnercenter.Tally
---@field source partnercenter.Source
---@field busy table<string, boolean> the customers with a call in flight
---@field ready partnercenter.Unit[] admitted and not begun, the next one last
---@field held table? a poll that is due, of a customer with a call in flight
local Run = {}
Run.__index = Run

--- A piece of a customer's has ended.
function Run:release(unit)
  self.busy[unit.customer_id] = nil
  self.tally.in_flight = self.tally.in_flight - 1
  self.pace:note(self.client.core:refusals())
end

local function is_done(run)
  return run.group.running == 0 and (run.tally.failure ~= nil
    or run.source.is_exhausted and #run.ready == 0 and not run.held and run.ledger:is_finished())
end

--- When to go on, by core.now(), if no piece ends before: where the ledger has something to do that can be
--- done. A run that is ending leaves undone what would begin something.
local function next_due(run, is_again)
  local now = core.now()
  if run.tally.failure then
    return run.ledger:next_sync()
  elseif is_again then
    return now
  end
  local due = run.ledger:next_due()
  local is_held_up = run.held or #run.ready > 0 or not beginning.may_begin(run)
  return due <= now and is_held_up and now + 1 or due
end

--- Waits for the end of a piece, or until there is something else to do.
local function wait(run, is_again)
  local due = next_due(run, is_again)
  run.group.is_ending = run.tally.failure ~= nil
  local err = run.group:wait(math.max(0, due - core.now()))
  if err then
    run.tally:fail(flight.ending(run.client, run.task) or err)
    run.group:cancel()
  end
end

--- A piece has raised, as it does when memory runs out: what is in flight is told of as cancelled, and then it is raised.
local function wind_up(run)
  if run.group.raised ~= nil and not run.group.is_cancelled then
    run.tally:fail(INTERRUPTED)
    run.group:cancel()
  end
end

--- Begins what can be begun, and waits, over and over. Where one call can be made at a time, polls and new
--- items take turns.
local function go(run)
  local first, second = beginning.polls, beginning.items
  while true do
    run.tally:fail(run.ledger:sync())
    local has_more = first(run)
    has_more = second(run) or has_more
    first, second = second, first
    wind_up(run)
    if is_done(run) then
      return run.group:check()
    end
    wait(run, has_more)
  end
end

--- Ends the calls in flight as cancelled, and tells of them: an engine with a thread takes a moment for it.
local function cancel(run)
  run.group:cancel()
  while run.group.running > 0 and run.client.core:is_open() do
    run.group:wait(0.1)
    run.group:cancel()
  end
end

--- Does so. What is raised here, as Ctrl-C does, ends the calls in flight; the journal keeps what is
--- known of them.
local function go_safely(run)
  if not flight.is_direct(run.client) then -- a started call, whose code cannot yield through pcall in Lua 5.1
    return go(run)
  end
  local ok, raised = pcall(go, run)
  if not ok then
    run.tally:fail(INTERRUPTED)
    pcall(cancel, run)
    run.ledger:close()
    error(raised, 0)
  end
end

--- Makes the run.
---@param client partnercenter.Client
---@param items table|function
---@param values table the options, checked
---@return table? summary
---@return partnercenter.Error? err
function M.run(client, items, values)
  local begun = core.now()
  local opened, err = ledger.open(values, function(unit) return work.new_wait(client, unit, values) end)
  if not opened then
    return nil, err
  end
  local from = source.new(client, items)
  local run = setmetatable({
    client = client,
    values = values,
    task = flight.task(client),
    sent = item.sent(values),
    ledger = opened,
    source = from,
    tally = tally.new(client, from, values),
    busy = {},
    ready = {},
    group = group.new(client),
    pace = pace.new(values.concurrency, client.core:refusals()),
  }, Run)
  go_safely(run)
  run.tally:fail(opened:close())
  return run.tally:close(core.now() - begun)
end

return M
