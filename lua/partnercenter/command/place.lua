-- SPDX-License-Identifier: MIT
--- Where a journal is, as it is typed.

local M = {}

--- What is wrong with it; nil when nothing is. A password in it could be read in the list of processes.
---@param place string a path, or a URL
---@return string?
function M.problem(place)
  local userinfo = place:match "^%a+://([^/@]*)@"
  if userinfo and userinfo:find(":", 1, true) or place:find "^%a+://.*[?&]password=" then
    return "a password does not belong into the arguments: put it into ~/.pgpass or PGPASSWORD"
  end
end

--- An argument as a shell takes it.
---@return string
function M.quote(text)
  return text:find "^[%w_./:@+-]+$" and text or "'" .. text:gsub("'", "'\\''") .. "'"
end

return M
