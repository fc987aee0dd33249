-- SPDX-License-Identifier: MIT
--- For how long a process has the rows that it works on. It renews its holds while it lives; one that
--- was held up for long, by a function of the script's or by the database, may have lost them to another.

local core = require "partnercenter.core"

local M = {}

--- How long a hold lasts, in seconds, unless it is renewed.
M.SECONDS = 30

--- How often holds are renewed, in seconds.
local RENEW = 10

--- How long after a renewal they are relied on, in seconds. The rest is for what comes between that and a
--- request on the wire.
local CERTAIN = 20

---@class partnercenter.Hold
---@field due number when to renew, by core.now()
---@field lapses integer how often this process was held up for too long
---@field package certain_until number by core.time(), which goes on while the machine sleeps
local Hold = {}
Hold.__index = Hold

--- Whether it is time to renew.
function Hold:is_due()
  return self.due <= core.now()
end

--- All holds were renewed.
---@param at number when, by core.time()
function Hold:renewed(at)
  if self.certain_until < at then
    self.lapses = self.lapses + 1
  end
  self.due, self.certain_until = core.now() + RENEW, at + CERTAIN
end

--- Whether a row is held for certain.
---@param lapses integer those there were when it was taken
function Hold:is_certain(lapses)
  return lapses == self.lapses and core.time() < self.certain_until
end

---@return partnercenter.Hold
function M.new()
  return setmetatable({ due = core.now() + RENEW, certain_until = core.time() + CERTAIN, lapses = 0 }, Hold)
end

return M
