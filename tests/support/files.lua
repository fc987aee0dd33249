-- SPDX-License-Identifier: MIT
--- What the tests do with files and other programs.

local M = {}

---@param path string
---@return string
function M.read(path)
  local file = assert(io.open(path))
  local text = file:read "*a"
  file:close()
  return text
end

---@param path string
---@param text string
function M.write(path, text)
  local file = assert(io.open(path, "w"))
  assert(file:write(text))
  file:close()
end

--- What a command prints, whatever its status.
---@param command string
---@return string
function M.output_of(command)
  local process = assert(io.popen(command))
  local output = process:read "*a"
  process:close()
  return output
end

--- How many descriptors this process has open.
---@return integer
function M.descriptors()
  return tonumber(M.output_of "ls /proc/$PPID/fd | wc -l")
end

return M
