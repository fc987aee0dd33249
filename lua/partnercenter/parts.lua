-- SPDX-License-Identifier: MIT
--- The modules of the client that not every script uses, by their names: `parts.bulk` is "partnercenter.bulk". They
--- are loaded where they are first used, since every script would wait for them as it starts (tests/bench/run measures
--- that). In nginx they are loaded at once: a worker that has visitors waiting reads no files.

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

local function load_part(parts, name)
  local ok, part = pcall(require, "partnercenter." .. name)
  if not ok then
    forget_failures()
    error(part, 0)
  end
  parts[name] = part
  return part
end

local parts = setmetatable({}, { __index = load_part })

if nginx then
  for _, name in ipairs(NAMES) do
    load_part(parts, name)
  end
end

return parts
