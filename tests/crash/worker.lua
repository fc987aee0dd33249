-- SPDX-License-Identifier: MIT
--- worker.lua JOURNAL ITEMS NAME=VALUE...: makes a run of so many made-up items with a journal, as a client
--- with those options; prints its counts when it has come to its end. crash.lua kills it.

local item = require "tests.crash.item"
local partnercenter = require "partnercenter"

local journal, count = arg[1], tonumber(arg[2])
local options = { allow_insecure_http = true }
for i = 3, #arg do
  local name, value = arg[i]:match "^([%a_]+)=(.*)$"
  options[name] = value
end
local client = assert(partnercenter.new(options))

local position = 0
local summary = assert(client:update_qualifications(function()
  position = position + 1
  return position <= count and item(position) or nil
end, { journal = journal, concurrency = 8, wait = true, interval = 0.4 }))
for name, value in pairs(summary) do
  print(name .. "=" .. value)
end
client:close()
