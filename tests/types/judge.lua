-- SPDX-License-Identifier: MIT
--- Whether what came of a call is what may come of it: a result, an error of ours, or a message that says what the
--- caller did wrong.

local values = require "tests.types.values"

local M = {}

--- What is raised while a call waits for too long: it may wait, and has to end then.
M.WAITED = "it waits, and was interrupted"

--- What a message of ours begins with, behind its place.
local FORMS = {
  "bad argument ", "bad option", "bad self of ", "unknown option '", "the client is closed", "the sandbox is stopped",
  "the iterator ", "a call cannot wait for itself", "a rule needs ", "body and headers go with a status",
  "there is no access token", "calling '[%w_]+' on bad self",
  "[%w_]+ must ", "error loading module '", "module '[%w.]+' not found:",
  "[%w./]+sandbox/%w+.lua:%d+: module 'cjson.safe' not found:", "attempt to concatenate a ",
}

local function is_clear(text)
  for _, form in ipairs(FORMS) do
    if text:find("^" .. form) then
      return true
    end
  end
  return false
end

--- What is wrong with what was raised; nil when nothing is.
---@param raised any
---@param place string? a pattern of the place that the message has to begin with
function M.raised(raised, place)
  if raised == values.RAISED then
    return nil
  elseif type(raised) ~= "string" then
    return type(raised) == "table" and raised.category and ("it raised an error table: " .. tostring(raised))
      or "it raised a " .. type(raised)
  elseif raised:find(M.WAITED, 1, true) then
    return nil
  end
  local text = raised:gsub("^[^:\n]+:%d+: ", "")
  if not is_clear(text) then
    return "it raised: " .. raised:sub(1, 300)
  elseif place and not raised:find(place) then
    return "it blames another place than the caller's: " .. raised:sub(1, 300)
  end
end

--- What is wrong with an error that was returned; nil when nothing is.
function M.returned(err)
  if type(err) ~= "table" then
    return "the error is a " .. type(err)
  elseif type(err.category) ~= "string" or type(err.message) ~= "string" or type(err.retryable) ~= "boolean" then
    return "the error has not its fields"
  elseif tostring(err):find "%c" or err.category ~= "callback" and tostring(err):find "attempt to " then
    return "the error reads: " .. tostring(err)
  end
end

return M
