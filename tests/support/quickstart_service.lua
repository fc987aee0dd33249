-- SPDX-License-Identifier: MIT
--- Runs examples/quickstart against a service of its own: a sandbox in this process.

local access = require "tests.support.access"
local sandbox = assert(require "partnercenter.sandbox".start { vetting_time = 3600 })
local options = access.options(sandbox)
local process = assert(io.popen(([[
  PARTNERCENTER_ACCESS_TOKEN=%s PARTNERCENTER_BASE_URL=%s \
    examples/quickstart 3f2504e0-4f89-41d3-9a0c-0305e82c3301 < /dev/null 2>&1]])
  :format(options.access_token, options.base_url)))
local output = process:read "*a"
assert(process:close(), output)
assert(output:find("InReview", 1, true), output)
assert(not output:find(options.access_token, 1, true), "the token is shown:\n" .. output)
local posts = 0
for _, request in ipairs(access.service_requests(sandbox)) do
  posts = posts + (request.method == "POST" and 1 or 0)
end
assert(posts == 1, posts .. " updates were sent")
sandbox:stop()
