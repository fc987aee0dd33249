-- SPDX-License-Identifier: MIT
--- The journal of a run: every item and its request id are on the disk before its request leaves, so
--- that a run that was killed goes on where it was. Several processes can work on one run: an item
--- that is worked on has a holder, whose hold ends when the process does or stops renewing it.

local claim = require "partnercenter.journal.claim"
local core = require "partnercenter.core"
local database = require "partnercenter.journal.database"
local holder = require "partnercenter.journal.holder"
local row = require "partnercenter.journal.row"
local schema = require "partnercenter.journal.schema"

local M = {}

--- How often holds are renewed, in seconds.
local RENEW = 10

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
---@field package due_rows table[] rows in vetting that are held by this process and not yet polled
local Journal = {}
Journal.__index = Journal

--- How many items are read, and get on the disk, at once.
Journal.batch = 64

---@param difference string? from the source that it was written for
local function journal_error(message, at, difference)
  message = "the journal: " .. database.redact(tostring(message), at)
  return core.error { category = "journal", message = message, difference = difference }
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
  if not ok and type(value) == "table" then
    return nil, journal_error(value.refusal, self.at, value.difference)
  elseif not ok then
    self.failure = journal_error(value, self.at)
    return nil, self.failure
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
end

--- What has become of an item.
---@param state string `succeeded`, `denied` or `failed`
function Journal:note(unit, state, result, err, meta)
  note(self, unit, row.of_end(state, result, err, meta))
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
    self.due_at = claimed.due_in and core.now() + claimed.due_in or math.huge
  end
  local found = table.remove(self.due_rows, 1)
  return found and row.entry(found, self.new_wait)
end

--- When there is something to do of its own accord, by core.now(): a poll, or a look at the disk.
function Journal:next_due()
  local at = #self.due_rows > 0 and core.now() or self.follows and self.due_at or math.huge
  local write_at = self.noted_at and self.noted_at + DELAY or math.huge
  return math.min(at, write_at, self.renew_at, self.look_at)
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
  self.has_looked, self.others = true, claimed.others
  self.look_at = math.huge
  if #claimed.units > 0 then
    self.look_at = core.now() -- there may be more
  elseif self.others > 0 then
    self.look_at = core.now() + claim.LOOK_AGAIN
  end
  return claimed.units
end

local function renew(self)
  if self.renew_at <= core.now() then
    row.renew(self.db, self.run, self.me, claim.HOLD)
    self.renew_at = core.now() + RENEW
  end
end

--- Puts what is noted on the disk when it is time to, and renews the holds.
---@return partnercenter.Error? err
function Journal:sync()
  local is_time = self.noted_at and (#self.noted >= self.batch or core.now() >= self.noted_at + DELAY)
  if not is_time and core.now() < self.renew_at then
    return nil
  end
  return select(2, transact(self, renew))
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
---@param spec string|table a path or URL, or `{ at, run, add }`
---@param follows boolean whether items in vetting are followed
---@param new_wait fun(unit: partnercenter.Unit): partnercenter.Wait
---@return partnercenter.Journal? journal
---@return partnercenter.Error? err
function M.open(spec, follows, new_wait)
  spec = type(spec) == "table" and spec or { at = spec }
  local run = spec.run or "default"
  local ok, opened = pcall(open, spec.at, run)
  if not ok then
    return nil, journal_error(opened, spec.at)
  end
  local found = opened.found
  return setmetatable({
    db = opened.db,
    at = spec.at,
    run = run,
    me = holder.begin(),
    begun = found.now,
    total = found.total,
    last = found.last,
    offset = spec.add and found.last or 0,
    may_add = spec.add,
    follows = follows,
    new_wait = new_wait,
    noted = {},
    due_rows = {},
    due_at = follows and core.now() or math.huge,
    renew_at = core.now() + RENEW,
    look_at = math.huge,
  }, Journal)
end

local FIELDS = { at = "string", run = "string", add = "boolean" }

--- What is wrong with the option `journal`; nil when nothing is.
function M.check(spec)
  spec = type(spec) == "string" and { at = spec } or spec
  for name, value in pairs(spec) do
    if type(value) ~= FIELDS[name] then
      return ("must be a path or URL, or { at = path or URL, run = name, add = true }: %s is %s"):format(tostring(name),
        FIELDS[name] and "a " .. type(value) or "unknown")
    elseif type(value) == "string" and (value == "" or value:find "%z") then
      return ("must have no empty text in it, and no NUL: %s"):format(name)
    end
  end
  return not spec.at and "must say where it is, in the field at" or nil
end

return M
