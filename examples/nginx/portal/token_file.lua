-- SPDX-License-Identifier: MIT
--- A secret in a file that only its owner can read. It is replaced as a whole: whoever reads it gets the
--- old or the new one, also when the machine stops in between.

local ffi = require "ffi"

ffi.cdef [[
  int mkstemp(char *template);
  long write(int fd, const void *data, size_t size);
  int fsync(int fd);
  int close(int fd);
]]

local M = {}

--- Reads the secret, without the line end that an editor leaves.
---@return string? secret
---@return string? problem
function M.read(path)
  local file, problem = io.open(path)
  if not file then
    return nil, problem
  end
  local secret = file:read "*a":match "^%s*(.-)%s*$"
  file:close()
  if secret == "" then
    return nil, path .. " is empty"
  end
  return secret
end

--- Writes the secret into a new file of mode 0600 next to the old one, and renames it.
---@return boolean? written
---@return string? problem
function M.write(path, secret)
  local template = path .. ".XXXXXX"
  local name = ffi.new("char[?]", #template + 1, template)
  local fd = ffi.C.mkstemp(name)
  if fd < 0 then
    return nil, ("no file can be made next to %s (error %d)"):format(path, ffi.errno())
  end
  local new = ffi.string(name)
  local is_whole = ffi.C.write(fd, secret, #secret) == #secret and ffi.C.fsync(fd) == 0
  local is_closed = ffi.C.close(fd) == 0
  local renamed, problem
  if is_whole and is_closed then
    renamed, problem = os.rename(new, path)
  end
  if not renamed then
    os.remove(new)
    return nil, problem or new .. " cannot be written"
  end
  return true
end

return M
