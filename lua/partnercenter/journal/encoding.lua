-- SPDX-License-Identifier: MIT
--- Items, answers and messages as texts that every database takes: valid UTF-8 without NUL.

local cjson = require "cjson.safe"
local core = require "partnercenter.core"
local problem = require "partnercenter.journal.problem"
local sent = require "partnercenter.bulk.item".SENT

local json = cjson.new()

local M = {}

--- A JSON text that begins so has each byte of the original as one character: its strings are no UTF-8.
local BYTES = " "

--- How long the UTF-8 character is that begins at a position; nil where none does.
local function length_at(text, position)
  local first = text:byte(position)
  if first < 0x80 then
    return 1
  end
  local length = first >= 0xC2 and first < 0xE0 and 2 or first >= 0xE0 and first < 0xF0 and 3
    or first >= 0xF0 and first < 0xF5 and 4
  local rest = length and text:sub(position + 1, position + length - 1)
  if not rest or #rest < length - 1 or rest:find "[^\128-\191]" then
    return nil
  end
  local second = rest:byte(1)
  local is_wrong = first == 0xE0 and second < 0xA0 or first == 0xED and second >= 0xA0
    or first == 0xF0 and second < 0x90 or first == 0xF4 and second >= 0x90
  return not is_wrong and length or nil
end

--- The text with each byte that is not part of a UTF-8 character as `replace(byte)`.
local function repair(text, replace)
  if core.is_utf8(text) then
    return text
  end
  local pieces, position = {}, 1
  while position <= #text do
    local length = length_at(text, position)
    local piece = text:sub(position, position + (length or 1) - 1)
    pieces[#pieces + 1] = length and piece or replace(piece)
    position = position + (length or 1)
  end
  return table.concat(pieces)
end

local function question_mark()
  return "?"
end

--- A text to be read by people.
---@param text string?
---@return string?
function M.of_text(text)
  return text and repair((tostring(text):gsub("%z", "?")), question_mark)
end

local function byte_to_character(byte)
  local code = byte:byte()
  return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64)
end

local function character_to_byte(first, second)
  return string.char((first:byte() - 0xC0) * 64 + second:byte() - 0x80)
end

--- A JSON text as one that is UTF-8 throughout, and can be turned back.
local function armour(text)
  if core.is_utf8(text) then
    return text
  end
  return BYTES .. text:gsub("[\128-\255]", byte_to_character)
end

--- A string that begins with this byte is a number with all its digits, of which JSON keeps 14, or a string that
--- happened to begin with it: what follows says which.
local MARK_BYTE, MARKED_NUMBER, MARKED_TEXT = 1, "\1n", "\1s"

local type_of_number = rawget(math, "type") or function() end
local to_integer = rawget(math, "tointeger") or function() end

--- A value as JSON keeps it.
local function marked(value)
  if type(value) == "table" then
    local copy = {}
    for key, each in pairs(value) do
      copy[key] = marked(each)
    end
    return copy
  elseif not core.is_lossy(value, MARK_BYTE) then
    return value
  elseif type(value) == "string" then
    return MARKED_TEXT .. value
  end
  return MARKED_NUMBER .. (type_of_number(value) == "integer" and "%d" or "%.17g"):format(value)
end

--- A value that JSON has kept as it was.
local function unmarked(value)
  if type(value) == "table" then
    for key, each in pairs(value) do
      value[key] = unmarked(each)
    end
  elseif type(value) == "number" then
    return to_integer(value) or value
  elseif type(value) == "string" and value:sub(1, 2) == MARKED_NUMBER then
    return tonumber(value:sub(3))
  elseif type(value) == "string" and value:sub(1, 2) == MARKED_TEXT then
    return value:sub(3)
  end
  return value
end

--- A table as a text; nil where it has something that JSON cannot carry.
local function encode(value)
  local text = json.encode(value)
  if text and core.is_lossy(value, MARK_BYTE) then -- and not before: a table in itself has no end
    text = json.encode(marked(value))
  end
  return text and armour(text)
end

--- The object that a row has in a column. Raises where something else has been written there.
local function decode(text, column)
  local value
  if type(text) == "string" then
    local is_armoured = text:sub(1, 1) == BYTES
    value = json.decode(is_armoured and text:gsub("([\194\195])([\128-\191])", character_to_byte) or text)
  end
  if type(value) ~= "table" then
    problem.raise(("a row is damaged: its %s is no JSON object"):format(column))
  end
  return unmarked(value)
end

--- What is sent of an item, alone.
local function core_of(unit)
  local copy = { customer_id = unit.customer_id, qualification = unit.qualification }
  for _, name in ipairs(sent) do
    local value = unit.item[name]
    copy[name] = (type(value) == "string" or type(value) == "number") and value or nil
  end
  return copy
end

--- An item. Where it has something that JSON cannot carry, only what is sent of it.
---@param unit partnercenter.Unit
---@return string
function M.of_item(unit)
  return encode(unit.item) or encode(core_of(unit)) or encode { customer_id = unit.customer_id }
end

--- A field as the service sees it: a whole number is a text there.
local function as_sent(value)
  return type(value) == "number" and ("%.16g"):format(value) or value
end

--- Whether another item sends the same as the one that was written down.
---@param text string
---@param unit partnercenter.Unit
function M.is_same(text, unit)
  local before, now = decode(text, "item"), core_of(unit)
  for _, name in ipairs(sent) do
    if as_sent(before[name]) ~= as_sent(now[name]) then
      return false
    end
  end
  return true
end

function M.item(text)
  return decode(text, "item")
end

function M.of_answer(result)
  return encode(result) or "{}"
end

function M.answer(text)
  return decode(text, "answer")
end

return M
