-- SPDX-License-Identifier: MIT
--- The journal of a run: every item and its request id are on the disk before its request leaves, so
--- that a run that was killed goes on where it was. Several processes can work on one run: an item
--- that is worked on has a holder, whose hold ends when the process does or stops renewing it.

local claim = require "partnercenter.journal.claim"
local core = require "partnercenter.core"
local database = require "partnercenter.journal.database"
local hold = require "partnercenter.journal.hold"
local holder = require "partnercenter.journal.holder"
local option = require "partnercenter.journal.option"
local problem = require "partnercenter.journal.problem"
local row = require "partnercenter.journal.row"
local schema = require "partnercenter.journal.schema"

local M = {}

--- How soon what is noted gets on the disk, in seconds.
local DELAY = 0.2

---@class partnercenter.Journal
---@field package db partnercenter.Database
---@field package at string where it is
---@field package run string
---@field package me string the process, as a holder
---@field package begun number by the database's clock
---@field package total integer? how many items the source has, where its end was seen before
---@field package last integer the last position that was there before
---@field package offset integer what is added to the positions of this source
---@field package noted table[] what is not on the disk yet: the columns to set and the unit
---@field package due_rows table[] rows in vetting that are held by this process and not yet polled, as entries
---@field package hold partnercenter.Hold
local Journal = {}
Journal.__index = Journal

--- How many items are read, and get on the disk, at once.
Journal.batch = 64

--- The error for what was raised; raises again what no problem of the journal is.
local function journal_error(raised, at)
  if not problem.is(raised) then
    error(raised, 0)
  end
  return core.error { category = "journal", message = database.problem(raised.message, at), difference = raised.difference }
end

--- Writes down what is noted, and does some work besides.
local function write(self, work, ...)
  for _, each in ipairs(self.noted) do
    row.update(self.db, self.run, each.unit, each.columns, self.me)
  end
  return work(self, ...)
end

--- The same, on the disk when it returns. After a failure the journal is not used again; after a refusal
--- of the source it is, for what was noted.
---@return any value what the work returned, or true
---@return partnercenter.Error? err
local function transact(self, work, ...)
  if self.failure then
    return nil, self.failure
  end
  local ok, value = pcall(self.db.transaction, self.db, self.run, write, self, work, ...)
  if not ok then
    local err = journal_error(value, self.at)
    self.failure = not err.difference and err or nil
    return nil, err
  end
  self.noted, self.noted_at = {}, nil
  return value or true
end

--- Takes items into the run.
---@param units partnercenter.Unit[]
---@return partnercenter.Unit[]? units the ones to do
---@return integer|partnercenter.Error skipped how many have come to their end before
function Journal:admit(units)
  local admitted, err = transact(self, claim.admit, units)
  if not admitted then
    return nil, err
  end
  return admitted.to_do, admitted.skipped
end

