-- SPDX-License-Identifier: MIT
--- A run: the updates of many customers, and what becomes of them. One coroutine begins things and
--- waits; each update and each poll has one of its own.

local agenda = require "partnercenter.agenda"
local callback = require "partnercenter.callback"
local core = require "partnercenter.core"
local flight = require "partnercenter.flight"
local group = require "partnercenter.group"
local options = require "partnercenter.options"
local pace = require "partnercenter.pace"
local vetting = require "partnercenter.vetting"

local M = {}

M.OPTIONS = {
  { name = "concurrency", types = "number", default = 16, check = options.whole(1, 65535) },
  { name = "on_result", types = "function" },
  { name = "on_progress", types = "function" },
  { name = "wait", types = "boolean", default = false },
  { name = "interval", types = "number", default = 60, check = options.positive_seconds },
  { name = "max_interval", types = "number", default = 3600, check = options.positive_seconds },
  { name = "wait_timeout", types = "number", check = options.positive_seconds },
  { name = "timeout", types = "number", check = options.positive_seconds },
  { name = "deadline", types = "number", check = options.positive_seconds },
  { name = "max_retries", types = "number", check = options.whole(0, 2 ^ 53) },
}

--- The fields of an item that are sent.
local SENT = { "validation_code", "education_segment", "website" }

---@class partnercenter.Run
---@field package counts table `total`, `succeeded`, `failed`, `skipped`, `denied`
---@field package busy table<string, boolean> the customers with a call in flight
---@field package next_item any that was read and cannot be begun yet
---@field package failure partnercenter.Error? why the run ends early
local Run = {}
Run.__index = Run

--- Ends the run: nothing more is begun.
function Run:fail(err)
  if not self.failure then
    self.failure = err
    self.group.is_ending = true
  end
end

--- Calls one of the script's functions, where it is given; what it raises ends the run.
function Run:tell(name, ...)
  local fn = self.values[name]
  if not fn then
    return
  end
  local ok, raised = callback.run(self.client, fn, ...)
  if not ok then
    self:fail(callback.error(self.client.core, name, raised))
  end
end

function Run:progress()
  local counts = self.counts
  return {
    total = self.known_total,
    done = counts.succeeded + counts.failed + counts.denied + counts.skipped,
    succeeded = counts.succeeded,
    failed = counts.failed,
    in_flight = self.group.running,
  }
end

--- The end of an item: it is counted and told of.
---@param kind string `succeeded`, `failed` or `denied`
function Run:settle(kind, item, result, err, meta)
  self.counts[kind] = self.counts[kind] + 1
  self:tell("on_result", item, result, err, meta)
  if self.values.on_progress then
    self:tell("on_progress", self:progress())
  end
end

--- Reads the next item of the source into `next_item`; nil when there is none.
function Run:read()
  if self.next_item ~= nil or self.is_exhausted then
    return
  end
  local ok, item = callback.run(self.client, self.source)
  if not ok then
    self:fail(callback.error(self.client.core, "source", item))
    item = nil
  end
  self.next_item = item
  self.is_exhausted = item == nil
end

--- What an item's customer is known by, however the id is written.
local function customer_of(item)
  local id = type(item) == "table" and item.customer_id
  return type(id) == "string" and id:lower():gsub("[{}]", "") or nil
end

--- The call that an item asks for; or nil, and an error of the category bad_input.
local function prepare(run, item)
  if type(item) ~= "table" then
    return nil, core.error { category = "bad_input", message = "an item must be a table, not a " .. type(item) }
  end
  local values = run.values
  local sent = { timeout = values.timeout, deadline = values.deadline, max_retries = values.max_retries }
  for _, name in ipairs(SENT) do
    sent[name] = item[name]
  end
  local handle = run.client.core
  local ok, call, err = pcall(handle.prepare, handle, "update_qualification", item.customer_id, item.qualification, sent)
  if not ok then -- a wrong type
    return nil, core.error { category = "bad_input", message = tostring(call):gsub("^[^:]+:%d+: ", "") }
  end
  return call, err
end

--- Says where in the source a malformed item stands.
local function at_position(err, position)
  err.message = ("item %d: %s"):format(position, err.message)
  return err
end

--- Follows the vetting of an item that was updated.
function Run:follow(item)
  local wait = vetting.new(self.client, item.customer_id, core.qualification_name(item.qualification), self.poll_values)
  self.agenda:add { due = core.now() + self.poll_values.interval, wait = wait, item = item }
