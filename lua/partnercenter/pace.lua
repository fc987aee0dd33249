-- SPDX-License-Identifier: MIT
--- How many calls a run makes at the same time: fewer when the service throttles, and more again,
--- slowly, while it does not (additive increase, multiplicative decrease).

local M = {}

---@class partnercenter.Pace
---@field limit number 1 or more
local Pace = {}
Pace.__index = Pace

--- Whether one more call may be begun beside so many.
function Pace:allows(running)
  return running + 1 <= self.limit
end

--- How many more may be, but one at the least.
function Pace:room(running)
  return math.max(1, math.floor(self.limit) - running)
end

--- A call has ended, and so many times the service has said 429 until now. What it says to the calls
--- that were under way together counts once.
---@param refusals integer
function Pace:note(refusals)
  self.since_decrease = self.since_decrease + 1
  if refusals == self.refusals then
    self.limit = self.limit < self.most and math.min(self.most, self.limit + 1 / self.limit) or self.most
  elseif self.since_decrease >= self.limit then
    self.limit, self.since_decrease = math.max(1, self.limit / 2), 0
  end
  self.refusals = refusals
end

---@param most integer
---@param refusals integer until now
---@return partnercenter.Pace
function M.new(most, refusals)
  return setmetatable({ most = most, limit = most, refusals = refusals, since_decrease = math.huge }, Pace)
end

return M
