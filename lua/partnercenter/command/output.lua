-- SPDX-License-Identifier: MIT
--- What the command prints: a table on a terminal, plain lines elsewhere, JSON lines where that is
--- asked for; and what it tells the person, on standard error.

local json = require "partnercenter.command.json"
local layout = require "partnercenter.command.table"
local status = require "partnercenter.command.status"
local terminal = require "partnercenter.command.terminal"

local M = {}

---@class partnercenter.Output
---@field is_json boolean
---@field columns integer? of the terminal that standard output is
---@field failure string? why nothing can be printed any more
---@field is_closed boolean? whoever read it has gone away
---@field is_told boolean? that it failed
local Output = {}
Output.__index = Output

--- Prints a text as it is.
---@return boolean printed
function Output:text(text)
  if self.failure then
    return false
  end
  local ok, problem = io.stdout:write(text)
  if ok then
    ok, problem = io.stdout:flush()
  end
  if not ok then
    self.failure = problem
    self.is_closed = problem:lower():find("broken pipe", 1, true) ~= nil
  end
  return ok ~= nil and ok ~= false
end

--- Prints a line.
---@return boolean printed
function Output:line(text)
  return self:text(text .. "\n")
end

--- The exit status where the output may have failed. Whoever closed a pipe has seen what they wanted.
---@param ended integer the status of what was done
---@return integer
function Output:finish(ended)
  if self.failure and not self.is_closed and not self.is_told then
    M.complain("cannot write: " .. self.failure)
  end
  return self.failure and ended == status.DONE and status.FAILED or ended
end

--- Prints a row by itself: as JSON, or as a plain line. The object is what is behind the row.
---@return boolean printed
function Output:row(columns, row, object)
  if self.is_json then
    return self:line(json.encode(object or row))
  end
  local parts = {}
  for i, column in ipairs(columns) do
    local value = row[column.name]
    parts[i] = value == nil and "" or terminal.plain(value)
  end
  return self:line(table.concat(parts, "\t"))
end

--- Prints rows. `objects` are what is behind them, for JSON.
---@param columns partnercenter.Column[]
---@param rows table[]
---@param objects table[]?
function Output:rows(columns, rows, objects)
  if self.is_json or not self.columns then
    for i, row in ipairs(rows) do
      self:row(columns, row, objects and objects[i])
    end
  elseif #rows > 0 then
    local function paint(text, colour) return terminal.paint(io.stdout, text, colour) end
    for _, text in ipairs(layout.lines(columns, rows, self.columns, paint)) do
      self:line(text)
    end
  end
end

--- Tells the person something, on standard error.
function M.say(text, colour)
  local lines = {}
  for each in (text .. "\n"):gmatch "(.-)\n" do
    lines[#lines + 1] = terminal.paint(io.stderr, terminal.plain(each), colour)
  end
  io.stderr:write(table.concat(lines, "\n"), "\n")
end

--- Tells of an error.
function M.complain(problem)
  M.say("partnercenter: " .. tostring(problem), "red")
end

---@param is_json boolean?
---@return partnercenter.Output
function M.new(is_json)
  return setmetatable({ is_json = is_json or false, columns = terminal.columns(io.stdout) }, Output)
end

return M
