-- SPDX-License-Identifier: MIT
--- The items of a run from a CSV file. It is read twice: to see that all of it can be sent, and how many
--- there are; and to send it.

local core = require "partnercenter.core"
local csv = require "partnercenter.command.csv"

local M = {}

local COLUMNS = { "customer_id", "qualification", "education_segment", "website", "validation_code" }
local NEEDED = { "customer_id", "qualification" }

--- Standard input in a file of its own, which can be read twice.
local function spool()
  local file, problem = io.tmpfile()
  local part = file and io.stdin:read(65536)
  while file and part do
    file, problem = file:write(part) and file, "cannot keep standard input: the disk is full"
    part = io.stdin:read(65536)
  end
  return file, problem
end

local function is_known(name)
  for _, column in ipairs(COLUMNS) do
    if column == name then
      return true
    end
  end
  return false
end

--- Reads the first line.
---@return table<string, boolean> names
local function read_header(reader)
  local header, found = reader:read(), {}
  if not header then
    reader:fail("the file is empty", 1)
  end
  for i, name in ipairs(header) do
    if found[name] then
      reader:fail(("column %d, %s, is there twice"):format(i, name))
    elseif not is_known(name) then
      local hint = name:find "[;\t]" and "; columns are separated by commas" or ""
      reader:fail(("column %d, '%s', is none of %s%s"):format(i, name, table.concat(COLUMNS, ", "), hint))
    end
    found[name] = true
  end
  for _, name in ipairs(NEEDED) do
    if not found[name] then
      reader:fail(("the column %s is missing"):format(name))
    end
  end
  return header
end

---@class partnercenter.Items
---@field total integer
local Items = {}
Items.__index = Items

--- The items from the first one on. Each has the `line` where it is in the file.
---@return fun(): table?
function Items:iterate()
  self.file:seek "set"
  local reader = csv.reader(self.file, self.name)
  local header = read_header(reader)
  return function()
    local fields = reader:read()
    if not fields then
      return nil, reader
    elseif #fields ~= #header then
      reader:fail(("%d fields, and the header has %d"):format(#fields, #header))
    end
    local item = { line = reader.line }
    for i, name in ipairs(header) do
      item[name] = fields[i] ~= "" and fields[i] or nil
    end
    item.qualification = tonumber(item.qualification) or item.qualification
    return item, reader
  end
end

--- What is wrong with an item; nil where it can be sent.
local function problem_of(client, item)
  if not core.customer_id(item.customer_id) then
    return "customer_id must be a GUID, like 3f2504e0-4f89-41d3-9a0c-0305e82c3301"
  elseif not item.qualification then
    return "qualification is empty"
  end
  local call, err = client.core:prepare("update_qualification", item.customer_id, item.qualification, {
    education_segment = item.education_segment, website = item.website, validation_code = item.validation_code,
  })
  return not call and err.message or nil
end

--- Reads all of the file. Raises what is wrong with it.
local function check(self, client)
  local next_item = self:iterate()
  for item, reader in next_item do
    self.total = self.total + 1
    local problem = problem_of(client, item)
    if problem then
      reader:fail(problem)
    end
  end
end

--- Opens a file; `-` is standard input.
---@param path string
---@param client partnercenter.Client whose library knows what can be sent
---@return partnercenter.Items? items
---@return string? problem
function M.open(path, client)
  local file, problem
  if path == "-" then
    file, problem = spool()
  else
    file, problem = io.open(path, "rb")
  end
  if not file then
    return nil, problem
  end
  local self = setmetatable({ file = file, name = path == "-" and "standard input" or path, total = 0 }, Items)
  local ok, raised = pcall(check, self, client)
  if ok then
    return self
  end
  return nil, type(raised) == "table" and raised.csv_problem or tostring(raised)
end

return M
