-- SPDX-License-Identifier: MIT
--- The work of a run: the update of one item, and one poll of it.

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

--- The update of an item has ended. With `wait` it is followed from then on, unless it is decided already.
local function finish_update(run, unit, result, err, meta)
  run:release(unit)
  if result and run.values.wait and not vetting.is_decided(result) then
    local wait = M.new_wait(run.client, unit, run.values)
    wait.last = result
    run.ledger:follow(unit, wait, wait:next_due(), meta.attempts)
  else
    finish(run, unit, result, err, meta)
  end
end

--- Finds out what the customer has of the qualification that the service refuses to set, being set already, perhaps.
--- (Not in nginx: only a journal knows of repetitions.)
local function find_effect(run, unit, refusal, meta)
  local values = run.values
  local call = run.client.core:prepare("get_qualifications", unit.customer_id, {
    timeout = values.timeout, deadline = values.deadline, max_retries = values.max_retries,
  })
  run.group:launch(call, function(_, _, list, err, found_meta)
    local result = list and vetting.find(list, unit.qualification)
    meta.attempts = meta.attempts + found_meta.attempts
    finish_update(run, unit, result, not result and (err and err.category == "cancelled" and err or refusal) or nil, meta)
  end)
end

--- What became of the request of an update.
local function end_update(run, unit, result, err, meta)
  if err and unit.is_repeated and REFUSALS[err.status] and run.client.core:is_open() then
    return find_effect(run, unit, err, meta)
  end
  return finish_update(run, unit, result, err, meta)
end

--- Begins the update of an item.
---@param run partnercenter.Run
---@param unit partnercenter.Unit
function M.begin_update(run, unit)
  local call, err = item.prepare(run.client.core, unit, run.sent)
  if not call then
    return finish_update(run, unit, nil, err, { attempts = 0, elapsed = 0 })
  end
  return run.group:launch(call, end_update, run, unit)
end

--- One poll of an item. One that was cancelled is no end of it either.
local function poll(_, run, unit, wait)
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

--- Begins one poll of an item.
---@param run partnercenter.Run
---@param unit partnercenter.Unit
---@param wait partnercenter.Wait
function M.begin_poll(run, unit, wait)
  return run.group:spawn(poll, run, unit, wait)
end

return M
