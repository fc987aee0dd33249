-- SPDX-License-Identifier: MIT
--- `partnercenter bulk`: many customers. Whatever ends it early, a signal, a pipe that was closed or
--- credentials that are refused: nothing more is begun, and what is under way comes to its end.

local again = require "partnercenter.command.again"
local call = require "partnercenter.command.call"
local items = require "partnercenter.command.items"
local output = require "partnercenter.command.output"
local place = require "partnercenter.command.place"
local progress = require "partnercenter.command.progress"
local signals = require "partnercenter.command.signals"
local status = require "partnercenter.command.status"
local terminal = require "partnercenter.command.terminal"
local wind_up = require "partnercenter.command.wind_up"
local words = require "partnercenter.command.words"

local M = {}

local COLUMNS = {
  { name = "state" }, { name = "customer_id" }, { name = "qualification" }, { name = "vettingStatus" }, { name = "detail" },
}

---@class partnercenter.BulkCommand
---@field package counts table
---@field package cancelled integer how many items were begun that have not come to their ends
---@field package stop string? why it ends early: `signal`, `output` or `credentials`
local Bulk = {}
Bulk.__index = Bulk

--- What an item has come to, as it is printed.
local function record_of(item, result, err, meta)
  local state = not result and "failed" or result.vettingStatus == "Denied" and "denied" or "succeeded"
  return {
    state = state,
    customer_id = item.customer_id,
    qualification = result and result.qualification or item.qualification,
    line = item.line,
    vettingStatus = result and result.vettingStatus,
    vettingReason = result and result.vettingReason,
    detail = result and result.vettingReason or err and tostring(err),
    request_id = meta and meta.request_id,
    error = err and { category = err.category, message = err.message, status = err.status, code = err.code },
  }
end

--- Prints it. A person at a terminal is told of what needs attention; the rest is in the bar.
function Bulk:print(record)
  if self.out.is_json then
    record.detail = nil
    self.out:row(COLUMNS, record)
  elseif not self.out.columns then
    self.out:row(COLUMNS, record)
  elseif record.state ~= "succeeded" then
    self.progress:clear()
    self.out:line(("%s  line %d  %s  %s"):format(terminal.paint(io.stdout, record.state, "red"), record.line,
      terminal.plain(record.customer_id), terminal.plain(record.detail or "")))
  end
end

function Bulk:on_result(item, result, err, meta)
  if err and err.category == "cancelled" then
    self.cancelled = self.cancelled + 1
    return -- it has not come to its end, and is sent when the run goes on
  end
  local record = record_of(item, result, err, meta)
  self.counts[record.state] = self.counts[record.state] + 1
  self.counts.ended = self.counts.ended + 1
  self:print(record)
  if err and err.category == "unauthorized" then
    self.refusal = self.refusal or err
    self:wind_up "credentials"
  elseif self.out.failure then
    self:wind_up "output"
  end
end

--- Lets the run begin nothing more.
---@param why string
function Bulk:wind_up(why)
  self.stop = self.stop or why
  if self.call then -- or else it has just begun, and is told when it is known
    wind_up(self.call)
  end
end

function Bulk:source()
  local next_item = self.items:iterate()
  return function()
    return (next_item())
  end
end

--- While the run goes on.
function Bulk:tick()
  self.counts.throttled = self.client.core:refusals()
  self.progress:draw(self.counts)
  if self.stop then
    self:wind_up(self.stop)
  end
end

function Bulk:on_signal()
  self:wind_up "signal"
  self.progress:clear()
  output.say(("%s: waiting for the answers that are due. Once more ends at once, and is safe too."):format(signals.caught()))
end

--- Runs it.
---@return table? summary
---@return partnercenter.Error? err
function Bulk:perform()
  local values = self.values
  self.call = self.client:start("update_qualifications", self:source(), {
    concurrency = values.concurrency,
    journal = { at = values.journal, run = values.run, add = values.add or false },
    wait = values.wait or false,
    interval = values.interval,
    max_interval = math.max(3600, values.interval),
    on_result = function(...) self:on_result(...) end,
    on_progress = function(now) self.counts.done = math.min(now.done - self.cancelled, self.items.total) end,
  })
  if self.stop then
    self:wind_up(self.stop)
  end
  return signals.wait(self.client, self.call, function() self:on_signal() end, function() self:tick() end)