local function note(self, unit, columns)
  self.noted[#self.noted + 1] = { unit = unit, columns = columns }
  self.noted_at = self.noted_at or core.now()
  if self.hold:is_due() then -- many ends at once, whose on_result takes long
    self:sync()
  end
end

--- What has become of an item.
---@param state string `succeeded`, `denied` or `failed`
---@param wait? partnercenter.Wait where it is the wait for the decision that has failed
function Journal:note(unit, state, result, err, meta, wait)
  note(self, unit, row.of_end(state, result, err, meta, wait))
end

--- An item was updated, or polled: it is polled again at `due` (by core.now()).
function Journal:follow(unit, wait, due, attempts)
  note(self, unit, row.of_vetting(wait, due, attempts))
  self.due_at = math.min(self.due_at, due)
end

--- Takes an item that is to be polled now; nil when there is none.
---@return table? entry `{ unit, wait }`
---@return partnercenter.Error? err
function Journal:take_due()
  if #self.due_rows == 0 and self.follows and self.due_at <= core.now() then
    local claimed, err = transact(self, claim.due)
    if not claimed then
      return nil, err
    end
    self.due_rows = claimed.rows
    self.due_at = core.now() + (claimed.due_in or math.huge)
  end
  return table.remove(self.due_rows, 1)
end

--- When the holds are to be renewed, or what is noted is to get on the disk, by core.now().
function Journal:next_sync()
  if self.failure then
    return math.huge
  end
  return math.min(self.hold.due, self.noted_at and self.noted_at + DELAY or math.huge)
end

--- When there is something to do of its own accord, by core.now(): a poll, a look at the disk, or that.
function Journal:next_due()
  local at = #self.due_rows > 0 and core.now() or self.follows and self.due_at or math.huge
  return math.min(at, self.look_at, self:next_sync())
end

--- Items that another process has left behind, once the source is at its end.
---@return partnercenter.Unit[]? units
---@return partnercenter.Error? err
function Journal:take_left_behind()
  if self.look_at > core.now() and self.has_looked then
    return {}
  end
  local claimed, err = transact(self, claim.left_behind)
  if not claimed then
    return nil, err
  end
  self.has_looked = true
  self.due_at = math.min(self.due_at, core.now() + (claimed.due_in or math.huge))
  self.look_at = core.now() + (claimed.look_in or math.huge)
  return claimed.units
end

--- Whether an item that was taken is still this process's, when it is to be begun.
---@param unit partnercenter.Unit
---@return boolean? is_held
---@return partnercenter.Error? err
function Journal:holds(unit)
  if self.hold:is_certain(unit.lapses) then
    return true
  end
  local found, err = transact(self, claim.look, unit)
  return found and found.holder == self.me, err
end

--- Puts what is noted on the disk when it is time to, and renews the holds.
---@return partnercenter.Error? err
function Journal:sync()
  local is_time = self.noted_at and (#self.noted >= self.batch or core.now() >= self.noted_at + DELAY)
  if not is_time and not self.hold:is_due() then
    return nil
  end
  return select(2, transact(self, claim.renew_in_time))
end

--- The source has ended after so many items.
---@return partnercenter.Error? err
function Journal:end_source(count)
  return select(2, transact(self, function()
    claim.check_length(self, count)
    row.set_total(self.db, self.run, self.offset + count)
  end))
end

--- Whether everything has come to its end, when nothing is under way here.
function Journal:is_finished()
  return self.has_looked and self.look_at == math.huge and #self.due_rows == 0
    and (not self.follows or self.due_at == math.huge)
end

--- Lets go of everything.
---@return partnercenter.Error? err
function Journal:close()
  local _, err = transact(self, function()
    row.let_go(self.db, self.run, self.me)
  end)
  pcall(self.db.close, self.db)
  holder.finish(self.me)
  return err
end

local function open(at, run)
  local db = database.open(at)
  local ok, found = pcall(function()
    schema.prepare(db)
    return db:transaction(run, row.begin_run, db, run)
  end)
  if not ok then
    pcall(db.close, db)
    error(found, 0)
  end
  return { db = db, found = found }
end

--- Opens the journal of a run.
---@param spec string|table the option
---@param follows boolean whether items in vetting are followed
---@param new_wait fun(unit: partnercenter.Unit): partnercenter.Wait
---@return partnercenter.Journal? journal
---@return partnercenter.Error? err
function M.open(spec, follows, new_wait)
  local at, run, may_add = option.read(spec)
  local ok, opened = pcall(open, at, run)
  if not ok then
    return nil, journal_error(opened, at)
  end
  local found = opened.found
  return setmetatable({
    db = opened.db,
    at = at,
    run = run,
    me = holder.begin(),
    begun = found.now,
    total = found.total,
    last = found.last,
    offset = may_add and found.last or 0,
    may_add = may_add,
    follows = follows,
    new_wait = new_wait,
    noted = {},
    due_rows = {},
    due_at = follows and core.now() or math.huge,
    hold = hold.new(),
    look_at = math.huge,
  }, Journal)
end

return M
