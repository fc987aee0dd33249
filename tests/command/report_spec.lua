-- SPDX-License-Identifier: MIT
local cjson = require "cjson"
local sandbox = require "partnercenter.sandbox"
local postgresql = require "tests.support.postgresql"
local support = require "tests.command.support"

describe("partnercenter report", function()
  local server, folder, settings

  setup(function()
    server = assert(sandbox.start { vetting_time = 0 })
    folder, settings = support.folder(), server:client_options()
    support.write(folder .. "/c.csv", table.concat({
      "customer_id,qualification,website", support.customer(1) .. ",Education,x.example",
      support.customer(2) .. ',Education,"denied.<script>alert(1)</script>"', support.customer(3) .. ",Education,=1+1",
    }, "\n"))
    support.run(folder, settings, ("update %s StateOwnedEntity"):format(support.customer(3)))
    support.run(folder, settings, ("bulk %s/c.csv --journal %s/run.db --wait --interval 0.1"):format(folder, folder))
  end)

  teardown(function()
    server:stop()
    support.remove(folder)
  end)

  local function report(arguments)
    return support.run(folder, {}, ("report %s/run.db %s"):format(folder, arguments or ""))
  end

  it("tells in plain lines", function()
    local status, out = report()
    assert.equal(0, status)
    assert.equal(table.concat({
      "succeeded\t1", "denied\t1", "failed\t1",
      ("denied\t3\t%s\tEducation\t\tNot an Education Customer"):format(support.customer(2)), "",
    }, "\n"), out:match "^(.*\n)failed\t4")
    assert.matches("\nfailed\t4\t[%x-]+\tEducation\talready_exists\t[^\n]+\n$", out)
  end)

  it("tells in JSON and CSV", function()
    local _, out = report "--json"
    local lines = {}
    for line in out:gmatch "[^\n]+" do
      lines[#lines + 1] = cjson.decode(line)
    end
    assert.equal(3, #lines)
    assert.same({ succeeded = 1, denied = 1, failed = 1, vetting = 0, sending = 0 }, lines[1].counts)
    assert.matches("cannot be changed", lines[3].advice)
    _, out = report "--format csv"
    assert.matches("^line,customer_id,qualification,state,", out)
    assert.equal(4, select(2, out:gsub("\n", "")))
    assert.matches(",'=1%+1,", out) -- no formula for a spreadsheet
  end)

  it("is one page that needs nothing else", function()
    local status, out = report "--format html"
    assert.equal(0, status)
    assert.matches("^<!DOCTYPE html>", out)
    assert.matches("<svg ", out)
    assert.is_nil(out:find("<script", 1, true))
    assert.is_nil(out:find "https?://" or out:find "url%(" or out:find " src=")
    assert.matches("denied%.&lt;script&gt;", out)
    assert.matches("Not an Education Customer", out)
    assert.matches("prefers%-color%-scheme: dark", out)
    assert.matches("@media print", out)
  end)

  it("tells the same of a journal in PostgreSQL", function()
    local database = postgresql.start()
    local ok, raised = pcall(function()
      local at = support.quote(("postgresql://specs@/postgres?host=%s"):format(database.directory))
      local password = "PGPASSWORD=" .. support.quote(database.password)
      local function run(arguments) return support.run(folder, settings, arguments, nil, password) end
      local status, _, err = run(("bulk %s/c.csv --journal %s --wait --interval 0.1"):format(folder, at))
      assert.equal(1, status) -- the service has two of them from before
      assert.matches("0 succeeded, 1 denied, 2 failed", err)
      local function without_ids(text)
        return text:gsub("[%x]+%-[%x]+%-4[%x-]+", "ID"):gsub("%d+%-%d+%-%d+T[%d:]+Z", "TIME")
      end
      support.run(folder, settings, ("bulk %s/c.csv --journal %s/other.db --wait --interval 0.1"):format(folder, folder))
      for _, options in ipairs { "", "--format csv" } do
        local _, expected = support.run(folder, {}, ("report %s/other.db %s"):format(folder, options))
        local _, out = run(("report %s %s"):format(at, options))
        assert.equal(without_ids(expected), without_ids(out))
        assert.is_truthy(out:find("already_exists", 1, true))
      end
      local _, out = run(("report %s --format html"):format(at))
      assert.matches('<polygon class="area failed"', out)
      status, _, err = run(("report %s --run other"):format(at))
      assert.equal(2, status)
      assert.matches("there is no run 'other'", err)
      database.stop()
      status, _, err = run("report " .. at)
      assert.equal(2, status)
      assert.matches("the journal: [^\n]+\n$", err)
    end)
    database.remove()
    assert.is_true(ok, raised)
  end)

  it("says what cannot be read", function()
    for _, row in ipairs {
      { "nowhere.db", "No such file" }, { folder .. "/c.csv", "is no journal" },
      { folder .. "/run.db --run other", "there is no run 'other'" },
    } do
      local status, out, err = support.run(folder, {}, "report " .. row[1])
      assert.equal(2, status)
      assert.equal("", out)
      assert.matches(row[2], err)
    end
    assert.equal("", support.read_or_nothing "nowhere.db")
  end)

  it("looks right in a browser: light, dark and on paper", function()
    if _VERSION ~= "Lua 5.4" or support.shell "command -v chromedriver" == "" then
      pending "there is no chromedriver, or this is not the Lua that drives it"
      return
    end
    local _, out = report "--format html"
    support.write(folder .. "/report.html", out)
    local browser = require "tests.support.webdriver".start()
    local function seen()
      return browser:run [[
        const color = e => getComputedStyle(e);
        return { paper: color(document.body).backgroundColor, area: color(document.querySelector(".area")).fill,
          plot: document.querySelector("svg").getBoundingClientRect().height,
          over: document.documentElement.scrollWidth - innerWidth }]]
    end
    local ok, raised = pcall(function()
      browser:open("file://" .. folder .. "/report.html")
      browser:appear(1000, 1200, "light")
      local light = seen()
      browser:appear(400, 900, "dark")
      local dark = seen()
      browser:cdp("Emulation.setEmulatedMedia", { media = "print",
        features = { { name = "prefers-color-scheme", value = "dark" } } })
      local paper = seen()
      assert.equal("rgb(255, 255, 255)", light.paper)
      assert.not_equal(light.paper, dark.paper)
      assert.not_equal(light.area, dark.area)
      assert.equal(light.paper, paper.paper)
      assert.equal(light.area, paper.area)
      for _, each in ipairs { light, dark, paper } do
        assert.is_true(each.plot > 100)
      end
      assert.is_true(light.over <= 0 and dark.over <= 0)
    end)
    browser:stop()
    assert.is_true(ok, raised)
  end)
end)
