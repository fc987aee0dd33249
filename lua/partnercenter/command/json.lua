-- SPDX-License-Identifier: MIT
--- Values as JSON, the fields of an object always in the same order.

local cjson = require "cjson.safe"
local encoding = require "partnercenter.journal.encoding"

local json = cjson.new()
json.encode_number_precision(14)

local M = {}

--- A text, in which nothing is left that does something to a terminal.
local function encode_text(text)
  return (json.encode(encoding.of_text(text)):gsub("\127", "\\u007f"):gsub("\194([\128-\159])", function(byte)
    return ("\\u%04x"):format(byte:byte())
  end))
end

local encode

local function encode_array(array)
  local parts = {}
  for i, value in ipairs(array) do
    parts[i] = encode(value)
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function encode_object(object)
  local names, parts = {}, {}
  for name in pairs(object) do
    names[#names + 1] = tostring(name)
  end
  table.sort(names)
  for i, name in ipairs(names) do
    parts[i] = encode_text(name) .. ":" .. encode(object[name])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

function encode(value)
  if type(value) == "string" then
    return encode_text(value)
  elseif type(value) ~= "table" then
    return json.encode(value) or json.encode(tostring(value))
  end
  return #value > 0 and encode_array(value) or encode_object(value)
end

--- A value as JSON, on one line.
---@return string
M.encode = encode

return M
