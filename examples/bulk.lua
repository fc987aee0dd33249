-- SPDX-License-Identifier: MIT
--- Sets every customer of a CSV file to what it says, and follows each until it is decided.
---
---   lua5.4 examples/bulk.lua [FILE [JOURNAL]]
---
--- FILE (1,000 made-up customers) begins with a line of column names: customer_id, qualification, and where
--- there is something to say education_segment, website and validation_code. JOURNAL (bulk.db) keeps what
--- has become of each: stop the script with Ctrl-C, or kill it, and run it again to go on.
---
--- Whom it works for is said by PARTNERCENTER_TENANT_ID, _CLIENT_ID, _CLIENT_SECRET and _REFRESH_TOKEN:
--- examples/sandbox.lua prints those of a sandbox.

local partnercenter = require "partnercenter"

local FILE, JOURNAL = arg[1] or "examples/customers.csv", arg[2] or "bulk.db"

--- The fields of a line of CSV: separated by commas, in quotes where they contain one (a quote is doubled).
local function fields_of(line)
  local fields, position = {}, 1
  line = line:gsub("\r$", "") .. ","
  while position <= #line do
    local quoted, after = line:match('^"([^"]*)()', position)
    while quoted and line:sub(after, after + 1) == '""' do
      local more
      more, after = line:match('^([^"]*)()', after + 2)
      quoted = quoted .. '"' .. more
    end
    local plain, next_position = line:match("^([^,]*),()", quoted and after + 1 or position)
    fields[#fields + 1], position = quoted or plain, next_position
  end
  return fields
end

--- The lines of a file as items, one after the other.
local function items_of(path)
  local lines = assert(io.open(path)):lines()
  local names = fields_of(lines() or "")
  return function()
    local line = lines()
    if not line then
      return nil
    end
    local item = {}
    for i, value in ipairs(fields_of(line)) do
      item[names[i] or i] = value ~= "" and value or nil
    end
    return item
  end
end

local function setting(name)
  return os.getenv("PARTNERCENTER_" .. name)
end

local client, problem = partnercenter.new {
  base_url = setting "BASE_URL", login_url = setting "LOGIN_URL", -- of a sandbox
  tenant_id = setting "TENANT_ID", client_id = setting "CLIENT_ID", client_secret = setting "CLIENT_SECRET",
  refresh_token = setting "REFRESH_TOKEN", application_name = "bulk",
}
if not client then
  io.stderr:write(tostring(problem), "\n")
  os.exit(3)
end

--- A line that is written over and over; what is said in between stands above it.
local line = ""
local function show(text)
  io.stderr:write("\r", text, (" "):rep(#line - #text))
  line = text
end
local function say(text)
  io.stderr:write("\r", (" "):rep(#line), "\r", text, "\n", line)
end

local summary, err
local ok, raised = pcall(function()
  summary, err = client:update_qualifications(items_of(FILE), {
    journal = JOURNAL,
    wait = true,
    interval = tonumber(os.getenv "INTERVAL" or 60),
    on_progress = function(progress)
      show(("%d done: %d succeeded, %d failed; %d in flight"):format(progress.done, progress.succeeded, progress.failed,
        progress.in_flight))
    end,
    on_result = function(item, qualification, failure)
      if failure and failure.category == "cancelled" then
        return -- by Ctrl-C: it is sent again when the run goes on
      elseif failure then
        say(("%s: %s"):format(item.customer_id or "a customer", tostring(failure)))
      elseif qualification.vettingStatus == "Denied" then
        say(("%s: denied: %s"):format(item.customer_id, qualification.vettingReason))
      end
    end,
  })
end)
client:close()
if not ok or err then
  say(tostring(not ok and raised or err):gsub("^%S+:%d+: ", ""))
  io.stderr:write "\nRun it again to go on.\n"
  os.exit(not ok and 130 or 1)
end
io.stderr:write "\n"
print(("%d items in %.0f s: %d succeeded, %d denied, %d failed; %d were done before"):format(summary.total, summary.elapsed,
  summary.succeeded, summary.denied, summary.failed, summary.skipped))
os.exit(summary.failed + summary.denied == 0 and 0 or 1)
