-- SPDX-License-Identifier: MIT
--- The modules of the client that not every script uses, by their names: `parts.bulk` is "partnercenter.bulk". They
--- are loaded where they are first used, since reading all of them takes as long as everything else that is Lua here.
--- In nginx they are loaded at once: a worker that has visitors waiting reads no files.

local nginx = require "partnercenter.host".nginx

local NAMES = {
  "bulk", "credentials.authority", "credentials.cache", "credentials.provided", "customers", "events",
  "options", "started", "vetting",
}

--- Lua 5.1 remembers of a module that it could not be loaded, as where memory has run out, and does not try again.
local function forget_failures()
  for name, module in pairs(package.loaded) do
    if type(module) == "userdata" and name:find "^partnercenter%." then
      package.loaded[name] = nil
    end
  end
end

local function load(parts, name)
  local ok, part = pcall(require, "partnercenter." .. name)
  if not ok then
    forget_failures()
    error(part, 0)
  end
  parts[name] = part
  return part
end

local parts = setmetatable({}, { __index = load })

if nginx then
  for _, name in ipairs(NAMES) do
    load(parts, name)
  end
end

return parts
