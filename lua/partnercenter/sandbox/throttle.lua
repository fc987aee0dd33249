-- SPDX-License-Identifier: MIT
--- Lets so many requests pass in any one second, and refuses the others.

local refusal = require "partnercenter.sandbox.refusal"

local WINDOW = 1 -- second

local Throttle = {}
Throttle.__index = Throttle

--- Nil when the request may pass.
---@param now number
---@return table? answer
function Throttle:refuse(now)
  if not self.limit then
    return nil
  end
  local place = self.count % self.limit + 1
  if self.passed[place] and now - self.passed[place] < WINDOW then
    local answer = refusal.new(429, "TooManyRequests",
      ("More than %d requests in a second."):format(self.limit))
    answer.headers = { ["Retry-After"] = ("%d"):format(WINDOW) }
    return answer
  end
  self.passed[place] = now
  self.count = self.count + 1
end

local M = {}

---@param limit integer? requests per second; nil: any number
function M.new(limit)
  return setmetatable({
    limit = limit,
    count = 0,   -- of the requests that passed
    passed = {}, -- when the last `limit` of them did, in a ring
  }, Throttle)
end

return M
