-- SPDX-License-Identifier: MIT
--- Whatever a script or a service gives goes into a database as UTF-8 without NUL, and comes back as
--- it was; whatever a row has in it is read without a crash.

local cjson = require "cjson.safe"
local encoding = require "partnercenter.journal.encoding"
local problem = require "partnercenter.journal.problem"
local row = require "partnercenter.journal.row"
local sent = require "partnercenter.bulk.item".SENT

local function check_storable(text)
  assert(utf8.len(text), "no UTF-8")
  assert(not text:find "%z", "a NUL")
end

--- A validation code may be a whole number.
local function as_code(text)
  local number = tonumber(text)
  return number and number == math.floor(number) and number >= 0 and number <= 2 ^ 53 and number or text
end

local function check_item(fields)
  local item = { customer_id = fields[1], qualification = fields[2], note = fields[6] }
  for i, name in ipairs(sent) do
    item[name] = fields[2 + i]
  end
  item.validation_code = as_code(item.validation_code)
  local unit = { customer_id = fields[1], qualification = fields[2], item = item }
  local text = encoding.of_item(unit)
  check_storable(text)
  assert(encoding.is_same(text, unit), "an item is not the same as itself")
  local back = encoding.item(text)
  for name, value in pairs(item) do
    if type(value) == "string" then
      assert(back[name] == value, name)
    end
  end
  local other = { customer_id = fields[1], qualification = fields[2], item = { website = (fields[5] or "") .. "x" } }
  assert(not encoding.is_same(text, other), "two items are the same")
end

local function check_answer(fields)
  local answer = { qualification = fields[1], vettingReason = fields[2], list = { fields[3], fields[4] } }
  local text = encoding.of_answer(answer)
  check_storable(text)
  local back = encoding.answer(text)
  assert(back.qualification == answer.qualification and back.vettingReason == answer.vettingReason)
  for i, each in ipairs(answer.list) do
    assert(back.list[i] == each)
  end
end

--- A row that something else has written.
local function check_row(fields)
  local found = {
    item = fields[1] or "", position = 1, customer_id = fields[2], qualification = fields[3], request_id = fields[4],
    answer = fields[5], begun = 0, pause = 1,
  }
  for _, read in ipairs {
    row.unit,
    function() return row.entry(found, function() return {} end) end,
    function() encoding.is_same(found.item, { item = {}, customer_id = "x", qualification = "y" }) end,
  } do
    local ok, raised = pcall(read, found)
    assert(ok or problem.is(raised) and raised.message:find "^a row is damaged: its %w+ is no JSON object$", raised)
  end
end

return function(bytes)
  local fields = {}
  for each in (bytes .. "\n"):gmatch "([^\n]*)\n" do
    fields[#fields + 1] = each
  end
  local shown = encoding.of_text(bytes)
  check_storable(shown)
  assert(utf8.len(bytes) == nil or bytes:find "%z" or shown == bytes, "a text was changed that need not be")
  check_item(fields)
  check_answer(fields)
  check_row(fields)
  local value = cjson.decode(bytes)
  if type(value) == "table" then
    check_storable(encoding.of_answer(value))
  end
end
