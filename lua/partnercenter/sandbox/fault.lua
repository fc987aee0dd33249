-- SPDX-License-Identifier: MIT
--- Failures on demand: rules for the sandbox's next answers.

local refusal = require "partnercenter.sandbox.refusal"

--- HTTP allows these no body.
local WITHOUT_BODY = { [204] = true, [304] = true }

local M = {}

--- Takes the first rule that holds for the path, and uses it up by one.
---@param rules table[] `{ status, times, body, headers, delay, path }`
---@param path string
---@return table? rule
function M.take(rules, path)
  for i, rule in ipairs(rules) do
    if path:find(rule.path, 1, true) then
      rule.times = rule.times - 1
      if rule.times == 0 then
        table.remove(rules, i)
      end
      return rule
    end
  end
end

--- The answer that the rule gives; nil when it only delays the usual one.
function M.answer(rule)
  if not rule.status then
    return nil
  end
  local answer = refusal.new(rule.status, "Sandbox", ("The sandbox was told to fail with %d."):format(rule.status))
  return {
    status = rule.status,
    headers = rule.headers,
    body = WITHOUT_BODY[rule.status] and "" or rule.body or answer.body,
  }
end

return M
