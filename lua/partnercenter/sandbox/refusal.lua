-- SPDX-License-Identifier: MIT
--- The sandbox's error answers, in the form of the documented error object.

local cjson = require "cjson.safe"

local json = cjson.new()

local M = {}

--- What an error answer calls itself, in `source`.
local SOURCE = "PartnerCenterSandbox"

---@param status integer
---@param code string
---@param description string
---@param data? string[] left out when absent
---@return table answer
function M.new(status, code, description, data)
  return {
    status = status,
    body = json.encode { code = code, description = description, data = data, source = SOURCE },
  }
end

return M
