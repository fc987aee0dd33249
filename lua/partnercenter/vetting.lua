-- SPDX-License-Identifier: MIT
--- Follows the vetting of a customer's qualification until it is decided.

local callback = require "partnercenter.callback"
local core = require "partnercenter.core"
local flight = require "partnercenter.flight"
local options = require "partnercenter.options"
local pause = require "partnercenter.pause"

local M = {}

--- Each pause is so many times the one before.
local GROWTH = 1.5

--- A customer without the qualification at so many polls in a row has none: the service may need a
--- moment to show what was just set.
local POLLS_WITHOUT = 2

local DECIDED = { Approved = true, Denied = true }

--- Whether Microsoft has decided about a qualification object.
function M.is_decided(qualification)
  return DECIDED[qualification.vettingStatus] or false
end

--- A check for the option of that name.
local function known_qualification(value)
  if not core.qualification_name(value) then
    return "must be the name or the integer of a qualification"
  end
end

M.OPTIONS = {
  { name = "qualification", types = "string|number", check = known_qualification },
  { name = "timeout", types = "number", check = options.positive_seconds },
  { name = "interval", types = "number", default = 60, check = options.positive_seconds },
  { name = "max_interval", types = "number", default = 3600, check = options.positive_seconds },
  { name = "on_poll", types = "function" },
  { name = "request_id", types = "string" },
  { name = "correlation_id", types = "string" },
  { name = "deadline", types = "number", check = options.positive_seconds },
  { name = "max_retries", types = "number" },
}

--- A date such that later ones compare greater: those without a fraction of a second have one of 0.
local function sortable(date)
  return type(date) == "string" and date:gsub("Z$", ""):gsub("^([^.]*)$", "%1.") or ""
end

--- The element to follow: of the qualification that was named, or the newest.
---@param list table[] qualification objects
---@param name string?
---@return table?
function M.find(list, name)
  local newest
  for _, each in ipairs(list) do
    local counts = name == nil and each.qualification ~= "None" or name ~= nil and each.qualification == name
    if counts and (not newest or sortable(each.vettingCreateDate) >= sortable(newest.vettingCreateDate)) then
      newest = each
    end
  end
  return newest
end

--- The options of each poll but its deadline. (The first alone has the request id that was given.)
function M.poll_options(values)
  return { request_id = values.request_id, correlation_id = values.correlation_id, max_retries = values.max_retries }
end

--- The wait of one customer.
---@class partnercenter.Wait
---@field is_taken_up boolean? it was read from a journal
local Wait = {}
Wait.__index = Wait

--- Seconds until the whole wait times out.
function Wait:left()
  return self.values.timeout and self.begun + self.values.timeout - core.now() or math.huge
end

--- Asks once.
function Wait:poll()
  local values, handle = self.values, self.client.core
  local poll = M.poll_options(values)
  local left = self:left()
  poll.deadline = math.min(values.deadline or handle:deadline(), left > 0 and left or math.huge)
  if self.attempts > 0 then
    poll.request_id = nil
  end
  local call, err, meta = handle:prepare("get_qualifications", self.customer_id, poll)
  local list
  if call then
    list, err, meta = flight.perform(self.client, call)
  end
  self.attempts = self.attempts + meta.attempts
  meta.attempts, meta.elapsed = self.attempts, core.now() - self.begun
  self.meta = meta
  return list, err
end

local function error_of(self, fields)
  fields.request_id, fields.correlation_id = self.meta.request_id, self.meta.correlation_id
  fields.attempts = self.attempts
  return self.client.core:error(fields)
end

function Wait:timed_out()
  return error_of(self, {
    category = "timeout",
    message = ("the vetting was not decided within %g seconds"):format(self.values.timeout),
    retryable = true,
    qualification = self.last,
  })
end

--- What a poll has brought: true when there is a decision, or an error that ends the wait.
---@return boolean? decided
---@return partnercenter.Error? err
function Wait:look(list)
  local found = M.find(list, self.name)
  if not found then
    self.polls_without = self.polls_without + 1
    if not self.last and self.polls_without >= POLLS_WITHOUT then
      return nil, error_of(self, {
        category = "not_found",
        message = self.name and ("the customer has no qualification %s"):format(self.name)
          or "the customer has no qualification",
      })
    end
    return false
  end
  self.last = found
  if self.values.on_poll then
    local ok, raised = callback.run(self.client, self.values.on_poll, found)
    if not ok then
      return nil, callback.error(self.client.core, "on_poll", raised)
    end
  end
  return M.is_decided(found)
end

--- When to poll again, by core.now(): after the pause, which grows each time.
---@param least number? seconds that the service asks for
function Wait:next_due(least)
  local seconds = math.max(self.pause, least or 0)
  self.pause = math.min(self.pause * GROWTH, self.values.max_interval)
  return core.now() + math.min(seconds, self:left())
end

--- Polls once; not where the time is over, unless the wait was taken up, perhaps from a process that is long gone.
---@return boolean? decided true: `last` is the decision; false: it is to be polled again; nil: the wait has failed
---@return number|partnercenter.Error|nil due when to poll again, by core.now(); or why it has failed
function Wait:step()
  if self:left() <= 0 and not (self.is_taken_up and self.attempts == 0) then
    return nil, self:timed_out()
  end
  local list, failure = self:poll()
  local decided, err
  if list then
    decided, err = self:look(list)
  elseif self:left() > 0 and not failure.retryable then
    err = failure
  end
  if decided or err then
    return decided, err
  elseif self:left() <= 0 then
    return nil, self:timed_out()
  end
  return false, self:next_due(failure and failure.retry_after)
end

--- A wait for the decision about one customer.
---@param client partnercenter.Client
---@param customer_id string
---@param name string? the qualification, as the enumeration spells it; the newest without
---@param values table `timeout`, `interval`, `max_interval`, `on_poll` and options of the polls, checked
---@return partnercenter.Wait
function M.new(client, customer_id, name, values)
  return setmetatable({
    client = client,
    customer_id = customer_id,
    values = values,
    name = name,
    begun = core.now(),
    pause = values.interval,
    attempts = 0,
    meta = { attempts = 0, elapsed = 0 },
    polls_without = 0,
  }, Wait)
end

--- Waits for the decision about one customer.
---@param client partnercenter.Client
---@param customer_id string
---@param values table the options, checked
---@return table? qualification
---@return partnercenter.Error? err
---@return table meta
function M.wait(client, customer_id, values)
  local wait = M.new(client, customer_id, core.qualification_name(values.qualification), values)
  local decided, due = wait:step()
  while decided == false do
    local err = pause.wait(client, math.max(0, due - core.now()))
    if err then
      return nil, err, wait.meta
    end
    decided, due = wait:step()
  end
  wait.meta.elapsed = core.now() - wait.begun
  if decided then
    return wait.last, nil, wait.meta
  end
  return nil, due, wait.meta
end

return M
