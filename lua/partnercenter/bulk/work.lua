-- SPDX-License-Identifier: MIT
--- The pieces of a run: the update of one item, and one poll of it.

local flight = require "partnercenter.flight"
local item = require "partnercenter.bulk.item"
local vetting = require "partnercenter.vetting"

local M = {}

--- The statuses with which the service refuses what it has done before.
local REFUSALS = { [400] = true, [409] = true }

--- The wait for the decision about an item.
---@return partnercenter.Wait
function M.new_wait(client, unit, values)
  return vetting.new(client, unit.customer_id, unit.qualification, {
    interval = values.interval, max_interval = values.max_interval, timeout = values.wait_timeout,
    deadline = values.deadline, max_retries = values.max_retries,
  })
end

--- What the customer has of the qualification that the service refuses to set, being set already.
---@return table? qualification
---@return integer attempts
---@return partnercenter.Error? cancelled it was not found out
local function find_effect(client, unit, values)
  local handle = client.core
  local call = handle:prepare("get_qualifications", unit.customer_id, {
    timeout = values.timeout, deadline = values.deadline, max_retries = values.max_retries,
  })
  local list, err, meta = flight.perform(client, call, true)
  return list and vetting.find(list, unit.qualification), meta.attempts, err and err.category == "cancelled" and err
end

--- Sends the update of an item.
local function send(client, run, unit)
  local call, err = item.prepare(client.core, unit, run.sent)
  if not call then
    return nil, err, { attempts = 0, elapsed = 0 }
  end
  local result, failure, meta = flight.perform(client, call, true)
  if failure and unit.is_repeated and REFUSALS[failure.status] and client.core:is_open() then
    local attempts, cancelled
    result, attempts, cancelled = find_effect(client, unit, run.values)
    failure = not result and (cancelled or failure) or nil
    meta.attempts = meta.attempts + attempts
  end
  return result, failure, meta
end

--- The state in which an item has ended.
local function state_of(result)
  return not result and "failed" or result.vettingStatus == "Denied" and "denied" or "succeeded"
end

--- The end of an item. One that was cancelled has not come to its end: the journal keeps it as it was.
---@param wait? partnercenter.Wait where it is the wait for the decision that has failed
local function finish(run, unit, result, err, meta, wait)
  local state = state_of(result)
  if not (err and err.category == "cancelled") then
    run.ledger:note(unit, state, result, err, meta, wait)
  end
  run.tally:settle(state, unit.item, result, err, meta)
end

--- The update of one item. With `wait` it is followed from then on, unless it is decided already.
---@param client partnercenter.Client
---@param run partnercenter.Run
---@param unit partnercenter.Unit
function M.update(client, run, unit)
  local result, err, meta = send(client, run, unit)
  run:release(unit)
  if result and run.values.wait and not vetting.is_decided(result) then
    local wait = M.new_wait(client, unit, run.values)
    wait.last = result
    run.ledger:follow(unit, wait, wait:next_due(), meta.attempts)
  else
    finish(run, unit, result, err, meta)
  end
end

--- One poll of an item. One that was cancelled is no end of it either.
---@param run partnercenter.Run
---@param unit partnercenter.Unit
---@param wait partnercenter.Wait
function M.poll(_, run, unit, wait)
  local before = wait.attempts
  local decided, due = wait:step()
  run:release(unit)
  if decided == false then
    run.ledger:follow(unit, wait, due, wait.attempts - before)
  elseif decided then
    finish(run, unit, wait.last, nil, wait.meta)
  elseif due.category ~= "cancelled" then
    finish(run, unit, nil, due, wait.meta, wait)
  end
end

return M
