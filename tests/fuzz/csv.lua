-- SPDX-License-Identifier: MIT
--- What is read as CSV is records or an error with its line; what was written is read as it was.

local csv = require "partnercenter.command.csv"

local open_text = open_text -- luacheck: read_globals open_text

local function read(text)
  local file = open_text(text)
  local records = {}
  local ok, raised = pcall(function()
    local reader = csv.reader(file, "file")
    for fields in reader.read, reader do
      records[#records + 1] = fields
      assert(#fields > 0 and reader.line >= #records)
    end
  end)
  file:close()
  if ok then
    return records
  end
  assert(type(raised) == "table", raised)
  assert(raised.csv_problem:find "^file:%d+: .", raised.csv_problem)
end

--- A text that a spreadsheet would take for a formula is written behind a quote.
local function as_written(text)
  return text:find "^[=+@\t\r-]" and not tonumber(text) and "'" .. text or text
end

local function write_and_read(fields)
  local expected = {}
  for i, each in ipairs(fields) do
    expected[i] = as_written(each)
  end
  local records = read("first\n" .. csv.record(fields, #fields) .. "\n")
  assert(records and #records == 2, "not one record")
  assert(#records[2] == #expected, "another number of fields")
  for i, each in ipairs(expected) do
    assert(records[2][i] == each, ("field %d was %q and is %q"):format(i, each, records[2][i]))
  end
end

return function(bytes)
  read(bytes)
  local fields = {}
  for each in (bytes .. "\0"):gmatch "(%Z*)%z" do
    fields[#fields + 1] = each
  end
  if #bytes < 30000 and not (#fields == 1 and fields[1] == "") then -- (an empty line is no record)
    write_and_read(fields)
  end
end
