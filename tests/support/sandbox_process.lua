-- SPDX-License-Identifier: MIT
--- sandbox_process.lua PARENT: a sandbox in a process of its own. Prints the options of a client that
--- reaches it, one NAME=value a line, and serves until the process whose id is PARENT is gone.

local parent_lives = require "tests.support.parent"
local sandbox = require "partnercenter.sandbox"
local socket = require "socket"

local server = assert(sandbox.start { vetting_time = 3600 })
for name, value in pairs(server:client_options()) do
  print(name .. "=" .. tostring(value))
end
print() -- the starter reads up to here
io.stdout:flush()
while parent_lives(arg[1]) do
  socket.sleep(1)
end
server:stop()
