-- SPDX-License-Identifier: MIT
--- A run: the updates of many customers, and what becomes of them. Its code begins things and waits, and finishes the
--- updates that have ended; each poll has a coroutine of its own. What has happened to which item is known to
--- the ledger: the run's memory, or its journal.

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

--- How many polls are begun between two looks at what is under way, where there is room for fewer: those that
--- end at once would hold up the others.
local MOST_POLLS = 64

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

---@class partnercenter.Run
---@field values table the options
---@field sent partnercenter.Sent
---@field task partnercenter.Task? whose code it is, where it was started
---@field ledger partnercenter.Memory|partnercenter.Journal
---@field tally partnercenter.Tally
---@field package source partnercenter.Source
---@field package busy table<string, boolean> the customers with a call in flight
---@field package ready partnercenter.Unit[] admitted and not begun, the next one last
---@field package held table? a poll that is due, of a customer with a call in flight
local Run = {}
Run.__index = Run

--- A piece of a customer's has ended.
function Run:release(unit)
  self.busy[unit.customer_id] = nil
  self.tally.in_flight = self.tally.in_flight - 1
  self.pace:note(self.client.core:refusals())
end

--- Begins a piece for a customer, who has no other then; unless somebody else has taken it meanwhile.
local function begin(run, start, unit, wait)
  local is_held, err = run.ledger:holds(unit)
  if not is_held then
    return run.tally:fail(err)
  end
  run.busy[unit.customer_id] = true
  run.tally.in_flight = run.tally.in_flight + 1
  start(run, unit, wait)
end

--- Whether one more piece can be begun now.
local function may_begin(run)
  local counts = run.tally
  counts.failure = counts.failure or flight.ending(run.client, run.task)
  return not counts.failure and run.pace:allows(run.group.running)
end

--- Begins the polls that are due. One for a customer with a call in flight waits for its end.
---@return boolean is_again whether to come back soon
local function begin_polls(run)
  for _ = 1, math.max(MOST_POLLS, run.pace:room(run.group.running)) do
    if not may_begin(run) then
      return false
    end
    local entry, err = run.held, nil
    if not entry then
      entry, err = run.ledger:take_due()
    end
    run.tally:fail(err)
    run.held = entry and run.busy[entry.unit.customer_id] and entry or nil
    if not entry or run.held then
      return false
    end
    begin(run, work.begin_poll, entry.unit, entry.wait)
  end
  return true
end

--- Reads as many items of the source as there is room for, and admits those that are well formed.
local function admit(run)
  local counts = run.tally
  local units, malformed, err = run.source:read(run.ledger.batch or run.pace:room(run.group.running))
  counts.total = counts.total + #units + #malformed
  for _, each in ipairs(malformed) do
    counts:settle("failed", each.item, nil, each.err, { attempts = 0, elapsed = 0 })
  end
  counts:fail(err)
  local admitted, skipped = {}, 0
  if #units > 0 and not counts.failure then
    admitted, skipped = run.ledger:admit(units)
  end
  if not admitted then
    return counts:fail(skipped)
  end
  for i = #admitted, 1, -1 do
    run.ready[#run.ready + 1] = admitted[i]
  end
  counts:skip(skipped)
  if run.source.is_exhausted and not counts.failure then
    counts:fail(run.ledger:end_source(run.source.count))
  end
end

--- Makes sure that there is an item to begin, where there is one.
---@return boolean has_more whether there may be others behind
local function fill(run)
  if #run.ready > 0 then
    return true
  elseif not run.source.is_exhausted then
    admit(run)
    return true
  end
  local left, err = run.ledger:take_left_behind()
  run.tally:fail(err)
  run.ready = left or {}
  return #run.ready > 0
end

--- Begins new items, of one reading; one for a customer with a call in flight holds up the others.
---@return boolean is_again whether to come back soon: what is under way goes on between two readings
local function begin_items(run)
  local has_more = may_begin(run) and fill(run)
  while may_begin(run) do
    local unit = run.ready[#run.ready]
    if not unit or run.busy[unit.customer_id] then
      return has_more and not unit
    end
    run.ready[#run.ready] = nil
    begin(run, work.begin_update, unit)
  end
  return false
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
  local is_held_up = run.held or #run.ready > 0 or not may_begin(run)
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

--- Begins what can be begun, and waits, over and over. Where one call can be made at a time, polls and new
--- items take turns.
local function go(run)
  local first, second = begin_polls, begin_items
  while true do
    run.tally:fail(run.ledger:sync())
    local has_more = first(run)
    has_more = second(run) or has_more
    first, second = second, first
    run.group:check()
    if is_done(run) then
      return
    end
    wait(run, has_more)
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
    run.tally:fail(core.error { category = "cancelled", message = "the run was interrupted" })
    run.group:cancel()
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
