-- SPDX-License-Identifier: MIT
--- One line on the terminal that says how far a run is.

local core = require "partnercenter.core"
local terminal = require "partnercenter.command.terminal"
local words = require "partnercenter.command.words"

local M = {}

--- How often it is drawn, in seconds.
local EVERY = 0.1

local LEAST_BAR, MOST_BAR = 5, 30

---@class partnercenter.Progress
---@field package begun number by core.now()
local Progress = {}
Progress.__index = Progress

local function bar(columns, part)
  local full = math.floor(columns * part + 0.5)
  return "[" .. ("#"):rep(full) .. ("-"):rep(columns - full) .. "]"
end

--- What is behind the bar.
local function text_of(self, counts)
  local elapsed = math.max(core.now() - self.begun, 1e-3)
  local rate, left = counts.ended / elapsed, self.total - counts.done
  local parts = {
    ("%d/%d"):format(counts.done, self.total),
    ("%.1f/s"):format(rate),
    counts.ended > 0 and left > 0 and words.duration(left / rate) .. " left" or words.duration(elapsed),
  }
  local rows = {
    { counts.sent, "set" }, { counts.succeeded, "succeeded" }, { counts.denied, "denied" }, { counts.failed, "failed" },
    { counts.throttled, "throttled" },
  }
  for _, row in ipairs(rows) do
    if row[1] and (row[1] > 0 or row[2] == "succeeded" or row[2] == "failed") then
      parts[#parts + 1] = ("%d %s"):format(row[1], row[2])
    end
  end
  return table.concat(parts, "  ")
end

--- Draws the line, unless that was done just now.
---@param counts table `done`, `ended` (in this process), `succeeded`, `failed`, `denied`, `throttled`, `sent`
function Progress:draw(counts)
  local columns = terminal.columns(io.stderr)
  if not columns or core.now() < self.next_at then
    return
  end
  self.next_at = core.now() + EVERY
  local text = text_of(self, counts)
  local room = math.min(columns - #text - 5, MOST_BAR)
  if room >= LEAST_BAR then
    text = bar(room, self.total > 0 and math.min(1, counts.done / self.total) or 1) .. "  " .. text
  end
  io.stderr:write("\r\27[K", terminal.cut(text, columns - 1))
  io.stderr:flush()
  self.is_drawn = true
end

--- Takes the line away, so that others can be printed.
function Progress:clear()
  if self.is_drawn then
    io.stderr:write "\r\27[K"
    self.is_drawn, self.next_at = false, 0
  end
end

---@param total integer
---@return partnercenter.Progress
function M.new(total)
  return setmetatable({ total = total, begun = core.now(), next_at = 0 }, Progress)
end

return M
