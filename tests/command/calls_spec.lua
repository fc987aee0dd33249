-- SPDX-License-Identifier: MIT
local cjson = require "cjson"
local sandbox = require "partnercenter.sandbox"
local support = require "tests.command.support"

local CUSTOMER = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

describe("the command", function()
  local server, folder, settings

  before_each(function()
    server = assert(sandbox.start { vetting_time = 0.3 })
    folder, settings = support.folder(), server:client_options()
  end)

  after_each(function()
    server:stop()
    support.remove(folder)
  end)

  local function run(arguments, changes)
    local changed = {}
    for name, value in pairs(settings) do
      changed[name] = value
    end
    for name, value in pairs(changes or {}) do
      changed[name] = value or nil
    end
    return support.run(folder, changed, arguments)
  end

  it("sets a qualification and shows it, as plain lines", function()
    local status, out, err = run("update " .. CUSTOMER .. " education --segment K12 --website example.edu")
    assert.equal(0, status)
    assert.matches("^Education\tInReview\t%d%d%d%d%-[%d:TZ-]+\t\n$", out)
    assert.equal("", err)
    status, out = run("get " .. CUSTOMER)
    assert.equal(0, status)
    assert.matches("^Education\t%a+\t", out)
    local requests = server:requests()
    assert.same({ qualification = "Education", educationSegment = "K12", website = "example.edu" },
      cjson.decode(requests[2].body))
  end)

  it("prints JSON lines", function()
    local _, out = run("update " .. CUSTOMER .. " GovernmentCommunityCloud --code 00012 --json")
    assert.equal("GovernmentCommunityCloud", cjson.decode(out).qualification)
    assert.equal("00012", cjson.decode(server:requests()[2].body).validationCode)
    _, out = run "codes --json"
    assert.equal("12345", cjson.decode(out).validationId)
    _, out = run "customers --json"
    assert.equal(3, select(2, out:gsub("\n", "")))
    assert.equal("Customer 1", cjson.decode(out:match "^[^\n]*").companyProfile.companyName)
  end)

  it("prints JSON that is UTF-8 and does nothing to a terminal", function()
    server:fail { status = 200, path = "/qualifications",
      body = '[{"qualification":"Education","vettingReason":"\\u001b[1m\\u007f\\u009b1m\255é"}]' }
    local status, out = run("get " .. CUSTOMER .. " --json")
    assert.equal(0, status)
    assert.equal('{"qualification":"Education","vettingReason":"\\u001b[1m\\u007f\\u009b1m?é"}\n', out)
  end)

  it("lists customers and codes", function()
    local status, out = run "customers --filter customer2"
    assert.equal(0, status)
    assert.equal("00000002-0000-4000-8000-000000000000\tCustomer 2\tcustomer2.onmicrosoft.com\n", out)
    status, out = run "codes"
    assert.equal(0, status)
    assert.matches("^12345\tContoso, Inc%.\t%d+\t%d+\n$", out)
  end)

  it("follows the vetting with --wait", function()
    local status, out, err = run("update " .. CUSTOMER .. " StateOwnedEntity --wait --interval 0.1")
    assert.equal(0, status)
    assert.matches("^StateOwnedEntity\tApproved\t", out)
    assert.matches("in review", err)
    status, out = run("update " .. support.customer(9) .. " Education --website denied.edu --wait --interval 0.1")
    assert.equal(1, status)
    assert.matches("\tDenied\t.*\tNot an Education Customer\n$", out)
  end)

  -- What is typed, what else is different, the exit status, and what is said.
  local ROWS = {
    { "get " .. CUSTOMER, {}, 0, "^The customer has no qualification%.\n$" },
    { "", {}, 2, "a command is required" },
    { "nothing", {}, 2, "unknown command 'nothing'" },
    { "get", {}, 2, "missing argument 'CUSTOMER'\nUsage: partnercenter get CUSTOMER" },
    { "get " .. CUSTOMER .. " --much", {}, 2, "unknown option '%-%-much'" },
    { "get nobody", {}, 2, "CUSTOMER must be a GUID" },
    { "update website Education", {}, 2, "CUSTOMER must be .* and not 'website'" },
    { "update " .. CUSTOMER .. " customer_id", {}, 2, "qualification 'customer_id' is unknown" },
    { "update " .. CUSTOMER .. " Nonprofit", {}, 2, "bad_input: " },
    { "update " .. CUSTOMER .. " GovernmentCommunityCloud", {}, 2, "needs a %-%-code" },
    { "update " .. CUSTOMER .. " 1 --segment K13", {}, 2, "%-%-segment must be K12 or HigherEducation, and not 'K13'" },
    { "update nobody Education", {}, 2, "CUSTOMER must be a GUID" },
    { "update " .. CUSTOMER .. " Education --website ''", {}, 2, "an empty argument" },
    { "bulk customers.csv --journal ''", {}, 2, "an empty argument" },
    { "bulk examples/customers.csv --journal /nowhere/x.db", {}, 2, "the journal /nowhere/x.db: " },
    { "sandbox --port 70000", {}, 2, "%-%-port must be a whole number from 0 to 65535, and not 70000" },
    { "bulk customers.csv", {}, 2, "missing option '%-%-journal'\nUsage: [^\n]* %-%-journal PLACE" },
    { "bulk customers.csv --journal postgresql://me:secret@host/db", {}, 2, "a password does not belong" },
    { "report x.csv --format pdf", {}, 2, "must be one of" },
    { "codes", { client_secret = "wrong" }, 3, "unauthorized: .*AADSTS7000215.*\nSet .* or run `partnercenter login`%.\n$" },
    { "codes", { client_id = false }, 3, "PARTNERCENTER_CLIENT_ID is missing.*partnercenter login" },
    { "codes", { access_token = "nonsense" }, 3, "unauthorized" },
    { "codes", { cloud = "client_id", base_url = false, login_url = false }, 3,
      "PARTNERCENTER_CLOUD .* and not 'client_id'" },
    { "codes", { cloud = "mars", base_url = false, login_url = false }, 3,
      "PARTNERCENTER_CLOUD must be global, .* not 'mars'" },
    { "codes", { base_url = "http://192.0.2.1" }, 3, "PARTNERCENTER_BASE_URL uses plain http, [^\n]*: use https\n" },
    { "update " .. CUSTOMER .. " Education", { refresh_token = false }, 1, "forbidden" },
  }
  for _, row in ipairs(ROWS) do
    local arguments, changes, expected, said = row[1], row[2], row[3], row[4]
    it(("ends with %d for '%s'%s"):format(expected, arguments, next(changes) and " and " .. next(changes) or ""), function()
      local status, out, err = run(arguments, changes)
      assert.equal(expected, status)
      assert.equal("", out)
      assert.matches(said, err)
    end)
  end

  it("ends with 1 where the service refuses", function()
    run("update " .. CUSTOMER .. " Education")
    local status, _, err = run("update " .. CUSTOMER .. " Education")
    assert.equal(1, status)
    assert.matches("^partnercenter: already_exists: .*status 409", err)
  end)

  it("ends with 1 where the output cannot be written", function()
    for _, arguments in ipairs { "codes", "customers --json", "get --help", "--help", "--man", "--completion zsh" } do
      for _, row in ipairs { { "> /dev/full", "No space left on device" }, { ">&-", "Bad file descriptor" } } do
        local text = ("%s %s 2> %s/err; echo $?"):format(support.command(folder, settings, arguments), row[1], folder)
        assert.equal("1\n", support.shell(text))
        assert.equal(("partnercenter: cannot write: %s\n"):format(row[2]), support.read(folder .. "/err"))
      end
    end
  end)

  it("has help with an example for each subcommand", function()
    for _, name in ipairs { "update", "get", "codes", "customers", "bulk", "report", "login", "sandbox" } do
      local status, out = run(name .. " --help")
      assert.equal(0, status)
      assert.matches("Example:\n   partnercenter " .. name, out)
    end
    local status, out = run "--version"
    assert.equal(0, status)
    assert.equal("partnercenter " .. require "partnercenter"._VERSION .. "\n", out)
  end)

  it("finds its library where it is, through a link too", function()
    support.shell(("cp -r %s %s/some\\'where && ln -s %s/some\\'where/bin/partnercenter %s/link"):format(os.getenv "STAGE",
      folder, folder, folder))
    local text = support.command(folder, settings, "--version")
    for _, script in ipairs { "some\\'where/bin/partnercenter", "link" } do
      local there = text:gsub("%S+/bin/partnercenter", function() return folder .. "/" .. script end)
      assert.equal("partnercenter " .. require "partnercenter"._VERSION .. "\n", support.shell("cd / && " .. there))
    end
    assert.equal("partnercenter " .. require "partnercenter"._VERSION .. "\n",
      support.shell(("cd %s/some\\'where/bin && %s"):format(folder, (text:gsub("%S+/bin/", "")))))
  end)

  it("is a sandbox", function()
    local process = support.start(folder, {}, "sandbox --vetting-time 0")
    support.wait_for(function() return support.read(folder .. "/out"):find "REFRESH_TOKEN=[^\n]+\n" end)
    local found = {}
    for name, value in support.read(folder .. "/out"):gmatch "PARTNERCENTER_([%u_]+)=([^\n]+)\n" do
      found[name:lower()] = value
    end
    local other = support.folder()
    local status, out = support.run(other, found, "codes")
    assert.equal(0, status)
    assert.matches("^12345\t", out)
    process.signal "INT"
    assert.equal(130, (process.wait()))
    support.remove(other)
  end)

  it("finishes an update that has left when a signal comes", function()
    server:fail { delay = 1, path = "/qualifications" }
    local process = support.start(folder, settings, "update " .. CUSTOMER .. " Education")
    support.wait_for(function() return #server:requests() == 2 end)
    process.signal "TERM"
    local status, out, err = process.wait()
    assert.equal(130, status)
    assert.matches("^Education\tInReview", out)
    assert.matches("partnercenter get " .. CUSTOMER:gsub("%-", "%%-"), err)
  end)

  it("does not send an update that waits for a token when a signal comes", function()
    server:fail { delay = 1, path = "/oauth2/token" }
    local process = support.start(folder, settings, "update " .. CUSTOMER .. " Education")
    support.wait_for(function() return #server:requests() == 1 end)
    process.signal "INT"
    local status, out, err = process.wait()
    assert.equal(130, status)
    assert.equal("", out)
    assert.matches("partnercenter: interrupted\n", err)
    assert.equal(1, #server:requests())
  end)

  it("does not wait for a read when a signal comes", function()
    server:fail { delay = 4, path = "/v1/customers" }
    local process = support.start(folder, settings, "customers")
    support.wait_for(function() return #server:requests() == 2 end)
    process.signal "INT"
    local status, _, err = process.wait()
    assert.equal(130, status)
    assert.matches("interrupted", err)
  end)
end)