end

--- The command that goes on with the run.
function Bulk:again()
  return again.line(self.values) .. (self.values.file == "-" and " (with the same input)" or "")
end

local function text_of_summary(summary)
  local parts = {}
  for _, name in ipairs { "succeeded", "denied", "failed", "skipped" } do
    if summary[name] > 0 or name == "succeeded" then
      parts[#parts + 1] = ("%d %s"):format(summary[name], name)
    end
  end
  return ("%s: %s, in %s."):format(words.count(summary.total, "customer"), table.concat(parts, ", "),
    words.duration(summary.elapsed))
end

--- Why the run ended early, and the status for that.
function Bulk:explain(err)
  if self.stop == "signal" then
    return "Interrupted", status.INTERRUPTED
  elseif self.stop == "credentials" then
    return "The credentials are refused: " .. tostring(self.refusal), status.CREDENTIALS
  elseif self.stop == "output" then
    self.out.is_told = true
    return "The output cannot be written: " .. self.out.failure, status.FAILED
  end
  local problem = type(err.cause) == "table" and err.cause.csv_problem or tostring(err)
  if err.difference then
    problem = ("%s was written for a different file: %s.\nSay --add to add this file's customers to it, or give this run "
      .. "a name with --run, or another journal."):format(self.values.journal, err.difference)
  end
  local is_untouched = err.category == "journal" and self.counts.ended == 0
  return problem, is_untouched and status.USAGE or status.FAILED
end

--- The end of it.
---@return integer status
function Bulk:finish(summary, err)
  self.progress:clear()
  if summary then
    output.say(text_of_summary(summary))
    if summary.failed > 0 then
      output.say(("Why: partnercenter report %s. What failed is tried again by: %s")
        :format(place.quote(self.values.journal), self:again()))
    end
    return summary.failed + summary.denied > 0 and status.FAILED or status.DONE
  end
  local problem, ended = self:explain(err)
  local counts = self.counts
  output.complain(problem)
  if ended == status.USAGE then
    return ended
  end
  output.say(("%d of %s have ended: %d succeeded, %d denied, %d failed now%s."):format(
    math.max(counts.done, counts.ended), words.count(self.items.total, "customer"), counts.succeeded, counts.denied,
    counts.failed,
    counts.sent and ("; %d were set"):format(counts.sent) or ""))
  output.say("To go on: " .. self:again())
  return ended
end

--- Counts the updates that were answered: with --wait their ends are far away.
local function counter(counts)
  counts.sent = 0
  return function(event)
    if event.type == "response" and event.operation == "update_qualification" and event.status == 201 then
      counts.sent = counts.sent + 1
    end
  end
end

---@param values table
---@param out partnercenter.Output
---@return integer status
function M.run(values, out)
  local problem = place.problem(values.journal)
  local counts = { done = 0, ended = 0, succeeded = 0, denied = 0, failed = 0, throttled = 0 }
  if problem then
    output.complain(problem)
    return status.USAGE
  end
  return call.with_client(function(client)
    local found
    found, problem = items.open(values.file, client)
    if signals.caught() then
      output.complain "interrupted: nothing was sent"
      return status.INTERRUPTED
    elseif not found then
      output.complain(problem)
      return status.USAGE
    elseif found.total == 0 then
      output.say(("There are no customers in %s: nothing is to be done."):format(found.name))
      return status.DONE
    end
    local self = setmetatable({
      client = client, values = values, out = out, items = found, counts = counts, progress = progress.new(found.total),
      cancelled = 0,
    }, Bulk)
    return self:finish(self:perform())
  end, { on_event = values.wait and counter(counts) or nil })
end

return M
