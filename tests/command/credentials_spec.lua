-- SPDX-License-Identifier: MIT
local sandbox = require "partnercenter.sandbox"
local support = require "tests.command.support"

describe("the credentials of the command", function()
  local server, folder, file, settings

  before_each(function()
    server = assert(sandbox.start())
    folder, settings = support.folder(), server:client_options()
    file = folder .. "/configuration/partnercenter/credentials"
  end)

  after_each(function()
    server:stop()
    support.remove(folder)
  end)

  local function with(changes)
    local changed = server:client_options()
    for name, value in pairs(changes) do
      changed[name] = value or nil
    end
    return changed
  end

  local function log_in()
    local status, out, err = support.run(folder, with { refresh_token = false }, "login")
    assert.equal(0, status, err)
    return out, err
  end

  --- What login stores.
  local function store()
    local lines = {}
    for _, name in ipairs { "base_url", "login_url", "tenant_id", "client_id", "client_secret", "refresh_token" } do
      lines[#lines + 1] = ("PARTNERCENTER_%s=%s\n"):format(name:upper(), settings[name])
    end
    support.shell("mkdir -p " .. file:match "^(.*)/")
    support.write(file, table.concat(lines))
    support.shell("chmod 600 " .. file)
  end

  local function kept()
    return support.read_or_nothing(file):match "PARTNERCENTER_REFRESH_TOKEN=([^\n]+)\n"
  end

  local function mode(path)
    return support.shell("stat -c %a " .. path):match "%d+"
  end

  it("are stored by login, for the user alone", function()
    local out, err = log_in()
    assert.matches("microsoft.com/devicelogin and enter the code %w+", out)
    assert.matches("Logged in%. The credentials are in " .. file:gsub("%-", "%%-"), err)
    assert.equal("600", mode(file))
    assert.equal("700", mode(folder .. "/configuration/partnercenter"))
    local text = support.read(file)
    assert.matches("PARTNERCENTER_CLIENT_ID=" .. settings.client_id:gsub("%-", "%%-"), text)
    assert.equal(0, (support.run(folder, {}, "update 3f2504e0-4f89-41d3-9a0c-0305e82c3301 Education")))
  end)

  it("are written back when the refresh token is renewed", function()
    store()
    local before = kept()
    assert.equal(0, (support.run(folder, {}, "codes")))
    local after = kept()
    assert.not_equal(before, after)
    assert.equal("600", mode(file))
    assert.equal("credentials\n", support.shell("ls -A " .. folder .. "/configuration/partnercenter"))
    assert.equal(0, (support.run(folder, {}, "codes")))
    local requests = server:requests()
    assert.is_truthy(requests[#requests - 1].body:find("refresh_token=" .. after:gsub("[^%w._~-]", function(c)
      return ("%%%02X"):format(c:byte())
    end), 1, true))
  end)

  for _, wide in ipairs { "640", "604", "660", "602" } do
    it("are refused in a file with mode " .. wide, function()
      store()
      support.shell(("chmod %s %s"):format(wide, file))
      local status, _, err = support.run(folder, {}, "codes")
      assert.equal(3, status)
      assert.matches("can be read or changed by others", err)
    end)
  end

  it("are not looked for in a file where the variables say all of it", function()
    store()
    support.shell("chmod 644 " .. file)
    for _, row in ipairs {
      { settings, "codes", 0, "^$" }, { with { refresh_token = false }, "codes", 3, "changed by others" },
      { with { client_secret = false }, "login", 3, "changed by others" },
      { with { access_token = "wrong", login_url = false }, "codes", 3, "unauthorized" },
      { with { base_url = false }, "codes", 3, "changed by others" },
    } do
      local status, _, err = support.run(folder, row[1], row[2])
      assert.equal(row[3], status, err)
      assert.matches(row[4], err)
    end
    assert.equal(0, (support.run(folder, with { refresh_token = false }, "login"))) -- puts another in its place
    assert.equal("600", mode(file))
  end)

  it("are refused where the file is not understood, without showing it", function()
    store()
    for _, text in ipairs { "secretsecret\n", "PARTNERCENTER_SECRETSECRET=x\n" } do
      support.write(file, "# mine\n" .. text)
      local status, _, err = support.run(folder, {}, "codes")
      assert.equal(3, status)
      assert.matches("credentials:2: ", err)
      assert.is_nil(err:find("secretsecret", 1, true))
    end
  end)

  it("of the environment win, and another app gets no secret of the file's", function()
    store()
    assert.equal(3, (support.run(folder, { client_secret = "wrong" }, "codes")))
    assert.equal(3, (support.run(folder, { access_token = "wrong" }, "codes")))
    assert.equal(0, (support.run(folder, { access_token = "", cloud = "" }, "codes")))
    local before = #server:requests()
    local status, _, err = support.run(folder, { tenant_id = "other.example", login_url = settings.login_url }, "codes")
    assert.equal(3, status)
    assert.matches("is missing", err)
    local other = assert(sandbox.start())
    status = support.run(folder, { base_url = other:base_url(), login_url = other:login_url() }, "codes")
    assert.equal(3, status)
    assert.equal(before, #server:requests())
    assert.equal(0, #other:requests())
    other:stop()
  end)

  it("of another app, which come into the file meanwhile, are left there", function()
    store()
    server:fail { status = 503, headers = { ["Retry-After"] = "1" }, path = "/oauth2/token" }
    local process = support.start(folder, {}, "codes")
    support.wait_for(function() return #server:requests() > 0 end)
    settings.tenant_id, settings.refresh_token = "other.example", "the-token-of-the-other-tenant"
    store()
    process.wait()
    assert.equal("the-token-of-the-other-tenant", kept())
  end)

  it("of another app, which come into the file meanwhile, are not sent in this one's name", function()
    server:stop()
    server = assert(sandbox.start { vetting_time = 10000 })
    settings = server:client_options()
    store()
    local process = support.start(folder, {}, ("update %s Education --wait --interval 0.1")
      :format "3f2504e0-4f89-41d3-9a0c-0305e82c3301")
    support.wait_for(function() return #server:requests() > 1 end)
    settings.tenant_id, settings.refresh_token = "other.example", "the-token-of-the-other-tenant"
    store()
    server:fail { status = 401, times = 100 }
    local status, _, err = process.wait()
    assert.equal(3, status, err)
    assert.matches("the credentials file is another app's by now", err)
    for _, request in ipairs(server:requests()) do
      assert.is_nil(request.body:find("of-the-other", 1, true))
    end
  end)

  it("are not stored where nobody logs in", function()
    for _, code in ipairs { "authorization_declined", "expired_token" } do
      server:fail { status = 400, path = "/oauth2/token", body = ('{"error":"%s","error_description":"no"}'):format(code) }
      local status, _, err = support.run(folder, with { refresh_token = false }, "login")
      assert.equal(3, status)
      assert.matches(code, err)
      assert.equal("", support.read_or_nothing(file))
    end
  end)

  for _, interval in ipairs { "0", "-1" } do
    it("are not asked for without a pause, where the authority wants one of " .. interval, function()
      server:fail { status = 200, path = "/oauth2/devicecode", body = ('{"device_code":"x","user_code":"y","message":"z",'
        .. '"interval":"%s"}'):format(interval) }
      server:fail { status = 400, path = "/oauth2/token", times = 2, body = '{"error":"authorization_pending"}' }
      server:fail { status = 400, path = "/oauth2/token", body = '{"error":"expired_token"}' }
      assert.equal(3, (support.run(folder, settings, "login")))
      local requests = server:requests()
      assert.equal(4, #requests)
      assert.is_true(requests[4].time - requests[2].time >= 2)
    end)
  end

  it("are not stored after a signal", function()
    local process = support.start(folder, settings, "login")
    support.wait_for(function() return support.read(folder .. "/out"):find "enter the code" end)
    process.signal "INT"
    local status, _, err = process.wait()
    assert.equal(130, status)
    assert.matches("nothing was stored", err)
    assert.equal("", support.read_or_nothing(file))
  end)

  for number, path in ipairs { "/oauth2/devicecode", "/oauth2/token" } do
    it("are not waited for after a signal, where there is no answer from " .. path, function()
      server:fail { delay = 3600, times = 100, path = path }
      local process = support.start(folder, settings, "login")
      support.wait_for(function() return #server:requests() == number end)
      process.signal "INT"
      local status, _, err = process.wait()
      assert.equal(130, status, err)
      assert.matches("nothing was stored", err)
    end)
  end

  -- What is run, what is slow meanwhile, and after how many requests it is looked.
  for _, row in ipairs {
    { "codes --json", "/validations", 2 }, { "login", "/oauth2/token", 2 },
    { "bulk FOLDER/c.csv --journal FOLDER/run.db", "/qualifications", 2 },
  } do
    it("appear in no output and no list of processes: " .. row[1], function()
      local arguments = row[1]:gsub("FOLDER", folder)
      support.write_csv(folder .. "/c.csv", 1, 1)
      server:fail { delay = 1, path = row[2] }
      local process = support.start(folder, settings, arguments)
      support.wait_for(function() return #server:requests() == row[3] end)
      local list = support.shell((("ps -ww -o args= -p PID --ppid PID"):gsub("PID", tostring(process.pid))))
      assert.matches("partnercenter " .. arguments:gsub("%-", "%%-"), list)
      local status, out, err = process.wait()
      assert.equal(0, status, err)
      local _, more, yet = support.run(folder, with { client_secret = "nothing-but-wrong" }, arguments)
      for _, secret in ipairs { settings.client_secret, settings.refresh_token, kept() or settings.refresh_token,
        "nothing-but-wrong" } do
        assert.is_nil((list .. out .. err .. more .. yet):find(secret, 1, true))
      end
    end)
  end
end)
