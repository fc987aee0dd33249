-- SPDX-License-Identifier: MIT
--- Who works on which row of a journal. Each function is one transaction's work; `self` is the journal.

local core = require "partnercenter.core"
local encoding = require "partnercenter.journal.encoding"
local holder = require "partnercenter.journal.holder"
local row = require "partnercenter.journal.row"

local M = {}

--- How long a hold lasts, in seconds, unless it is renewed.
M.HOLD = 30

--- How soon it is looked again whether others have left something behind, in seconds.
M.LOOK_AGAIN = 2

--- How many rows are looked at, at once.
local MOST = 64

--- Whether the hold on a row has ended.
local function is_free(self, found)
  return found.holder == nil or found.holder ~= self.me
    and (found.held_until < self.db.now or holder.is_gone(found.holder))
end

--- Raises how the source differs from the one that the journal was written for, which says nothing
--- against the database.
local function refuse(difference, ...)
  difference = difference:format(...)
  error({ difference = difference, refusal = ("it was written for a different source: %s; to add the items of another "
    .. "source say journal = { at = ..., add = true }, or give the run another name"):format(difference) }, 0)
end

local function other_source(unit, there)
  refuse("item %d is %s %s here, and %s there", unit.position, unit.customer_id, unit.qualification,
    there and there.customer_id .. " " .. there.qualification or "none")
end

--- Raises where the journal has another item in the place of this one. (A malformed item has no row, and
--- a repeated one has that of its first place.)
local function check_source(self, unit, found)
  local there = row.at(self.db, self.run, unit.position)
  if there and (there.customer_id ~= unit.customer_id or there.qualification ~= unit.qualification)
    or found and found.position > unit.position
    or not found and (self.total or unit.position <= self.last) then
    other_source(unit, there)
  end
end

--- Raises where the journal was written for a source of another length.
---@param count integer how many items this one has
function M.check_length(self, count)
  if not self.may_add and (self.total and self.total ~= count or self.last > count) then
    refuse("that one has %s%d items, and this one %d", self.total and "" or "at least ", self.total or self.last, count)
  end
end

--- The request id for an item that is taken up again: the one of before where its answer was lost, so
--- that the service knows the request; a new one for a new attempt, or for something else than before.
local function request_id_of(found, unit)
  local is_lost = found.state == "sending" or found.status == nil
  return is_lost and encoding.is_same(found.item, unit) and found.request_id or core.new_guid()
end

--- Takes an item into the run.
---@return boolean to_do whether it is to be done now
---@return boolean? is_skipped it came to its end before this run began (or else it is counted when it does)
local function admit_one(self, unit)
  local found = row.find(self.db, self.run, unit)
  if not self.may_add then
    check_source(self, unit, found)
  end
  if not found then
    unit.request_id = core.new_guid()
    row.insert(self.db, self.run, unit, unit.position + self.offset, self.me, M.HOLD)
    return true
  elseif found.state == "sending" and is_free(self, found) or found.state == "failed" and found.changed < self.begun then
    unit.request_id, unit.is_repeated = request_id_of(found, unit), true
    row.take(self.db, self.run, unit, self.me, M.HOLD)
    return true
  end
  local is_under_way = found.state == "sending" or found.state == "vetting" and self.follows
  return false, not is_under_way and found.changed < self.begun
end

--- Takes items into the run.
---@return table admitted `to_do` (units) and `skipped` (how many have come to their end before)
function M.admit(self, units)
  local to_do, skipped = {}, 0
  for _, unit in ipairs(units) do
    local is_to_do, is_skipped = admit_one(self, unit)
    if is_to_do then
      to_do[#to_do + 1] = unit
    end
    skipped = skipped + (is_skipped and 1 or 0)
  end
  return { to_do = to_do, skipped = skipped }
end

--- Takes the rows that are to be polled now.
---@return table claimed `rows`, and `due_in` (seconds until the next one; nil: there is none)
function M.due(self)
  local db, rows = self.db, {}
  for _, found in ipairs(row.due(db, self.run, self.me, MOST)) do
    if is_free(self, found) then
      row.hold(db, self.run, found, self.me, M.HOLD)
      found.begun = core.now() - (db.now - found.vetting_begun)
      rows[#rows + 1] = found
    end
  end
  local next_due = row.next_due(db, self.run, self.me)
  local due_in = next_due and next_due - db.now
  if due_in and due_in <= 0 and #rows == 0 then -- somebody else holds it
    due_in = M.LOOK_AGAIN
  end
  return { rows = rows, due_in = due_in }
end

--- Takes items that were to be sent by processes which are gone.
---@return table claimed `units`, and `others` (how many items other processes still hold)
function M.left_behind(self)
  local units, others = {}, 0
  for _, found in ipairs(row.sending(self.db, self.run, self.me, MOST)) do
    if is_free(self, found) then
      row.hold(self.db, self.run, found, self.me, M.HOLD)
      units[#units + 1] = row.unit(found)
    else
      others = others + 1
    end
  end
  return { units = units, others = others }
end

return M
