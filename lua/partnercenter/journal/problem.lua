-- SPDX-License-Identifier: MIT
--- What is wrong with a database or what is in it, as a value to raise: whoever catches it tells it from what a
--- hook raises, as Ctrl-C does.

local M = {}

local Problem = {}
Problem.__index = Problem

function Problem:__tostring()
  return self.message
end

--- Raises one.
---@param message any
---@param difference? string between two sources: it says nothing against the database
function M.raise(message, difference)
  error(setmetatable({ message = tostring(message), difference = difference }, Problem), 0)
end

--- Whether something that was raised is one.
function M.is(raised)
  return getmetatable(raised) == Problem
end

return M
