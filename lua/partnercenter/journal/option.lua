-- SPDX-License-Identifier: MIT
--- The option `journal`: a path or URL, or a table that says more.

local M = {}

local FIELDS = { at = "string", run = "string", add = "boolean" }

local function as_table(value)
  return type(value) == "string" and { at = value } or value
end

--- What is wrong with it; nil when nothing is.
---@return string?
function M.check(value)
  local spec = as_table(value)
  for name, field in pairs(spec) do
    if type(field) ~= FIELDS[name] then
      return ("must be a path or URL, or { at = path or URL, run = name, add = true }: %s is %s"):format(tostring(name),
        FIELDS[name] and "a " .. type(field) or "unknown")
    elseif type(field) == "string" and (field == "" or field:find "%z") then
      return ("must have no empty text in it, and no NUL: %s"):format(name)
    end
  end
  return not spec.at and "must say where it is, in the field at" or nil
end

--- Reads it.
---@param value string|table checked
---@return string at
---@return string run
---@return boolean? may_add whether the items of another source are added
function M.read(value)
  local spec = as_table(value)
  return spec.at, spec.run or "default", spec.add
end

return M
