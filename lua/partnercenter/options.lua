-- SPDX-License-Identifier: MIT
--- Reads a table of options by rows: a wrong type or an unknown name is a programming mistake and
--- raises, bad data is returned as a message.

local callback = require "partnercenter.callback"

local M = {}

---@class partnercenter.OptionRow
---@field name string
---@field types string the Lua types it takes, separated by `|`
---@field default any
---@field check? fun(value: any): string? what is wrong with the value, in a form that follows the name

local function names(rows)
  local list = {}
  for i, row in ipairs(rows) do
    list[i] = row.name
  end
  return table.concat(list, ", ")
end

local function row_of(rows, name)
  for _, row in ipairs(rows) do
    if row.name == name then
      return row
    end
  end
end

local function takes(row, value)
  return ("|" .. row.types .. "|"):find("|" .. type(value) .. "|", 1, true) ~= nil
end

--- Reads `options` (a table or nil), without metamethods.
---@param options table?
---@param rows partnercenter.OptionRow[]
---@param level integer the level of the error, as in `error`, seen from here
---@return table? values with the defaults in place
---@return string? problem
function M.read(options, rows, level)
  if options ~= nil and type(options) ~= "table" then
    error(("bad options (table expected, got %s)"):format(type(options)), level + 1)
  end
  local values = {}
  for _, row in ipairs(rows) do
    values[row.name] = row.default
  end
  for name, value in next, options or {} do
    local row = row_of(rows, name)
    if not row then
      error(("unknown option '%s' (allowed: %s)"):format(callback.text_of(name), names(rows)), level + 1)
    elseif not takes(row, value) then
      error(("bad option '%s' (%s expected, got %s)")
        :format(name, row.types:gsub("|", " or "), type(value)), level + 1)
    end
    local problem = row.check and row.check(value)
    if problem then
      return nil, name .. " " .. problem
    end
    values[name] = value
  end
  return values
end

--- The most seconds that a timer of ours takes: 24 days.
local MAX_SECONDS = 24 * 24 * 60 * 60

--- A check for a number of seconds that may be 0.
function M.seconds(value)
  if not (value >= 0 and value <= MAX_SECONDS) then
    return ("must be seconds, at least 0 and at most %d (24 days)"):format(MAX_SECONDS)
  end
end

--- A check for a number of seconds that may not be 0.
function M.positive_seconds(value)
  if not (value > 0 and value <= MAX_SECONDS) then
    return ("must be seconds, more than 0 and at most %d (24 days)"):format(MAX_SECONDS)
  end
end

--- A check for a whole number in a range.
function M.whole(least, most)
  return function(value)
    if value ~= math.floor(value) or value < least or value > most then
      return ("must be a whole number from %d to %d"):format(least, most)
    end
  end
end

return M
