-- SPDX-License-Identifier: MIT
--- What the clients in Lua have in common: the command line, and the request as rows of data.

local cjson = require "cjson"

local M = {}

M.calls, M.at_once, M.url, M.ca_file = tonumber(arg[1]), tonumber(arg[2]), arg[3], arg[4]
M.scheme, M.host, M.port, M.path = M.url:match "^(%a+)://([%d.]+):(%d+)(.*)$"
M.body = cjson.encode { qualification = "Education", educationSegment = "K12", website = "example.edu" }

local TOKEN = ("x"):rep(1200)

--- The headers of all calls but the ids.
M.headers = {
  { "user-agent", "lua-partnercenter/0.1.0" },
  { "accept-encoding", "gzip" },
  { "content-type", "application/json" },
  { "authorization", "Bearer " .. TOKEN },
  { "accept", "application/json" },
  { "ms-contract-version", "v1" },
  { "x-locale", "en-US" },
  { "ms-partnercenter-client", "lua-partnercenter" },
}

local function new_guid()
  return (("xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx"):gsub("x", function() return ("%x"):format(math.random(0, 15)) end))
end

--- The two headers of one call.
function M.ids()
  return { { "ms-requestid", new_guid() }, { "ms-correlationid", new_guid() } }
end

function M.path_of(number)
  return ("%s/v1/customers/00000000-0000-4000-8000-%012x/qualifications"):format(M.path, number)
end

--- Looks at an answer, as every client has to.
function M.check(status, body)
  assert(tonumber(status) == 201, status)
  assert(cjson.decode(body).vettingStatus == "InReview")
end

return M
