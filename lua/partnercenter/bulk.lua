-- SPDX-License-Identifier: MIT
--- A run: the updates of many customers, and what becomes of them. One coroutine begins things and
--- waits; each update and each poll has one of its own. What has happened to which item is known to
--- the ledger: the run's memory, or its journal.

local callback = require "partnercenter.callback"
local core = require "partnercenter.core"
local group = require "partnercenter.group"
local journal = require "partnercenter.journal"
local memory = require "partnercenter.bulk.memory"
local nginx = require "partnercenter.nginx"
local options = require "partnercenter.options"
local pace = require "partnercenter.pace"
local source = require "partnercenter.bulk.source"
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

---@class partnercenter.Run
---@field values table the options
---@field ledger partnercenter.Memory|partnercenter.Journal
---@field package source partnercenter.Source
---@field package counts table `total`, `succeeded`, `failed`, `skipped`, `denied`
---@field package busy table<string, boolean> the customers with a call in flight
---@field package ready partnercenter.Unit[] admitted and not begun, the next one last
---@field package failure partnercenter.Error? why the run ends early
local Run = {}
Run.__index = Run

--- Ends the run: nothing more is begun.
function Run:fail(err)
  if err and not self.failure then
    self.failure = err
    self.group.is_ending = true
  end
end

--- Calls one of the script's functions, where it is given; what it raises ends the run.
local function tell(run, name, ...)
  local fn = run.values[name]
  if not fn then
    return
  end
  local ok, raised = callback.run(run.client, fn, ...)
  if not ok then
    run:fail(callback.error(run.client.core, name, raised))
  end
end

local function progress_of(run)
  local counts = run.counts
  return {
    total = run.source.total,
    done = counts.succeeded + counts.failed + counts.denied + counts.skipped,
    succeeded = counts.succeeded,
    failed = counts.failed,
    in_flight = run.group.running,
  }
end

--- The end of an item, in one of the states `succeeded`, `failed` and `denied`.
function Run:settle(state, item, result, err, meta)
  self.counts[state] = self.counts[state] + 1
  tell(self, "on_result", item, result, err, meta)
  if self.values.on_progress then
    tell(self, "on_progress", progress_of(self))
  end
end

--- A piece of a customer's has ended.
function Run:release(unit)
  self.busy[unit.customer_id] = nil
  self.pace:note(self.client.core:refusals())
end

--- Begins a piece for a customer, who has no other then.
local function begin(run, code, unit, ...)
  run.busy[unit.customer_id] = true
  run.group:spawn(code, run, unit, ...)
end

--- Whether one more piece can be begun now.
local function may_begin(run)
  return not run.failure and run.pace:allows(run.group.running)
end

--- Begins the polls that are due. One for a customer with a call in flight waits for its end.
---@return boolean is_held whether there is such a one
local function begin_polls(run)
  while may_begin(run) do
    local entry, err = run.held, nil
    if not entry then
      entry, err = run.ledger:take_due()
    end
    run:fail(err)
    run.held = entry and run.busy[entry.unit.customer_id] and entry or nil
    if not entry or run.held then
      break
    end
    begin(run, work.poll, entry.unit, entry.wait)
  end
  return run.held ~= nil
end

--- Reads items of the source, and admits those that are well formed.
local function admit(run)
  local units, malformed, err = run.source:read(run.ledger.batch)
  run.counts.total = run.counts.total + #units + #malformed
  for _, each in ipairs(malformed) do
    run:settle("failed", each.item, nil, each.err, { attempts = 0, elapsed = 0 })
  end
  run:fail(err)
  local admitted, skipped = {}, 0
  if #units > 0 then
    admitted, skipped = run.ledger:admit(units)
  end
  if not admitted then
    return run:fail(skipped)
  end
  run.counts.skipped = run.counts.skipped + skipped
  for i = #admitted, 1, -1 do
    run.ready[#run.ready + 1] = admitted[i]
  end
end

--- Makes sure that there is an item to begin, where there can be one.
local function fill(run)
  while #run.ready == 0 and not run.source.is_exhausted and not run.failure do
    admit(run)
    if run.source.is_exhausted and not run.failure then
      run:fail(run.ledger:end_source(run.source.count))
    end
  end
  if #run.ready == 0 and run.source.is_exhausted and not run.failure then
    local left, err = run.ledger:take_left_behind()
    run:fail(err)
    for i, unit in ipairs(left or {}) do
      run.ready[i] = unit
      run.counts.total = run.counts.total + 1
    end
  end
end

--- Begins new items; one for a customer with a call in flight holds up the others.
local function begin_items(run)
  while may_begin(run) do
    fill(run)
    local unit = run.ready[#run.ready]
    if run.failure or not unit or run.busy[unit.customer_id] then
      break
    end
    run.ready[#run.ready] = nil
    begin(run, work.update, unit)
  end
end

local function is_done(run)
  return run.group.running == 0 and (run.failure ~= nil
    or run.source.is_exhausted and #run.ready == 0 and not run.held and run.ledger:is_finished())
end

--- Waits for the end of a piece, or until the ledger has something to do.
local function wait(run, is_held)
  local due = run.failure and math.huge or run.ledger:next_due()
  if due <= core.now() and (is_held or not may_begin(run)) then
    due = core.now() + 1
  end
  local err = run.group:wait(math.max(0, due - core.now()))
  if err then
    run:fail(err)
    run.group:cancel()
  end
end

local function go(run)
  while true do
    run:fail(run.ledger:sync())
    local is_held = begin_polls(run)
    begin_items(run)
    if is_done(run) then
      return
    end
    wait(run, is_held)
  end
end

--- The ledger that the options ask for.
---@return partnercenter.Memory|partnercenter.Journal|nil
---@return partnercenter.Error? err
local function open_ledger(values, new_wait)
  if not values.journal then
    return memory.new()
  elseif nginx.is_here() then
    return nil, core.error {
      category = "unavailable",
      message = "a journal would block the nginx worker: run `partnercenter bulk` outside nginx, or leave it out",
    }
  end
  return journal.open(values.journal, values.wait, new_wait)
end

--- Makes the run.
---@param client partnercenter.Client
---@param items table|function
---@param values table the options, checked
---@return table? summary
---@return partnercenter.Error? err
function M.run(client, items, values)
  local begun = core.now()
  local ledger, err = open_ledger(values, function(unit) return work.new_wait(client, unit, values) end)
  if not ledger then
    return nil, err
  end
  local run = setmetatable({
    client = client,
    values = values,
    ledger = ledger,
    source = source.new(client, items),
    counts = { total = 0, succeeded = 0, failed = 0, skipped = 0, denied = 0 },
    busy = {},
    ready = {},
    group = group.new(client),
    pace = pace.new(values.concurrency, client.core:refusals()),
  }, Run)
  go(run)
  run:fail(ledger:close())
  run.counts.elapsed = core.now() - begun
  if not run.failure then
    return run.counts
  end
  run.failure.summary = run.counts
  return nil, run.failure
end

return M
