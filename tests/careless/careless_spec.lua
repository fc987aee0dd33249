-- SPDX-License-Identifier: MIT
--- Tests that leave something behind or show a secret, each of which has to fail for it (tests/checks/careless).

local core = require "partnercenter.core"
local partnercenter = require "partnercenter"
local servers = require "tests.support.servers"
local shown_secrets = require "tests.support.shown_secrets"
local socket = require "socket"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
local SECRET = "a-secret-that-nobody-may-find"

local kept = {} -- for longer than a test

local function client(changes)
  local options = { base_url = "http://127.0.0.1:9", access_token = SECRET, max_retries = 0 }
  for name, value in pairs(changes or {}) do
    options[name] = value
  end
  return assert(partnercenter.new(options))
end

--- The name of the program that runs as this process; empty where it has ended.
local function program_of(pid)
  local file = io.open("/proc/" .. pid .. "/cmdline")
  local name = file and file:read "*a":gsub("%z.*", "") or ""
  if file then
    file:close()
  end
  return name
end

describe("careless:", function()
  it("a descriptor", function()
    kept.descriptor = assert(io.open "/dev/zero")
  end)

  it("a client", function()
    kept.client = client()
    kept.client:get_customer(CUSTOMER)
  end)

  it("a thread", function()
    kept.thread = client()
    kept.thread:pollfd()
  end)

  it("a call", function()
    local listener = assert(socket.bind("127.0.0.1", 0))
    kept.listener = listener
    kept.call = client { base_url = "http://127.0.0.1:" .. select(2, listener:getsockname()) }
      :start("get_customer", CUSTOMER)
  end)

  describe("a group", function()
    setup(function() kept.fixture = assert(io.open "/dev/full") end)

    it("whose fixture stays", function()
      assert.is_truthy(kept.fixture)
    end)
  end)

  it("an error", function()
    client():close()
    core.error { category = "network", message = "there was " .. SECRET }
  end)

  it("an event", function()
    local told = client { on_event = function() end }
    told.listener:tell(told, {}, { type = "token", source = SECRET })
    told:close()
  end)

  it("a log", function()
    local nginx = servers.nginx("server { listen 127.0.0.1:PORT; location / { return 200; } }")
    nginx.get("/?" .. SECRET)
    nginx.stop()
  end)

  it("a journal", function()
    local path = os.tmpname()
    local bulk = client()
    bulk:update_qualifications({ { customer_id = CUSTOMER, qualification = "Education", website = SECRET } },
      { journal = path })
    bulk:close()
    for _, suffix in ipairs { "", "-wal", "-shm" } do
      kept[#kept + 1] = path .. suffix
    end
  end)

  it("an argument", function()
    kept.process = io.popen(("exec tail --pid=$PPID -f /dev/null %s > /dev/null 2>&1 & echo $!"):format(SECRET))
    kept.pid = kept.process:read "*l"
    repeat until program_of(kept.pid) == "tail" -- the shell has become it
  end)

  it("nothing", function()
    kept.process = nil
    os.execute("kill " .. kept.pid)
    repeat until program_of(kept.pid) == ""
    for _, path in ipairs(kept) do
      os.remove(path)
    end
    shown_secrets.look("what may be shown", "a-secret")
  end)
end)
