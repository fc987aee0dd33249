-- SPDX-License-Identifier: MIT
--- Failures on demand: rules for the sandbox's next answers.

local authority_refusal = require "partnercenter.sandbox.authority_refusal"
local refusal = require "partnercenter.sandbox.refusal"

--- HTTP allows these no body.
local WITHOUT_BODY = { [204] = true, [304] = true }

local M = {}

--- A rule without a path is for the service: a request to the authority must be named.
local function holds(rule, request)
  if rule.path == "" then
    return not request.is_for_authority
  end
  return request.path:find(rule.path, 1, true) ~= nil
end

--- Takes the first rule that holds for the request, and uses it up by one.
---@param rules table[] `{ status, times, body, headers, delay, path }`
---@param request table
---@return table? rule
function M.take(rules, request)
  for i, rule in ipairs(rules) do
    if holds(rule, request) then
      rule.times = rule.times - 1
      if rule.times == 0 then
        table.remove(rules, i)
      end
      return rule
    end
  end
end

--- The body of a failure for which the rule has none.
local function default_body(status, request)
  if request.is_for_authority then
    return authority_refusal.new("told", request.time, ("%d"):format(status)).body
  end
  return refusal.new(status, "Sandbox", ("The sandbox was told to fail with %d."):format(status)).body
end

--- The answer that the rule gives; nil when it only delays the usual one.
function M.answer(rule, request)
  if not rule.status then
    return nil
  end
  return {
    status = rule.status,
    headers = rule.headers,
    body = WITHOUT_BODY[rule.status] and "" or rule.body or default_body(rule.status, request),
  }
end

return M
