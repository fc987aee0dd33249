-- SPDX-License-Identifier: MIT
--- many_clients.lua CLIENTS CALLS: makes and closes clients with calls each, and looks for
--- descriptors that are left. A part of the calls fail in each way that is cheap to make.

local partnercenter = require "partnercenter"
local files = require "tests.support.files"
local sandbox = require "partnercenter.sandbox"

local clients, calls = tonumber(arg[1]), tonumber(arg[2])

local before = files.descriptors()
local server = assert(sandbox.start { vetting_time = 0 })
local options = server:client_options()
options.max_retries = 0
local succeeded, failed = 0, 0
for i = 1, clients do
  local client = assert(partnercenter.new(options))
  for j = 1, calls do
    local id = ("%08d-4f89-41d3-9a0c-%012d"):format(i, j)
    if j == 3 then
      server:fail { status = 503, body = "<html>" }
    end
    local result = client:update_qualification(j == 5 and "nobody" or id, "Education", { website = "example.edu" })
    if result then
      succeeded = succeeded + 1
    else
      failed = failed + 1
    end
  end
  if i % 10 ~= 0 then -- the others are left to the garbage collector
    client:close()
  end
end
server:stop()
collectgarbage()
collectgarbage()
local left = files.descriptors() - before
print(("%d clients, %d calls succeeded, %d failed as they should, %d descriptors left")
  :format(clients, succeeded, failed, left))
os.exit(succeeded == clients * (calls - 2) and failed == clients * 2 and left == 0, true)
