-- SPDX-License-Identifier: MIT
--- What a run begins: the polls that are due, and the updates of the items that its source gives.

local flight = require "partnercenter.flight"
local work = require "partnercenter.bulk.work"

local M = {}

--- How many polls are begun between two looks at what is under way, where there is room for fewer: those that
--- end at once would hold up the others.
local MOST_POLLS = 64

--- Begins an update or a poll of a customer, who has no other then; unless somebody else has taken it meanwhile.
---@param begin_work fun(run: partnercenter.Run, unit: partnercenter.Unit, wait: partnercenter.Wait?)
local function begin(run, begin_work, unit, wait)
  local is_held, err = run.ledger:holds(unit)
  if not is_held then
    return run.tally:fail(err)
  end
  run.busy[unit.customer_id] = true
  run.tally.in_flight = run.tally.in_flight + 1
  begin_work(run, unit, wait)
end

--- Whether one more can be begun now.
---@param run partnercenter.Run
function M.may_begin(run)
  local counts = run.tally
  counts.failure = counts.failure or flight.ending(run.client, run.task)
  return not counts.failure and run.pace:allows(run.group.running)
end

--- Begins the polls that are due. One for a customer with a call in flight waits for its end.
---@return boolean is_again whether to come back soon
function M.polls(run)
  for _ = 1, math.max(MOST_POLLS, run.pace:room(run.group.running)) do
    if not M.may_begin(run) then
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

--- Begins the items that were admitted; one for a customer with a call in flight holds up the others.
---@return boolean are_begun all of them
local function begin_ready(run)
  while M.may_begin(run) do
    local unit = run.ready[#run.ready]
    if not unit or run.busy[unit.customer_id] then
      return unit == nil
    end
    run.ready[#run.ready] = nil
    begin(run, work.begin_update, unit)
  end
  return false
end

--- Begins new items, of one reading.
---@return boolean is_again whether to come back soon: what is under way goes on between two readings
function M.items(run)
  local has_more = M.may_begin(run) and fill(run)
  return has_more and run.group:work(begin_ready, run)
end

return M
