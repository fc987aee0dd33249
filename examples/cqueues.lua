-- SPDX-License-Identifier: MIT
--- Many calls at once in an event loop, here that of cqueues, which goes on with other things meanwhile:
--- the qualifications of all customers, each as soon as it is there.
---
---     lua5.4 examples/cqueues.lua            (apt-get install lua-cqueues)
---
--- credentials.lua says which settings of the environment tell whose customers; without any, they are
--- 100 of a sandbox that takes a fifth of a second for each answer.

local cqueues = require "cqueues"

local connect = dofile((arg[0]:match "^.*/" or "") .. "credentials.lua")
local client = connect { latency = 0.2, customers = 100 }
local loop = cqueues.new()

--- The calls that have not ended, each with the customer it is about.
local pending = {}

for customer, err in client:customers() do
  if not customer then
    io.stderr:write(tostring(err), "\n")
    os.exit(1, true)
  end
  pending[client:start("get_qualifications", customer.id)] = customer
end

local begun, count, ticks = cqueues.monotime(), 0, 0

--- One coroutine waits for the client, which is ready whenever a call has ended.
loop:wrap(function()
  while next(pending) do
    cqueues.poll(client)
    for _, call in ipairs(client:process()) do
      local customer = pending[call]
      local list, err = call:result()
      pending[call], count = nil, count + 1
      print(("%-20s %s"):format(customer.companyProfile.companyName or customer.id,
        list and #list .. " qualifications" or tostring(err)))
    end
  end
end)

--- Whatever else the loop has to do.
loop:wrap(function()
  while next(pending) do
    ticks = ticks + 1
    cqueues.sleep(0.05)
  end
end)

assert(loop:loop())
print(("%d customers in %.1f seconds, in which the loop did something else %d times"):format(
  count, cqueues.monotime() - begun, ticks))
client:close()
