-- SPDX-License-Identifier: MIT
--- Who works on which row of a journal. Each function is one transaction's work; `self` is the journal.

local core = require "partnercenter.core"
local row = require "partnercenter.journal.row"

local M = {}

--- How long a hold lasts, in seconds, unless it is renewed.
M.HOLD = 30

--- How soon it is looked again whether others have left something behind, in seconds.
M.LOOK_AGAIN = 2

--- Whether the hold on a row has ended.
local function is_free(self, found, now)
  return found.holder == nil or found.holder ~= self.me
    and ((found.held_until or 0) < now or core.is_running(found.holder) == false)
end

--- Raises where the journal has another item in the place of this one.
local function check_source(self, unit, found)
  local there = self.db:row(
    "SELECT customer_id, qualification FROM partnercenter_items WHERE run = ? AND position = ?", self.run, unit.position)
  local is_other = there and (there.customer_id ~= unit.customer_id or there.qualification ~= unit.qualification)
  if not there then
    is_other = found and found.position > unit.position or not found and self.total
  end
  if is_other then
    error(("it was written for a different source: item %d is %s %s here, and %s there; to add the items of another "
      .. "source say add = true, or give the run another name"):format(unit.position, unit.customer_id, unit.qualification,
      there and there.customer_id .. " " .. there.qualification or "none"), 0)
  end
end

--- Writes a new item down; nil where somebody else does so at the same time.
local function insert(self, unit)
  unit.request_id = core.new_guid()
  return row.insert(self.db, self.run, unit, unit.position + self.offset, self.me, M.HOLD)
end

--- Takes an item into the run: true when it is to be done now.
---@return boolean to_do
---@return boolean? is_skipped
local function admit_one(self, unit, now)
  local found = row.find(self.db, self.run, unit.customer_id, unit.qualification)
  if not self.may_add then
    check_source(self, unit, found)
  end
  if not found then
    if insert(self, unit) then
      return true
    end
    found = row.find(self.db, self.run, unit.customer_id, unit.qualification)
  end
  if found.state == "sending" and is_free(self, found, now) then
    unit.request_id, unit.is_repeated = found.request_id, true
  elseif found.state == "failed" and found.changed < self.begun then
    unit.request_id, unit.is_repeated = core.new_guid(), true
  else
    local is_under_way = found.state == "sending" or found.state == "vetting" and self.follows
    return false, not is_under_way or found.holder == self.me
  end
  row.hold(self.db, unit.request_id, self.me, M.HOLD, self.run, unit.customer_id, unit.qualification)
  return true
end

--- Takes items into the run.
---@return table admitted `to_do` (units) and `skipped` (how many have come to their end before)
function M.admit(self, units)
  local now = row.now(self.db)
  local to_do, skipped = {}, 0
  for _, unit in ipairs(units) do
    local is_to_do, is_skipped = admit_one(self, unit, now)
    if is_to_do then
      to_do[#to_do + 1] = unit
    end
    skipped = skipped + (is_skipped and 1 or 0)
  end
  return { to_do = to_do, skipped = skipped }
end

local function hold(self, found)
  row.hold(self.db, found.request_id, self.me, M.HOLD, self.run, found.customer_id, found.qualification)
end

--- Takes the rows that are to be polled now.
---@return table claimed `rows`, and `due_in` (seconds until the next one; nil: there is none)
function M.due(self, most)
  local now, rows = row.now(self.db), {}
  for _, found in ipairs(row.due(self.db, self.run, self.me, now, most)) do
    if is_free(self, found, now) then
      hold(self, found)
      rows[#rows + 1] = found
    end
  end
  local next_due = row.next_due(self.db, self.run, self.me)
  local due_in = next_due and next_due - now
  if due_in and due_in <= 0 then -- somebody else holds it
    due_in = M.LOOK_AGAIN
  end
  return { rows = rows, due_in = due_in }
end

--- Takes the items that were to be sent by processes which are gone.
---@return table claimed `units`, and `others` (how many items other processes still hold)
function M.left_behind(self)
  local now = row.now(self.db)
  local units, others = {}, 0
  for _, found in ipairs(row.sending(self.db, self.run, self.me)) do
    if is_free(self, found, now) then
      hold(self, found)
      units[#units + 1] = row.unit(found)
    else
      others = others + 1
    end
  end
  return { units = units, others = others }
end

return M
