-- SPDX-License-Identifier: MIT
--- Answers that come a byte at a time, for hours of a clock that jumps ahead.
local certificates = require "tests.support.certificates"
local core = require "partnercenter.core"
local servers = require "tests.support.servers"

--- Customers whose ids make the server do this: their bytes read "trickle", "trickled head" and so on.
local CUSTOMERS = {
  trickle = "74726963-6b6c-6500-0000-000000000000",
  ["trickled head"] = "74726963-6b6c-6564-2068-656164000000",
  ["trickled interim"] = "74726963-6b6c-6564-2069-6e746572696d",
  silence = "73696c65-6e63-6500-0000-000000000000",
}

local folder, server

setup(function()
  folder = certificates.folder()
  folder.self_sign { name = "server", for_names = "IP:127.0.0.1" }
  server = servers.hostile(folder.directory .. "/server")
end)

teardown(function()
  server.stop()
  folder.remove()
end)

describe("an answer that never ends", function()
  local STEP, HOURS = 5, 10 * 3600
  for name, id in pairs(CUSTOMERS) do
    for _, row in ipairs {
      { retries = 0, most = 30 }, { retries = 3, most = 300 },
      { retries = 100, most = 300, options = { deadline = 300 } },
      { retries = 0, most = HOURS, options = { timeout = HOURS, deadline = HOURS } },
    } do
      it(("is %s: %d retries, at most %d s"):format(name, row.retries, row.most), function()
        local client = assert(core.client { base_url = "http://127.0.0.1:" .. server.port, access_token = "token" })
        local options = row.options or {}
        options.max_retries = row.retries
        local call = assert(client:prepare("get_qualifications", id, options))
        client:submit(call)
        local begun = core.now()
        while not client:drive(call, 0.005) do
          core.advance(row.most > 3600 and STEP * 100 or STEP)
        end
        local result, err, meta = client:result(call)
        assert.is_nil(result)
        assert.equal("timeout", err.category)
        assert.is_true(meta.attempts >= 1 and meta.attempts <= row.retries + 1, meta.attempts .. " attempts")
        local slack = (row.most > 3600 and STEP * 100 or STEP) * 2
        assert.is_true(core.now() - begun <= row.most + slack, core.now() - begun)
        client:close()
      end)
    end
  end
end)
