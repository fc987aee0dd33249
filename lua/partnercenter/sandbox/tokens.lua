-- SPDX-License-Identifier: MIT
--- Tokens that were issued and live for a time, all of them equally long: they expire in the order
--- in which they were issued, so that the dead ones are found without a search.

local random = require "partnercenter.sandbox.random"

---@class partnercenter.sandbox.Tokens
local Tokens = {}
Tokens.__index = Tokens

--- Drops the tokens that have been dead for as long as they lived: until then they can be told from
--- those that never were.
function Tokens:forget(now)
  while self.first <= self.last and self.entries[self.issued[self.first]].expires + self.lifetime <= now do
    self.entries[self.issued[self.first]] = nil
    self.issued[self.first] = nil
    self.first = self.first + 1
  end
end

--- Issues a token that stands for the value.
---@param value any
---@param now number
---@return string token
function Tokens:issue(value, now)
  self:forget(now)
  local token = random.token()
  self.last = self.last + 1
  self.issued[self.last] = token
  self.entries[token] = { value = value, expires = now + self.lifetime }
  return token
end

--- What the token stands for; nil when it is dead or was never issued.
---@param token string
---@param now number
---@return any value
---@return boolean has_expired
function Tokens:find(token, now)
  local entry = self.entries[token]
  if entry and now < entry.expires then
    return entry.value, false
  end
  return nil, entry ~= nil
end

local M = {}

---@param lifetime number seconds
---@return partnercenter.sandbox.Tokens
function M.new(lifetime)
  return setmetatable({
    lifetime = lifetime,
    entries = {}, -- token -> its value, and when it expires
    issued = {},  -- the tokens from `first` to `last`, oldest first
    first = 1,
    last = 0,
  }, Tokens)
end

return M
