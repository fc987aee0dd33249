-- SPDX-License-Identifier: MIT
--- The started calls that have ended and were not collected yet, in the order of their ends.

local nginx = require "partnercenter.host".nginx

local M = {}

--- What a client needs. In nginx a call that nobody holds is gone.
function M.prepare(client)
  client.finished = setmetatable({}, nginx and { __mode = "k" } or nil)
end

--- A call has ended, and `process` has not told of it.
---@param client partnercenter.Client
---@param call partnercenter.Call
function M.add(client, call)
  client.last_finished = (client.last_finished or 0) + 1
  client.finished[call] = client.last_finished
  client.core:keep_readable(true) -- until `process` takes it: an event loop may sleep by now
end

--- The call is no longer one that `process` will tell of.
function M.forget(client, call)
  client.finished[call] = nil
  client.core:keep_readable(next(client.finished) ~= nil)
end

--- Takes all of them.
---@return partnercenter.Call[]
function M.take(client)
  local calls, order = {}, {}
  client.core:keep_readable(false)
  for call, place in pairs(client.finished) do
    calls[#calls + 1], order[call] = call, place
    client.finished[call] = nil
  end
  table.sort(calls, function(a, b) return order[a] < order[b] end)
  return calls
end

return M
