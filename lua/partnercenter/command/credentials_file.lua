-- SPDX-License-Identifier: MIT
--- The file in which `login` keeps the credentials: the variables of the environment, one NAME=value a
--- line, for the user alone.

local core = require "partnercenter.core"

local M = {}

--- The settings by the name that the library knows them under.
M.NAMES = {
  "cloud", "base_url", "login_url", "tenant_id", "client_id", "client_secret", "refresh_token", "access_token",
}

local KNOWN = {}
for _, name in ipairs(M.NAMES) do
  KNOWN["PARTNERCENTER_" .. name:upper()] = name
end

--- The name of a setting's variable.
function M.variable(name)
  return "PARTNERCENTER_" .. name:upper()
end

local function environment(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

--- Where the file is; nil where the environment does not say.
---@return string?
function M.path()
  local home = environment "HOME"
  local folder = environment "XDG_CONFIG_HOME" or home and home .. "/.config"
  return folder and folder .. "/partnercenter/credentials"
end

--- Reads the file. Without one there are no settings.
---@return table<string, string>? settings
---@return string? problem
function M.read()
  local path = M.path()
  local text, problem
  if path then
    text, problem = core.read_private(path)
  end
  if problem then
    return nil, problem
  end
  local settings, number = {}, 0
  for line in (text or ""):gmatch "([^\n]*)\n?" do
    number = number + 1
    local name, value = line:gsub("\r$", ""):match "^%s*([%w_]+)=(.*)$"
    if name and not KNOWN[name] then
      return nil, ("%s:%d: %s is unknown"):format(path, number, name)
    elseif name then
      settings[KNOWN[name]] = value ~= "" and value or nil
    elseif not line:find "^%s*$" and not line:find "^%s*#" then
      return nil, ("%s:%d: not NAME=value"):format(path, number) -- and the line is not shown
    end
  end
  return settings
end

--- Writes the settings, in the place of those that were there.
---@param settings table<string, string>
---@return string? path
---@return string? problem
function M.write(settings)
  local path = M.path()
  if not path then
    return nil, "neither XDG_CONFIG_HOME nor HOME is set"
  end
  local lines = {}
  for _, name in ipairs(M.NAMES) do
    if settings[name] then
      lines[#lines + 1] = M.variable(name) .. "=" .. settings[name] .. "\n"
    end
  end
  local written, problem = core.write_private(path, table.concat(lines))
  return written and path, problem
end

return M
