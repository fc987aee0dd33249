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

--- How many descriptors this process has open, but for the pipe through which it is told: its other end
--- may still be open here while they are counted, or be closed between its being listed and looked at.
---@return integer
function M.descriptors()
  return tonumber(M.output_of [[
    own=$(readlink /proc/$$/fd/1)
    for each in /proc/$PPID/fd/*; do
      link=$(readlink "$each") && [ "$link" != "$own" ] && echo "$link"
    done | wc -l
  ]])
end

return M
