-- SPDX-License-Identifier: MIT
--- What a run has come to: its counts, and who is told of them.

local callback = require "partnercenter.callback"

local M = {}

---@class partnercenter.Tally
---@field total integer how many items were read
---@field in_flight integer how many customers have a call in flight
---@field failure partnercenter.Error? why the run ends early
local Tally = {}
Tally.__index = Tally

--- Ends the run, where there is an error: nothing more is begun.
---@param err partnercenter.Error?
function Tally:fail(err)
  self.failure = self.failure or err
end

--- Calls one of the functions that the script has given; what it raises ends the run.
local function tell(self, name, ...)
  local ok, raised = callback.run(self.client, self.listeners[name], ...)
  if not ok then
    self:fail(callback.error(self.client.core, name, raised))
  end
end

local function done(self)
  return self.succeeded + self.failed + self.denied + self.skipped
end

local function tell_progress(self)
  tell(self, "on_progress", {
    total = self.source.total or self.source.is_exhausted and math.max(self.total, done(self)) or nil,
    done = done(self),
    succeeded = self.succeeded,
    failed = self.failed,
    in_flight = self.in_flight,
  })
end

--- The end of an item, in one of the states `succeeded`, `failed` and `denied`.
function Tally:settle(state, item, result, err, meta)
  self[state] = self[state] + 1
  if self.listeners.on_result then
    tell(self, "on_result", item, result, err, meta)
  end
  if self.listeners.on_progress then
    tell_progress(self)
  end
end

--- So many items had come to their end before.
function Tally:skip(count)
  self.skipped = self.skipped + count
  if count > 0 and self.listeners.on_progress then
    tell_progress(self)
  end
end

--- The end of the run. What others have brought to its end was skipped here; what they have left
--- behind was done here.
---@param elapsed number
---@return table? summary
---@return partnercenter.Error? err with the field `summary`
function Tally:close(elapsed)
  if not self.failure then
    self.skipped = self.skipped + math.max(0, self.total - done(self))
  end
  local summary = {
    total = math.max(self.total, done(self)),
    succeeded = self.succeeded,
    failed = self.failed,
    skipped = self.skipped,
    denied = self.denied,
    elapsed = elapsed,
  }
  if not self.failure then
    return summary
  end
  self.failure.summary = summary
  return nil, self.failure
end

---@param client partnercenter.Client
---@param source partnercenter.Source
---@param listeners table `on_result`, `on_progress`
---@return partnercenter.Tally
function M.new(client, source, listeners)
  return setmetatable({
    client = client, source = source, listeners = listeners,
    total = 0, succeeded = 0, failed = 0, skipped = 0, denied = 0, in_flight = 0,
  }, Tally)
end

return M
