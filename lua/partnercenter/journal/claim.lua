-- SPDX-License-Identifier: MIT
--- Who works on which row of a journal. Each function is one transaction's work; `self` is the journal.

local core = require "partnercenter.core"
local encoding = require "partnercenter.journal.encoding"
local hold = require "partnercenter.journal.hold"
local holder = require "partnercenter.journal.holder"
local problem = require "partnercenter.journal.problem"
local row = require "partnercenter.journal.row"

local M = {}

--- How soon it is looked again whether others have left something behind, in seconds.
local LOOK_AGAIN = 2

--- How many rows are looked at, at once.
local MOST = 64

--- Whether another process works for the customer whose rows these are.
local function is_elsewhere(self, rows)
  for _, found in ipairs(rows) do
    if found.holder and found.holder ~= self.me and found.held_until >= self.db.now and not holder.is_gone(found.holder) then
      return true
    end
  end
  return false
end

--- The one of a customer's rows that has this qualification.
local function row_of(rows, qualification)
  for _, found in ipairs(rows) do
    if found.qualification == qualification then
      return found
    end
  end
end

--- Raises how the source differs from the one that the journal was written for, which says nothing
--- against the database.
local function refuse(difference, ...)
  difference = difference:format(...)
  problem.raise(("it was written for a different source: %s; to add the items of another source say "
    .. "journal = { at = ..., add = true }, or give the run another name"):format(difference), difference)
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

--- Lets an item whose update was taken, but whose decision was not learnt, be followed anew.
---@return boolean is_followed
local function follow_again(self, found)
  if self.follows then
    row.follow_again(self.db, self.run, found)
    self.due_at = math.min(self.due_at, core.now())
  end
  return self.follows
end

--- Takes an item into the run. While another process works for its customer it is written down, and left
--- behind for whoever is free then.
---@return boolean to_do whether it is to be done now
---@return boolean? is_skipped it came to its end before this run began (or else it is counted when it does)
local function admit_one(self, unit)
  local rows = row.of_customer(self.db, self.run, unit.customer_id)
  local found = row_of(rows, unit.qualification)
  if not self.may_add then
    check_source(self, unit, found)
  end
  local is_old = found and found.changed < self.begun
  local is_failed = is_old and found.state == "failed"
  local is_open = not found or is_failed or found.state == "sending" and found.holder ~= self.me
  if is_failed and found.vetting_begun then
    return false, not follow_again(self, found)
  elseif not is_open then
    return false, is_old and found.state ~= "sending" and not (found.state == "vetting" and self.follows)
  end
  local me = not is_elsewhere(self, rows) and self.me or nil
  if not found then
    unit.request_id = core.new_guid()
    row.insert(self.db, self.run, unit, unit.position + self.offset, me, hold.SECONDS)
  elseif me or is_failed then
    unit.request_id, unit.is_repeated = request_id_of(found, unit), true
    row.take(self.db, self.run, unit, me, hold.SECONDS)
  end
  unit.lapses = self.hold.lapses
  return me ~= nil, false
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

--- Takes a row for this process, unless another works for its customer.
---@return boolean is_taken
local function take(self, found)
  if is_elsewhere(self, row.of_customer(self.db, self.run, found.customer_id)) then
    return false
  end
  row.hold(self.db, self.run, found, self.me, hold.SECONDS)
  found.lapses = self.hold.lapses
  return true
end

local function renew(self)
  row.renew(self.db, self.run, self.me, hold.SECONDS)
  self.hold:renewed(self.db.began)
end

--- Renews the holds of this process when it is time to.
function M.renew_in_time(self)
  if self.hold:is_due() then
    renew(self)
  end
end

--- Renews the holds that there still are.
---@return table? found the row of an item that this process took
function M.look(self, unit)
  renew(self)
  return row.find(self.db, self.run, unit)
end

--- How many seconds there are until a row in vetting is due that this process does not hold; nil without one.
local function next_due(self)
  local due = row.next_due(self.db, self.run, self.me)
  return due and due - self.db.now
end

--- Takes the rows that are to be polled now.
---@return table claimed `rows` (as entries), and `due_in` (seconds until the next one; nil: there is none)
function M.due(self)
  local db, rows = self.db, {}
  for _, found in ipairs(row.due(db, self.run, self.me, MOST)) do
    if take(self, found) then
      found.begun = core.now() - (db.now - found.vetting_begun)
      rows[#rows + 1] = row.entry(found, self.new_wait)
    end
  end
  local due_in = next_due(self)
  if due_in and due_in <= 0 and #rows == 0 then -- somebody else holds it
    due_in = LOOK_AGAIN
  end
  return { rows = rows, due_in = due_in }
end

--- Takes items that are to be sent, and that no process works on.
---@return table claimed `units`, `look_in` (seconds until the next look for more; nil: others have none either), and
--- `due_in` (seconds until an item that they have sent is to be polled; nil: there is none)
function M.left_behind(self)
  local units, look_in = {}, nil
  for _, found in ipairs(row.sending(self.db, self.run, self.me, MOST)) do
    if take(self, found) then
      units[#units + 1] = row.unit(found)
    end
    look_in = #units > 0 and 0 or LOOK_AGAIN
  end
  return { units = units, look_in = look_in, due_in = next_due(self) }
end

return M
