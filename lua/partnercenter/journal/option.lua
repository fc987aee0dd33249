-- SPDX-License-Identifier: MIT
--- The option `journal`: a path or URL, or a table that says more.

local M = {}

local FIELDS = { at = "string", run = "string", add = "boolean" }

local function as_table(value)
  return type(value) == "string" and { at = value } or value
end

--- How the URLs begin that are a journal's place.
local URLS = { "^postgresql://", "^postgres://", "^file:" }

--- Whether it is another URL. Taken as a path it would be told in messages, with the password that it may have.
local function is_other_url(at)
  for _, beginning in ipairs(URLS) do
    if at:find(beginning) then
      return false
    end
  end
  return at:find "^%a[%w+.-]+:/" ~= nil
end

--- What is wrong with where it is; nil when nothing is.
local function problem_of_place(at)
  if not at then
    return 'must say where it is, in the field at: { at = "run.db" }'
  elseif is_other_url(at) then
    return ("must be a path, or a URL that begins with postgresql://, and not with %s"):format(at:match "^[^/]*/+")
  end
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
      return ("must have a text in its field %s that is not empty and has no NUL"):format(name)
    end
  end
  return problem_of_place(spec.at)
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
