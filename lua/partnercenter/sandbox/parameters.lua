-- SPDX-License-Identifier: MIT
--- Values by name, as a query or a form carries them.

local M = {}

local function unescape(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

--- The parameters of a query. A `+` stays one: only forms use it for a space.
function M.of_query(query)
  local values = {}
  for name, value in query:gmatch "([^&=]+)=([^&]*)" do
    values[unescape(name)] = unescape(value)
  end
  return values
end

--- The fields of a form: a body of the type application/x-www-form-urlencoded.
function M.of_form(body)
  return M.of_query((body:gsub("%+", " ")))
end

return M
