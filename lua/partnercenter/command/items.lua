-- SPDX-License-Identifier: MIT
--- The items of a run from a CSV file. It is read twice, standard input from a copy: to see that all of it
--- can be sent, and how many there are; and to send it.

local core = require "partnercenter.core"
local csv = require "partnercenter.command.csv"
local output = require "partnercenter.command.output"
local signals = require "partnercenter.command.signals"
local terminal = require "partnercenter.command.terminal"

local M = {}

local COLUMNS = { "customer_id", "qualification", "education_segment", "website", "validation_code" }
local NEEDED = { "customer_id", "qualification" }

--- How many of the wrong lines are told of.
local MOST_TOLD = 10

--- Copies a file.
---@return boolean? copied
---@return string? problem
local function copy(from, to)
  local part, problem = from:read(65536)
  while part do
    local written, failure = to:write(part)
    if not written then
      return nil, "cannot keep it: " .. failure
    end
    part, problem = from:read(65536)
  end
  return problem == nil and to:seek "set" ~= nil, problem
end

--- Standard input in a file of its own, which can be read twice. A signal ends the reading.
local function spool()
  local file, problem = io.tmpfile()
  if not file then
    return nil, problem
  end
  if terminal.columns(io.stdin) then
    output.say "Type or paste the lines, and Ctrl-D to end them."
  end
  core.catch_signals(true)
  local copied
  copied, problem = copy(io.stdin, file)
  core.catch_signals(false)
  return copied and file, problem
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
    reader:fail("there is nothing in it", 1)
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

--- Reads the next item, and looks whether it can be sent; nil where there is none. Raises what is wrong.
local function check_next(next_item, client)
  local item, reader = next_item()
  local problem = item and problem_of(client, item)
  if problem then
    reader:fail(problem)
  end
  return item
end

--- Reads all of the file, whose items are counted. Raises what is wrong with its first line.
---@return string[] problems one for each line that is wrong
local function check(self, client)
  local next_item, problems = self:iterate(), {}
  repeat
    local ok, found = pcall(check_next, next_item, client)
    if ok and found then
      self.total = self.total + 1
    elseif not ok then
      problems[#problems + 1] = type(found) == "table" and found.csv_problem or error(found, 0)
    end
  until ok and not found or not ok and found.is_last or signals.caught()
  return problems
end

local function text_of(problems)
  local told = table.concat(problems, "\n", 1, math.min(#problems, MOST_TOLD))
  local more = #problems - MOST_TOLD
  return told .. (more > 0 and ("\nand %d more lines"):format(more) or "") .. "\nNothing was sent."
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
  local name = path == "-" and "standard input" or path
  if not file then
    return nil, path == "-" and name .. ": " .. problem or problem
  end
  local self = setmetatable({ file = file, name = name, total = 0 }, Items)
  local ok, found = pcall(check, self, client)
  if ok and #found == 0 then
    return self
  end
  return nil, ok and text_of(found) or type(found) == "table" and found.csv_problem or tostring(found)
end

return M