end

--- The update of one item.
local function update(client, run, item, call)
  client.core:be_patient(call)
  local result, err, meta = flight.perform(client, call)
  run.busy[customer_of(item)] = nil
  run.pace:note(client.core:refusals())
  if result and run.values.wait then
    run:follow(item)
  else
    run:settle(result and "succeeded" or "failed", item, result, err, meta)
  end
end

--- One poll of an item in vetting.
local function poll(client, run, entry)
  local wait = entry.wait
  local decided, due = wait:step()
  run.busy[customer_of(entry.item)] = nil
  run.pace:note(client.core:refusals())
  if decided == false then
    entry.due = due
    run.agenda:add(entry)
  elseif decided then
    local kind = wait.last.vettingStatus == "Denied" and "denied" or "succeeded"
    run:settle(kind, entry.item, wait.last, nil, wait.meta)
  else
    run:settle("failed", entry.item, nil, due, wait.meta)
  end
end

--- Begins a piece for a customer, who has no other then.
function Run:begin(code, customer, ...)
  self.busy[customer] = true
  self.group:spawn(code, self, ...)
end

--- Begins the item that was read, or ends it where it is malformed.
function Run:begin_item()
  local item = self.next_item
  self.next_item = nil
  self.counts.total = self.counts.total + 1
  local call, err = prepare(self, item)
  if call then
    self:begin(update, customer_of(item), item, call)
  else
    self:settle("failed", item, nil, at_position(err, self.counts.total), { attempts = 0, elapsed = 0 })
  end
end

--- Whether something can be begun now, beside what runs.
function Run:may_begin()
  return not self.failure and self.pace:allows(self.group.running)
end

--- Begins the polls that are due. One for a customer with a call in flight waits for the next turn.
function Run:begin_polls()
  local held = {}
  while self:may_begin() and self.agenda:next_due() <= core.now() do
    local entry = self.agenda:take()
    local customer = customer_of(entry.item)
    if self.busy[customer] then
      held[#held + 1] = entry
    else
      self:begin(poll, customer, entry)
    end
  end
  for _, entry in ipairs(held) do
    self.agenda:add(entry)
  end
  return #held > 0
end

--- Begins new items; one for a customer with a call in flight holds up the others.
function Run:begin_items()
  while self:may_begin() do
    self:read()
    local item = self.next_item
    if self.failure or item == nil or self.busy[customer_of(item) or false] then
      break
    end
    self:begin_item()
  end
end

function Run:is_done()
  return self.group.running == 0 and
    (self.failure ~= nil or self.is_exhausted and self.next_item == nil and self.agenda.count == 0)
end

--- Waits for the end of a piece, or for the next poll.
function Run:wait(is_held)
  local due = (self.failure or is_held or not self:may_begin()) and math.huge or self.agenda:next_due()
  local err = self.group:wait(math.max(0, due - core.now()))
  if err then
    self:fail(err)
    self.group:cancel()
  end
end

function Run:go()
  while true do
    local is_held = self:begin_polls()
    self:begin_items()
    if self:is_done() then
      return
    end
    self:wait(is_held)
  end
end

--- An array as a function that returns its elements; an iterator is one.
local function iterator_of(source)
  if type(source) == "function" then
    return source
  end
  local position = 0
  return function()
    position = position + 1
    return source[position]
  end
end

--- Makes the run.
---@param client partnercenter.Client
---@param source table|function
---@param values table the options, checked
---@return table? summary
---@return partnercenter.Error? err
function M.run(client, source, values)
  local begun = core.now()
  local run = setmetatable({
    client = client,
    source = iterator_of(source),
    known_total = type(source) == "table" and #source or nil,
    values = values,
    poll_values = {
      interval = values.interval, max_interval = values.max_interval, timeout = values.wait_timeout,
      deadline = values.deadline, max_retries = values.max_retries,
    },
    counts = { total = 0, succeeded = 0, failed = 0, skipped = 0, denied = 0 },
    busy = {},
    group = group.new(client),
    pace = pace.new(values.concurrency, client.core:refusals()),
    agenda = agenda.new(),
  }, Run)
  run:go()
  run.counts.elapsed = core.now() - begun
  if not run.failure then
    return run.counts
  end
  run.failure.summary = run.counts
  return nil, run.failure
end

return M
