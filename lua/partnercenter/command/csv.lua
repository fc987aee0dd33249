-- SPDX-License-Identifier: MIT
--- Comma-separated values (RFC 4180), read strictly: what is not clear is an error with its line.

local M = {}

local BOM = "\239\187\191"

--- The longest record, in bytes: a quote that nobody closes would else swallow the file.
local MAX_RECORD = 65536

---@class partnercenter.CsvReader
---@field line integer where the last record began
---@field package file file*
---@field package name string
---@field package next_line integer
local Reader = {}
Reader.__index = Reader

--- Raises an error of a line.
---@param line integer?
---@param is_last boolean? there is no reading on behind it
function Reader:fail(message, line, is_last)
  error({ csv_problem = ("%s:%d: %s"):format(self.name, line or self.line, message), is_last = is_last }, 0)
end

local function read_line(self)
  local text, problem = self.file:read "*l"
  if not text then
    return problem and self:fail(problem, self.next_line, true) or nil
  elseif self.next_line == 1 then
    if text:find "^\255\254" or text:find "^\254\255" then
      self:fail("the file is UTF-16: save it as UTF-8", 1)
    end
    text = text:gsub("^" .. BOM, "")
  end
  self.next_line = self.next_line + 1
  return text
end

--- Reads the lines of a record: a quoted field may have several.
local function read_record(self)
  repeat
    self.line = self.next_line
    local line = read_line(self)
    if not line then
      return nil
    end
    local record = line
    while select(2, record:gsub('"', "")) % 2 == 1 do
      line = read_line(self)
      if not line or #record > MAX_RECORD then
        self:fail("a quoted field has no end", self.line, true)
      end
      record = record .. "\n" .. line
    end
    record = record:gsub("\r$", "") -- of its own end: a quoted line end is part of the field
    if record ~= "" then
      return record
    end
  until false
end

--- The field of a record that begins at a position, and where the next one does; nil behind the last.
local function field_at(self, record, from)
  local text, ends
  if record:sub(from, from) == '"' then
    local close = from
    repeat
      close = record:find('"', close + 1, true)
      local is_doubled = record:sub(close + 1, close + 1) == '"'
      close = close + (is_doubled and 1 or 0)
    until not is_doubled
    text, ends = record:sub(from + 1, close - 1):gsub('""', '"'), close + 1
    if ends <= #record and record:sub(ends, ends) ~= "," then
      self:fail "there is something behind the quote that ends a field"
    end
  else
    ends = record:find(",", from, true) or #record + 1
    text = record:sub(from, ends - 1)
    if text:find('"', 1, true) then
      self:fail "a quote in a field that does not begin with one"
    end
  end
  return text, ends <= #record and ends + 1 or nil
end

--- The fields of the next record; nil where there is none. Empty lines are passed over.
---@return string[]?
function Reader:read()
  local record = read_record(self)
  if not record then
    return nil
  end
  local fields, position = {}, 1
  while position do
    fields[#fields + 1], position = field_at(self, record, position)
  end
  return fields
end

--- Reads an open file.
---@param file file*
---@param name string for the errors, which are raised as tables with `csv_problem`
---@return partnercenter.CsvReader
function M.reader(file, name)
  return setmetatable({ file = file, name = name, line = 0, next_line = 1 }, Reader)
end

--- A field as it is written. A text that a spreadsheet would take for a formula is kept from that.
local function field(value)
  local text = value == nil and "" or tostring(value)
  if text:find "^[=+@\t\r-]" and not tonumber(text) then
    text = "'" .. text
  end
  return text:find '[",\r\n]' and '"' .. text:gsub('"', '""') .. '"' or text
end

--- A record as it is written, without the end of its line.
---@param values table
---@param count integer
---@return string
function M.record(values, count)
  local fields = {}
  for i = 1, count do
    fields[i] = field(values[i])
  end
  return table.concat(fields, ",")
end

return M
