-- SPDX-License-Identifier: MIT
--- Whatever is in the file of the credentials, its settings are read or its line is named, and no
--- line of it is shown; what was written is read as it was.

local core = require "partnercenter.core"
local file = require "partnercenter.command.credentials_file"

local content
core.read_private = function()
  return content
end
core.write_private = function(_, text)
  content = text
  return true
end

return function(bytes)
  content = bytes
  local settings, problem = file.read()
  if not settings then
    assert(problem:find ":%d+: ", problem)
    assert(not problem:find "=." or problem:find "not NAME=value$", "a value is shown: " .. problem)
    return
  end
  for name, value in pairs(settings) do
    assert(file.variable(name) and value ~= "" and not value:find "\n")
  end
  assert(file.write(settings))
  local again = assert(file.read())
  for _, name in ipairs(file.NAMES) do
    local is_sendable = not (settings[name] or ""):find "%c" -- or the client refuses it
    assert(again[name] == settings[name] or not is_sendable, name)
  end
end
