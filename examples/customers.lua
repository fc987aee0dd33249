-- SPDX-License-Identifier: MIT
--- Lists the customers and their qualifications.
---
---     lua5.4 examples/customers.lua                all of them
---     lua5.4 examples/customers.lua contoso        those whose domain begins so
---
--- credentials.lua says which settings of the environment tell whose customers; without any, they are
--- those of a sandbox.

local connect = dofile((arg[0]:match "^.*/" or "") .. "credentials.lua")
local client = connect { vetting_time = 0 }

local function fail(err)
  io.stderr:write(tostring(err), "\n")
  os.exit(1, true)
end

--- The qualifications of a customer in a few words.
local function summary(customer_id)
  local list, err = client:get_qualifications(customer_id)
  if not list then
    fail(err)
  end
  local words = {}
  for i, each in ipairs(list) do
    words[i] = each.vettingStatus and ("%s (%s)"):format(each.qualification, each.vettingStatus) or each.qualification
  end
  return #words > 0 and table.concat(words, ", ") or "None"
end

if client.sandbox then -- so that there is something to see
  local customer_id = "00000002-0000-4000-8000-000000000000"
  local set, err = client:update_qualification(customer_id, "Education", { website = "example.edu" })
  if not set then
    fail(err)
  end
end

local count = 0
for customer, err in client:customers { filter = arg[1] } do
  if not customer then
    fail(err)
  end
  count = count + 1
  print(("%s  %-32s %s"):format(customer.id, customer.companyProfile.companyName or "", summary(customer.id)))
end
print(("%d in all"):format(count))
client:close()
