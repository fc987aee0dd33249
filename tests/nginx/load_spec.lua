-- SPDX-License-Identifier: MIT
--- The build for Lua 5.1, in the LuaJIT of nginx. STAGE is where it was installed.
local cjson = require "cjson.safe"
local servers = require "tests.support.servers"

local HANDLER = [[
  local cjson = require "cjson.safe"
  local partnercenter = require "partnercenter"
  local client = assert(partnercenter.new { access_token = "token", application_name = jit.version })
  local _, bad = client:get_qualifications("nobody")
  local result, err, meta = client:get_qualifications("3f2504e0-4f89-41d3-9a0c-0305e82c3301")
  local raised = select(2, pcall(partnercenter.new, { unknown = true }))
  client:close()
  ngx.print(cjson.encode {
    jit = jit.version, version = partnercenter._VERSION, bad = tostring(bad), raised = raised,
    result = result, err = err, attempts = meta.attempts,
  })
]]

local function modules(directory)
  return ("load_module %s/ndk_http_module.so; load_module %s/ngx_http_lua_module.so;"):format(directory, directory)
end

describe("nginx", function()
  local nginx

  setup(function()
    local stage = os.getenv "STAGE"
    nginx = servers.nginx(([[
      lua_package_path '%s/share/lua/5.1/?.lua;;';
      lua_package_cpath '%s/lib/lua/5.1/?.so;;';
      init_by_lua_block {
        require "partnercenter"
      }
      server {
        listen 127.0.0.1:PORT;
        location / { content_by_lua_block { %s } }
      }
    ]]):format(stage, stage, HANDLER), modules "/usr/lib/nginx/modules")
  end)

  teardown(function() nginx.stop() end)

  it("loads the module in LuaJIT, in the master and in a worker", function()
    local answer = assert(cjson.decode(nginx.get "/"))
    assert.matches("^LuaJIT", answer.jit)
    assert.equal(require "partnercenter"._VERSION, answer.version)
    assert.equal("bad_input: customer_id must be a GUID, like 3f2504e0-4f89-41d3-9a0c-0305e82c3301", answer.bad)
    assert.matches("unknown option 'unknown'", answer.raised)
  end)

  it("makes no call that would block the worker", function()
    local answer = assert(cjson.decode(nginx.get "/"))
    assert.is_nil(answer.result)
    assert.equal("unavailable", answer.err.category)
    assert.equal(0, answer.attempts)
  end)

  it("ends without an error in its log", function()
    for _ = 1, 50 do
      nginx.get "/"
    end
    assert.is_nil(nginx.log("error"):match "%[%a+%] %d+#%d+: .*%[error%]" or nginx.log("error"):match "%[alert%]")
    assert.is_nil(nginx.log("error"):match "%[error%]")
  end)
end)
