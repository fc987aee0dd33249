-- SPDX-License-Identifier: MIT
--- Values as JSON, the fields of an object always in the same order.

local cjson = require "cjson.safe"

local json = cjson.new()
json.encode_number_precision(14)

local M = {}

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
    parts[i] = json.encode(name) .. ":" .. encode(object[name])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

function encode(value)
  if type(value) ~= "table" then
    return json.encode(value) or json.encode(tostring(value))
  end
  return #value > 0 and encode_array(value) or encode_object(value)
end

--- A value as JSON, on one line.
---@return string
M.encode = encode

return M
