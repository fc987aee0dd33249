-- SPDX-License-Identifier: MIT
--- The build for Lua 5.1, in the LuaJIT of nginx. STAGE is where it was installed.
local cjson = require "cjson.safe"
local servers = require "tests.support.servers"
local support = require "tests.nginx.support"

local HANDLER = [[
  local cjson = require "cjson.safe"
  local partnercenter = require "partnercenter"
  local client = assert(partnercenter.new { access_token = "token", application_name = jit.version })
  local _, bad = client:get_qualifications("nobody")
  local raised = select(2, pcall(partnercenter.new, { unknown = true }))
  client:close()
  ngx.print(cjson.encode {
    jit = jit.version, version = partnercenter._VERSION, bad = tostring(bad), raised = raised,
  })
]]

local REQUIRE = [[ ngx.print(tostring(select(2, pcall(require, "partnercenter")))) ]]

local STAGE = os.getenv "STAGE"

local PATH, CPATH = STAGE .. "/share/lua/5.1/?.lua;", STAGE .. "/lib/lua/5.1/?.so"

--- Where Lua looks for modules of each kind, and what is missing then.
local INCOMPLETE = {
  { path = ";", cpath = CPATH .. ";;", missing = "module 'partnercenter' not found" },
  { path = PATH, cpath = "/nowhere/?.so", missing = "module 'partnercenter.core' not found" },
  { path = PATH, cpath = CPATH, missing = "module 'cjson.safe' not found" },
}

local function start(path, cpath, init, handler)
  return servers.nginx(([[
    lua_package_path '%s;';
    lua_package_cpath '%s';
    init_by_lua_block { %s }
    server {
      listen 127.0.0.1:PORT;
      location / { content_by_lua_block { %s } }
    }
  ]]):format(path, cpath, init, handler), support.MODULES)
end

describe("nginx", function()
  it("loads the module in LuaJIT, in the master and in a worker", function()
    local nginx = start(PATH, CPATH .. ";;", 'require "partnercenter"', HANDLER)
    for _ = 1, 50 do
      local answer = assert(cjson.decode(nginx.get "/"))
      assert.matches("^LuaJIT", answer.jit)
      assert.equal(require "partnercenter"._VERSION, answer.version)
      assert.equal("bad_input: customer_id must be a GUID, like 3f2504e0-4f89-41d3-9a0c-0305e82c3301, and not "
        .. "'nobody'", answer.bad)
      assert.matches("unknown option 'unknown'", answer.raised)
    end
    assert.is_nil(nginx.log("error"):match "%[%a+%] %d+#%d+: [^\n]*")
    nginx.stop()
  end)

  for _, row in ipairs(INCOMPLETE) do
    it("says that there is no such thing: " .. row.missing, function()
      local nginx = start(row.path, row.cpath, "", REQUIRE)
      assert.matches(row.missing, nginx.get "/", 1, true)
      nginx.stop()
    end)
  end
end)
