-- SPDX-License-Identifier: MIT
local sandbox = require "partnercenter.sandbox"
local support = require "tests.command.support"

describe("the command on a terminal", function()
  local server, folder, settings, terminal

  before_each(function()
    server = assert(sandbox.start { vetting_time = 60 })
    folder, settings = support.folder(), server:client_options()
  end)

  after_each(function()
    terminal.stop()
    server:stop()
    support.remove(folder)
  end)

  local function open(arguments, more, columns)
    terminal = support.terminal(folder, support.command(folder, settings, arguments, more), columns)
  end

  it("prints tables with colours", function()
    support.run(folder, settings, "update " .. support.customer(1) .. " Education")
    open("get " .. support.customer(1))
    terminal.wait_for "%[0%]"
    assert.matches("^QUALIFICATION  STATUS    SINCE +REASON\nEducation      InReview  %d%d%d%d%-", terminal.text())
    assert.matches("\27%[33mInReview", terminal.colours())
  end)

  it("prints no colours with NO_COLOR, and nothing wider than the terminal", function()
    open("customers", "NO_COLOR=1", 64)
    terminal.wait_for "%[0%]"
    assert.matches("^CUSTOMER +COMPANY +DOMAIN\n00000001", terminal.text())
    assert.matches("\n3 in all\n", terminal.text())
    assert.is_nil(terminal.colours():find("\27[", 1, true))
    for line in terminal.text():gmatch "[^\n]+" do
      assert.is_true(#line:gsub("[\128-\191]", "") <= 64, line)
    end
  end)

  it("breaks a long text into lines, and gives each field one where there is no room for a table", function()
    local word = ("東京"):rep(10) -- 40 columns
    for columns, expected in pairs {
      [80] = "Education      Denied  2020-12-03T10:37:38Z  a reason of\n" .. (" "):rep(45) .. ("東京"):rep(8) .. "東\n"
        .. (" "):rep(45) .. "京東京 why\n",
      [40] = "QUALIFICATION  Education\nSTATUS         Denied\nSINCE          2020-12-03T10:37:38Z\n"
        .. "REASON         a reason of\n               " .. ("東京"):rep(6) .. "\n               " .. ("東京"):rep(4) .. " why",
    } do
      server:fail { status = 200, path = "/qualifications", body = '[{"qualification":"Education","vettingStatus":"Denied",'
        .. '"vettingCreatedDate":"2020-12-03T10:37:38Z","vettingReason":"a reason of ' .. word .. ' why"}]' }
      open("get " .. support.customer(1), "LC_ALL=C.UTF-8", columns)
      terminal.wait_for "%[0%]"
      assert.is_truthy(terminal.text():find(expected, 1, true), terminal.text())
      terminal.stop()
    end
  end)

  it("aligns wide characters, and lets nothing of the service's do something to the terminal", function()
    local names = { "\\u001b[31mred\\u0007", "東京都立学校", "e\\u0301cole \\u009b31m", "\\u202eevil", "\255\254", "Contoso" }
    local items = {}
    for i, name in ipairs(names) do
      items[i] = ('{"id":"%s","companyProfile":{"companyName":"%s","domain":"d%d.example"}}')
        :format(support.customer(i), name, i)
    end
    local body = '{"totalCount":6,"items":[' .. table.concat(items, ",") .. "]}"
    server:fail { status = 200, path = "/v1/customers", body = body }
    open("customers", "LC_ALL=C.UTF-8")
    terminal.wait_for "%[0%]"
    local text = terminal.text()
    for i, name in ipairs { " [31mred    ", "東京都立学校", "e\204\129cole  31m  ", " evil       ", "??          ",
      "Contoso     " } do -- each takes 12 columns
      assert.is_truthy(text:find(("%s  %s  d%d.example\n"):format(support.customer(i), name, i), 1, true), text)
    end
    assert.is_nil(terminal.colours():find("\27[31m", 1, true))
  end)

  it("shows how far a run is, and ends with Ctrl-C", function()
    support.write_csv(folder .. "/c.csv", 1, 400)
    server:fail { delay = 0.1, times = 1000, path = "/qualifications" }
    open(("bulk %s/c.csv --journal %s/run.db"):format(folder, folder))
    terminal.wait_for "%[#+%-*%]  %d+/400  [%d.]+/s  0:%d%d left  %d+ succeeded  0 failed"
    terminal.keys "C-c"
    terminal.wait_for "%[130%]"
    assert.matches("To go on: partnercenter bulk ", terminal.text())
    assert.is_nil(terminal.text():find "%d+/400 ") -- the bar is gone
  end)

  it("keeps the journal whole when the terminal is lost", function()
    support.write_csv(folder .. "/c.csv", 1, 200)
    server:fail { delay = 0.1, times = 1000, path = "/qualifications" }
    local arguments = ("bulk %s/c.csv --journal %s/run.db"):format(folder, folder)
    open(arguments)
    terminal.wait_for "%d+/200"
    terminal.stop()
    local status, _, err = support.run(folder, settings, arguments)
    assert.equal(0, status, err)
    local _, out = support.run(folder, {}, ("report %s/run.db"):format(folder))
    assert.equal("succeeded\t200\n", out)
  end)
end)
