-- SPDX-License-Identifier: MIT
--- Sets one customer to Education and shows each step. Run it with examples/quickstart.

local partnercenter = require "partnercenter"

local access_token = os.getenv "PARTNERCENTER_ACCESS_TOKEN"
local customer_id = arg[1]

local function step(text, ...)
  print("\n* " .. text:format(...))
end

local function show(fields)
  local names = {}
  for name, value in pairs(fields) do
    if type(value) ~= "table" then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    print(("    %-20s %s"):format(name, fields[name]))
  end
end

--- Ends the script with the error on standard error.
local function fail(err)
  io.stderr:write("\n" .. tostring(err) .. "\n")
  os.exit(1, true)
end

local options, sandbox
if access_token and access_token ~= "" then
  if not customer_id then
    fail "usage: PARTNERCENTER_ACCESS_TOKEN=... examples/quickstart CUSTOMER_ID"
  end
  options = { access_token = access_token, base_url = os.getenv "PARTNERCENTER_BASE_URL" }
  step("Using %s", options.base_url or "the real Partner Center")
else
  customer_id = customer_id or "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
  local problem
  sandbox, problem = require "partnercenter.sandbox".start { vetting_time = 0.5 }
  options = sandbox and sandbox:client_options() or fail(problem)
  step("Started a sandbox at %s", options.base_url)
end
options.application_name = "quickstart"

local client, err = partnercenter.new(options)
if not client then
  fail(err)
end

step("Setting customer %s to Education", customer_id)
local qualification, update_err, meta = client:update_qualification(customer_id, "Education",
  { education_segment = "K12", website = "example.edu" })
if not qualification then
  fail(update_err)
end
show(qualification)
print(("    (status %d in %.1f ms, request id %s)"):format(meta.status, meta.elapsed * 1000, meta.request_id))

step "Reading the customer's qualifications"
local list
local function read()
  list, err = client:get_qualifications(customer_id)
  if not list then
    fail(err)
  end
end
read()
show(list[#list])

if sandbox then
  step "Waiting until the vetting is decided"
  while list[#list].vettingStatus == "InReview" do
    os.execute "sleep 0.1"
    read()
  end
  show(list[#list])
  sandbox:stop()
else
  step "Microsoft now vets the request: minutes for some, days for others. get_qualifications tells."
end
client:close()
print ""
