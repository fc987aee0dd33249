-- SPDX-License-Identifier: MIT
--- A command as it is typed again.

local definitions = require "partnercenter.command.definitions"
local place = require "partnercenter.command.place"

local M = {}

local function text_of(value)
  return place.quote(type(value) == "number" and ("%.14g"):format(value) or value)
end

--- The words for an option; nil where it has its default.
local function option_of(option, value)
  if value == nil or value == false or value == option.default then
    return nil
  end
  return option.is_flag and option.name or option.name .. " " .. text_of(value)
end

--- The line that is typed.
---@param values table what was read of the command line
---@return string
function M.line(values)
  local row = definitions.row(values.command)
  local words = { definitions.NAME, row.name }
  for _, argument in ipairs(row.arguments) do
    words[#words + 1] = text_of(values[argument.name])
  end
  for _, option in ipairs(row.options) do
    words[#words + 1] = option_of(option, values[definitions.key(option)])
  end
  return table.concat(words, " ")
end

return M
